"""Words that say the same (``content/data/synonyms.csv``), and words to offer when nothing is there: the vocabulary of search."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from plugins.context import Key
from plugins.csv_table import UnreadableCsv, read_csv
from plugins.diagnostics import Diagnostic, RuleDescription
from plugins.inputs import InputFolder
from plugins.search.page_readings import PageReadings, kana_of
from plugins.typography.folding import normal, variants

PATH = PurePosixPath("data/synonyms.csv")

RULES = (
    RuleDescription(
        "D501",
        "使えない同義語",
        "synonyms that cannot be used",
        "同じことを指すことばを、二つ以上、一行に書きます。さがすときに、どれで入れても見つかります",
        "a row names two words or more for one thing: whichever a reader types finds the pages with the others",
    ),
)

SHORTEST = 2
"""Characters of a synonym: every page has single ones."""

_TITLE_WORD = re.compile(r"[\u3400-\u9fff々〆ヶケ]{2,8}|[ァ-ヴー]{3,12}")
_KANJI_ONLY = re.compile(r"[\u3400-\u9fff々〆ヶケ]+")
_MOST_NEAR = 600
"""Words to offer, about 15 kB, which a browser loads only when nothing was there."""


@dataclass(frozen=True)
class Synonyms:
    """Groups of words for one thing, as the editors wrote them."""

    groups: tuple[tuple[str, ...], ...] = ()


SYNONYMS = Key[Synonyms]("synonyms", __name__)


def read_synonyms(content: Path) -> tuple[Synonyms, list[Diagnostic]]:
    """Read the table below ``content``, which may be missing. The paths of diagnostics are relative to ``content``."""
    files = InputFolder(content)
    if files.stat(str(PATH)) is None:
        return Synonyms(), []
    try:
        rows = read_csv(files, PATH, ("同義語",))
    except UnreadableCsv as error:
        return Synonyms(), [error.diagnostic]
    groups, diagnostics = list[tuple[str, ...]](), list[Diagnostic]()
    for row in rows:
        words = tuple(word for each in re.split(r"[=＝]", row.cells["同義語"]) if (word := each.strip()))
        short = [word for word in words if len(normal(word)) < SHORTEST or re.search(r"\s", word)]
        if len(set(map(normal, words))) < 2 or short:
            ja = f"「{row.cells['同義語'][:60]}」：二文字以上のことばを「=」で二つ以上つないでください（例：復興住宅=災害公営住宅）。空白は入れません"
            en = "join two words or more, of two characters or more and without spaces, by =, e.g. 復興住宅=災害公営住宅"
            diagnostics.append(Diagnostic(PATH, row.line, ja, en, "D501"))
        else:
            groups.append(words)
    return Synonyms(tuple(groups)), diagnostics


def script_words(synonyms: Synonyms, readings: PageReadings) -> dict[str, object]:
    """Return what the script needs for every query: variants of kanji in pairs, and the groups of synonyms as they are compared, their readings last."""
    pairs = "".join(variant + kanji for variant, kanji in variants().items())
    return {"v": pairs, "s": [_group(group, readings) for group in synonyms.groups]}


def _group(words: Iterable[str], readings: PageReadings) -> list[str]:
    compared = sorted(set(map(normal, words)), key=lambda word: (-len(word), word))
    kana = (kana_of(readings.of(word)) for word in sorted(words) if _KANJI_ONLY.fullmatch(word))
    return [*compared, *(each for each in dict.fromkeys(kana) if len(each) > SHORTEST and each not in compared)]


def near_words(names: Iterable[str], titles: Iterable[str], readings: PageReadings) -> list[list[str]]:
    """Return words to offer for one that is on no page, each with its reading or an empty text: names first, then the words of titles that come most often.

    :param names: municipalities, topics, synonyms. A name of a municipality is offered without its end too.
    """
    words = dict.fromkeys(word for name in names for word in (name, re.sub(r"(?<=..)[市町村]$", "", name)) if len(word) >= SHORTEST)
    often = Counter(word for title in titles for word in set(_TITLE_WORD.findall(title)))
    for word, _ in sorted(often.items(), key=lambda each: (-each[1], each[0])):
        if len(words) >= _MOST_NEAR:
            break
        words.setdefault(word)
    return [[word, kana_of(readings.of(word)) if _KANJI_ONLY.fullmatch(word) else ""] for word in sorted(words)]
