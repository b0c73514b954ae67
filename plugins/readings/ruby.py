"""Puts a reading over the kanji of a word, and over nothing else: 食べる has た over 食. Pure.

This is ruby for each run of kanji, not for each character (group ruby in the terms of JLREQ): the analyser gives readings of words, and which part of
きのう belongs to 昨 cannot be known.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from html import escape

from plugins.readings.reading import Reading, hiragana

# Runs of kanji and digits (with ヶ, ケ and ノ inside, as in 一ヶ月 and 山ノ目), and runs of all else.
_RUNS = re.compile(r"[0-9\u3400-\u9fff\uf900-\ufaff々〆][0-9\u3400-\u9fff\uf900-\ufaff々〆ヶケノ]*|[^0-9\u3400-\u9fff\uf900-\ufaff々〆]+")


def align(surface: str, kana: str) -> list[tuple[str, str]]:
    """Split ``surface`` into runs, each with its reading, which is empty for kana. If the kana do not fit the reading, the word is one run."""
    runs = _RUNS.findall(surface)
    pattern = "".join("(.+?)" if _needs_reading(run) else re.escape(hiragana(run)) for run in runs)
    match = re.fullmatch(pattern, kana)
    if not match:
        return [(surface, kana)]
    readings = iter(match.groups())
    return [(run, next(readings) if _needs_reading(run) else "") for run in runs]


def _needs_reading(run: str) -> bool:
    return bool(re.match(r"[0-9\u3400-\u9fff\uf900-\ufaff々〆]", run))


def ruby(surface: str, kana: str) -> str:
    """Return the HTML of one word. A browser without ruby shows the ``rp`` elements, and so the reading in brackets (HTML, 4.5.10 to 4.5.12)."""
    return "".join(
        f"<ruby>{escape(base, quote=False)}<rp>（</rp><rt>{escape(reading, quote=False)}</rt><rp>）</rp></ruby>"
        if reading
        else escape(base, quote=False)
        for base, reading in align(surface, kana)
    )


def cuts(tags: Iterable[tuple[int, str]]) -> tuple[int, ...]:
    """Return the positions of tags across which no word is read. A ``<wbr …>`` may stand inside a word."""
    return tuple(offset for offset, markup in tags if not markup.startswith("<wbr"))


def weave(text: str, tags: Iterable[tuple[int, str]], readings: Iterable[Reading]) -> str:
    """Return the HTML of ``text`` with readings, and with the inline ``tags`` (offset in the text, markup) at their places.

    A ``<wbr …>`` inside a word is dropped. A word with any other tag inside gets no reading: an element cannot begin inside one ruby and end outside.
    """
    pending = list(tags)
    chunks, position = list[str](), 0

    def append_text(end: int) -> None:
        nonlocal position
        while pending and pending[0][0] <= end:
            offset, markup = pending.pop(0)
            chunks.append(escape(text[position:offset], quote=False) + markup)
            position = offset
        chunks.append(escape(text[position:end], quote=False))
        position = end

    for reading in readings:
        inside = [markup for offset, markup in pending if reading.start < offset < reading.end]
        if not all(markup.startswith("<wbr") for markup in inside):
            continue
        append_text(reading.start)
        pending[:] = [(offset, markup) for offset, markup in pending if not reading.start < offset < reading.end]
        chunks.append(ruby(text[reading.start : reading.end], reading.kana))
        position = reading.end
    append_text(len(text))
    return "".join(chunks)
