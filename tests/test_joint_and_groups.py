"""What a comparison can be asked beyond single columns: pairs, groups, weights, missing values."""

import datetime as dt
import math
from collections import Counter
from decimal import Decimal
from fractions import Fraction

import duckdb
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import false_discovery_control
from table_engines import ENGINES
from tabular import JANUARY, JULY, both, counts, csv_file, edges_of, parquet, written

import kldiv
from kldiv.tables import open_table
from kldiv.tables.outcomes import Joint, Special, Value

BY_VALUE = "origin, carrier, dep_delay"


@pytest.fixture(scope="module")
def rows():
    with duckdb.connect() as connection:
        return [connection.execute(f"FROM '{each}' SELECT {BY_VALUE}").fetchall() for each in (JANUARY, JULY)]


def pair_counts(joint):
    return {each.outcome.parts: (each.p_count, each.q_count) for each in joint.divergence.outcomes}


# --- together -----------------------------------------------------------------------------------------


def test_pairs_are_counted_as_python_counts_them(rows):
    comparison = kldiv.compare(JANUARY, JULY, columns=["origin"], joint=[("origin", "carrier")])
    [joint] = comparison.joint
    assert (joint.names, joint.name, joint.notes) == (("origin", "carrier"), "origin × carrier", ())
    assert pair_counts(joint) == both(*([(Value(o), Value(c)) for o, c, _ in side] for side in rows))
    expected = kldiv.estimate(*([(o, c) for o, c, _ in side] for side in rows))
    for name in ("value", "estimate", "low", "high", "p_value"):
        assert getattr(joint.divergence, name) == pytest.approx(getattr(expected, name), rel=1e-12)


def test_a_number_is_cut_jointly_as_it_is_alone(rows):
    comparison = kldiv.compare(JANUARY, JULY, joint=[("dep_delay", "origin")])
    edges = edges_of([d for *_, d in rows[1] if d is not None], 10)

    def place(delay):
        return None if delay is None else sum(delay >= edge for edge in edges)

    expected = both(*([(place(d), o) for o, _, d in side] for side in rows))
    bins = {
        str(each.outcome): index for index, each in enumerate(comparison["dep_delay"].divergence.outcomes)
    }
    found = {
        (None if parts[0] is Special.NULL else bins[str(parts[0])], parts[1].text): pair
        for parts, pair in pair_counts(comparison.joint[0]).items()
    }
    assert found == expected


def test_marginals_can_agree_where_the_joint_does_not(tmp_path):
    p = csv_file(tmp_path / "p.csv", ["a", "b"], [["x", "x"], ["y", "y"]] * 50)
    q = csv_file(tmp_path / "q.csv", ["a", "b"], [["x", "y"], ["y", "x"], ["x", "x"], ["y", "y"]] * 50)
    comparison = kldiv.compare(p, q, joint=[("a", "b")])
    assert [each.divergence.value for each in comparison.columns] == [0, 0]
    assert comparison.joint[0].divergence.value == pytest.approx(math.log(2), rel=1e-12)
    assert 0 < comparison.joint[0].divergence.low < math.log(2) < comparison.joint[0].divergence.high


def test_rare_values_are_one_outcome_of_a_pair(tmp_path):
    values = [[a, b] for a in "aaaabbbccd" for b in "xxxxyyyzzw"]
    p = csv_file(tmp_path / "p.csv", ["a", "b"], values)
    [joint] = kldiv.compare(p, p, joint=[("a", "b")], max_categories=4).joint
    folded = {str(each.outcome): each.p_count for each in joint.divergence.outcomes}
    other = "other (2 values in P, 2 in Q)"
    times = [("a", 4), ("b", 3), (other, 3)], [("x", 4), ("y", 3), (other, 3)]
    assert folded == {f"{a} × {b}": m * n for a, m in times[0] for b, n in times[1]}
    assert joint.notes == (
        "'a' has its 2 most frequent values one by one and the others as one outcome",
        "'b' has its 2 most frequent values one by one and the others as one outcome",
    )
    numbers = parquet(tmp_path / "n.parquet", "FROM range(100) AS t(x) SELECT x / 3 AS a, x / 7 AS b")
    [joint] = kldiv.compare(numbers, numbers, joint=[("a", "b")], max_categories=25).joint
    assert joint.notes == ("'a' is cut into 5 bins of its 10", "'b' is cut into 5 bins of its 10")
    assert len({parts[0] for parts in pair_counts(joint)}) == 5
    assert joint.divergence.n_p == 100


