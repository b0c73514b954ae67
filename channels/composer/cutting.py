"""Where a text may be cut: between the phrases of Japanese, Chinese and Thai (BudouX), and between words of other languages.

A cut never falls within an address, a run of Latin letters or digits, or an extended grapheme cluster (Unicode Standard Annex 29).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache, lru_cache
from itertools import pairwise
from typing import Any

import budoux
import regex

ELLIPSIS = "…"

_MODELS: dict[str, Callable[[], Any]] = {
    "ja": budoux.load_default_japanese_parser,
    "zh": budoux.load_default_simplified_chinese_parser,
    "zh-Hant": budoux.load_default_traditional_chinese_parser,
    "zh-TW": budoux.load_default_traditional_chinese_parser,
    "th": budoux.load_default_thai_parser,
}
_WITHOUT_SPACES = regex.compile(r"[\p{Hiragana}\p{Katakana}\p{Han}\p{Thai}]")
_ADDRESS = regex.compile(r"(?:https?://|www\.|mailto:)|\S@\S|[a-z0-9-]\.[a-z]{2}", regex.IGNORECASE)
_JOINED = regex.compile(r"[\p{Latin}\p{Greek}\p{Cyrillic}\p{Nd}\p{M}\p{Hangul}'’.,:/@_&%+#-]")
_OPENS, _CLOSES = (
    frozenset("「『（(【〔［[｛{〈《“‘"),
    frozenset("」』）)】〕］]｝}〉》”’、。，．,.!?！？：；ー々ゝヽぁぃぅぇぉっゃゅょァィゥェォッャュョ…"),
)


@cache
def _parser(language: str) -> Any:
    return _MODELS.get(language, _MODELS.get(language.partition("-")[0], _MODELS["ja"]))()


@lru_cache(maxsize=2_000)
def segments(text: str, language: str = "ja") -> tuple[str, ...]:
    """Cut a text into what may not be cut any further; joined they are the text again. Spaces stay with the piece before them."""
    words: list[str] = []
    for word in regex.findall(r"\s*\S+\s*|\s+", text):
        borders = sorted({0, *_borders(word, language), len(word)})
        words += [word[start:end] for start, end in pairwise(borders)]
    return _whole_clusters(text, words)


def _borders(word: str, language: str) -> Iterator[int]:
    """Yield the places within a word of a language without spaces at which a phrase ends."""
    if _ADDRESS.search(word) or not _WITHOUT_SPACES.search(word):
        return
    place = 0
    for phrase in _parser(language).parse(word):
        place += len(phrase)
        if 0 < place < len(word) and not _belong_together(word[place - 1], word[place]):
            yield place


def _belong_together(left: str, right: str) -> bool:
    return bool(left in _OPENS or right in _CLOSES or (_JOINED.match(left) and _JOINED.match(right)))


def _whole_clusters(text: str, parts: list[str]) -> tuple[str, ...]:
    """Join parts between which a cluster would be cut: a combining mark after a space, a joiner between two emoji."""
    ends = {match.end() for match in regex.finditer(r"\X", text)}
    joined: list[str] = []
    place, is_whole = 0, True
    for part in parts:
        if is_whole:
            joined.append(part)
        else:
            joined[-1] += part
        place += len(part)
        is_whole = place in ends
    return tuple(joined)


def cut(text: str, fits: Callable[[str], bool], language: str = "ja") -> str:
    """Return ``text`` if it fits, else as many whole segments with an ellipsis as fit; empty if not even the first does.

    :param fits: whether a text is short enough, together with whatever stands around it. A longer text never fits where a shorter one does not.
    """
    if fits(text):
        return text
    parts, shortest, longest = segments(text, language), 0, 0
    longest = len(parts) - 1
    while shortest < longest:  # the length of what is shown grows with the segments, so half of them are tried at a time
        middle = (shortest + longest + 1) // 2
        shortest, longest = (middle, longest) if fits(_shortened(parts[:middle])) else (shortest, middle - 1)
    shown = _shortened(parts[:shortest])
    return shown if shortest and fits(shown) else ""


def _shortened(parts: tuple[str, ...]) -> str:
    return "".join(parts).rstrip().rstrip("、，,・").rstrip() + ELLIPSIS
