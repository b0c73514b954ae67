"""The Git repository of the sources, read so that neither its index nor its configuration can hide anything.

`git status` believes the index: `assume-unchanged` and `skip-worktree` hide a change from it, and so do filters and a file-system monitor. So the
files of the folder are compared here, byte by byte, with the objects of the commit. Replaced objects, grafts and shallow histories, which change
what Git says about the past, are switched off or refused.
"""

from __future__ import annotations

import hashlib
import os
import re
import subprocess
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from mailer.model.errors import TodokeMailError

FORMAT = "%an%x00%ae%x00%cn%x00%ce%x00%B"
CO_AUTHOR = re.compile(
    r"^[ \t]*co-?(?:authored|developed)-by[ \t]*:[ \t]*(?P<name>[^<\n]*?)[ \t]*(?:<(?P<mail>[^<>\n]*)>)?[ \t]*$", re.I | re.M
)
SETTINGS = (
    "core.fsmonitor=false", "core.untrackedCache=false", "core.quotePath=false", "i18n.logOutputEncoding=UTF-8", "log.mailmap=false",
    "log.showSignature=false", "log.follow=false",
)  # fmt: skip
ENVIRONMENT = {
    "LC_ALL": "C",
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_NO_REPLACE_OBJECTS": "1",
    "GIT_GRAFT_FILE": os.devnull,
    "GIT_LITERAL_PATHSPECS": "1",
    "GIT_TERMINAL_PROMPT": "0",
}
LFS = re.compile(rb"version https://git-lfs\.github\.com/spec/v1\n(?:.*\n)*?oid sha256:([0-9a-f]{64})\n")
FILE_MODES = {"100644", "100755", "120000"}
SERVICES = {("GitHub", "noreply@github.com")}
"""Committers that are no persons: a merge on GitHub's pages is committed by GitHub, and its author stands beside."""


class AuthorUnknown(TodokeMailError):
    """It is not known who wrote an issue, so nobody can be the second person."""


class NotCommitted(AuthorUnknown):
    """A text is not what the commit holds, or is in no commit. Nobody can say who wrote it."""


@dataclass(frozen=True, slots=True)
class Contributor:
    """Somebody who wrote or committed: name and address as Git has them; either may be empty."""

    name: str
    mail: str

    def __str__(self) -> str:
        """Name, or the address if there is no name."""
        return self.name or self.mail


