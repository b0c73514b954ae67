"""A file is replaced whole or not at all."""

from __future__ import annotations

from pathlib import Path

import pytest

from plugins.files import write_atomically


def test_the_new_bytes_replace_the_old_and_the_permissions_stay(tmp_path: Path) -> None:
    file = tmp_path / "a" / "b.txt"
    write_atomically(file, b"one")
    file.chmod(0o640)
    write_atomically(file, b"two")
    assert file.read_bytes() == b"two" and file.stat().st_mode & 0o777 == 0o640
    assert list(file.parent.iterdir()) == [file]


def test_a_link_into_another_tree_is_replaced_and_not_written_through(tmp_path: Path) -> None:
    other = tmp_path / "other.txt"
    other.write_text("theirs")
    (tmp_path / "link.txt").symlink_to(other)
    write_atomically(tmp_path / "link.txt", b"ours")
    assert other.read_text() == "theirs" and (tmp_path / "link.txt").read_bytes() == b"ours"


def test_what_cannot_be_put_in_place_leaves_nothing_behind(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    with pytest.raises(OSError, match="folder"):
        write_atomically(tmp_path / "folder", b"x")
    assert [path.name for path in tmp_path.iterdir()] == ["folder"]
