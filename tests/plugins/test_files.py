"""Files are written whole, and shared with the last build where nothing changed."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from plugins.files import link, link_if_equal, write_atomically


def test_a_file_is_written_in_a_new_folder_and_replaced_without_leaving_a_temporary_file(tmp_path: Path) -> None:
    path = tmp_path / "folder" / "a.txt"
    write_atomically(path, b"old")
    write_atomically(path, b"new")
    assert path.read_bytes() == b"new" and list(path.parent.iterdir()) == [path]


def test_a_reader_that_has_the_old_file_open_still_reads_the_old_bytes(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    write_atomically(path, b"old")
    with path.open("rb") as reader:
        write_atomically(path, b"new")
        assert reader.read() == b"old"


def test_a_file_with_the_same_bytes_becomes_the_last_one_and_keeps_its_time(tmp_path: Path) -> None:
    last, file = tmp_path / "last", tmp_path / "file"
    last.write_bytes(b"same")
    os.utime(last, (1, 1))
    file.write_bytes(b"same")
    assert link_if_equal(file, last)
    assert file.stat().st_ino == last.stat().st_ino and file.stat().st_mtime == 1
    assert link_if_equal(file, last)


@pytest.mark.parametrize("other", [b"sane", b"longer"])
def test_a_file_with_other_bytes_stays_as_it_is(tmp_path: Path, other: bytes) -> None:
    last, file = tmp_path / "last", tmp_path / "file"
    last.write_bytes(b"same")
    file.write_bytes(other)
    assert not link_if_equal(file, last)
    assert not link_if_equal(file, tmp_path / "missing")
    assert file.read_bytes() == other


def test_a_symbolic_link_is_never_shared(tmp_path: Path) -> None:
    last, file = tmp_path / "last", tmp_path / "file"
    (tmp_path / "elsewhere").write_bytes(b"same")
    last.symlink_to(tmp_path / "elsewhere")
    file.write_bytes(b"same")
    assert not link_if_equal(file, last)


def test_without_hard_links_a_file_is_copied_with_its_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise OSError(38, "Function not implemented")

    monkeypatch.setattr(os, "link", refuse)
    source, target = tmp_path / "source", tmp_path / "folder" / "target"
    target.parent.mkdir()
    source.write_bytes(b"bytes")
    os.utime(source, (1, 1))
    link(str(source), str(target))
    assert target.read_bytes() == b"bytes" and target.stat().st_mtime == 1 and target.stat().st_ino != source.stat().st_ino


def test_a_link_makes_missing_folders_and_never_replaces_a_file(tmp_path: Path) -> None:
    source, target = tmp_path / "source", tmp_path / "a" / "b" / "target"
    source.write_bytes(b"bytes")
    link(str(source), str(target))
    assert target.stat().st_ino == source.stat().st_ino
    with pytest.raises(FileExistsError):
        link(str(source), str(target))
