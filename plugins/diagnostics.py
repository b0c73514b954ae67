"""What is wrong in a source file, where, and what to write instead."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import PurePosixPath


@dataclass(frozen=True, order=True)
class Diagnostic:
    """One mistake of an editor.

    ``path`` is relative to the checkout, ``line`` counts from 1. ``ja`` and ``en`` say the same: what is wrong and what to write.
    """

    path: PurePosixPath
    line: int
    ja: str
    en: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.ja} / {self.en}"


class ContentErrors(Exception):
    """The sources hold faults; nothing was built.

    ``faults`` holds all of them, of all files, sorted by file and line, each once.
    """

    def __init__(self, faults: Iterable[Diagnostic]) -> None:
        self.faults = tuple(sorted(set(faults)))
        super().__init__("\n".join(map(str, self.faults)))
