"""Divergences besides Kullback and Leibler's, of whole tables."""

import json
import math

import numpy as np
import pytest
from scipy.spatial.distance import jensenshannon
from tabular import JANUARY, JULY, counts, written

import kldiv
from kldiv import cli

COLUMNS = ["carrier", "dep_delay", "hour"]


def frequencies(column):
    p, q = np.array([*counts(column).values()], float).T
    return p / p.sum(), q / q.sum()


def textbook(name, p, q):
    with np.errstate(divide="ignore", invalid="ignore"):
        logs = np.where(p == q, 0.0, (p - q) * np.log(p / q))
    return {
        "js": jensenshannon(p, q) ** 2,
        "psi": logs.sum(),
        "total_variation": abs(p - q).sum() / 2,
        "hellinger": math.sqrt(((np.sqrt(p) - np.sqrt(q)) ** 2).sum() / 2),
    }[name]


@pytest.mark.parametrize("divergence", ["js", "psi", "total_variation", "hellinger"])
def test_the_value_is_the_textbook_number_of_the_counts(divergence):
    comparison = kldiv.compare(
        JANUARY, JULY, columns=COLUMNS, divergence=divergence, joint=[("origin", "hour")]
    )
    assert comparison.divergence == divergence
    assert comparison.unit == ("" if divergence in ("total_variation", "hellinger") else "nats")
    for each in comparison.everything():
        expected = textbook(divergence, *frequencies(each))
        # Both sum some hundred terms of about 1; psi and js take logarithms of ratios close to 1.
        assert each.divergence.value == pytest.approx(expected, rel=1e-9), each.name
        assert each.divergence.low <= each.divergence.estimate <= each.divergence.high


def test_psi_names_what_either_side_never_shows(tmp_path, capfd):
    p = written(tmp_path / "p.csv", "x\na\nb\nb\n")
    q = written(tmp_path / "q.csv", "x\na\nc\nc\n")
    assert cli._run(["compare", str(p), str(q), "--divergence", "psi"]) == 0
    out, err = capfd.readouterr()
    assert err == (
        "x: ∞ as counted: Q never shows b, which has 66.7 % of P; P never shows c, which has 66.7 % of Q\n"
    )
    assert out.splitlines()[1].split("\t")[7] == "inf"
    assert cli._run(["compare", str(p), str(q), "--divergence", "tv", "--json", "-"]) == 0
    parsed = json.loads(capfd.readouterr().out)
    assert (parsed["divergence"], parsed["direction"], parsed["unit"]) == ("total_variation", None, "")
    assert parsed["columns"][0]["value"] == pytest.approx(2 / 3, rel=1e-12)


def test_a_threshold_is_of_the_divergence_asked_for(capfd):
    arguments = ["compare", str(JANUARY), str(JULY), "--columns", "month,hour", "--divergence"]
    assert cli._run([*arguments, "tv", "--threshold", "0.9"]) == 1
    last = capfd.readouterr().err.splitlines()[-1]
    assert last.startswith("kldiv: the interval lies above 0.9 for month (from")
    assert cli._run([*arguments, "hellinger", "--threshold", "1"]) == 0


def test_intervals_by_bootstrap():
    delta, bootstrap = (
        kldiv.compare(JANUARY, JULY, columns=["carrier"], interval=interval)["carrier"].divergence
        for interval in ("delta", "bootstrap")
    )
    assert (delta.value, delta.estimate) == (bootstrap.value, bootstrap.estimate)
    assert (delta.interval, bootstrap.interval) == ("delta", "bootstrap")
    assert delta.low != bootstrap.low < bootstrap.estimate < bootstrap.high


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"divergence": "tv"}, 'divergence is \'tv\'; expected "kl", "js", "psi", "total_variation" or'),
        ({"divergence": "hellinger", "base": 2}, "base is 2; hellinger lies between 0 and 1 and has none"),
        ({"interval": "exact"}, 'interval is \'exact\'; expected "delta" or "bootstrap"'),
        ({"missing": "ignore"}, 'missing is \'ignore\'; expected "category", "drop" or "separate"'),
    ],
)
def test_questions_that_cannot_be_asked(arguments, message):
    with pytest.raises(kldiv.InvalidInputError) as error:
        kldiv.compare(JANUARY, JULY, **arguments)
    assert message in str(error.value)
