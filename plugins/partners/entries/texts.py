"""Two texts of one entry: is the new one a version of the old one, a summary of it, or much less? Pure."""

from __future__ import annotations

import re

from plugins.partners.model.text import plain_text

LONG_TEXT = 200
"""Characters. A shorter text is changed as a whole so often that its length says nothing."""

RUN = 4
"""Characters. Two unrelated Japanese texts share endings (``ました。``) and little else of this length; two versions of one text share most."""

LONGEST_COMPARED = 20_000
"""Characters of HTML: two versions of one text are alike from the beginning, and a hostile feed has many long ones."""

LONGEST_MARK = 100
"""Characters at the end of a summary in which its mark is looked for."""

_CUT = re.compile(
    r"(?:\s*(?:…|\.{3}|\[(?:…|\.{3})\]|[（(\[【]?(?:続き|つづき|全文|もっと)(?:を|は)?\s*(?:読む|よむ|見る|みる|こちら(?:から)?|表示)[）)\]】]?"
    r"|(?:continue reading|read (?:more|the rest)|see more)\b[^。]*))+[\s→»>≫]*$",
    re.IGNORECASE,
)
"""What blog software puts at the end of a summary, alone or in a row: ``… 続きを読む →``."""


def _words(body: str) -> str:
    return plain_text(body.replace("<", " <"))


def is_summary(new: str, kept: str) -> bool:
    """Tell whether ``new`` is nothing, or the beginning of ``kept`` with a mark that it goes on elsewhere."""
    new_words, kept_words = _words(new), _words(kept)
    if not new_words:
        return bool(kept_words) and "<img" not in new
    beginning = new_words[:-LONGEST_MARK] + _CUT.sub("", new_words[-LONGEST_MARK:])
    return beginning != new_words and len(beginning) < len(kept_words) and _compact(kept_words).startswith(_compact(beginning))


def is_much_less(new: str, kept: str) -> bool:
    """Tell whether ``new`` is less than half of a long ``kept``, or only its beginning: a summary without a mark, or a part that was taken back."""
    new_words, kept_words = _compact(_words(new)), _compact(_words(kept))
    beginning = len(new_words) < len(kept_words) and kept_words.startswith(new_words)
    return len(kept_words) >= LONG_TEXT and (len(new_words) * 2 < len(kept_words) or beginning)


def likeness(new: str, kept: str) -> float:
    """Return how much of the shorter text is in the other one, from 0 to 1: the share of its runs of RUN characters. 0 if one has no words."""
    new_runs, kept_runs = (_runs(_compact(_words(text[:LONGEST_COMPARED]))) for text in (new, kept))
    return len(new_runs & kept_runs) / (min(len(new_runs), len(kept_runs)) or 1)


def _runs(words: str) -> set[str]:
    return {words[start : start + RUN] for start in range(max(len(words) - RUN + 1, 1))} if words else set()


def _compact(words: str) -> str:
    return re.sub(r"\s+", "", words)
