"""Text that looks like numbers is said to, and what doesn't isn't."""

import duckdb
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from tabular import csv_file

import kldiv
from kldiv.tables import number_texts

MANY = [str(each) for each in range(40)]
SAID = (
    "text, though its values{} look like numbers, such as {!r}; only what is written like 3.14, or left out, "
)


@pytest.mark.parametrize(
    ("values", "but", "example"),
    [
        (["3,14", "2,71"], "", "2,71"),
        (["-3,14", "0,5", "7"], "", "-3,14"),
        (["1 234", "12 345,5", "999"], "", "1 234"),
        (["1.234.567", "1.000"], "", "1.234.567"),
        (["1,234.5"], "", "1,234.5"),
        (["1\u202f234", "5"], "", "1\u202f234"),
        (["12%", "7 %"], "", "12%"),
        (["€ 3", "€ 4,50"], "", "€ 3"),
        (["\N{MINUS SIGN}1", "2"], "", "\N{MINUS SIGN}1"),
        (MANY, "", "0"),
        ([*MANY, "NA"], " but for 'NA'", "0"),
        ([*MANY, ""], " but for ''", "0"),
        ([*MANY, "\N{RIGHT-TO-LEFT OVERRIDE}"], r" but for '\u202e'", "0"),
    ],
)
def test_what_looks_like_numbers(values, but, example):
    [said] = number_texts.note(values)
    assert said.startswith(SAID.format("{}", example).replace("{}", but))


@pytest.mark.parametrize(
    "values",
    [
        [],
        ["1", "2"],
        ["1", "2", "NA"],
        ["3,14", "pi"],
        [f"{each:03d}" for each in range(100)],
        [f"{each}x" for each in range(100)],
        [*MANY, "NA", "missing"],
        [*MANY, "x" * 25],
        ["9" * 25 + each for each in MANY],
        ["01.02.2013", "03.04.2013"],
        ["10:30", "11:45"],
        ["1.2.3", "1.10.0"],
        ["555-1234"],
        ["1 23", "1,2,3"],
        ["%", "€"],
    ],
)
def test_what_does_not(values):
    assert number_texts.note(values) == ()


@pytest.mark.parametrize("library", [pd.DataFrame, pl.DataFrame, pa.table, "relation", "file"])
def test_it_is_said_whatever_counts(tmp_path, library):
    values = {"price": [f"{each},5" for each in range(9)], "word": ["a"] * 9}
    table = (
        csv_file(tmp_path / "t.csv", [*values], zip(*values.values(), strict=True), delimiter=";")
        if library == "file"
        else duckdb.connect().from_arrow(pa.table(values))
        if library == "relation"
        else library(values)
    )
    comparison = kldiv.compare(table, table)
    assert comparison["price"].notes == number_texts.note(values["price"])
    assert comparison["word"].notes == ()


def test_numbers_on_one_side_and_what_looks_like_them_on_the_other():
    numbers = {"a": [1.5], "b": [1.5], "c": [1.5]}
    texts = {"a": ["1,5"], "b": ["x"], "c": [True]}
    for p, q, held in (
        (texts, numbers, "text in P and numbers in Q"),
        (numbers, texts, "numbers in P and text in Q"),
    ):
        with pytest.raises(kldiv.TableError) as error:
            kldiv.compare(pl.DataFrame(p), pl.DataFrame(q))
        assert f"'a' holds {held}; the texts look like numbers, such as '1,5'; 'b' holds {held}; 'c'" in str(
            error.value
        )
