"""The earlier versions of the files of a checkout, from its Git repository. The one module of the site's half that calls Git.

Only versions that stood on this branch count (``--first-parent``): what was written on the way to a merge was never published. What Git is set up to do
on this machine changes no answer, and nothing is fetched.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from plugins.builder.options import BuildFailed

_SECONDS = 120.0
"""A walk through 100,000 commits takes some seconds. Longer means that the disk or a program that Git calls does not answer."""

_AT_ONCE = 500
"""Paths for one call: a command line has an end (128 kB for one word on Linux, 32 kB for all on Windows)."""

_OPTIONS = ("-c", "core.hooksPath=/dev/null", "-c", "core.fsmonitor=false", "-c", "log.showSignature=false", "-c", "diff.renameLimit=0")

_ENVIRONMENT = {
    "LC_ALL": "C.UTF-8",
    "GIT_LITERAL_PATHSPECS": "1",
    "GIT_NO_REPLACE_OBJECTS": "1",
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_ALLOW_PROTOCOL": "none",  # a partial clone would fetch what it lacks
    "GIT_NO_LAZY_FETCH": "1",
}

_TABLES = "data/"
"""Tables are what pages are made of: one that is missing and wanted was not taken down for somebody's sake."""

_FILES = ("100644", "100755")
"""Modes of regular files. A link or a submodule has no bytes of its own."""


@dataclass(frozen=True)
class Version:
    """``path`` is the name below ``content/`` that the file had then, ``commit`` the first one with this version, ``date`` its day (ISO 8601).

    ``key`` is what `History.read` needs. ``place`` counts the commits from the newest one, among those that changed one of the files asked for. Without a repository ``commit`` is empty: the version is that of the last good build.
    """

    path: str
    commit: str
    date: str
    key: str
    place: int = 0


class History(Protocol):
    """Earlier versions of the files below ``content/``."""

    is_cut: bool
    """Whether older versions exist that are not here (a shallow or a partial clone)."""

    def identity(self) -> str:
        """Return what changes whenever an answer may change."""

    def versions(self, paths: Collection[str]) -> Mapping[str, Sequence[Version]]:
        """Return by path the versions of each file, newest first, back to where the file was new."""

    def before_rename(self, oldest: Version) -> Sequence[Version]:
        """Return the versions under an earlier name, if the file came to its name by a move in the commit of ``oldest``."""

    def read(self, version: Version) -> bytes | None:
        """Return the bytes of a version; None if the repository lacks them."""


class GitHistory:
    """The history of the branch that is checked out around the folder ``content``. Raises `BuildFailed` if Git cannot tell it."""

    def __init__(self, content: Path) -> None:
        self._content = content
        self._newest = self._git("rev-parse", "--verify", "--quiet", "HEAD", may_fail=True).decode().strip()
        shallow = self._content / self._git("rev-parse", "--git-path", "shallow").decode().strip()
        self._shallow = shallow.read_bytes() if shallow.is_file() else b""
        self.is_cut = bool(self._shallow)

    def identity(self) -> str:
        """Return the commit, with a digest of where the history is cut off."""
        return f"{self._newest} {hashlib.blake2b(self._shallow, digest_size=8).hexdigest() if self.is_cut else ''}".strip()

    def versions(self, paths: Collection[str]) -> dict[str, list[Version]]:
        ordered = sorted(paths)
        by_path: dict[str, list[Version]] = {path: [] for path in ordered}
        for start in range(0, len(ordered) if self._newest else 0, _AT_ONCE):
            by_path |= self._versions(self._newest, ordered[start : start + _AT_ONCE])
        return by_path

    def _versions(self, newest: str, paths: Sequence[str]) -> dict[str, list[Version]]:
        by_path: dict[str, list[Version]] = {path: [] for path in paths}
        deleted = set[str]()  # somebody took the file away on purpose: nothing older comes back
        # The first commit of a history, and of one that is cut off, is compared with nothing (--root is the default of log.showRoot).
        output = self._git(
            *("-c", "log.showRoot=true", "log", "--first-parent", "--diff-merges=first-parent", "--raw", "--no-abbrev", "--no-renames"),
            *("--relative", "-z", "--format=%x01%H %cs", newest, "--", *paths),
        )
        places = dict[str, int]()
        for commit, date, change, path in _changes(output):
            place = places.setdefault(commit, len(places))
            _, mode, _, blob, status = change.split(" ")
            if path not in by_path or path in deleted:
                continue
            if status == "D" and not path.startswith(_TABLES):
                deleted.add(path)
            elif status != "D" and mode in _FILES:
                by_path[path].append(Version(path, commit, date, blob, place))
        return by_path

    def before_rename(self, oldest: Version) -> list[Version]:
        parent = self._git("rev-parse", "--verify", "--quiet", f"{oldest.commit}^1", may_fail=True).decode().strip()
        if not parent:
            return []
        output = self._git("diff-tree", "-r", "-z", "--find-renames=50%", "--diff-filter=R", "--relative", parent, oldest.commit)
        words = [word.decode("utf-8", "surrogateescape") for word in output.split(b"\0")]
        old = next((before for before, after in zip(words[1::3], words[2::3], strict=False) if after == oldest.path), None)
        return self._versions(parent, [old])[old] if old else []

    def read(self, version: Version) -> bytes | None:
        output = self._git("cat-file", "--batch", stdin=version.key.encode() + b"\n")
        head, _, rest = output.partition(b"\n")
        if head.split()[1:2] == [b"blob"]:
            return rest[: int(head.split()[2])]
        self.is_cut = True  # a partial clone without this object
        return None

    def _git(self, *words: str, stdin: bytes = b"", may_fail: bool = False) -> bytes:
        command = ["git", "-C", str(self._content), *_OPTIONS, *words]
        environ = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")} | _ENVIRONMENT
        try:
            ended = subprocess.run(command, input=stdin, env=environ, capture_output=True, timeout=_SECONDS, check=False)  # noqa: S603 - no shell
        except (OSError, subprocess.TimeoutExpired) as error:
            raise _no_answer(str(error)) from error
        if ended.returncode and not may_fail:
            raise _no_answer(ended.stderr.decode("utf-8", "replace").strip())
        return ended.stdout


def _changes(output: bytes) -> Iterator[tuple[str, str, str, str]]:
    """Yield commit, date, the words of the raw format (git-diff(1)) and the path of each change."""
    commit = date = change = ""
    for word in output.decode("utf-8", "surrogateescape").split("\0"):
        if word.lstrip("\n").startswith("\1"):
            commit, date = word.lstrip("\n")[1:].split(" ")
        elif change:
            yield commit, date, change, word
            change = ""
        elif word.lstrip("\n").startswith(":"):
            change = word.lstrip("\n")


def _no_answer(words: str) -> BuildFailed:
    return BuildFailed(
        "まちがいのあるファイルがあり、前の版を探しましたが、Git の履歴が読めません。まちがいを直すか、Git を使えるようにしてください"
        f" / a file is at fault, and its last good version could not be looked for, since Git does not answer: {words[:500]}"
    )


def is_in_repository(content: Path) -> bool:
    """Tell whether the folder ``content`` lies in a Git repository."""
    real = content.resolve()
    return any((folder / ".git").exists() for folder in (real, *real.parents))


def history_identity(content: Path) -> str:
    """Return what changes whenever an earlier version of a file may be another one. Raises `BuildFailed`."""
    return GitHistory(content.resolve()).identity() if is_in_repository(content) else ""
