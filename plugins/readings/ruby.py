"""Sets a reading over the Chinese characters of a word, and over nothing else: 食べる is た over 食. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable
from html import escape

from plugins.readings.analyser import hiragana
from plugins.readings.known import Reading

_PARTS = re.compile(r"[0-9\u3400-\u9fff\uf900-\ufaff々〆][0-9\u3400-\u9fff\uf900-\ufaff々〆ヶケノ]*|[^0-9\u3400-\u9fff\uf900-\ufaff々〆]+")


def align(surface: str, kana: str) -> list[tuple[str, str]]:
    """Return pieces of ``surface`` with the reading of each, empty for kana. If they cannot be told apart, the word is one piece."""
    parts = _PARTS.findall(surface)
    pattern = "".join("(.+?)" if _is_read(part) else re.escape(hiragana(part)) for part in parts)
    found = re.fullmatch(pattern, kana)
    if not found:
        return [(surface, kana)]
    readings = iter(found.groups())
    return [(part, next(readings) if _is_read(part) else "") for part in parts]


def _is_read(part: str) -> bool:
    return bool(re.match(r"[0-9\u3400-\u9fff\uf900-\ufaff々〆]", part))


def ruby(surface: str, kana: str) -> str:
    """Return the HTML of one word; ``rp`` puts the reading into brackets where ruby is not known."""
    return "".join(
        f"<ruby>{escape(base, quote=False)}<rp>（</rp><rt>{reading}</rt><rp>）</rp></ruby>" if reading else escape(base, quote=False)
        for base, reading in align(surface, kana)
    )


def weave(text: str, tags: Iterable[tuple[int, str]], readings: Iterable[Reading]) -> str:
    """Return the HTML of ``text`` with readings, and with the inline ``tags`` (offset in the text, markup) where they were.

    A possible line break inside a word goes; a word with any other tag inside stays without a reading.
    """
    waiting = list(tags)
    written, at = list[str](), 0

    def plain(until: int, *, inclusive: bool) -> None:
        nonlocal at
        while waiting and (waiting[0][0] < until or (inclusive and waiting[0][0] == until)):
            offset, markup = waiting.pop(0)
            written.append(escape(text[at:offset], quote=False) + markup)
            at = offset
        written.append(escape(text[at:until], quote=False))
        at = until

    for reading in readings:
        inside = [markup for offset, markup in waiting if reading.start < offset < reading.end]
        if any(markup != "<wbr>" for markup in inside):
            continue
        plain(reading.start, inclusive=True)
        waiting[:] = [(offset, markup) for offset, markup in waiting if not reading.start < offset < reading.end]
        written.append(ruby(text[reading.start : reading.end], reading.kana))
        at = reading.end
    plain(len(text), inclusive=True)
    return "".join(written)
