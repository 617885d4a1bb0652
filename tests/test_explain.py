"""`kldiv explain`, as a user at a shell sees it."""

import json
import math
import os
import subprocess
import sys

import pytest

EXAMPLE = ("explain", "1,1,2,2,3", "1,1,1,1,1,2,3,3,3,3")


def shell(*arguments, stdin=b"", **environment):
    command = [sys.executable, "-m", "kldiv", *arguments]
    return subprocess.run(
        command, input=stdin, capture_output=True, env=os.environ | environment, check=False
    )


def test_the_example_is_worked_whole(run):
    code, out, err = run(*EXAMPLE, "--base", "2")
    assert (code, err) == (0, "")
    for part in (
        "2/5 = 0.4",
        "1/10 = 0.1",
        "4/10 = 0.4",
        "−0.1288",
        "+0.8000",
        "−0.2000",
        "= 0.4712 bits",
        'F.kl_div(q.log(), p, reduction="sum")   → 0.3266 nats',
        "÷ ln 2 gives 0.4712 bits",
        "0.2502",
        "-1.3749",
        "0.1089",
        "-1.2633",
    ):
        assert part in out


def test_json_has_everything(run):
    code, out, _ = run(*EXAMPLE, "--base", "2", "--json")
    document = json.loads(out)
    assert code == 0
    assert document["value"] == pytest.approx(0.47122876204505504, rel=1e-15)
    assert (document["unit"], document["infinite"], document["direction"]) == ("bits", False, "D(P||Q)")
    assert document["low"] < document["estimate"] < document["high"]
    assert 0 < document["p_value"] < 1
    assert document["outcomes"][1] == {
        "outcome": 2, "p_count": 2, "q_count": 1, "p": 0.4, "q": 0.1, "contribution": pytest.approx(0.8)
    }  # fmt: skip
    returned = {each["name"]: each["returns"] for each in document["mistakes"]}
    assert returned["swapped"] == pytest.approx(0.2502012, abs=1e-7)
    assert returned["input not logged"] == pytest.approx(-1.3749201, abs=1e-7)
    assert returned["default mean"] == pytest.approx(0.1088770, abs=1e-7)
    assert returned["swapped and input not logged"] == pytest.approx(-1.2633483, abs=1e-7)


def test_infinity_is_null_in_json_and_explained_in_words(run):
    _, out, _ = run("explain", "a,b", "a,a", "--json")
    document = json.loads(out, parse_constant=lambda name: pytest.fail(f"{name} is not JSON"))
    assert document["value"] is None
    assert document["infinite"] is True
    assert [each["contribution"] for each in document["outcomes"]] == [pytest.approx(-math.log(2) / 2), None]
    _, out, _ = run("explain", "a,b", "a,a")
    assert "= ∞ nats" in out
    assert "Q gives no probability to b, which P has 0.5 of" in out


@pytest.mark.parametrize(
    ("base", "value", "unit"),
    [("e", 0.32663088781028327, "nats"), ("10", 0.32663088781028327 / math.log(10), "hartleys")],
)
def test_bases(run, base, value, unit):
    document = json.loads(run(*EXAMPLE, "--base", base, "--json")[1])
    assert document["value"] == pytest.approx(value, rel=1e-14)
    assert document["unit"] == unit


def test_probabilities_and_weights(run):
    for arguments in (("0.4,0.4,0.2", "0.5,0.1,0.4", "--pmf"), ("2,2,1", "5,1,4", "--weights")):
        document = json.loads(run("explain", *arguments, "--json", "--base", "2")[1])
        assert document["value"] == pytest.approx(0.47122876204505504, rel=1e-14)
        assert document["estimate"] is document["p_value"] is document["outcomes"][0]["p_count"] is None
    assert "2/5 = 0.4" in run("explain", "0.4,0.4,0.2", "0.5,0.1,0.4", "--pmf")[1]


def test_estimate_option(run):
    out = run(*EXAMPLE, "--estimate")[1]
    assert "corrected for bias" in out
    assert "p-value of P = Q 0.512" in out


