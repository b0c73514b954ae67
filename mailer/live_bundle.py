"""What a process that runs for weeks knows of the bundle: its lists and who publishes, read again when a build has changed the files.

A list that a build adds works without a restart. The two files are taken together or not at all: what changes while they are read, cannot be read, or is
no bundle leaves the last good one in force, with one line in the log.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, ItemsView, Iterator, Mapping, ValuesView
from dataclasses import dataclass
from pathlib import Path

from mailer import bundle, log
from mailer.model.errors import BundleError
from mailer.model.issue import MailList
from mailer.model.site import SiteProfile
from mailer.site_file import read_site

FILES = ("lists.json", "site.json", "mark.svg")
CHECK_EVERY = 1.0
"""Seconds between two looks at the files: three calls of stat(2)."""
TRIES = 3
"""A build exchanges the whole folder at once: a second reading finds all files of one build."""

FileVersions = tuple[tuple[int, ...] | None, ...]
"""Device, inode, size and times of each file; None where there is none."""


@dataclass(frozen=True, slots=True)
class BundleHead:
    """The lists by key, and who publishes, of one build."""

    lists: Mapping[str, MailList]
    site: SiteProfile | None


class LiveBundle:
    """The bundle in `root`, as its last good build left it. Threads may share it.

    :param service_url: see `read_site`.
    :param monotonic: seconds that only grow (`time.monotonic`).
    :raises BundleError: it cannot be read now, so that there is no good one yet.
    """

    def __init__(self, root: Path, service_url: str, monotonic: Callable[[], float]) -> None:
        self._root = root
        self._service_url = service_url
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._head, self._versions = self._read()
        self._next_check = monotonic() + CHECK_EVERY
        self.lists: Mapping[str, MailList] = _LiveLists(self)

    def head(self) -> BundleHead:
        """Return what holds now: the same object until a build has changed something."""
        now = self._monotonic()
        if now >= self._next_check and self._lock.acquire(blocking=False):  # who comes while another one reads takes what holds until then
            try:
                self._next_check = now + CHECK_EVERY
                self._check()
            finally:
                self._lock.release()
        return self._head

    def _check(self) -> None:
        versions = self._versions_of_files()
        if versions == self._versions:
            return
        try:
            head, self._versions = self._read()
        except BundleError as error:
            self._versions = versions  # told once, and read again when the files change
            log.warning("the new lists are not used; the last good ones stay", why=str(error))
            return
        if head != self._head:
            self._head = head
            log.event("lists read again", lists=len(head.lists))

    def _read(self) -> tuple[BundleHead, FileVersions]:
        error = BundleError(self._root, "changes while it is read. Let one build end before the next one begins.")
        for _ in range(TRIES):
            versions = self._versions_of_files()
            try:
                head = BundleHead(bundle.read_lists(self._root), read_site(self._root, self._service_url))
            except BundleError as failure:
                error = failure
                continue
            if self._versions_of_files() == versions:
                return head, versions
        raise error

    def _versions_of_files(self) -> FileVersions:
        return tuple(_version(self._root / name) for name in FILES)


class _LiveLists(Mapping[str, MailList]):
    """The lists that hold at each moment, for whoever keeps a mapping of them."""

    def __init__(self, live: LiveBundle) -> None:
        self._live = live

    def __getitem__(self, key: str) -> MailList:
        return self._live.head().lists[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._live.head().lists)

    def __len__(self) -> int:
        return len(self._live.head().lists)

    def values(self) -> ValuesView[MailList]:
        """All lists of one moment: whoever goes through them does not meet another build half-way."""
        return self._live.head().lists.values()

    def items(self) -> ItemsView[str, MailList]:
        """See `values`."""
        return self._live.head().lists.items()


def _version(path: Path) -> tuple[int, ...] | None:
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns
