"""The HTML report without a browser: what is in the file, and that it is whole."""

import base64
import hashlib
import json
import math
import re
import sys
from dataclasses import fields, replace
from html.parser import HTMLParser
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st
from reporting import HOSTILE, by_origin, column, comparison, flights, hostile, shown_text
from tabular import JANUARY, JULY

import kldiv
from kldiv.errors import InvalidInputError, MissingExtraError
from kldiv.report import numbers
from kldiv.report.html import write_report
from kldiv.report.html.drawing import draw_interval, draw_sparklines, scale_of
from kldiv.report.html.page import page
from kldiv.report.html.text import plain, visible
from kldiv.report.html.view import rows_at_most
from kldiv.report.html.words import WORDS
from kldiv.tables.options import Divergence
from kldiv.tables.outcomes import Folded

VOID = {"meta", "link", "path", "rect", "circle"}


class Parsed(HTMLParser):
    """A page as elements: every one closed by its own tag; what is in noscript parsed as without scripts."""

    def __init__(self, text):
        super().__init__()
        self.open, self.elements, self.texts, self.ids = [], [], [], []
        self.feed(text)
        self.close()
        assert not self.open

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        assert len({name for name, _ in attrs}) == len(attrs)
        self.ids += [value for name, value in attrs if name == "id"]
        if tag not in VOID:
            self.open.append(tag)
            self.texts.append((tag, ""))

    def handle_startendtag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if self.open:
            self.texts.append((self.open[-1], data))

    def all(self, tag):
        return [attributes for name, attributes in self.elements if name == tag]

    def text_of(self, tag):
        return [text for name, text in self.texts if name == tag and text]


@pytest.fixture(scope="module")
def text():
    return page(flights())


@pytest.fixture(scope="module")
def parsed(text):
    return Parsed(text)


def test_every_element_is_closed_and_every_id_is_one(parsed):
    assert len(parsed.ids) == len(set(parsed.ids))
    targets = {each["href"] for each in parsed.all("a")}
    assert targets <= {f"#{each}" for each in parsed.ids}


def test_nothing_is_referred_to_outside_the_file(parsed):
    for tag, attributes in parsed.elements:
        for name in ("src", "href", "action", "poster", "srcset", "xlink:href"):
            assert attributes.get(name, "#")[0] == "#" or (tag, attributes["href"]) == ("link", "data:,")
    (style,) = parsed.text_of("style")
    assert "url(" not in style
    assert "@import" not in style


def test_the_policy_has_the_digest_of_every_script_and_style(text, parsed):
    (policy,) = [each["content"] for each in parsed.all("meta") if "http-equiv" in each]
    assert policy.startswith("default-src 'none';")
    assert "unsafe" not in policy
    inline = re.findall(r"<(?:script|style)>(.*?)</(?:script|style)>", text, re.DOTALL)
    digests = {base64.b64encode(hashlib.sha256(each.encode()).digest()).decode() for each in inline}
    assert digests == set(re.findall(r"'sha256-([^']+)'", policy))
    assert not [
        each for _, each in parsed.elements if "style" in each or any(k.startswith("on") for k in each)
    ]


def test_the_overview_has_a_row_for_each_column_and_its_numbers(text):
    overview = text[text.index('<table class="overview"') : text.index("</table>")]
    rows = overview.split("<tr")[2:]
    assert len(rows) == len(flights().columns)
    for row, each in zip(rows, flights().columns, strict=True):
        divergence = each.divergence
        assert f"<bdi>{each.name}</bdi>" in row
        for number in (divergence.estimate, divergence.low, divergence.high, divergence.value):
            assert numbers.number(number) in row
        assert f'data-key="{divergence.estimate}"' in row
        assert numbers.p_value(each.p_value_adjusted).replace("<", "&lt;") in row


def test_the_working_of_a_column_adds_up_to_its_value():
    only = comparison([flights()["carrier"]])
    text = page(only)
    body = re.search(r'<table class="working">.*?<tbody>(.*?)</tbody>', text, re.DOTALL)[1]
    cells = [re.findall(r"<td>(.*?)</td>", row) for row in body.split("<tr>")[1:]]
    assert len(cells) == len(flights()["carrier"].divergence.outcomes)
    terms = [float(row[-1].replace("−", "-")) for row in cells]
    # Each term is rounded to 4 digits after the point.
    assert math.fsum(terms) == pytest.approx(flights()["carrier"].divergence.value, abs=len(terms) * 5e-5)
    for *counts, p, q, term in cells:
        p_count, q_count = (int(each.replace(",", "")) for each in counts)
        assert float(p) == pytest.approx(p_count / 29_425, rel=5e-4)
        assert float(q) == pytest.approx(q_count / 27_004, rel=5e-4)
        ratio = p_count * 27_004 / (q_count * 29_425)
        exact = p_count / 29_425 * math.log2(ratio) if p_count else 0
        assert float(term.replace("−", "-")) == pytest.approx(exact, rel=0.05, abs=5e-5)


def chart_data(text):
    found = re.findall(r'<script type="application/json" class="data">(.*?)</script>', text, re.DOTALL)
    return [json.loads(each) for each in found]


