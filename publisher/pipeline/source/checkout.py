"""A working checkout of our own: nobody edits it, so that what is built is a commit and nothing else."""

from __future__ import annotations

import datetime as dt
import re
import shutil
from dataclasses import dataclass
from pathlib import Path

from publisher.config import PublishSettings
from publisher.model.errors import PublisherError
from publisher.pipeline.commands import Commands

PUBLISHED = "refs/todoke/published"
"""Keeps the last published commit in our checkout, also when the branch was rewritten and Git collects its garbage."""

_COMMIT = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_LOCKS = ("index.lock", "HEAD.lock", "config.lock", "shallow.lock", "packed-refs.lock")
"""What a killed Git leaves behind. The lock of publish is ours, and its programs hold it too: so no Git works there any more."""


@dataclass(frozen=True)
class Checkout:
    """``folder`` is ours. ``repository`` is a path or an address; ``branch`` is empty for what is checked out there."""

    commands: Commands
    folder: Path
    repository: str
    branch: str
    timeout: float

    @property
    def ref(self) -> str:
        """What is asked of the repository."""
        return f"refs/heads/{self.branch}" if self.branch else "HEAD"

    def head(self) -> str:
        """Return the newest commit of the branch. Raises `PublisherError`."""
        self.folder.parent.mkdir(parents=True, exist_ok=True)
        answer = self._git("ls-remote", "--exit-code", "--", self.repository, self.ref, folder=self.folder.parent)
        commit = answer.split("\t", 1)[0].strip()
        if not _COMMIT.fullmatch(commit):
            raise PublisherError(f"{self.repository}: Git names no commit of {self.ref} / コミットが分かりません")
        return commit

    def take(self, commit: str) -> None:
        """Bring ``commit`` into the checkout, exactly. Raises `PublisherError`."""
        try:
            self._prepare()
            self._check_out(commit)
        except PublisherError:
            shutil.rmtree(self.folder, ignore_errors=True)  # whatever is wrong in it: a new one is right
            self._prepare()
            self._check_out(commit)

    def touched_at(self, path: str) -> dt.datetime | None:
        """Return when a commit last added, changed or removed ``path``, seen from the commit that is checked out; None if none has. Raises `PublisherError`."""
        answer = self._git("log", "-1", "--format=%cI", "HEAD", "--", path, folder=self.folder).strip()
        return dt.datetime.fromisoformat(answer) if answer else None

    def keep(self, commit: str) -> None:
        """Note that ``commit`` is what the public sees. Raises `PublisherError`."""
        self._git("update-ref", PUBLISHED, commit, folder=self.folder)

    def _prepare(self) -> None:
        if not (self.folder / ".git").is_dir():
            shutil.rmtree(self.folder, ignore_errors=True)
            self.folder.mkdir(parents=True)
            self._git("init", "--quiet", "--template=", ".", folder=self.folder)
        for name in _LOCKS:
            (self.folder / ".git" / name).unlink(missing_ok=True)

    def _check_out(self, commit: str) -> None:
        if not self._has(commit):
            self._git("fetch", "--quiet", "--no-tags", "--force", "--", self.repository, self.ref, folder=self.folder)
            if not self._has(commit):
                raise PublisherError(f"{self.repository} has no commit {commit} on {self.ref} / そのコミットがありません")
        self._git("checkout", "--quiet", "--force", "--detach", commit, folder=self.folder)
        self._git("clean", "-ffdxq", "-e", "/var/", folder=self.folder)  # var/ is the build's cache

    def _has(self, commit: str) -> bool:
        # Whole, with all that it names: a fetch that was killed must not pass for one that ended.
        words = ("rev-list", "--objects", "--no-walk", "--quiet", f"{commit}^{{commit}}")
        return self.commands.git(*words, folder=self.folder, timeout=self.timeout).status == 0

    def _git(self, *words: str, folder: Path) -> str:
        ended = self.commands.git(*words, folder=folder, timeout=self.timeout)
        if ended.status:
            reason = " ".join(ended.words.split()) or f"exit status {ended.status}"
            raise PublisherError(f"git {words[0]}, {self.repository} {self.ref}: {reason} / Git の処理ができませんでした")
        return ended.out


def checkout_of(settings: PublishSettings, commands: Commands, folder: Path | None = None) -> Checkout:
    """Return the checkout that the settings name, or one in another ``folder``."""
    return Checkout(commands, folder or settings.folder / "checkout", settings.repository, settings.branch, settings.git_timeout)