@pytest.mark.parametrize(
    "data", [b"1\n1\n2\n2\n3", b"1\r\n1\r\n2\r\n2\r\n3\r\n", b"\xef\xbb\xbf1\n1\n2\n2\n3\n\n"]
)
def test_files_and_standard_input_with_any_line_ends(data, tmp_path):
    path = tmp_path / "p.txt"
    path.write_bytes(data)
    for argument, stdin in ((f"@{path}", b""), ("-", data)):
        done = shell("explain", argument, "1,1,1,1,1,2,3,3,3,3", "--base", "2", "--json", stdin=stdin)
        assert done.returncode == 0
        assert json.loads(done.stdout)["value"] == pytest.approx(0.47122876204505504, rel=1e-15)


def test_values_keep_their_kind(run):
    assert [
        each["outcome"] for each in json.loads(run("explain", "10,9,1e1", "9,10.0", "--json")[1])["outcomes"]
    ] == [9, 10]
    assert [
        each["outcome"] for each in json.loads(run("explain", "-1,-2.5", "-1,3", "--json")[1])["outcomes"]
    ] == [-2.5, -1, 3]
    document = json.loads(run("explain", "10,9,x", "9,10.0", "--text", "--json")[1])
    assert [each["outcome"] for each in document["outcomes"]] == ["10", "10.0", "9", "x"]


def test_many_outcomes_are_cut_and_it_says_so(run):
    values = ",".join(map(str, range(50)))
    out = run("explain", values, values + ",0", "--top", "5")[1]
    assert "… and 45 more outcomes, together" in out
    assert "more outcome" not in run("explain", values, values + ",0", "--top", "0")[1]


def test_hostile_values_show_as_text(tmp_path):
    path = tmp_path / "p.txt"
    path.write_bytes("[red]x[/red]\n\x1b[31mred\n🙂 \u202eabc\n".encode())
    done = shell("explain", f"@{path}", f"@{path}")
    assert done.returncode == 0
    assert b"\x1b" not in done.stdout
    assert b"[red]x[/red]" in done.stdout
    assert "🙂".encode() in done.stdout


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("1,2", "a,b"), "P holds numbers and Q holds text"),
        (("1,x", "1"), "P mixes numbers and text: value 1 is '1' and value 2 is 'x'"),
        (("1,,2", "1"), "P has an empty value at position 2"),
        (("", "1"), "P is empty"),
        (("@missing.txt", "1"), "can't read 'missing.txt' for P: No such file or directory"),
        (("-", "-"), "P and Q are both -"),
        (("1", "1", "--base", "1"), "base is '1'"),
        (("1", "1", "--base", "two"), "base is 'two'"),
        (("1", "1", "--base", "nan"), "base is 'nan'"),
        (("0.5,0.6", "0.5,0.5", "--pmf"), "P sums to 1.1; expected probabilities of sum 1"),
        (("0.5,0.5", "0.5,0.4999999", "--pmf"), "Q sums to 0.99999989"),
        (("-0.5,1.5", "0.5,0.5", "--pmf"), "P has -0.5 at position 1"),
        (("nan,1", "0.5,0.5", "--pmf"), "P has nan at position 1"),
        (("inf,1", "0.5,0.5", "--weights"), "P has inf at position 1"),
        (("x,1", "0.5,0.5", "--pmf"), "P has 'x' at position 1"),
        (("0,0", "1,1", "--weights"), "P sums to 0"),
        (("1", "0.5,0.5", "--pmf"), "P has 1 probabilities and Q has 2"),
        (("1", "1", "--pmf", "--estimate"), "--estimate needs samples"),
        (("1",), "Missing argument 'Q'"),
        (("1", "2", "--nonsense"), "--nonsense"),
        (("1", "2", "--top", "-1"), "-1 is not in the range"),
    ],
)
def test_bad_input_is_one_sentence_and_exit_2(run, arguments, message):
    code, out, err = run("explain", *arguments)
    assert (code, out) == (2, "")
    assert err.startswith("kldiv: ")
    assert message in err
    assert err.count("\n") == 1