def test_a_long_column_draws_its_greatest_terms_and_lists_all_outcomes():
    values = [f"value {index}" for index in range(10_000)]
    long = column("long", values)
    text = page(comparison([long]))
    (data,) = chart_data(text)
    terms = sorted((abs(each.contribution) for each in long.divergence.outcomes), reverse=True)
    drawn = [math.inf if each["infinite"] else abs(each["drawn"]) for each in data["rows"]]
    assert drawn == terms[: len(drawn)]
    assert len(drawn) < 50
    listed = re.findall(r'<th scope="row"><bdi>(value \d+)</bdi></th>', text)
    assert sorted(listed) == sorted(values)


def test_more_rows_than_a_browser_bears_are_summed_and_said(monkeypatch):
    monkeypatch.setattr("kldiv.report.html.view._ROWS_IN_ALL", 200)
    values = [f"value {index}" for index in range(500)]
    both = comparison([column(f"column {index}", values, seed=index) for index in range(2)])
    text = page(both)
    for each, part in zip(both.columns, text.split('<details class="column"')[1:], strict=True):
        rows = re.findall(r'<th scope="row">(.*?)</th><td>(.*?)</td><td>(.*?)</td>', part)
        assert "<em>400 other outcomes</em>" in part
        assert "400 terms" in part
        counts = [int(row[1].replace(",", "")) for row in rows if row[0] != "Σ"]
        assert len(counts) == 101
        assert sum(counts) == each.divergence.n_p


@given(st.lists(st.integers(1, 300_000), max_size=600))
def test_tables_have_as_many_rows_as_a_page_bears_and_no_fewer(lengths):
    at_most = rows_at_most(lengths)
    listed = sum(min(each, at_most) for each in lengths)
    assert listed <= 200_000
    cut = [each for each in lengths if each > at_most]
    # One row more for each that is cut would be too many.
    assert not cut or listed + len(cut) > 200_000


@pytest.fixture(scope="module")
def hostile_text():
    return page(hostile())


def test_a_null_does_not_look_like_the_text_null(hostile_text):
    assert '<th scope="row"><bdi>null</bdi></th>' in hostile_text
    assert '<th scope="row"><em>null</em></th>' in hostile_text


def test_no_hostile_text_becomes_an_element(hostile_text):
    parsed = Parsed(hostile_text)
    tags = {tag for tag, _ in parsed.elements}
    assert not {"img", "iframe", "object", "form", "base"} & tags
    # One of data for each column and one for all; Vega's and the page's own.
    assert len(parsed.all("script")) == len(HOSTILE) + 3
    for each in HOSTILE:
        assert "<" not in each or each not in hostile_text


def test_what_was_left_out_is_said(hostile_text):
    left_out = hostile_text[hostile_text.index('id="not-compared"') :]
    for part in ("&lt;img", "holds &lt;script&gt;", "is in P alone", "is in Q alone", r"\ud83d"):
        assert part in left_out


def test_nothing_to_show_is_a_page_too(tmp_path):
    write_report(comparison([]), tmp_path / "empty.html")
    Parsed((tmp_path / "empty.html").read_text(encoding="utf-8"))


def test_groups_and_columns_together_have_their_numbers():
    text = page(by_origin())
    parsed = Parsed(text)
    assert len(parsed.ids) == len(set(parsed.ids))
    groups = text.split('<details class="group"')[1:]
    assert len(groups) == len(by_origin().groups) == 3
    for part, group in zip(groups, by_origin().groups, strict=True):
        assert f"<h3><bdi>{group.group}</bdi></h3>" in part
        assert f"{group.rows_p:,} rows of P, {group.rows_q:,} of Q" in part
        compared = [*group.columns, *group.joint]
        assert part.count('<details class="column"') == len(compared)
        for each in compared:
            assert f'data-key="{each.divergence.estimate}"' in part
    assert "<bdi>origin</bdi> × <bdi>carrier</bdi>" in text
    assert "<bdi>EWR</bdi> × <bdi>UA</bdi>" in text
    assert "<em>any value</em>" in text
    assert "Missing values are left out, and whether there is one is compared on its own." in text


@pytest.mark.parametrize(
    ("divergence", "symbol", "total"),
    [
        ("kl", "D(P‖Q)", "Σ <i>p</i>·ln(<i>p</i>/<i>q</i>)"),
        ("js", "JS(P, Q)", "Σ ½·<i>p</i>·ln(<i>p</i>/<i>m</i>) + ½·<i>q</i>·ln(<i>q</i>/<i>m</i>) with"),
        ("psi", "PSI(P, Q)", "Σ (<i>p</i> − <i>q</i>)·ln(<i>p</i>/<i>q</i>)"),
        ("total_variation", "TV(P, Q)", "Σ ½·|<i>p</i> − <i>q</i>|"),
        ("hellinger", "H(P, Q)", "√Σ ½·(√<i>p</i> − √<i>q</i>)²"),
    ],
)
def test_every_divergence_has_its_words(divergence, symbol, total):
    compared = kldiv.compare(JULY, JANUARY, columns=["carrier"], divergence=divergence)
    text = page(compared)
    assert f"<h1>{symbol}, column by column</h1>" in text
    assert f"{symbol} = {total}" in text
    assert (f'<p class="words">{symbol} is about <b>' in text) == (divergence != "kl")
    assert ("someone who expects" in text) == (divergence in ("kl", "psi"))
    total_shown = float(re.search(r"<tfoot>.*<td>(\S+)</td></tr></tfoot>", text)[1].replace("∞", "inf"))
    value = compared["carrier"].divergence.value
    squared = value**2 if divergence == "hellinger" else value
    assert total_shown == pytest.approx(squared, abs=5e-5)
    assert ("has no direction" in text) == (divergence != "kl")
    assert ("nats" in text[: text.index("<script")]) == (divergence not in ("total_variation", "hellinger"))


