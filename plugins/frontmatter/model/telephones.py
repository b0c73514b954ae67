"""Telephone numbers as people write them, and as ``tel:`` takes them. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass

LONGEST = 200
"""Characters of a name and a number. The pattern below looks for the number at each place, which takes seconds in a text of 10,000."""

_NUMBER = re.compile(r"(?:(?P<name>.*?)[\s:：]*)?(?P<number>\+?[0-9][0-9()（）\- ]*[0-9])", re.DOTALL)
_DIGITS = str.maketrans("０１２３４５６７８９＋（）　‐‑‒–—―−ー－", "0123456789+() ---------")
"""What Japanese keyboards write for the characters of a number. The name keeps its own."""

# Three digits (119, 171, 188), or a number with its area code; 0120, 0570 and 050 have eleven at most (総務省 電気通信番号計画).
_DIALLED = re.compile(r"1[0-9]{2}|0[0-9]{9,10}|\+[0-9]{8,15}")


@dataclass(frozen=True)
class Telephone:
    """One number with hyphens, and who answers; ``name`` may be empty."""

    number: str
    name: str = ""

    @property
    def dialled(self) -> str:
        """The number without hyphens, as ``tel:`` takes it (RFC 3966, 5.1.1 allows hyphens, but some handsets do not)."""
        return self.number.replace("-", "")


def parse_telephone(text: str) -> Telephone | None:
    """Read ``危機対策課 022-211-2375`` or a number alone; digits may be full-width. None if ``text`` is anything else."""
    text = text.strip()
    match = _NUMBER.fullmatch(text.translate(_DIGITS)) if len(text) <= LONGEST else None
    number = re.sub(r"[ ()]+", "-", match["number"]).strip("-").replace("--", "-") if match else ""
    if not match or not _DIALLED.fullmatch(number.replace("-", "")):
        return None
    return Telephone(number, text[: match.end("name")].strip() if match["name"] else "")
