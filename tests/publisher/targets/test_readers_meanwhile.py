"""Whatever an intruder has altered: while a mirror is restored, readers get every page at every moment."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from publisher.model import manifest
from publisher.release.store import SignedRelease
from tests.samples.publishing.releases import PAGES, Publishing
from tests.samples.publishing.tree_mirrors import Mirror, contents


def alter_the_manifest(www: Path) -> None:
    file = www / "current" / manifest.PATH
    file.write_bytes(file.read_bytes().replace(b"# number: 2", b"# number: 7"))


def break_the_record(www: Path) -> None:
    shown = (www / "current").resolve()
    shown.with_name(f"{shown.name}.json").write_text("{}")


def break_both_records(www: Path) -> None:
    for name in ("a", "b"):
        (www / "slots" / f"{name}.json").write_text("{}")


def alter_the_manifest_and_break_both_records(www: Path) -> None:
    alter_the_manifest(www)
    break_both_records(www)


def lead_there_by_another_way(www: Path) -> None:
    """``current`` is still the released tree, but not as we write it; and the record says nothing about that tree."""
    shown = (www / "current").resolve()
    (www / "current").unlink()
    (www / "current").symlink_to(shown)
    break_both_records(www)


class Reader:
    """Reads all pages of the site again and again, and notes what is not there."""

    def __init__(self, www: Path) -> None:
        self.missing, self.rounds, self._www, self._ends = set[str](), 0, www, threading.Event()
        self._thread = threading.Thread(target=self._read)

    def __enter__(self) -> Reader:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ends.set()
        self._thread.join()

    def _read(self) -> None:
        while not self._ends.is_set() or not self.rounds:
            self.missing |= {path for path in PAGES if not self._is_there(path)}
            self.rounds += 1

    def _is_there(self, path: str) -> bool:
        try:
            return bool((self._www / "current" / path).read_bytes())
        except FileNotFoundError:
            return False


@pytest.mark.parametrize(
    ("alter", "releases"),
    [
        (alter_the_manifest, 2),
        (break_the_record, 2),
        (break_both_records, 2),
        (alter_the_manifest_and_break_both_records, 2),
        (lead_there_by_another_way, 1),
        (lead_there_by_another_way, 2),
    ],
)
def test_a_reader_finds_every_page_while_the_mirror_is_restored(
    publishing: Publishing, mirror: Mirror, alter: Callable[[Path], None], releases: int
) -> None:
    signed: SignedRelease | None = None
    for number in range(releases):
        publishing.write("feed.xml", str(number))
        for page in range(100):  # so many that restoring takes a while
            publishing.write(f"press/{page}.html", f"<p>{page}</p>")
        signed = publishing.release()
        mirror.publish(publishing, signed)
    assert signed
    alter(mirror.root)
    with Reader(mirror.root) as reader:
        mirror.publish(publishing, signed)
    assert reader.missing == set()
    assert reader.rounds > 1
    assert mirror.shown() == contents(publishing, signed)
