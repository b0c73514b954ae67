"""Whatever an intruder has altered: while a mirror is restored, readers get every page at every moment."""

from __future__ import annotations

import threading
from collections.abc import Callable, Coroutine
from functools import wraps
from pathlib import Path
from typing import Any

import pytest

from publisher.model import manifest
from publisher.release.store import SignedRelease
from publisher.targets.files import Files
from publisher.targets.local import LocalFiles
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
        self.missing, self._rounds, self._www, self._ends = set[str](), 0, www, threading.Event()
        self._round_ended, self._thread = threading.Condition(), threading.Thread(target=self._read)

    def __enter__(self) -> Reader:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ends.set()
        self._thread.join()

    def read_everything(self) -> None:
        """Wait until a round that began after this call has ended."""
        with self._round_ended:
            round_after_this = self._rounds + 2
            assert self._round_ended.wait_for(lambda: self._rounds >= round_after_this, 120)

    def _read(self) -> None:
        while not self._ends.is_set():
            self.missing |= {path for path in PAGES if not self._is_there(path)}
            with self._round_ended:
                self._rounds += 1
                self._round_ended.notify_all()

    def _is_there(self, path: str) -> bool:
        try:
            return bool((self._www / "current" / path).read_bytes())
        except FileNotFoundError:
            return False


class WatchedMirror(Mirror):
    """A folder: after each step of the delivery the reader has the time to read the whole site, however fast the delivery is."""

    def __init__(self, root: Path, mirror: Mirror, reader: Reader) -> None:
        super().__init__(root, None, mirror.known)
        self.steps, self._reader = list[str](), reader

    def files(self) -> Files:
        files = LocalFiles(self.root)
        for step in ("write", "copy", "link", "remove", "remove_tree", "switch"):
            setattr(files, step, self._followed(step, getattr(files, step)))
        return files

    def _followed(self, name: str, step: Callable[..., Coroutine[Any, Any, Any]]) -> Callable[..., Coroutine[Any, Any, Any]]:
        @wraps(step)
        async def step_and_reading(*arguments: Any, **options: Any) -> Any:
            result = await step(*arguments, **options)
            self.steps.append(name)
            self._reader.read_everything()
            return result

        return step_and_reading


@pytest.mark.parametrize("mirror", ["local"], indirect=True)
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
        signed = publishing.release()
        mirror.publish(publishing, signed)
    assert signed
    alter(mirror.root)
    with Reader(mirror.root) as reader:
        watched = WatchedMirror(mirror.root, mirror, reader)
        watched.publish(publishing, signed)
    assert reader.missing == set()
    assert watched.steps
    assert mirror.shown() == contents(publishing, signed)
