"""Tells whether a text is as Python-Markdown wants it already, in one pass: most articles are, and need not be walked."""

from __future__ import annotations

import re

# A letter of a word: kana, kanji, an opening bracket, a Latin letter; not the signs of word processors (・ ● － ＃ ＞).
_WORD = r"[\u3041-\u30fa\u30fc-\u9fff「『（【〈《A-NP-Za-np-zＡ-Ｚａ-ｚ]"
_NUMBER = r"[0-9０-９]++(?![.)．）0-9０-９])"
_LINK = r"!?\[(?![\^ xX\u3000])"
_BOLD = r"\*\*(?=[^\s*])"
_TEXT = rf"(?:{_WORD}|{_NUMBER}|{_LINK}|{_BOLD})[^\n]*+\n"
_PARAGRAPH = rf"(?:{_TEXT})++"
_HEADING = r"#{2,6} [^\n#\s][^\n#]*+\n"
_BULLETS = rf"(?:- {_TEXT})++"
_NUMBERS = rf"(?:[0-9]{{1,3}}\. {_TEXT})++"
_TABLE = r"\|[^\n|]++(?:\|[^\n|]++)*+\|\n\|(?:[ ]?:?-++:?[ ]?\|)++\n(?:\|[^\n]++\n)*+"
_QUOTE = rf"(?:> {_TEXT})++(?!\n++>)"
_NOTE = rf"\[\^[^\]\s^]++\]: {_TEXT}(?!\n++[ \-0-9>])"
_PLAIN = re.compile(
    rf"\n*+(?:(?:{_PARAGRAPH}|{_HEADING}|{_BULLETS}(?!\n++[-*+ ])|{_NUMBERS}(?!\n++[0-9 ])|{_TABLE}|{_QUOTE}|{_NOTE})\n++)*+\Z"
)
_ELSE = ("\t", "\\|", "\\\n", "<!--", "%%", "  \n", "\n ", "［", "＊", "＾", "]（")
"""What is looked for one by one, which is quicker than in a pattern: tabs, breaks, notes, indentation, full-width marks."""


def is_plain(text: str) -> bool:
    """Tell whether nothing in ``text`` has to be changed. Where it says no, the walk decides."""
    return not any(sign in text for sign in _ELSE) and text[:1] != " " and _PLAIN.match(f"{text}\n\n") is not None
