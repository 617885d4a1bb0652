"""The repository's own measurements, and the page that is made of them."""

import json
import re
import sys
from pathlib import Path

import pytest
from benchmarking import quick_peers

ROOT = Path(__file__).parent.parent


@pytest.fixture(autouse=True)
def _scripts(monkeypatch):
    """The repository's benchmarks, importable."""
    if not (ROOT / "benchmarks").exists():
        pytest.skip("the benchmarks are in the repository alone")
    monkeypatch.syspath_prepend(str(ROOT / "benchmarks"))


def test_the_page_is_made_of_the_measurements():
    import tables

    text = (ROOT / "docs" / "benchmarks.md").read_text(encoding="utf-8")
    assert tables.page(ROOT / "benchmarks" / "results") == text
    for title in ("gradient", "alone", "Jensen–Shannon", "Small inputs", "right", "Memory", "first call"):
        assert re.search(f"^## .*{title}", text, re.MULTILINE)


def test_a_verdict_says_who_is_faster():
    import tables

    def row(name, **seconds):
        cells = {peer: {"seconds": each and {"median": each}} for peer, each in seconds.items()}
        return tables.Row(name, cells)

    wins, loses = row("a", kldiv=1.0, other=2.0, failed=None), row("b", kldiv=3.0, other=1.5, slow=9.0)
    assert tables.verdict([wins]) == "kldiv has the lowest median in every row."
    assert tables.verdict([wins, loses]) == (
        "kldiv has the lowest median in 1 of 2 rows. Faster are other at b (2 times)."
    )


def test_a_partial_run_replaces_nothing(monkeypatch, tmp_path, capsys):
    import kernels

    monkeypatch.setattr(kernels, "FILE", tmp_path / "kernels.jsonl")
    for name in ("SHAPES", "QUESTIONS"):
        monkeypatch.setattr(kernels, name, getattr(kernels, name)[-1:])
    monkeypatch.setattr(kernels, "peers_of", quick_peers)
    monkeypatch.setattr(sys, "argv", ["kernels.py", "--shape", "3x5", "--peer", "kldiv", "--rounds", "1"])
    kernels.main()
    assert capsys.readouterr().out.count("3×5") == 1
    assert not kernels.FILE.exists()
    monkeypatch.setattr(sys, "argv", ["kernels.py", "--rounds", "1"])
    kernels.main()
    assert [json.loads(line)["peer"] for line in kernels.FILE.read_text().splitlines()] == [
        "kldiv", "torch eager", "two reads and a write"
    ]  # fmt: skip


def test_an_interrupted_run_leaves_the_old_results(monkeypatch, tmp_path):
    import kernels

    def interrupt(*_, **__):
        raise KeyboardInterrupt

    (tmp_path / "kernels.jsonl").write_text("old")
    monkeypatch.setattr(kernels, "FILE", tmp_path / "kernels.jsonl")
    monkeypatch.setattr(kernels, "measure", interrupt)
    monkeypatch.setattr(sys, "argv", ["kernels.py"])
    with pytest.raises(KeyboardInterrupt):
        kernels.main()
    assert (tmp_path / "kernels.jsonl").read_text() == "old"
