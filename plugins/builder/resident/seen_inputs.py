"""The files that a build depends on as they were when it looked, so that a later walk says which of them changed; and what tells states of the output apart."""

from __future__ import annotations

import time
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from plugins.builder.build_inputs import RECORD
from plugins.builder.up_to_date import UNSETTLED, file_line, listing
from plugins.emergency.fast_path.snapshot_file import SNAPSHOT


@dataclass(frozen=True)
class SeenInputs:
    """``lines`` hold name, size and time of each file, by path. ``shape`` says what else there is: folders, links, and what is missing."""

    paths: tuple[str, ...]
    lines: dict[str, str]
    shape: tuple[str, ...]

    def note(self, files: Iterable[Path]) -> None:
        """Take the state that ``files`` have now, before they are read: a change that comes later is seen by the next walk."""
        for file in files:
            self.lines.pop(str(file), None)
            with suppress(OSError):
                self.lines[str(file)] = file_line(str(file))

    def changed(self) -> set[Path] | None:
        """Return the files that may have changed, come or gone since; None if more than files did. One that changed just now counts: its time may not tell."""
        now, young = walk(self.paths)
        if now.shape != self.shape:
            return None
        return young | {Path(path) for path in now.lines.keys() | self.lines.keys() if now.lines.get(path) != self.lines.get(path)}


def walk(paths: tuple[str, ...]) -> tuple[SeenInputs, set[Path]]:
    """Look at every file at or below ``paths``; return what is there, and the files that changed within the last seconds."""
    lines, shape, young, limit = dict[str, str](), list[str](), set[Path](), time.time_ns() - UNSETTLED
    for path in paths:
        shape.append(path)
        for line, file, changed_at in listing(path):
            if not file:
                shape.append(line)
                continue
            lines[file] = line
            if changed_at > limit:
                young.add(Path(file))
    return SeenInputs(paths, lines, tuple(shape)), young


def marks_of(output: Path) -> tuple[object, ...]:
    """Return what tells one state of ``output`` from another: every build writes a record, and the fast path a snapshot."""
    return tuple(_mark(output / name) for name in (RECORD, SNAPSHOT, "site"))


def _mark(file: Path) -> tuple[int, int] | None:
    with suppress(FileNotFoundError):
        stat = file.stat()
        return stat.st_ino, 0 if file.is_dir() else stat.st_mtime_ns
    return None
