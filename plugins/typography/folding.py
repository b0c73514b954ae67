"""How search compares texts: what readers do not distinguish is the same. Pure; ``themes/miyagi/static/search.js`` does it the same way.

The same are, after NFKC (Unicode Standard Annex #15: ＪＲ = JR, ｶﾞ = ガ) and lower case:

- hiragana and katakana (いちご = イチゴ), and ヶ, ケ and か where they count (三ヶ月 = 三か月) or stand in a name (七ヶ浜 = 七ケ浜);
- old and new kanji (広 = 廣), and the variants that names are written with (高 = 髙, 辺 = 邉), with or without a variation selector;
- all dashes and the long-vowel mark, and both wave dashes.

Nothing else is: small and large kana, voiced and unvoiced kana, and kanji of one sound stay different.
"""

from __future__ import annotations

import csv
import io
import re
import unicodedata
from collections.abc import Mapping
from functools import cache
from importlib.resources import files

import joyokanji

_KATAKANA = {code: code - 0x60 for code in range(ord("ァ"), ord("ヴ") + 1)} | {ord("ヵ"): ord("か"), ord("ヶ"): ord("け")}
_KATAKANA |= {ord("ヽ"): ord("ゝ"), ord("ヾ"): ord("ゞ"), ord("ゕ"): ord("か"), ord("ゖ"): ord("け")}
_DASHES = dict.fromkeys(map(ord, "-‐‑‒–—―−─━"), ord("ー"))
_WAVES = {ord("〜"): ord("~"), ord("∼"): ord("~")}
# Soft hyphen, zero-width characters, byte order mark; variation selectors (Unicode Standard, section 23.4; ideographic ones: Annex #37).
_IGNORED = dict.fromkeys((0xAD, 0x200B, 0x200C, 0x200D, 0x2060, 0xFEFF, *range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0)), None)
_COUNTER = re.compile(r"(?<=[0-9一二三四五六七八九十百千数何])[け箇個](?=[月所国年条町村])")
"""ヶ is け by now, and 箇 and 個 say か there too: 三箇所 = 三ヶ所 = 三か所."""


def normal(text: str) -> str:
    """Return ``text`` as it is compared. A position in it is one in ``text`` only where no character changed its length."""
    return _COUNTER.sub("か", unicodedata.normalize("NFKC", text).lower().translate(_table()))


@cache
def variants() -> Mapping[str, str]:
    """Return the kanji by its variant, both one character.

    Old forms are those of the package joyokanji, after the government's table of common kanji of 2010; ``variants.csv`` beside this file adds the
    forms that names of people and places are written with.
    """
    every = "".join(map(chr, (*range(0x3400, 0xA000), *range(0xFA0E, 0xFA2A), *range(0x20000, 0x2A6E0))))
    table = {old: new for old, new in zip(every, joyokanji.convert(every, variants=True), strict=True) if old != new}
    rows = csv.reader(io.StringIO((files(__package__) / "variants.csv").read_text("utf-8")))
    next(rows)
    table |= {each: standard for standard, forms in rows for each in forms}
    return {each: _end_of(table, standard) for each, standard in sorted(table.items())}


def _end_of(table: Mapping[str, str], kanji: str) -> str:
    """齊 is an old form of 斉, which names write for 斎: the end of the way is what all of them become. Raises `ValueError` if it has no end."""
    seen = {kanji}
    while (kanji := table.get(kanji, kanji)) not in seen:
        seen.add(kanji)
    if kanji in table:
        raise ValueError(f"variants.csv leads in a circle: {' '.join(sorted(seen))}")
    return kanji


@cache
def _table() -> Mapping[int, int | str | None]:
    return _KATAKANA | _DASHES | _WAVES | _IGNORED | {ord(each): standard for each, standard in variants().items()}
