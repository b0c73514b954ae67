"""The operator's log: one line of JSON for each thing that a publish did. English only."""

from __future__ import annotations

import datetime as dt
import json
import os
from collections.abc import Callable
from pathlib import Path

Say = Callable[[str], None]


class OperatorLog:
    """``file`` is opened for each line, so that it may be moved away at any time (logrotate). ``say`` shows a line to whoever looks on."""

    def __init__(self, file: Path, clock: Callable[[], dt.datetime], say: Say = lambda _words: None) -> None:
        self._file, self._clock, self._say = file, clock, say

    def event(self, step: str, words: str, **facts: object) -> None:
        """Write one line: ``at``, ``step``, ``words`` and ``facts``. A log that cannot be written ends no publish: the line is shown all the same."""
        record = {"at": self._clock().isoformat(timespec="milliseconds"), "step": step, "words": words, "process": os.getpid()} | facts
        line = json.dumps(record, ensure_ascii=False, default=str) + "\n"
        try:
            self._file.parent.mkdir(parents=True, exist_ok=True)
            descriptor = os.open(self._file, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o640)
            try:
                os.write(descriptor, line.encode())  # one write: lines of two programs never mix
            finally:
                os.close(descriptor)
        except OSError as error:
            self._say(f"{self._file}: the log cannot be written: {error.strerror}")
        self._say(f"{step}: {words}")
