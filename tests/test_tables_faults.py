"""What befalls files and disks while a table is counted: an error that says so, never a wrong count."""

import gzip
import os
import shutil
import subprocess
import sys
from decimal import Decimal

import duckdb
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from tabular import parquet

import kldiv
from kldiv.tables.opening import open_table

MOUNT, UNMOUNT = (shutil.which(each) or each for each in ("mount", "umount"))


@pytest.fixture
def groups(tmp_path):
    """Ten row groups, each of which is read on its own."""
    path = tmp_path / "t.parquet"
    with duckdb.connect() as connection:
        query = "FROM range(100000) AS t(x) SELECT x + 0.5 AS x, hash(x) AS y"
        connection.execute(f"COPY ({query}) TO '{path}' (FORMAT parquet, ROW_GROUP_SIZE 10000)")
    return path


@pytest.mark.parametrize("group", [0, 4, 9])
def test_a_corrupt_row_group(groups, group):
    with duckdb.connect() as connection:
        pages = "min(data_page_offset), sum(total_compressed_size)"
        of = connection.sql(f"FROM parquet_metadata('{groups}')").filter(f"row_group_id = {group}")
        [found] = of.aggregate(pages).fetchall()
    start, size = map(int, found)
    whole = bytearray(groups.read_bytes())
    whole[start + 10 : start + size] = os.urandom(size - 10)
    groups.write_bytes(whole)
    with pytest.raises(kldiv.TableError, match=r"can't read .*t\.parquet"):
        kldiv.compare(groups, groups)


def test_a_file_that_is_cut_off(groups):
    groups.write_bytes(groups.read_bytes()[:-1000])
    with pytest.raises(kldiv.TableError, match=r"can't read .*t\.parquet"):
        kldiv.compare(groups, groups)


@pytest.mark.parametrize("name", ["t.csv.gz", "t.jsonl.gz"])
def test_a_packed_file_of_which_a_byte_has_changed(tmp_path, name):
    """Stored without compression, so that what comes out is a table as before, but another one."""
    line = '{"x": 1}\n' if "json" in name else "x\n1\n"
    path = tmp_path / name
    path.write_bytes(gzip.compress(line.encode() * 9, compresslevel=0))
    kldiv.compare(path, path)
    path.write_bytes(path.read_bytes().replace(b"1", b"2", 1))
    with pytest.raises(
        kldiv.TableError, match=r"can't read .*gz: it is no gzip, or damaged: CRC check failed"
    ):
        kldiv.compare(path, path)


def test_a_file_that_vanishes(groups):
    with open_table(groups) as table:
        groups.unlink()
        with pytest.raises(kldiv.TableError, match=r"can't read .*t\.parquet"):
            table.summaries(["x"])


def test_a_file_that_is_replaced_by_another(groups, tmp_path):
    """Rows are counted when it is opened; with other rows than these nothing adds up."""
    with open_table(groups) as table:
        parquet(tmp_path / "other.parquet", "FROM range(7) AS t(x) SELECT x + 0.5 AS x, hash(x) AS y")
        (tmp_path / "other.parquet").replace(groups)
        with pytest.raises(kldiv.TableError, match="changed meanwhile"):
            table.summaries(["x"])


@pytest.mark.usefixtures("groups")
def test_a_glob_of_which_one_file_vanishes(tmp_path):
    second = parquet(tmp_path / "u.parquet", "FROM range(10) AS t(x) SELECT x + 0.5 AS x, hash(x) AS y")
    with open_table(tmp_path / "*.parquet") as table:
        assert table.rows() == 100_010
        second.unlink()
        with pytest.raises(kldiv.TableError, match="can't read"):
            table.summaries(["x"])


@pytest.mark.parametrize("wrong", ["absent", "cut off", "no such column", "a type it lacks"])
def test_what_polars_finds_wrong_when_it_looks_at_a_file(groups, tmp_path, wrong):
    """It looks when it is asked for its columns, before anything is counted."""
    lazy = pl.scan_parquet(groups)
    if wrong == "absent":
        groups.unlink()
    elif wrong == "cut off":
        groups.write_bytes(groups.read_bytes()[:-1000])
    elif wrong == "no such column":
        lazy = lazy.select("z")
    else:
        wide = pa.array([Decimal("1.5")], pa.decimal256(50, 3))
        pq.write_table(pa.table({"x": wide}), tmp_path / "wide.parquet")
        lazy = pl.scan_parquet(tmp_path / "wide.parquet")
    with pytest.raises(kldiv.TableError, match="can't read the Polars frame: ") as error:
        kldiv.compare(lazy, lazy)
    assert "\n" not in str(error.value)


def test_a_panic_of_an_engine():
    """Polars has errors of which Python takes none for an Exception."""

    class PanicException(BaseException):
        pass

    def panic(_):
        raise PanicException("index out of bounds\nmore")

    with open_table(pl.DataFrame({"x": [1, 2]})) as table:
        table._collect_rows = panic
        with pytest.raises(kldiv.TableError, match=r"can't count the Polars frame: index out of bounds$"):
            table.summaries(["x"])


_FULL = """
import sys
import kldiv
from kldiv.tables.duckdb_session import Session
connected = Session.embedded
def tight(cls, *arguments):
    session = connected(*arguments)
    session.query("SET memory_limit = '64MB'; SET threads = 1")
    return session
Session.embedded = classmethod(tight)
try:
    kldiv.compare(sys.argv[1], sys.argv[1], max_categories=10)
except kldiv.TableError as error:
    print("TableError:", error)
"""


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root can make a small disk")
def test_a_disk_that_is_full(tmp_path):
    """Two million different texts don't fit into 64 MB, nor what doesn't onto a disk of 4 MB."""
    texts = "md5(x::VARCHAR) || md5(x::VARCHAR)"
    path = parquet(tmp_path / "t.parquet", f"FROM range(2000000) AS t(x) SELECT {texts} AS x")
    disk = tmp_path / "disk"
    disk.mkdir()
    subprocess.run([MOUNT, "-t", "tmpfs", "-o", "size=4m", "tmpfs", str(disk)], check=True)
    try:
        done = subprocess.run(
            [sys.executable, "-c", _FULL, str(path)],
            check=False,
            capture_output=True,
            text=True,
            env=os.environ | {"TMPDIR": str(disk)},
        )
        left = [each.name for each in disk.iterdir()]
    finally:
        subprocess.run([UNMOUNT, str(disk)], check=True)
    assert done.stdout.startswith("TableError: can't read"), done.stderr
    assert len(done.stdout.splitlines()) == 1
    assert not left
