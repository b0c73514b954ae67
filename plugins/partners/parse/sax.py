"""The XML parser that feedparser works with: Python's own (Expat), with the text of an element in one piece.

Expat gives one piece for each entity and each line. A body with escaped markup is thousands of them, and feedparser does its bookkeeping for each: half of its
time. The limits of Expat (entities, depth) and of the process are the same.
"""

from __future__ import annotations

from typing import Any
from xml.sax.expatreader import ExpatParser

BUFFER = 1 << 16
"""Bytes of text that Expat collects."""


class BufferedParser(ExpatParser):
    """Collects the text between two tags."""

    def reset(self) -> None:
        """Begin a document."""
        super().reset()
        expat: Any = self._parser  # type: ignore[attr-defined]  # typeshed does not know it
        expat.buffer_text = True
        expat.buffer_size = BUFFER


def create_parser() -> BufferedParser:
    """Return a parser: what `xml.sax.make_parser` asks a module for."""
    return BufferedParser()
