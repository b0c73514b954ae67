"""A build that stays in memory beside the output, so that the next commit is built in a moment: each `todoke build` hands over to it.

It is help and nothing more. If it cannot be started, ends, or was started by another version of the program, builds do their own work.
"""

from __future__ import annotations

import subprocess
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from publisher.pipeline.commands import Commands

_SECONDS = 10.0
"""How long it may take to write what the next process takes over; after that it is ended, and the next build renders some pages anew."""


@dataclass
class BuildProcess:
    """Starts the process when it is first wanted, and again when it has ended."""

    commands: Commands
    _process: subprocess.Popen[bytes] | None = None

    def ensure(self, *words: str, folder: Path) -> None:
        """Let ``todoke build --stay`` live in ``folder``, with these ``words`` besides."""
        if self._process is None or self._process.poll() is not None:
            with suppress(OSError):
                self._process = self.commands.start("build", "--stay", *words, folder=folder)

    def end(self) -> None:
        """End it, and wait for its end."""
        if self._process is None:
            return
        with suppress(OSError):
            self._process.stdin.close()  # type: ignore[union-attr]  # it is a pipe
        try:
            self._process.wait(_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
