"""Who wrote an issue: the author of the last commit of its file, as Git says."""

from __future__ import annotations

import os
import subprocess
import unicodedata
from dataclasses import dataclass
from pathlib import Path

from mailer.model.errors import TodokeMailError

FORMAT = "%H%x00%an%x00%ae%x00%(trailers:key=Co-authored-by,valueonly,separator=%x00)"


class AuthorUnknown(TodokeMailError):
    """Nobody can say whose words an issue holds, so nobody can be the second pair of eyes."""


class NotCommitted(AuthorUnknown):
    """Git is there and does not know these words yet. No stated name can stand for a commit then."""


@dataclass(frozen=True, slots=True)
class Authorship:
    """The names and addresses of who wrote it, and the commit (empty if the name was only stated)."""

    names: tuple[str, ...]
    commit: str

    @property
    def display_name(self) -> str:
        """For messages and the log: the first name."""
        return self.names[0]

    def includes(self, name: str) -> bool:
        """Whether `name` is one of them, whatever the width and case of its letters."""
        return _plain(name) in {_plain(known) for known in self.names}


def authors_of_file(file: Path) -> Authorship:
    """Who wrote the last commit of the file.

    :raises NotCommitted: no commit of this file, or changes that are not committed.
    :raises AuthorUnknown: there is no Git here.
    """
    if _git(file, "status", "--porcelain", "--", file.name).strip():
        raise NotCommitted(f"{file} has changes that are not committed: commit them first, so that it is known whose words they are.")
    told = _git(file, "log", "-1", f"--format={FORMAT}", "--", file.name).rstrip("\n")
    if not told:
        raise NotCommitted(f"{file} is in no commit: commit it first, so that it is known whose words it holds.")
    commit, name, address, *others = told.split("\0")
    return Authorship((name, address, *_others(others)), commit)


def stated_author(name: str) -> Authorship:
    """What somebody said, where Git cannot say it."""
    return Authorship((name,), "")


def _others(trailers: list[str]) -> tuple[str, ...]:
    """`Name <address>` as its two parts."""
    parts = (part.strip(" >") for trailer in trailers for part in trailer.split("<"))
    return tuple(part for part in parts if part)


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


def _plain(name: str) -> str:
    return "".join(unicodedata.normalize("NFKC", name).casefold().split())
