"""How the words of a page are read aloud, so that ひなんじょ finds 避難所: the readings of its runs of kanji."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from itertools import accumulate

from plugins.readings.analyser import read_text
from plugins.readings.known import KnownReadings
from plugins.readings.reading import Reading
from plugins.typography.folding import normal

_KANJI = "\u3400-\u9fff\uf900-\ufaff\U00020000-\U0002a6df々〆"
_RUN = re.compile(f"[{_KANJI}][{_KANJI}ヶケ\ufe00-\ufe0f\U000e0100-\U000e01ef]*")
_ENDS = {
    "市": ("し",), "町": ("ちょう", "まち"), "村": ("むら", "そん"), "区": ("く",), "郡": ("ぐん",), "県": ("けん",), "駅": ("えき",), "港": ("こう",),
    "湾": ("わん",), "線": ("せん",), "川": ("がわ", "かわ"), "橋": ("ばし", "はし", "きょう"), "島": ("じま", "しま", "とう"), "山": ("さん", "やま"),
    "浜": ("はま",), "所": ("じょ", "しょ"), "校": ("こう",), "館": ("かん",), "院": ("いん",), "車": ("しゃ",), "者": ("しゃ",),
}  # fmt: skip
"""Ends of names and their readings: who looks for せんだい means 仙台市 too, which the table of municipalities reads as one word."""

_VOICED = str.maketrans(dict(zip("かきくけこさしすせそたちつてとはひふへほ", "がぎぐげござじずぜぞだぢづでどばびぶべぼ", strict=True)))

_LONGEST = 24
"""Kanji in one run: a longer one is a list without commas, or the work of a program."""


@dataclass(frozen=True)
class PageReadings:
    """Reads runs of kanji. ``has_analyser``: whether SudachiPy guesses what no table says. Each run is read once in a process."""

    known: KnownReadings
    has_analyser: bool
    _read: dict[str, str] = field(default_factory=dict, compare=False, repr=False)

    def of(self, text: str) -> str:
        """Return each run of kanji in ``text`` that can be read, once, sorted, as ``石巻市/いしのまき|し``: its words are divided, with a space between runs."""
        runs = sorted({run for run in _RUN.findall(text) if len(run) <= _LONGEST})
        return " ".join(f"{run}/{kana}" for run in runs if (kana := self._of_run(run)))

    def _of_run(self, run: str) -> str:
        if run not in self._read:
            self._read[run] = _joined(run, self._readings(run))
        return self._read[run]

    def _readings(self, run: str) -> list[Reading]:
        return read_text(run, self.known) if self.has_analyser else self.known.known(run, [Reading(0, len(run), "")])


def _joined(run: str, readings: list[Reading]) -> str:
    """Divide neighbours by ``|``; where a word between them has no reading, by ``||``, over which no query reaches.

    A single kanji after another word is often voiced, and the analyser does not say so (避難所 is ひなん|しょ to it): then a second reading follows, after ``,``.
    """
    text, voiced, end = "", "", 0
    for reading in readings:
        kana = _divided(run[reading.start : reading.end], normal(reading.kana))
        between = "" if not text else "|" if reading.start == end else "||"
        is_single = bool(between) and reading.end - reading.start == 1
        text, voiced = text + between + kana, voiced + between + (kana[0].translate(_VOICED) + kana[1:] if is_single else kana)
        end = reading.end
    return text if voiced == text else f"{text},{voiced}"


def _divided(surface: str, kana: str) -> str:
    """Put ``|`` before the end of a name: せんだい|し."""
    for end in _ENDS.get(surface[-1], ()) if len(surface) > 1 else ():
        if kana.endswith(end) and len(kana) > len(end):
            return f"{kana.removesuffix(end)}|{end}"
    return kana


def reading_grams(readings: str) -> set[str]:
    """Return what a query in kana is looked up by: ``/`` and the first four kana from the beginning of each word, or all two or three if a word ends there."""
    grams: set[str] = set()
    for each in readings.split():
        for part in each.partition("/")[2].replace(",", "||").split("||"):
            words = part.split("|")
            for first in range(len(words)):
                ends = set(accumulate(map(len, words[first:])))
                kana = "".join(words[first:])
                grams.update(f"/{kana[:length]}" for length in (2, 3, 4) if length in ends or length == 4 < len(kana))
    return grams


def kana_of(readings: str) -> str:
    """Return the readings alone, without their divisions."""
    return "".join(each.partition("/")[2].partition(",")[0].replace("|", "") for each in readings.split())
