"""Notices that were sent out beside the full build and that no commit has: they are carried over from release to release until the repository has them.

`todoke emergency publish` leaves its sources beside the site (``output/uncommitted``). A publish puts them into its checkout before it builds. One gives
way as soon as the repository speaks of its path: the commit has the same file, or a commit that was made later has touched it, changed or removed.

So nobody's night is lost, and nobody else's article waits for a commit.
"""

from __future__ import annotations

import datetime as dt
import json
import shutil
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from publisher.model.errors import PublisherError
from publisher.model.release import Release, is_safe_path
from publisher.release.files import write_atomically

FOLDER, INDEX, CONTENT = "uncommitted", "uncommitted.json", "content"


@dataclass(frozen=True)
class UncommittedNotice:
    """``path`` is that of its source and ``files`` are all that it needs, below ``content/``; ``page`` is its page below the site."""

    path: str
    page: str
    files: tuple[str, ...]
    published: dt.datetime
    expires: dt.datetime

    def is_over(self, now: dt.datetime) -> bool:
        """Whether nobody misses it."""
        return self.expires <= now


CommittedAt = Callable[[str], dt.datetime | None]
"""Returns when a path of the repository was last touched by a commit, or None if no commit has it."""


def read_uncommitted(output: Path) -> list[UncommittedNotice]:
    """Return what is kept beside the site. A file that is broken, or a path that leads elsewhere, keeps nothing."""
    notices = []
    with suppress(OSError, ValueError, AttributeError):
        for path, record in json.loads((output / INDEX).read_bytes()).items():
            with suppress(ValueError, LookupError, TypeError):
                notices.append(_notice(str(path), record))
    return [notice for notice in notices if all(map(is_safe_path, (notice.page, *notice.files)))]


def _notice(path: str, record: Mapping[str, Any]) -> UncommittedNotice:
    moments = [dt.datetime.fromisoformat(record[name]) for name in ("published", "expires")]
    return UncommittedNotice(path, str(record["page"]), (path, *map(str, record["files"])), *moments)


@dataclass(frozen=True)
class Carried:
    """``notices`` are in no commit. Of ``committed`` ones the repository has spoken since they were sent out: it need not be told again."""

    notices: Sequence[UncommittedNotice] = ()
    committed: tuple[str, ...] = ()

    @property
    def words(self) -> tuple[str, ...]:
        """What the operator has to know."""
        return tuple(
            f"content/{notice.path} is in no commit: it was sent out by todoke emergency and is carried over. Commit it / "
            "コミットにない知らせを引き継いで公開しています。コミットしてください"
            for notice in self.notices
        )


def carry_over(output: Path, checkout: Path, committed_at: CommittedAt) -> Carried:
    """Put what no commit has into the checkout, and tell what that was. Raises `OSError`."""
    notices = read_uncommitted(output)
    committed = [notice for notice in notices if _is_committed(notice, output, checkout, committed_at)]
    carried = [notice for notice in notices if notice not in committed]
    for notice in carried:
        for name in notice.files:
            target = checkout / CONTENT / name
            if name == notice.path or not target.exists():  # a picture that is there already belongs to others too
                _place(output / FOLDER / name, target, checkout)
    return Carried(carried, tuple(notice.path for notice in committed))


def _place(source: Path, target: Path, checkout: Path) -> None:
    """Copy a file into the checkout. What an editor has committed in its way goes: a link that leads elsewhere, a file in the place of a folder or a folder in its own."""
    for place in (*reversed(target.relative_to(checkout).parents[:-1]), target.relative_to(checkout)):
        if (checkout / place).is_symlink() or (checkout / place).is_file():
            (checkout / place).unlink()
    if target.is_dir():
        shutil.rmtree(target)
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, target)


def _is_committed(notice: UncommittedNotice, output: Path, checkout: Path, committed_at: CommittedAt) -> bool:
    kept, there = output / FOLDER / notice.path, checkout / CONTENT / notice.path
    if not kept.is_file():  # somebody has removed it: nothing can be carried
        return True
    if there.is_file() and not there.is_symlink() and there.read_bytes() == kept.read_bytes():
        return True
    touched = committed_at(f"{CONTENT}/{notice.path}")
    return touched is not None and touched > notice.published


def forget(output: Path, paths: Collection[str]) -> None:
    """Keep these notices no longer. Raises `OSError`."""
    with suppress(FileNotFoundError, ValueError):
        record = json.loads((output / INDEX).read_bytes())
        rest = {path: each for path, each in record.items() if path not in paths}
        write_atomically(output / INDEX, json.dumps(rest, ensure_ascii=False, indent=1, sort_keys=True).encode())
    for path in paths:
        (output / FOLDER / path).unlink(missing_ok=True)


def require_kept(output: Path, public: Release | None, planned: Release, now: dt.datetime) -> None:
    """Raise `PublisherError` if a release would take down a notice that is in force and that no commit has."""
    before, after = (release.by_path if release else {} for release in (public, planned))
    lost = [
        notice.path for notice in read_uncommitted(output) if not notice.is_over(now) and notice.page in before and notice.page not in after
    ]
    if lost:
        raise PublisherError(
            f"{', '.join(lost)}: in force and in no commit, and this release would take it down. Put the file back and build again; or, if it "
            "shall go, publish its end (todoke emergency cancel), or give --take-down / 出ている知らせが下りてしまうため、公開を止めました。"
            "原稿を戻してビルドし直すか、解除を出すか、下ろしてよければ --take-down を付けてください"
        )