def test_files_that_are_no_text(run, tmp_path):
    (tmp_path / "binary").write_bytes(b"1\n\xff\n")
    (tmp_path / "empty").write_bytes(b"\n\n")
    assert "is not UTF-8 text: byte 2" in run("explain", f"@{tmp_path}/binary", "1")[2]
    assert "has no value; expected one a line" in run("explain", f"@{tmp_path}/empty", "1")[2]
    assert "Is a directory" in run("explain", f"@{tmp_path}", "1")[2]


def test_a_closed_pipe_ends_quietly():
    command = f"{sys.executable} -m kldiv explain {','.join(map(str, range(2500)))} 1,2 --top 0"
    done = subprocess.run(
        ["/bin/bash", "-c", f"{command} | head -n 1; exit ${{PIPESTATUS[0]}}"],
        capture_output=True,
        check=False,
    )
    assert done.returncode == 141
    assert done.stderr == b""


@pytest.mark.parametrize("encoding", ["ascii", "cp1252"])
@pytest.mark.parametrize(
    ("arguments", "part"),
    [
        ((*EXAMPLE, "--base", "2"), "= 0.4712 bits"),
        ((*EXAMPLE, "--base", "10", "--estimate"), "log10(P/Q)  share"),
        (("estimate", *EXAMPLE[1:], "--divergence", "hellinger"), "95 % interval"),
    ],
)
def test_a_terminal_without_unicode_still_gets_its_answer(arguments, part, encoding):
    done = shell(*arguments, PYTHONIOENCODING=encoding)
    assert done.returncode == 0
    said = done.stdout.decode(encoding).replace("\xa0", " ")
    assert part in said
    assert "?" not in said


def test_interruption_is_quiet(monkeypatch, run):
    def interrupt(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr("kldiv.report.explanation.explain_counts", interrupt)
    assert run(*EXAMPLE) == (130, "", "")


def test_help_and_version(run):
    assert "Work out D(P‖Q) by hand" in run("explain", "--help")[1]
    assert run("--version")[1].startswith("kldiv 0.")
    code, out, _ = run()
    assert code == 0
    assert "Commands:" in out


def test_help_says_what_every_command_does_in_a_whole_sentence(run):
    commands = run("--help")[1].partition("Commands:\n")[2].splitlines()
    assert len(commands) == 7
    assert all(line.endswith(".") and not line.endswith("...") for line in commands)


@pytest.mark.parametrize("command", ["explain", "estimate"])
@pytest.mark.parametrize(
    ("arguments", "seen"), [(("1,2", "1,2", "--jsno"), "--jsno"), (("--bse=2", "1,2", "1,2"), "--bse")]
)
def test_a_misspelt_option_is_no_value(run, command, arguments, seen):
    """Where values may start with a minus sign, P would be the option and Q the first sample."""
    code, out, err = run(command, *arguments)
    assert (code, out) == (2, "")
    assert f"No such option '{seen}'" in err
    assert "mean" in err


@pytest.mark.parametrize("command", ["explain", "estimate"])
def test_values_start_with_minus_signs(run, command):
    """One sign is a number's; after -- two are a text's."""
    assert run(command, "-1,2", "-1,-2", "--base=2")[0] == 0
    assert run(command, "--", "--a,b", "b")[0] == 0


def test_the_largest_terms_may_be_those_that_lower_the_sum(run):
    """¼·ln(2.5) twice is 0.2291 each; ½·ln(5/8) is −0.2350."""
    out = run("explain", "1,2,3,3", "1,2,3,3,3,3,3,3,3,3", "--top", "1")[1]
    assert "−0.2350" in out
    assert "and 2 more outcomes, together 0.4581" in out


def test_probabilities_that_nearly_sum_to_1(run):
    """Rounding is let pass, as that of ten tenths; a mistake in the tenth digit is not."""
    assert run("explain", "--pmf", ",".join(["0.1"] * 10), ",".join(["0.1"] * 10))[0] == 0
    code, _, err = run("explain", "--pmf", "0.5,0.5000000001", "0.5,0.5")
    assert code == 2
    assert "P sums to 1.0000000001; expected probabilities of sum 1" in err