def test_the_values_of_a_pair_are_kept_by_their_shares(tmp_path):
    """P has ten times Q's rows; both weigh the same."""
    p_values, q_values = ["p"] * 30 + ["both"] * 70, ["q"] * 6 + ["both"] * 4
    p, q = (
        csv_file(tmp_path / f"{name}.csv", ["a", "b"], [[each, "x"] for each in side])
        for name, side in (("p", p_values), ("q", q_values))
    )
    [joint] = kldiv.compare(p, q, joint=[("a", "b")], max_categories=4).joint
    assert {str(parts[0]) for parts in pair_counts(joint)} == {"both", "q", "other (1 value in P, 0 in Q)"}


def test_missing_values_in_a_pair(tmp_path):
    rows = [["1", "x"], ["", "x"], ["1", ""], ["", ""], ["2", "y"]]
    p = csv_file(tmp_path / "p.csv", ["a", "b"], rows)
    [joint] = kldiv.compare(p, p, joint=[("a", "b")]).joint
    assert set(pair_counts(joint)) == {
        (Value("1"), Value("x")), (Special.NULL, Value("x")), (Value("1"), Special.NULL),
        (Special.NULL, Special.NULL), (Value("2"), Value("y")),
    }  # fmt: skip
    for missing in ("drop", "separate"):
        [joint] = kldiv.compare(p, p, joint=[("a", "b")], missing=missing).joint
        assert {*pair_counts(joint)} == {(Value("1"), Value("x")), (Value("2"), Value("y"))}
        assert joint.notes == ("left out where one is missing: 3 rows of P and 3 of Q",)


@pytest.mark.parametrize(
    ("joint", "kind", "message"),
    [
        ([("a", "a")], kldiv.InvalidInputError, "'a' twice in a pair"),
        ([("a",)], kldiv.InputTypeError, "expected pairs of names, as in"),
        (["ab"], kldiv.InputTypeError, "joint has 'ab'"),
        ("ab", kldiv.InputTypeError, "joint is 'ab'"),
        ([("a", "z")], kldiv.TableError, "column 'z' is in neither table"),
        ([("a", "c")], kldiv.TableError, "can't compare 'c' jointly: it holds values of type"),
    ],
)
def test_pairs_that_cannot_be_compared(tmp_path, joint, kind, message):
    p = parquet(tmp_path / "p.parquet", "SELECT 1 AS a, 2 AS b, [3] AS c")
    with pytest.raises(kind) as error:
        kldiv.compare(p, p, joint=joint)
    assert message in str(error.value)


# --- groups -------------------------------------------------------------------------------------------


def test_each_group_is_compared_as_if_it_were_the_table(tmp_path):
    comparison = kldiv.compare(JANUARY, JULY, columns=["carrier", "dep_delay", "origin"], by="origin")
    assert [each.group for each in comparison.groups] == [Value("EWR"), Value("JFK"), Value("LGA")]
    for group in comparison.groups:
        paths = [
            parquet(tmp_path / f"{name}.parquet", f"FROM '{path}' WHERE origin = '{group.group}'")
            for name, path in (("p", JANUARY), ("q", JULY))
        ]
        alone = kldiv.compare(*paths, columns=["carrier", "dep_delay"])
        assert (group.rows_p, group.rows_q) == (alone.rows_p, alone.rows_q)
        assert {each.name: each.divergence for each in group.columns} == {
            each.name: each.divergence for each in alone.columns
        }
        assert {each.group for each in group.columns} == {group.group}
    overall = kldiv.compare(JANUARY, JULY, columns=["carrier", "dep_delay", "origin"])
    assert comparison["carrier"].divergence == overall["carrier"].divergence


def test_p_values_are_adjusted_over_everything():
    comparison = kldiv.compare(
        JANUARY, JULY, columns=["carrier", "hour"], by="origin", joint=[("carrier", "hour")]
    )
    everything = [*comparison.everything()]
    assert len(everything) == 3 * 4
    expected = false_discovery_control([each.divergence.p_value for each in everything])
    assert [each.p_value_adjusted for each in everything] == pytest.approx([*expected], rel=1e-12)
    low = max(each.divergence.low for each in everything)
    assert [each.divergence.low for each in comparison.exceeding(math.nextafter(low, 0))] == [low]


