"""A result is put in a file whole, and the file stays the kind of thing it was."""

import os
import stat
import threading

import pytest

import kldiv
from kldiv.report.writing import write_text

pytestmark = pytest.mark.skipif(
    os.name == "nt", reason="Windows has no pipes with names, nor these permissions"
)


def test_a_pipe_is_written_to_and_stays_one(tmp_path):
    """As /dev/stdout is one, or what a shell makes of >(command)."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    read = []
    reader = threading.Thread(target=lambda: read.append(pipe.read_text()), daemon=True)
    reader.start()
    write_text(pipe, "all of it")
    reader.join(10)
    assert read == ["all of it"]
    assert stat.S_ISFIFO(pipe.stat().st_mode)


@pytest.mark.parametrize("exists", [True, False])
def test_a_link_stays_one(tmp_path, exists):
    file, link = tmp_path / "file", tmp_path / "link"
    if exists:
        file.write_text("old")
    link.symlink_to("file")
    write_text(link, "new")
    assert link.is_symlink()
    assert file.read_text() == "new"
    assert {each.name for each in tmp_path.iterdir()} == {"file", "link"}


def test_a_file_keeps_its_permissions(tmp_path):
    file = tmp_path / "file"
    file.write_text("old")
    file.chmod(0o640)
    write_text(file, "new")
    assert (file.read_text(), stat.S_IMODE(file.stat().st_mode)) == ("new", 0o640)


def test_a_folder_is_no_file(tmp_path):
    with pytest.raises(kldiv.InvalidInputError, match=r"can't write .*: Is a directory"):
        write_text(tmp_path, "new")
