"""Runs other programs: Git, the build and the mailer's commands, each with the environment that it needs and no more."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from publisher.model.errors import PublisherError

_CODE = Path(__file__).parents[2]
"""The folder of the program that runs: it builds, whatever program lies in the commit."""

_SECRETS = ("TODOKE_SECRET", "TODOKE_RELAY_PASSWORD", "TODOKE_AUDIT_KEY", "TODOKE_METRICS_KEY", "PGPASSWORD", "AWS_SECRET_ACCESS_KEY")
"""What only the mailer and a mirror need. A build runs settings of the branch (``pelicanconf.py``), so it gets none of them."""

HELD_BACK = 3
"""Exit status of ``todoke build`` when it published all but some files that are at fault; ``held-back.json`` names them."""

_LINES = 40
"""Lines of a failed program's answer that are kept for the operator."""


@dataclass(frozen=True)
class Ended:
    """How a program ended: exit status and what it wrote."""

    status: int
    out: str
    err: str

    @property
    def words(self) -> str:
        """The last lines of its answer: standard error, or else standard output."""
        return "\n".join((self.err.strip() or self.out.strip()).splitlines()[-_LINES:])


@dataclass
class Commands:
    """Runs programs. ``lock`` is a file descriptor that each of them keeps open: while one lives, no other publish begins.

    ``environ`` is the environment of this process. A program is a session of its own, so that Ctrl-C lets it finish its step.
    """

    lock: int | None = None
    environ: Mapping[str, str] = field(default_factory=lambda: dict(os.environ))
    _ends_early: subprocess.Popen[str] | None = None

    def todoke(self, *words: str, folder: Path, timeout: float | None = None, is_mail: bool = False, ends_early: bool = False) -> Ended:
        """Run ``todoke WORDS`` in ``folder``. Only with ``is_mail`` it gets the secrets. Raises `PublisherError` if it takes longer than ``timeout`` seconds."""
        environ = self._environ(() if is_mail else _SECRETS) | {"PYTHONPATH": str(_CODE), "PYTHONIOENCODING": "utf-8", "NO_COLOR": "1"}
        return self._run([sys.executable, "-P", "-m", "todoke", *words], folder, environ, timeout, ends_early=ends_early)

    def start(self, *words: str, folder: Path) -> subprocess.Popen[bytes]:
        """Start ``todoke WORDS`` in ``folder``, without secrets and without the lock, and let it run until its standard input is closed. Raises `OSError`."""
        environ = self._environ(_SECRETS) | {"PYTHONPATH": str(_CODE)}
        return subprocess.Popen(  # noqa: S603 - as below
            [sys.executable, "-P", "-m", "todoke", *words],
            cwd=folder,
            env=environ,
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )

    def git(self, *words: str, folder: Path, timeout: float) -> Ended:
        """Run ``git WORDS`` in ``folder``: no hook, no question, no transport that runs a command. Raises `PublisherError` after ``timeout`` seconds."""
        options = {"GIT_TERMINAL_PROMPT": "0", "GIT_ALLOW_PROTOCOL": "file:git:http:https:ssh", "LC_ALL": "C.UTF-8"}
        ssh = {"GIT_SSH_COMMAND": "ssh -oBatchMode=yes"} if "GIT_SSH_COMMAND" not in self.environ else {}
        return self._run(["git", "-c", "core.hooksPath=/dev/null", *words], folder, self._environ(_SECRETS) | options | ssh, timeout)

    def end_early(self) -> None:
        """Ask the program that runs to finish what is under way, if it is one that can be begun again anywhere: a sending."""
        if self._ends_early is not None:
            with suppress(ProcessLookupError):
                self._ends_early.terminate()

    def _environ(self, without: Sequence[str]) -> dict[str, str]:
        # Git's variables point to the repository whose hook has perhaps started this program.
        kept = {"GIT_SSH_COMMAND", "GIT_SSL_CAINFO"}
        return {
            name: value for name, value in self.environ.items() if name not in without and (not name.startswith("GIT_") or name in kept)
        }

    def _run(
        self, words: Sequence[str], folder: Path, environ: Mapping[str, str], timeout: float | None, *, ends_early: bool = False
    ) -> Ended:
        try:
            process = subprocess.Popen(  # noqa: S603 - no shell, and every word is ours or checked
                words,
                cwd=folder,
                env=environ,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                encoding="utf-8",
                errors="backslashreplace",
                start_new_session=True,
                pass_fds=() if self.lock is None else (self.lock,),
            )
        except OSError as error:
            raise PublisherError(f"{words[0]} cannot be started: {error.strerror} / 起動できません") from error
        self._ends_early = process if ends_early else None
        try:
            out, err = process.communicate(timeout=timeout)
        except subprocess.TimeoutExpired:
            raise PublisherError(f"{' '.join(words[:6])}: not ready after {timeout:g} s; stopped / 時間内に終わりませんでした") from None
        finally:
            self._ends_early = None
            if process.returncode is None:
                _kill(process)
        return Ended(process.returncode, out, err)


def _kill(process: subprocess.Popen[str]) -> None:
    """End a program and all that it started."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.communicate()