def test_groups_of_one_side_are_named(tmp_path):
    p = written(tmp_path / "p.csv", "g,x\n10,a\n9,b\n,c\n2,a\n")
    q = written(tmp_path / "q.csv", "g,x\n10,a\n9,b\n,a\n11,a\n")
    comparison = kldiv.compare(p, q, by="g")
    assert [each.group for each in comparison.groups] == [Value("9"), Value("10"), Special.NULL]
    assert (comparison.groups_only_in_p, comparison.groups_only_in_q) == ((Value("2"),), (Value("11"),))
    assert counts(comparison.groups[2].columns[0]) == {"c": (1, 0), "a": (0, 1)} | {}


def test_a_pair_that_a_group_has_nothing_of_is_skipped_there(tmp_path):
    """Both columns have values in group y, but in no row both."""
    p = written(tmp_path / "p.csv", "g,a,b\nx,m,u\nx,n,v\ny,,u\ny,m,\n")
    q = written(tmp_path / "q.csv", "g,a,b\nx,m,u\nx,n,v\ny,n,u\ny,m,v\n")
    comparison = kldiv.compare(p, q, by="g", joint=[("a", "b")], missing="drop")
    assert [len(each.joint) for each in comparison.groups] == [1, 0]
    [skipped] = comparison.groups[1].skipped
    assert (skipped.name, skipped.reason) == ("a × b", "P has no row where neither is missing")
    only_y = written(tmp_path / "y.csv", "a,b\n,u\nm,\n")
    with pytest.raises(kldiv.TableError, match="can't compare 'a' and 'b' jointly: P has no row where"):
        kldiv.compare(only_y, q, joint=[("a", "b")], missing="drop")


GROUPED = {
    "day": (pa.date32(), [dt.date(2024, 1, 1), dt.date(1969, 12, 31), dt.date(2024, 1, 1), None]),
    "at": (
        pa.timestamp("us"),
        [
            dt.datetime(2024, 1, 1),
            dt.datetime(1969, 12, 31, 23, 59, 59, 999_999),
            dt.datetime(2024, 1, 1, 23, 59, 59, 999_999),
            None,
        ],
    ),
    "zoned": (
        pa.timestamp("us", tz="Asia/Tokyo"),
        [
            dt.datetime(2024, 1, 1, tzinfo=dt.UTC),
            dt.datetime(1969, 12, 31, 23, tzinfo=dt.UTC),
            dt.datetime(2024, 1, 1, 23, tzinfo=dt.UTC),
            None,
        ],
    ),
    "flag": (pa.bool_(), [True, False, True, None]),
    "price": (pa.decimal128(9, 2), [Decimal("1.50"), Decimal("-1.05"), Decimal("1.5"), None]),
    "rate": (pa.float32(), [0.1, -1.5, 0.1, None]),
    "code": (pa.int64(), [2**53 + 1, 2**53, 2**53 + 1, None]),
}


# Ibis asks DuckDB for a table in a way that is going out of use.
@pytest.mark.filterwarnings("ignore:fetch_arrow_table:DeprecationWarning")
@pytest.mark.parametrize("engine", ENGINES)
def test_groups_of_every_kind(engine, tmp_path):
    """The second row makes the first group: the others are of one value, or of one day."""
    columns = {name: pa.array(values, of) for name, (of, values) in GROUPED.items()}
    frame = ENGINES[engine](pa.table(columns | {"x": ["a", "b", "c", "d"]}), tmp_path)
    for name, last in {"day": "2024-01-01", "at": "2024-01-01", "zoned": "2024-01-01", "flag": "true",
                       "price": "1.5", "rate": "0.1", "code": "9007199254740993"}.items():  # fmt: skip
        groups = kldiv.compare(frame, frame, by=name, columns=["x"]).groups
        assert [each.group for each in groups[1:]] == [Value(last), Special.NULL], name
        found = [counts(each.columns[0]) for each in groups]
        assert found == [{"b": (1, 1)}, {"a": (1, 1), "c": (1, 1)}, {"d": (1, 1)}], name


def test_groups_of_two_types(tmp_path):
    """A date is of the day of an instant, and one number may be written in two ways."""
    p = parquet(tmp_path / "p.parquet", "SELECT DATE '2024-01-01' AS day, 10000000000000000 AS n, 1 AS x")
    q = parquet(
        tmp_path / "q.parquet", "SELECT TIMESTAMP '2024-01-01 10:00:00' AS day, 1e16::DOUBLE AS n, 1 AS x"
    )
    for by, group in (("day", "2024-01-01"), ("n", "10000000000000000")):
        comparison = kldiv.compare(p, q, by=by, columns=["x"])
        assert [each.group for each in comparison.groups] == [Value(group)]
        assert not comparison.groups_only_in_p
        assert not comparison.groups_only_in_q


