"""What befalls files and disks while Spark counts: a short error that names the file, never a wrong count."""

import os
import re
import shutil
import subprocess
import sys

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from sparking import NEEDS_JAVA, spark_session  # noqa: F401 (a fixture)
from tabular import parquet

import kldiv
from kldiv.tables.opening import open_table
from kldiv.tables.spark_files import listed

MOUNT, UNMOUNT = (shutil.which(each) or each for each in ("mount", "umount"))
NEEDS_ROOT = pytest.mark.skipif(
    not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root can make a small disk"
)
ROWS = 20_000


@pytest.fixture
def parts(tmp_path):
    """Three files of one table, each of ten row groups; nothing in the folder's name is a pattern."""
    folder = tmp_path / "a b%20[é]. C {x}"
    folder.mkdir()
    values = {"x": [each + 0.5 for each in range(ROWS)], "y": [f"k{each % 9}" for each in range(ROWS)]}
    for name in "abc":
        pq.write_table(pa.table(values), folder / f"{name}.parquet", row_group_size=ROWS // 10)
    return folder


def open_parts(way, session, folder):
    if way == "glob":
        return open_table(folder.parent / "* C*" / "*.parquet", engine="spark")
    exact = "".join(f"\\{each}" if each in "[]{}" else each for each in str(folder))
    if way == "URL":
        return open_table(f"file://{exact}", engine="spark")
    return open_table(session.read.parquet(exact))


def column_of(whole):
    return pq.read_metadata(pa.BufferReader(whole)).row_group(4).column(0)


def put(whole, at, what):
    return whole[:at] + what + whole[at + len(what) :]


def with_another_footer(whole):
    return put(whole, len(whole) - 8 - int.from_bytes(whole[-8:-4], "little"), b"\xa5" * 60)


def with_another_page_header(whole):
    return put(whole, column_of(whole).data_page_offset, b"\xff" * 30)


def with_another_row_group(whole):
    column = column_of(whole)
    return put(whole, column.dictionary_page_offset + 30, b"\xa5" * (column.total_compressed_size - 30))


DAMAGES = {
    "cut off": lambda whole: whole[:-1000],
    "cut in half": lambda whole: whole[: len(whole) // 2],
    "no Parquet at all": lambda _: b"x,y\n1,2\n" * 50,
    "four bytes": lambda _: b"PAR1",
    "footer": with_another_footer,
    "length of the footer": lambda whole: put(whole, len(whole) - 8, b"\xff\xff\xff\x7f"),
    "page header": with_another_page_header,
    "row group": with_another_row_group,
}


def counted(opened):
    with opened as table:
        return kldiv.compare(table, table)


def message_of(action):
    """What a person reads, to its end."""
    with pytest.raises(kldiv.TableError) as error:
        action()
    message = str(error.value)
    assert len(message.splitlines()) == 1
    assert len(message) < 400
    assert not [
        each for each in ("Exception", "SQLSTATE", "Struct", "Socket", "calling o") if each in message
    ]
    return message


@pytest.mark.parametrize("way", ["glob", "URL", "frame"])
@pytest.mark.parametrize("damage", DAMAGES)
def test_one_of_several_files_is_damaged(session, parts, way, damage):
    """Once the table is open, and before; whoever makes a frame may be told of it earlier, by Spark."""
    one = parts / "c.parquet"
    whole = one.read_bytes()
    with open_parts(way, session, parts) as table:
        one.write_bytes(DAMAGES[damage](whole))
        message = message_of(lambda: kldiv.compare(table, table))
    assert f"{one} is no Parquet, or damaged" in message or f"{one} changed meanwhile" in message
    if way != "frame":
        message = message_of(lambda: counted(open_parts(way, session, parts)))
        assert re.search(rf"{re.escape(str(one))}(: it)? is no Parquet, or damaged", message)


@pytest.mark.usefixtures("session")
@pytest.mark.parametrize("damage", ["cut off", "row group"])
def test_a_file_alone_is_damaged(parts, damage):
    one = parts / "c.parquet"
    one.write_bytes(DAMAGES[damage](one.read_bytes()))
    message = message_of(lambda: counted(open_table(one, engine="spark")))
    assert f"{one}: it is no Parquet, or damaged" in message


@pytest.mark.parametrize("way", ["glob", "URL"])
def test_an_empty_file_among_others_is_not_left_out(session, parts, way):
    """As Spark does, without a word."""
    (parts / "c.parquet").write_bytes(b"")
    message = message_of(lambda: open_parts(way, session, parts))
    assert message == f"can't read {parts / 'c.parquet'}: it is empty; expected Parquet"


@pytest.mark.parametrize("way", ["glob", "URL", "frame"])
@pytest.mark.parametrize("befallen", ["gone", "all gone", "replaced", "moved"])
def test_files_vanish_or_change_once_the_table_is_open(session, parts, way, befallen):
    """Its rows were counted when it was opened; with other rows than these nothing adds up."""
    one = parts / "b.parquet"
    with open_parts(way, session, parts) as table:
        if befallen == "gone":
            one.unlink()
        elif befallen == "replaced":
            pq.write_table(pa.table({"x": [1.5] * 7, "y": ["k1"] * 7}), one)
        elif befallen == "moved":
            parts.rename(parts.parent / "elsewhere")
        else:
            shutil.rmtree(parts)
        message = message_of(lambda: kldiv.compare(table, table))
    what = "changed meanwhile" if befallen == "replaced" else "is no longer there"
    assert re.search(rf"{re.escape(str(parts))}/[abc]\.parquet {what}; compare it once it is whole", message)


def test_what_else_comes_into_the_folder_changes_nothing(session, parts):
    for way in ("URL", "frame"):
        with open_parts(way, session, parts) as table:
            (parts / "_SUCCESS").write_text(way)
            shutil.copy(parts / "a.parquet", parts / f"{way}.parquet")
            assert kldiv.compare(table, table).rows_p == table.rows()


# --- in a process of its own --------------------------------------------------------------------------

COMMAND = [sys.executable, "-m", "kldiv", "compare", "--engine", "spark", "--master", "local[2]"]


def run(*arguments, **environment):
    """The exit code and what was written to standard error, of a command that prints no result."""
    done = subprocess.run(
        [*COMMAND, *map(str, arguments)],
        check=False,
        capture_output=True,
        text=True,
        env=os.environ | {name: str(value) for name, value in environment.items()},
        timeout=500,
    )
    assert done.stdout == ""
    return done.returncode, done.stderr


@pytest.fixture
def disk(tmp_path):
    """Four megabytes."""
    folder = tmp_path / "disk"
    folder.mkdir()
    subprocess.run([MOUNT, "-t", "tmpfs", "-o", "size=4m", "tmpfs", str(folder)], check=True)
    yield folder
    subprocess.run([UNMOUNT, str(folder)], check=True)


@NEEDS_JAVA
@NEEDS_ROOT
def test_the_disk_is_full_on_which_spark_works(tmp_path, disk):
    """What is exchanged goes to disk: a quarter of a million different texts don't fit."""
    query = "FROM range(250000) AS t(x) SELECT md5(x::VARCHAR) || md5(x::VARCHAR) AS x"
    path, result = parquet(tmp_path / "t.parquet", query), tmp_path / "out.json"
    code, err = run(path, path, "--max-categories", 10, "--json", result, SPARK_LOCAL_DIRS=disk)
    assert (code, len(err.splitlines())) == (2, 1)
    assert f"can't count {path}: no space is left on a disk where Spark puts what it is working on" in err
    assert not result.exists()
    assert not [*disk.iterdir()]


@NEEDS_JAVA
@NEEDS_ROOT
def test_the_disk_is_full_on_which_the_result_is_to_be(parts, disk):
    (disk / "other").write_bytes(bytes(2**22))
    for option in ("--json", "--html", "--save-profile"):
        code, err = run(parts / "a.parquet", parts / "b.parquet", "--columns", "x", option, disk / "out")
        assert (code, err) == (2, f"kldiv: can't write {disk / 'out'}: No space left on device\n")
        assert [each.name for each in disk.iterdir()] == ["other"]


def test_files_under_spark_connect_are_not_asked_for():
    class WithoutJava:
        @property
        def _jvm(self):
            raise AttributeError("not supported in Spark Connect")

    assert listed(WithoutJava(), ["file:/a.parquet"]) == {}
