"""Who wrote an issue: the author of the last commit of its file, as Git says."""

from __future__ import annotations

import os
import subprocess
import unicodedata
from dataclasses import dataclass
from pathlib import Path

from mailer.model.errors import TodokeMailError

GIT_FORMAT = "%H%x00%an%x00%ae%x00%(trailers:key=Co-authored-by,valueonly,separator=%x00)"


class AuthorUnknown(TodokeMailError):
    """It is not known who wrote an issue, so nobody can be the second person."""


class NotCommitted(AuthorUnknown):
    """There is a Git repository, and this text is not committed. A stated name cannot take the place of a commit."""


@dataclass(frozen=True, slots=True)
class Authorship:
    """The names and addresses of the authors, and the commit (empty if a name was only stated)."""

    names: tuple[str, ...]
    commit: str

    @property
    def display_name(self) -> str:
        """The first name, for messages and the log."""
        return self.names[0]

    def includes(self, name: str) -> bool:
        """Whether `name` is one of them. Width, case and spaces do not count: 佐藤 花子 and 佐藤花子 are one person."""
        return _comparable(name) in {_comparable(known) for known in self.names}


def authors_of_file(file: Path) -> Authorship:
    """Return the authors of the last commit of the file.

    :raises NotCommitted: no commit of this file, or changes that are not committed.
    :raises AuthorUnknown: there is no Git here.
    """
    if _git(file, "status", "--porcelain", "--", file.name).strip():
        raise NotCommitted(f"{file} has changes that are not committed: commit them first, so that their author is known.")
    line = _git(file, "log", "-1", f"--format={GIT_FORMAT}", "--", file.name).rstrip("\n")
    if not line:
        raise NotCommitted(f"{file} is in no commit: commit it first, so that its author is known.")
    commit, name, address, *co_authors = line.split("\0")
    return Authorship((name, address, *_split_trailers(co_authors)), commit)


def stated_author(name: str) -> Authorship:
    """Return the author that somebody states, where there is no Git."""
    return Authorship((name,), "")


def _split_trailers(trailers: list[str]) -> tuple[str, ...]:
    """Return each `Name <address>` of Co-authored-by trailers as its two parts."""
    names = (part.strip(" >") for trailer in trailers for part in trailer.split("<"))
    return tuple(name for name in names if name)


def _git(file: Path, *arguments: str) -> str:
    command = ["git", "-C", str(file.parent), *arguments]
    environment = os.environ | {"LC_ALL": "C", "GIT_OPTIONAL_LOCKS": "0"}
    try:
        done = subprocess.run(command, env=environment, capture_output=True, check=False)  # noqa: S603 - fixed command, paths as arguments
    except OSError as error:
        raise AuthorUnknown(f"Git cannot be run ({error.strerror}). Install it, or name the author with --author.") from None
    if done.returncode:
        reason = done.stderr.decode("utf-8", "replace").strip().splitlines()
        raise AuthorUnknown(f"Git cannot say who wrote {file} ({reason[0] if reason else done.returncode}). Name the author with --author.")
    return done.stdout.decode("utf-8", "replace")


def _comparable(name: str) -> str:
    return "".join(unicodedata.normalize("NFKC", name).casefold().split())