def test_days_far_apart_are_all_found(tmp_path):
    """Most rows are of one day, between which and the next are others."""
    p = parquet(
        tmp_path / "p.parquet",
        """SELECT TIMESTAMP '2024-01-01' + INTERVAL 1 SECOND * i AS at, 'x' AS x FROM range(50000) t(i)
        UNION ALL SELECT TIMESTAMP '2024-02-01 12:00:00' + INTERVAL 7 DAY * i, 'x' FROM range(30) t(i)""",
    )
    groups = kldiv.compare(p, p, by="at", columns=["x"]).groups
    assert [each.rows_p for each in groups] == [50_000, *[1] * 30]


@pytest.mark.parametrize(
    ("by", "message"),
    [
        ("z", "column 'z' is in neither table"),
        (
            "l",
            "column 'l' is of type INTEGER[] in P, which makes no groups; expected text, booleans, numbers",
        ),
        ("f", "column 'f' makes more than 100 groups"),
        ("day", "column 'day' makes more than 100 groups"),
        ("at", "column 'at' makes more than 100 groups"),
        ("many", "column 'many' makes more than 100 groups"),
    ],
)
def test_columns_that_make_no_groups(tmp_path, by, message):
    p = parquet(
        tmp_path / "p.parquet",
        """FROM range(101) AS t(x) SELECT x AS many, x / 2 AS f, 1 AS o, [1] AS l,
            DATE '2024-01-01' + x::INT AS day, day + TIME '10:00' AS at""",
    )
    with pytest.raises(kldiv.TableError) as error:
        kldiv.compare(p, p, by=by)
    assert message in str(error.value)
    with pytest.raises(kldiv.InputTypeError, match="by is 5"):
        kldiv.compare(p, p, by=5)


# --- missing values -----------------------------------------------------------------------------------

HOLES = "SELECT unnest([{}])::DOUBLE AS x"
P_HOLES, Q_HOLES = "'1', '2.5', NULL, 'nan', 'inf', '2.5'", "'1', '2.5', '3', '4.5', NULL, '-inf'"


@pytest.fixture
def holes(tmp_path):
    return [
        parquet(tmp_path / f"{name}.parquet", HOLES.format(values))
        for name, values in (("p", P_HOLES), ("q", Q_HOLES))
    ]


def test_missing_values_are_left_out(holes, tmp_path):
    whole = [
        parquet(
            tmp_path / f"{path.stem}-whole.parquet", f"FROM '{path}' WHERE x IS NOT NULL AND NOT isnan(x)"
        )
        for path in holes
    ]
    column = kldiv.compare(*holes, missing="drop")["x"]
    assert column.divergence == kldiv.compare(*whole)["x"].divergence
    assert column.notes == ("left out: 1 null in P, 1 null in Q, 1 NaN in P",)
    assert {"+inf", "-inf"} <= {*counts(column)}


def test_missingness_is_compared_on_its_own(holes):
    comparison = kldiv.compare(*holes, missing="separate")
    assert comparison["x"].divergence == kldiv.compare(*holes, missing="drop")["x"].divergence
    [absent] = [each for each in comparison.columns if each.type == "missingness"]
    assert (absent.name, absent.kind) == ("x", "missingness")
    assert counts(absent) == {"any value": (4, 5), "null": (1, 1), "NaN": (1, 0)}
    assert len(kldiv.compare(JULY, JANUARY, columns=["origin"], missing="separate").columns) == 1


def test_a_side_that_misses_everything(tmp_path):
    p = parquet(tmp_path / "p.parquet", "FROM range(3) SELECT NULL::DOUBLE AS x, 1 AS y")
    q = parquet(tmp_path / "q.parquet", "FROM range(3) AS t(x) SELECT x + 0.5 AS x, 1 AS y")
    for missing in ("drop", "separate"):
        comparison = kldiv.compare(p, q, missing=missing)
        assert [(each.name, each.reason) for each in comparison.skipped] == [("x", "misses every value in P")]
    [absent] = [each for each in comparison.columns if each.type == "missingness"]
    assert counts(absent) == {"any value": (0, 3), "null": (3, 0)}


