"""The door to what a build reads: only regular files, only inside the folder, and never a wait."""

from __future__ import annotations

import os
import pickle
import socket
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from plugins.inputs import InputFolder, UnreadableInput, read_named, survey


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with one file in ``files/``, and a secret beside the folder."""
    (tmp_path / "secret").write_text("KEY")
    (tmp_path / "content" / "files").mkdir(parents=True)
    (tmp_path / "content" / "files" / "a.txt").write_text("public")
    return tmp_path / "content"


def kinds(folder: Path) -> dict[str, str]:
    return {fault.name: fault.kind for fault in survey(folder).errors}


@pytest.mark.parametrize(
    ("target", "kind"),
    [
        ("../../secret", "outside"),
        ("/dev/null", "outside"),
        ("..", "loop"),
        ("../..", "outside"),
        ("/", "outside"),
        (".", "loop"),
        ("link", "loop"),
        ("nowhere", "missing"),
        ("../../nowhere", "missing"),
        ("a.txt/below", "missing"),
    ],
)
def test_a_link_that_leads_out_or_nowhere_or_back_is_told_by_name_and_never_read(folder: Path, target: str, kind: str) -> None:
    (folder / "files" / "link").symlink_to(target)
    assert kinds(folder) == {"files/link": kind}
    assert list(survey(folder).files) == ["files/a.txt"]
    with pytest.raises(UnreadableInput):
        InputFolder(folder).read("files/link")
    assert InputFolder(folder).stat("files/link") is None


def test_a_chain_of_links_counts_by_where_it_ends(folder: Path) -> None:
    (folder.parent / "between").symlink_to("content/files/a.txt")
    (folder / "back-in").symlink_to("../between")
    (folder / "one").symlink_to("two")
    (folder / "two").symlink_to("../secret")
    assert kinds(folder) == {"one": "outside", "two": "outside"}
    assert InputFolder(folder).read("back-in") == b"public"


def test_two_folders_that_link_to_each_other_are_a_loop_and_one_that_links_to_a_neighbour_is_not(folder: Path) -> None:
    for name, other in (("east", "west"), ("west", "east"), ("north", "files")):
        (folder / name).mkdir(exist_ok=True)
        (folder / name / "link").symlink_to(f"../{other}")
    assert kinds(folder) == {"east/link": "loop", "west/link": "loop"}
    assert InputFolder(folder).read("north/link/a.txt") == b"public"


def test_a_pipe_a_socket_and_a_device_are_told_and_nobody_waits_for_them(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    os.mkfifo(folder / "pipe.md")
    monkeypatch.chdir(folder)  # the address of a socket has 107 bytes at most
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind("socket.md")
        assert kinds(folder) == {"pipe.md": "special", "socket.md": "special"}
        for name in ("pipe.md", "socket.md"):
            with pytest.raises(UnreadableInput, match="not a regular file"):
                InputFolder(folder).read(name)


def test_a_file_behind_a_linked_folder_that_leads_out_is_not_read(folder: Path) -> None:
    (folder / "out").symlink_to("..")
    files = InputFolder(folder)
    assert files.stat("out/secret") is None
    for name in ("out/secret", "../secret", "files/../../secret", "/etc/passwd"):
        with pytest.raises(UnreadableInput):
            files.read(name)


def test_a_link_that_takes_the_place_of_a_file_after_the_survey_is_not_followed(folder: Path) -> None:
    files = InputFolder(folder)
    assert files.read("files/a.txt") == b"public"
    (folder / "files" / "a.txt").unlink()
    (folder / "files" / "a.txt").symlink_to(folder.parent / "secret")
    with pytest.raises(UnreadableInput, match="leads out"):
        files.read("files/a.txt")


def test_names_of_other_programs_are_left_alone(folder: Path) -> None:
    (folder / ".#a.md").symlink_to("editor@machine.1234")  # how Emacs marks a file that it edits
    (folder / ".git").mkdir()
    (folder / ".git" / "b.md").write_text("x")
    assert not kinds(folder) and list(survey(folder).files) == ["files/a.txt"]


@pytest.mark.parametrize("name", ["", ".", "..", "files/", "a\0b", "files/none", "x" * 300, "files", "\udcff"])
def test_a_name_that_is_no_file_is_a_fault_with_this_name(folder: Path, name: str) -> None:
    with pytest.raises(UnreadableInput) as caught:
        InputFolder(folder).read(name)
    assert caught.value.name == name
    assert InputFolder(folder).stat(name) is None


def test_the_folder_itself_may_be_a_link(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "content-link").symlink_to(folder)
    assert list(survey(tmp_path / "content-link").files) == ["files/a.txt"]
    assert InputFolder(tmp_path / "content-link").read("files/a.txt") == b"public"


def test_a_fault_survives_the_way_from_one_process_to_another() -> None:
    fault = pickle.loads(pickle.dumps(UnreadableInput("files/a.txt", "outside")))
    assert (fault.name, fault.kind) == ("files/a.txt", "outside")
    assert str(fault.diagnostic("content").path) == "content/files/a.txt"


NAMES = st.sampled_from(["a", "b", "c.md", "d.txt", ".e"])
PATHS = st.lists(NAMES, min_size=1, max_size=3).map("/".join)
TARGETS = st.one_of(
    PATHS,
    st.sampled_from(["..", ".", "/", "../..", "../secret", "../../secret", "../content", "/etc/hostname", "../../outside", "x" * 300]),
    st.builds("{}/{}".format, st.sampled_from(["..", "../..", "."]), PATHS),
)
ENTRIES = st.lists(st.tuples(PATHS, st.one_of(st.just("file"), st.just("pipe"), st.just("folder"), TARGETS.map("->".__add__))), max_size=12)


def make(root: Path, entries: list[tuple[str, str]]) -> None:
    """Make what can be made of ``entries``; an entry whose place is taken already is left out."""
    for name, what in entries:
        path = root / name
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            if not path.resolve(strict=False).is_relative_to(root) or os.path.lexists(path):
                continue
            if what == "file":
                path.write_text("inside")
            elif what == "pipe":
                os.mkfifo(path)
            elif what == "folder":
                path.mkdir()
            else:
                path.symlink_to(what.removeprefix("->"))
        except (OSError, RuntimeError):  # the place is taken, or lies behind a link that was made before
            continue


def is_folder(path: Path) -> bool:
    try:
        return path.is_dir()
    except OSError:  # a name that is too long
        return False


@settings(derandomize=True, max_examples=150, deadline=None)
@given(ENTRIES)
def test_in_a_random_tree_with_links_nothing_from_outside_is_ever_read_and_no_entry_is_forgotten(entries: list[tuple[str, str]]) -> None:
    with tempfile.TemporaryDirectory() as name:
        root = Path(name).resolve() / "content"
        root.mkdir()
        (root.parent / "secret").write_text("outside")
        (root.parent / "outside").mkdir()
        (root.parent / "outside" / "a").write_text("outside")
        make(root, entries)
        tree, files = survey(root), InputFolder(root)
        assert all(files.read(path) == b"inside" for path in tree.files)
        told = {fault.name for fault in tree.errors}
        assert not told & set(tree.files)
        for path in root.rglob("*"):
            below = path.relative_to(root)
            if any(part.startswith(".") for part in below.parts) or (is_folder(path) and not path.is_symlink()):
                continue
            linked_folder = path.is_symlink() and is_folder(path) and path.resolve().is_relative_to(root)
            assert below.as_posix() in told | set(tree.files) or linked_folder
            if below.as_posix() in told and files.stat(below.as_posix()) is not None:
                raise AssertionError(f"{below} is a fault and can be read")


def test_a_device_or_a_pipe_that_somebody_names_is_refused_and_neither_read_nor_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "link").symlink_to("/dev/zero")
    for path in (tmp_path / "pipe", tmp_path / "link", Path("/dev/zero"), tmp_path, tmp_path / "none"):
        with pytest.raises(UnreadableInput):
            read_named(path, 10)
    (tmp_path / "a.csv").write_bytes(b"x" * 20)
    (tmp_path / "other").symlink_to("a.csv")
    assert read_named(tmp_path / "other", 10) == b"x" * 10


@pytest.mark.parametrize("size", [0, 1, 65_535, 65_536, 65_537, 1_000_003])
def test_a_file_is_read_whole_or_to_the_bound(folder: Path, size: int) -> None:
    data = os.urandom(size)
    (folder / "large").write_bytes(data)
    assert InputFolder(folder).read("large") == data
    assert [InputFolder(folder).read("large", most) for most in (0, 7, size, size + 1)] == [b"", data[:7], data, data]
