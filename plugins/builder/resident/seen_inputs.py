"""The files that a build depends on as they were when it looked, so that a later walk says which of them changed."""

from __future__ import annotations

import time
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from plugins.builder.up_to_date import UNSETTLED, file_line, listing


@dataclass(frozen=True)
class SeenInputs:
    """``lines`` hold name, size and time of each file, by path. ``shape`` says what else there is: folders, links, and what is missing."""

    paths: tuple[str, ...]
    lines: dict[str, str]
    shape: tuple[str, ...]

    def note(self, files: Iterable[Path]) -> None:
        """Take the state that ``files`` have now, before they are read: a change that comes later is seen by the next walk."""
        for file in files:
            self.lines.pop(str(file), None)  # gone, or no regular file: the next walk finds another number of them
            with suppress(OSError):
                self.lines[str(file)] = file_line(str(file))

    def changed(self) -> set[Path] | None:
        """Return the files that may have changed since; None if more than files did. A file that changed just now counts: its time may not tell."""
        now, young = walk(self.paths)
        if now.shape != self.shape or now.lines.keys() != self.lines.keys():
            return None
        return young | {Path(path) for path, line in now.lines.items() if line != self.lines[path]}


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