# --- weights ------------------------------------------------------------------------------------------


@given(
    st.lists(
        st.tuples(st.integers(-20, 20), st.sampled_from("abc"), st.integers(0, 3)), min_size=1, max_size=40
    ).filter(lambda rows: any(w for *_, w in rows)),
)
def test_whole_weights_are_repeated_rows(tmp_path_factory, rows):
    folder = tmp_path_factory.mktemp("t")
    weighted = pl.DataFrame(
        {"x": [x / 4 for x, *_ in rows], "t": [t for _, t, _ in rows], "w": [w for *_, w in rows]}
    )
    weighted.write_parquet(folder / "w.parquet")
    repeated = pl.DataFrame({
        "x": [x / 4 for x, _, w in rows for _ in range(w)], "t": [t for _, t, w in rows for _ in range(w)]
    })  # fmt: skip
    repeated.write_parquet(folder / "r.parquet")
    found = kldiv.compare(folder / "w.parquet", folder / "w.parquet", weights="w", bins=4, joint=[("x", "t")])
    expected = kldiv.compare(folder / "r.parquet", folder / "r.parquet", bins=4, joint=[("x", "t")])
    assert (found.rows_p, found.weights) == (expected.rows_p, "w")
    assert found.columns == expected.columns
    assert found.joint == expected.joint


def test_fractional_weights_are_summed(tmp_path):
    weights = [0.5, 0.25, 1.75, 0.125]
    p = csv_file(tmp_path / "p.csv", ["x", "w"], zip("abab", weights, strict=True))
    q = csv_file(tmp_path / "q.csv", ["x", "w"], zip("aabb", weights, strict=True))
    column = kldiv.compare(p, q, weights="w")["x"]
    assert counts(column) == {"a": (2.25, 0.75), "b": (0.375, 1.875)}
    total = Fraction(21, 8)
    expected = sum(float(Fraction(p) / total) * math.log(p / q) for p, q in counts(column).values())
    assert column.divergence.value == pytest.approx(expected, rel=1e-12)


def test_a_table_opened_before_has_its_weights(tmp_path):
    p = csv_file(tmp_path / "p.csv", ["x", "w"], [["a", 1], ["b", 2]])
    expected = kldiv.compare(p, p, weights="w")
    with open_table(p, weights="w") as opened:
        assert kldiv.compare(opened, p, weights="w") == expected
    with open_table(p) as opened, pytest.raises(kldiv.InvalidInputError, match="open it with weights='w'"):
        kldiv.compare(opened, p, weights="w")
    with pytest.raises(kldiv.InputTypeError, match="weights is 5"):
        kldiv.compare(p, p, weights=5)


# --- one number, three ways ---------------------------------------------------------------------------

LISTS = (["a", "b", "a", "c", None, "d"] * 7, ["a", "b", "b", "b", "c", None] * 5)
WHOLE = ([1, 2, 2, 3, 9, 9] * 7, [1, 1, 2, 3, 4, 9] * 5)


def _frames(values):
    return pd.DataFrame({"x": values}), pl.DataFrame({"x": values}), pl.DataFrame({"x": values}).to_arrow()


@pytest.mark.parametrize("lists", [LISTS, WHOLE])
def test_a_list_a_frame_and_a_file_give_the_same_number(tmp_path, lists):
    named = [[each if each is not None else "null" for each in side] for side in lists]
    expected = kldiv.estimate(*named)
    tables = [*zip(*(map(_frames, lists)), strict=True)]
    paths = []
    for name, side in zip("pq", lists, strict=True):
        pl.DataFrame({"x": side}).write_parquet(tmp_path / f"{name}.parquet")
        csv_file(tmp_path / f"{name}.csv", ["x", "y"], [["" if each is None else each, 1] for each in side])
    paths = [[tmp_path / f"{name}.{kind}" for name in "pq"] for kind in ("parquet", "csv")]
    for p, q in [*tables, *paths]:
        found = kldiv.compare(p, q)["x"].divergence
        for name in ("value", "estimate", "low", "high", "p_value", "n_p", "n_q"):
            assert getattr(found, name) == pytest.approx(getattr(expected, name), rel=1e-12), (p, name)


def test_a_pair_is_an_outcome_of_its_own():
    outcome = Joint((Value("null"), Special.NULL))
    assert (str(outcome), outcome.kind) == ("null × null", "joint")
    assert Counter([outcome, Joint((Special.NULL, Value("null")))])[outcome] == 1