@dataclass(frozen=True, slots=True)
class SourceRepository:
    """A folder of sources in a Git repository. `top` is the root of the work tree; `prefix` is the folder in it, with `/`, or empty."""

    top: Path
    prefix: str

    @classmethod
    def containing(cls, content: Path) -> SourceRepository:
        """Return the repository that a folder is in.

        :raises AuthorUnknown: no such folder, no Git, no repository, or one whose history is cut off.
        """
        if not content.is_dir():
            raise AuthorUnknown(f"{content}: no such folder. Give the folder of the sources with --content. 原稿のフォルダーがありません。")
        lines = _git(content, "rev-parse", "--is-shallow-repository", "--show-toplevel", "--show-prefix").decode().split("\n")
        if lines[0] == "true":
            raise AuthorUnknown(
                f"{content}: the history is cut off (a shallow clone), so not all authors are known. Run `git fetch --unshallow`."
            )
        return cls(Path(lines[1]), lines[2])

    def newest_commit(self) -> str:
        """Return the commit that is checked out.

        :raises NotCommitted: there is none yet.
        """
        try:
            return self._run("rev-parse", "--verify", "HEAD^{commit}").decode().strip()
        except AuthorUnknown:
            raise NotCommitted(
                f"{self.top}: nothing is committed yet: commit the sources first, so that their authors are known."
            ) from None

    def has(self, commit: str) -> bool:
        """Whether the repository knows the commit."""
        try:
            self._run("cat-file", "-e", f"{commit}^{{commit}}")
        except AuthorUnknown:
            return False
        return True

    def objects(self, commit: str) -> dict[str, str]:
        """Return the files of the folder in a commit: path below the folder → object id."""
        listed = self._run("ls-tree", "-r", "-z", "--full-tree", commit, *([self.prefix] if self.prefix else [])).decode(
            "utf-8", "surrogateescape"
        )
        authors = {}
        for line in filter(None, listed.split("\0")):
            mode, _kind, rest = line.split(" ", 2)
            identity, path = rest.split("\t", 1)
            if mode in FILE_MODES:
                authors[path.removeprefix(self.prefix)] = identity
        return authors

    def require_clean(self, commit: str) -> None:
        """Return if the folder holds what the commit holds, whatever the index says.

        :raises NotCommitted: a file differs, is missing, or is not committed.
        """
        folder, held = self.top / self.prefix, self.objects(commit)
        for path, identity in held.items():
            if not self._is_unchanged(folder / path, identity):
                raise NotCommitted(
                    f"{folder / path} is not what commit {commit[:12]} holds: commit it or undo the change, then build again."
                )
        listed = self._run("status", "--porcelain", "-z", "--no-renames", "--untracked-files=all", "--", self.prefix or ".")
        changed = (line[3:].removeprefix(self.prefix) for line in listed.decode("utf-8", "surrogateescape").split("\0") if line)
        for path in changed:
            if path not in held:  # those in the commit were compared above; the index believes sizes, which line ends change
                raise NotCommitted(f"{folder / path} is not committed: commit it, then build again.")

    def require_sources(self, commit: str, sources: Mapping[str, str]) -> None:
        """Return if the commit holds these bytes.

        :param sources: path below the folder → SHA-256.
        :raises NotCommitted: a source is not in the commit, or was another when the bundle was made.
        """
        held = self.objects(commit)
        for path, expected in sources.items():
            if path not in held:
                raise NotCommitted(f"{path} is in no commit: commit it first, so that its author is known.")
            raw = self._run("cat-file", "blob", held[path])
            if expected not in {hashlib.sha256(form).hexdigest() for form in (raw, raw.replace(b"\n", b"\r\n"))}:
                raise NotCommitted(
                    f"{path}: the issue was made of other words than commit {commit[:12]} holds. Commit, build again, then approve."
                )

    def contributors(self, paths: Iterable[str], commit: str, *, since: str = "") -> tuple[Contributor, ...]:
        """Return who wrote or committed these files: authors, committers and co-authors of each commit, also under earlier names of the files.

        :param paths: below the folder.
        :param since: commits that this one follows from are left out.
        """
        own = [self.prefix + path for path in paths]
        if not own:
            return ()
        scope = [commit, *([f"^{since}"] if since else [])]
        known = self._with_earlier_names(own, scope)
        fields = (
            self._run("log", "-z", "-s", "--full-history", f"--format={FORMAT}", *scope, "--", *known)
            .decode("utf-8", "replace")
            .split("\0")
        )
        people = dict.fromkeys(person for record in range(0, len(fields) - 4, 5) for person in _people(fields[record : record + 5]))
        return tuple(person for person in people if (person.name, person.mail) not in SERVICES)

    def _with_earlier_names(self, paths: list[str], scope: list[str]) -> list[str]:
        """Add the names that the files had before they were renamed or copied, as far as Git finds that out by likeness."""
        listed = (
            self._run("log", "-z", "-C", "--diff-filter=RC", "--name-status", "--format=", *scope)
            .decode("utf-8", "surrogateescape")
            .split("\0")
        )
        words = [word.lstrip("\n") for word in listed if word.lstrip("\n")]
        origins: dict[str, set[str]] = {}
        for kind, old, new in zip(words[::3], words[1::3], words[2::3], strict=False):
            if kind[0] in "RC":
                origins.setdefault(new, set()).add(old)
        known, fresh = dict.fromkeys(paths), list(paths)
        while fresh:
            fresh = [old for new in fresh for old in sorted(origins.get(new, ())) if old not in known]
            known.update(dict.fromkeys(fresh))
        return list(known)

    def _is_unchanged(self, file: Path, identity: str) -> bool:
        try:
            if file.is_symlink():
                raw = os.fsencode(file.readlink())
            elif file.is_file():  # not a pipe, which would be waited for
                raw = file.read_bytes()
            else:
                return False
        except OSError:
            return False
        if identity in (_object_id(raw, identity), _object_id(raw.replace(b"\r\n", b"\n"), identity)):
            return True
        pointer = LFS.match(self._run("cat-file", "blob", identity)) if len(raw) > 0 else None
        return pointer is not None and hashlib.sha256(raw).hexdigest() == pointer[1].decode()

    def _run(self, *arguments: str) -> bytes:
        return _git(self.top, *arguments)


def _people(fields: list[str]) -> Iterator[Contributor]:
    author, author_mail, committer, committer_mail, message = fields
    yield Contributor(author, author_mail)
    for trailer in CO_AUTHOR.finditer(message):
        if trailer["name"] or trailer["mail"]:
            yield Contributor(trailer["name"], trailer["mail"] or "")
    yield Contributor(committer, committer_mail)


def _object_id(raw: bytes, like: str) -> str:
    """Return Git's id of a file, in the hash of the other id: SHA-1, or SHA-256 in newer repositories."""
    algorithm = hashlib.sha256 if len(like) == 64 else hashlib.sha1
    return algorithm(b"blob %d\0" % len(raw) + raw, usedforsecurity=False).hexdigest()


def _git(folder: Path, *arguments: str) -> bytes:
    command = ["git", *(word for setting in SETTINGS for word in ("-c", setting)), "-C", str(folder), *arguments]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")} | ENVIRONMENT
    try:
        done = subprocess.run(command, env=environment, capture_output=True, check=False)  # noqa: S603 - fixed command, paths as arguments
    except OSError as error:
        raise AuthorUnknown(f"Git cannot be run ({error.strerror}): install it. Without Git nobody knows who wrote the issue.") from None
    if done.returncode:
        reason = done.stderr.decode("utf-8", "replace").strip().splitlines()
        raise AuthorUnknown(f"Git cannot say who wrote what is in {folder} ({reason[0] if reason else done.returncode}).")
    return done.stdout