def test_every_divergence_a_comparison_can_have_has_words():
    assert set(get_args(Divergence)) == set(WORDS)


def test_weights_are_named():
    text = page(replace(flights(), weights="<w>", rows_p=1234.5))
    assert "Rows are weighed by the column <bdi>&lt;w&gt;</bdi>" in text
    assert "1,234.5 rows" in text


def test_a_folded_outcome_has_its_own_name():
    folded = Folded(*(3 for _ in fields(Folded)))
    text = page(comparison([column("c", ["a", "b", folded])]))
    assert f"<em>{folded}</em>" in text


@given(st.text(st.characters(codec=None)))
def test_any_text_can_be_seen_and_copied(value):
    html = visible(value)
    parsed = Parsed(html)
    assert "".join(text for _, text in parsed.texts) == shown_text(value)
    hidden = [each["data-shown"] for each in parsed.all("i")]
    for each in hidden:
        assert each.isascii()
        assert each.isprintable()
    html.encode()
    plain(value, 20).encode()
    assert len(plain(value, 20)) <= 20 * len("\\U0001f600")


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_texts_can_be_seen_and_copied(text):
    parsed = Parsed(visible(text))
    assert "".join(part for _, part in parsed.texts) == shown_text(text)


def test_intervals_are_drawn_on_one_scale_that_keeps_their_order():
    estimates = [each.divergence for each in flights().columns]
    scale = scale_of(estimates)
    drawings = [draw_interval(each, scale) for each in estimates]
    ends = [(each.low, drawn.low) for each, drawn in zip(estimates, drawings, strict=True)]
    assert [drawn for _, drawn in sorted(ends)] == sorted(drawn for _, drawn in ends)
    assert max(each.low + each.width for each in drawings) == pytest.approx(100, abs=0.02)
    assert min(each.low for each in drawings) >= 0
    assert all(each.low <= each.point <= each.low + each.width + 0.01 for each in drawings)
    assert {each.zero for each in drawings} == {scale.percent(0.0)}


def test_an_interval_without_an_upper_end_is_drawn_to_the_edge():
    endless, bounded = column("c", ["a", "b", "c"]).divergence, column("d", ["a", "b"]).divergence
    endless = replace(endless, low=0.1, estimate=0.4, high=math.inf)
    scale = scale_of([endless, bounded])
    assert math.isfinite(scale.high)
    drawn = draw_interval(endless, scale)
    assert drawn.low + drawn.width == pytest.approx(100, abs=0.02)
    assert drawn.low < drawn.point <= 100
    alone = draw_interval(endless, scale_of([endless]))
    assert alone.low + alone.width == pytest.approx(100, abs=0.02)


def test_a_sparkline_has_p_above_and_q_below():
    p, q = draw_sparklines(column("c", ["a", "b", "c"]).divergence.outcomes)
    rises = [float(each) for each in re.findall(r"v(-?[\d.]+)", p)]
    falls = [float(each) for each in re.findall(r"v(-?[\d.]+)", q)]
    assert all(each < 0 for each in rises)
    assert all(each > 0 for each in falls)
    assert draw_sparklines([]) == ("", "")


def test_a_file_that_cannot_be_written_leaves_the_old_one(tmp_path, monkeypatch):
    path = tmp_path / "report.html"
    path.write_text("old")
    with pytest.raises(InvalidInputError, match="can't write"):
        write_report(flights(), tmp_path / "missing" / "report.html")

    def interrupted(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr("pathlib.Path.replace", interrupted)
    with pytest.raises(KeyboardInterrupt):
        write_report(flights(), path)
    assert path.read_text() == "old"
    assert [each.name for each in tmp_path.iterdir()] == ["report.html"]


@pytest.mark.parametrize("package", ["altair", "jinja2", "vl_convert"])
def test_an_absent_package_is_named_with_its_extra(tmp_path, monkeypatch, package):
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(MissingExtraError, match=r"pip install 'kldiv\[tables\]'"):
        write_report(flights(), tmp_path / "report.html")
    assert not list(tmp_path.iterdir())


def test_the_same_comparison_gives_the_same_file(text):
    assert page(flights()) == text


def test_the_runtime_is_in_the_file_once(text):
    assert text.count("window.vegaEmbed") == 1
    assert len(text.encode()) < 2_000_000
