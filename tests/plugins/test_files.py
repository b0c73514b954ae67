"""Files are written whole, and shared with the last build where nothing changed."""

from __future__ import annotations

import io
import os
import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from plugins.files import WriteRefused, link, link_if_equal, rewrite, write_atomically, write_into


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


def test_a_file_of_a_tree_is_written_with_its_folders_from_bytes_or_from_an_open_file(tmp_path: Path) -> None:
    write_into(tmp_path, "a/b/c.txt", b"words")
    with (tmp_path / "a/b/c.txt").open("rb") as file:
        write_into(tmp_path, "a/copy.txt", file)
    assert (tmp_path / "a/copy.txt").read_bytes() == b"words"


@pytest.mark.parametrize(
    "name", ["", ".", "..", "/", "/etc/x", "../x", "a/../x", "a/../../x", "a//b", "a/", "./a", "a\0b", "x" * 256, "駅" * 86]
)
def test_a_name_that_is_not_one_below_the_tree_is_refused(tmp_path: Path, name: str) -> None:
    tree = tmp_path / "tree"
    tree.mkdir()
    for replace in (False, True):
        with pytest.raises(WriteRefused):
            write_into(tree, name, b"x", replace=replace)
    assert not list(tree.iterdir()) and [path.name for path in tmp_path.iterdir()] == ["tree"]


@pytest.mark.parametrize("replace", [False, True])
def test_a_file_is_not_written_through_a_linked_folder_that_leads_out(tmp_path: Path, replace: bool) -> None:
    (tmp_path / "tree").mkdir()
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "tree/out").symlink_to("../elsewhere")
    (tmp_path / "tree/in").symlink_to(".")
    with pytest.raises(WriteRefused, match="outside"):
        write_into(tmp_path / "tree", "out/new/a.txt", b"x", replace=replace)
    write_into(tmp_path / "tree", "in/a.txt", b"x", replace=replace)
    assert not list((tmp_path / "elsewhere").iterdir()) and (tmp_path / "tree/a.txt").read_bytes() == b"x"


def test_a_link_in_the_place_of_a_file_is_replaced_or_refused_and_what_it_leads_to_stays(tmp_path: Path) -> None:
    (tmp_path / "kept").write_bytes(b"kept")
    (tmp_path / "tree").mkdir()
    (tmp_path / "tree/a").symlink_to("../kept")
    with pytest.raises(WriteRefused):
        write_into(tmp_path / "tree", "a", b"kept")
    write_into(tmp_path / "tree", "a", b"new", replace=True)
    assert (tmp_path / "kept").read_bytes() == b"kept" and not (tmp_path / "tree/a").is_symlink()


def test_two_sources_of_one_file_are_refused_unless_they_have_the_same_bytes(tmp_path: Path) -> None:
    write_into(tmp_path, "a", b"one")
    write_into(tmp_path, "a", b"one")
    for name in ("a", "a/b"):
        with pytest.raises(WriteRefused):
            write_into(tmp_path, name, b"two")
    write_into(tmp_path, "folder/a", b"one")
    with pytest.raises(WriteRefused):
        write_into(tmp_path, "folder", b"one")
    assert (tmp_path / "a").read_bytes() == b"one"


def test_nothing_is_left_of_a_file_that_could_not_be_written_whole(tmp_path: Path) -> None:
    class Broken(io.BytesIO):
        """A source that ends with an error, as a disk does that breaks."""

        def read(self, size: int | None = -1, /) -> bytes:
            if self.tell():
                raise OSError("broken")
            return super().read(1)

    with pytest.raises(OSError, match="broken"):
        write_into(tmp_path, "a/b", Broken(b"words"))
    assert not list((tmp_path / "a").iterdir())


def test_a_folder_that_was_written_into_and_is_replaced_by_a_link_leads_nowhere_else(tmp_path: Path) -> None:
    tree, elsewhere = tmp_path / "tree", tmp_path / "elsewhere"
    elsewhere.mkdir()
    write_into(tree, "a/b/1.txt", b"one")
    shutil.rmtree(tree / "a")
    (tree / "a").symlink_to(elsewhere)
    (elsewhere / "b").mkdir()
    for name in ("a/b/2.txt", "a/3.txt"):
        with pytest.raises(WriteRefused, match="outside"):
            write_into(tree, name, b"two")
    assert [path.name for path in elsewhere.rglob("*")] == ["b"]


def test_a_folder_that_somebody_deletes_between_two_files_is_made_again(tmp_path: Path) -> None:
    write_into(tmp_path / "tree", "a/b/1.txt", b"one")
    shutil.rmtree(tmp_path / "tree")
    write_into(tmp_path / "tree", "a/b/2.txt", b"two")
    assert (tmp_path / "tree/a/b/2.txt").read_bytes() == b"two"


def test_two_names_of_one_tree_by_the_working_directory_are_two_trees(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        monkeypatch.chdir(tmp_path / name)
        write_into("tree", "a/b.txt", name.encode())
    assert (tmp_path / "one/tree/a/b.txt").read_bytes() == b"one" and (tmp_path / "two/tree/a/b.txt").read_bytes() == b"two"


def test_a_file_that_is_rewritten_is_another_file_and_its_other_name_keeps_the_old_bytes(tmp_path: Path) -> None:
    file, other = tmp_path / "a.html", tmp_path / "b.html"
    file.write_bytes(b"old")
    other.hardlink_to(file)
    assert rewrite(str(file), lambda old: old + b" and new")
    assert (file.read_bytes(), other.read_bytes()) == (b"old and new", b"old")
    assert not rewrite(str(file), lambda old: old)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.html", "b.html"]


def test_a_link_is_not_rewritten_and_after_an_error_nothing_is_left_beside(tmp_path: Path) -> None:
    file, link = tmp_path / "a.html", tmp_path / "b.html"
    file.write_bytes(b"old")
    link.symlink_to(file)

    def fail(_old: bytes) -> bytes:
        raise ValueError("no")

    with pytest.raises(OSError, match=r"b\.html"):
        rewrite(str(link), lambda _old: b"new")
    with pytest.raises(ValueError, match="no"):
        rewrite(str(file), fail)
    assert file.read_bytes() == b"old"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.html", "b.html"]


def test_a_page_is_rewritten_by_way_of_a_file_elsewhere_so_that_nobody_who_looks_about_meets_half_of_it(tmp_path: Path) -> None:
    tree, page = tmp_path / "site", tmp_path / "site/index.html"
    tree.mkdir()
    page.write_bytes(b"<p>old</p>")
    seen = list[list[str]]()

    def change(old: bytes) -> bytes:
        seen.append([entry.name for entry in tree.iterdir()])
        return old.replace(b"old", b"new")

    (tmp_path / "banner.part").write_bytes(b"left by a process that was killed")
    assert rewrite(str(page), change, str(tmp_path / "banner.part"))
    assert page.read_bytes() == b"<p>new</p>" and seen == [["index.html"]]
    assert [entry.name for entry in tmp_path.iterdir()] == ["site"]


def test_many_threads_may_write_one_file_at_once(tmp_path: Path) -> None:
    """Two originals with the same bytes are encoded by two threads, into one file of the cache."""
    path = tmp_path / "cache" / "240.webp"
    with ThreadPoolExecutor(8) as pool:
        for done in [pool.submit(write_atomically, path, b"%d" % number) for number in range(400)]:
            done.result()
    assert [file.name for file in path.parent.iterdir()] == ["240.webp"] and path.read_bytes().isdigit()
