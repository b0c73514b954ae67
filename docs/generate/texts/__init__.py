"""What each key means, in ``*.toml`` beside this file: no model can state that.

A test compares the keys with the models: a new key without a text fails, and so does a text without a key.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Text:
    """The meaning of one key in Japanese and in English; either may be empty on a page that is read in one language."""

    ja: str = ""
    en: str = ""

    def __str__(self) -> str:
        """Return both languages, as a cell of a table."""
        return "<br>".join(filter(None, (self.en, self.ja)))


MISSING = Text(en="(not described)")


def read_texts(name: str) -> dict[str, Text]:
    """Return the texts of one reference page (``mailer``, ``publications``, ``front_matter``) by key."""
    table = tomllib.loads((Path(__file__).parent / f"{name}.toml").read_text(encoding="utf-8"))
    return {key: Text(**text) for key, text in table.items()}
