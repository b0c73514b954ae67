"""What was found so far, also over several runs: ``state.json``."""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import asdict, replace
from pathlib import Path

from verifier.model import Finding
from verifier.watch import Watch

HISTORY = 1000
"""Events that are kept."""


class Memory:
    """``history`` has what began and what ended, the newest last. Made before the first look, it gives a watch what was open."""

    def __init__(self, folder: str, watch: Watch) -> None:
        self._file, self._watch, self.history = Path(folder, "state.json"), watch, list[Finding]()
        with suppress(OSError, ValueError, KeyError, TypeError):
            record = json.loads(self._file.read_bytes())
            self.history = [Finding(**row) for row in record["history"]]
            for each in (Finding(**row) for row in record["open"]):
                watch.open.setdefault((each.mirror, each.family, each.subject), {})[each.kind] = each

    def keep(self, events: list[Finding]) -> None:
        """Note what happened."""
        self.history = [*self.history, *(replace(event, answer=None) for event in events)][-HISTORY:]
        known = [replace(each, answer=None) for kinds in self._watch.open.values() for each in kinds.values()]
        record = {"open": [asdict(each) for each in known], "history": [asdict(each) for each in self.history]}
        with suppress(OSError):  # a full disk must not silence the alarm
            write(self._file, json.dumps(record, ensure_ascii=False).encode())


def write(path: Path, data: bytes) -> None:
    """Write a file whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.part")
    temporary.write_bytes(data)
    temporary.replace(path)
