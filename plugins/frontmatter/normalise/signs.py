"""How blocks begin (CommonMark 0.31.2, chapter 4 and 5; GFM 4.10), and what a Japanese keyboard or a word processor writes in their place."""

from __future__ import annotations

import re
from typing import Literal

FENCE = re.compile(r"^( {0,3})(`{3,}(?=[^`]*$)|~{3,})[ \t]*(.*)$")
HEADING = re.compile(r"^ {0,3}(#{1,6})(?:[ \t\u3000]+(.*))?$")
"""With the space that CommonMark asks for."""

TIGHT_HEADING = re.compile(r"^ {0,3}(#{1,6})([^#\s].*)$")
"""``##駅``: Python-Markdown has always read it as a heading, and nobody means anything else (`F701` tells of one ``#``)."""

WIDE_HEADING = re.compile(r"^[ \u3000]{0,3}(?=[#＃]*＃)([#＃]{2,6})[ \t\u3000]*(\S.*)$")
RULE = re.compile(r"^ {0,3}(?:(?:-[ \t]*){3,}|(?:\*[ \t]*){3,}|(?:_[ \t]*){3,})$")
UNDERLINE = re.compile(r"^ {0,3}(=+|-+)[ \t]*$")
QUOTE = re.compile(r"^ {0,3}> ?(.*)$")
WIDE_QUOTE = re.compile(r"^＞[ \u3000]?(.*)$")
ITEM = re.compile(r"^( {0,3})([-+*]|[0-9]{1,9}[.)])(?:([ \t]+)(.*)|)$")
INDENTED_ITEM = re.compile(r"^( *)([-+*]|[0-9]{1,9}[.)])[ \t]+\S")
NOTE = re.compile(r"^ {0,3}[\[［][\^＾]([^\]］\s]+)[\]］][:：][ \t\u3000]*(.*)$")
"""The definition of a footnote."""

DEFINITION = re.compile(r"^ {0,3}:[ \t]+\S")
"""The second line of a definition list, as Python-Markdown's ``def_list`` reads it."""

_BULLETS = "・･•●○◆◇■□▪▫‣◦➢➤✓‐‑–—―−·"
_DASHES = r"‐‑–—―−\-"
BULLET = re.compile(
    rf"^([ \t\u3000]*)(?:(?![{_DASHES}][{_DASHES}0-9０-９.,])([{_BULLETS}])[ \t\u3000]*|(-)(?![\s{_DASHES}0-9０-９.,]))(\S.*)$"
)
"""What a word processor puts before the lines of a list, and the keyboard's hyphen without its space. It is a list if two lines in a row have the same
sign. ``−5度`` is a number, and ``――`` begins what somebody says."""

_LETTERED = re.compile(r"^([o§Øü²lnuvq])\t[ \t]*(\S.*)$")
"""What Word's bullets of symbol fonts are when they are pasted: ``o`` and ``§`` are those of the second and third level."""
_COLUMNS_OF_LETTER = {"o": 4, "§": 8}

ORDINAL = re.compile(r"^[ \u3000]*([0-9０-９]{1,2})([．）.)])[ \t\u3000]*(?![0-9０-９])(\S.*)$")
"""``１．受付``. It is a list if the following lines count on from it."""

LABEL_PATTERN = (
    r"(?:[（(][0-9０-９一二三四五六七八九十ア-ンa-zA-Zａ-ｚ]{1,2}[）)]|[^\s\u3000。、]{1,8}(?:\u3000|：(?!//))\s*\S|[0-9０-９]{1,2}[．）])"
)
LABEL = re.compile(rf"^(?!::|：：){LABEL_PATTERN}")
"""A line of a form: ``日時　3月21日``, ``会場：石巻市``, ``（1）受付``. Two in a row are not one sentence."""

_ROW = re.compile(
    rf"{LABEL_PATTERN}|[【〔〈［<＜※→⇒➡★☆◎△▽▼▲☐☑☒□■◆◇●○✓✔・①-⑳⑴-⒇]|[*＊](?![*＊\s])[^*＊]+$|\+(?![+\s])\S"
    r"|(?:[A-Za-zＡ-Ｚａ-ｚ]|[ア-ンいろはイロハ]|[一二三四五六七八九十]{1,3})[.．)）、][ \u3000]?\S"
)
"""A line that begins as one of a list of some kind. Two in a row are not one sentence."""
_SHORT = re.compile(r"[\w「『（(*][^。、，！？!?|｜]{0,15}")
"""A line that ends before the sentence does, and long before the edge: a name, a place, an address."""
_BOLD = re.compile(r"\*\*[^*]{1,40}\*\*")
"""A line that is all bold: a heading above its text."""
_SENTENCE_END = ("。", "：", ":", "！", "？", "」", "）")


def lost_end(before: str, line: str) -> Literal["rows", "columns", ""]:
    """Tell whether the end between two lines of one paragraph means something, though no reader sees it: between rows of a form, or columns of a table."""
    wide, before = before.startswith("\u3000"), before.strip()
    if "\t" in before or "\t" in line or _columns(before) == _columns(line) > 0:
        return "columns"
    is_row = _ROW.match(line) and (wide or _ROW.match(before) or (LABEL.match(line) and before.endswith(_SENTENCE_END)))
    is_short = _SHORT.fullmatch(before) and _SHORT.fullmatch(line) and not (before.isascii() and line.isascii())
    return "rows" if is_row or is_short or _BOLD.fullmatch(before) else ""


def _columns(text: str) -> int:
    """Return the commas of a row of a table: none if it is a sentence."""
    return 0 if "。" in text or ", " in text else text.count(",")


def indentation(text: str) -> int:
    """Return the columns of white space at the beginning; a tab goes to the next multiple of four (CommonMark 2.2)."""
    width = 0
    for sign in text:
        if sign == " ":
            width += 1
        elif sign == "\t":
            width += 4 - width % 4
        else:
            break
    return width


def spaced(text: str) -> str:
    """Return ``text`` with the tabs at its beginning as spaces."""
    if "\t" not in text[:8] and not text.startswith((" ", "\t")):
        return text
    rest = text.lstrip(" \t")
    return " " * indentation(text) + rest


def bullet(text: str) -> tuple[int, str, str] | None:
    """Return depth in columns, sign and words of a line with a word processor's bullet; None if it has none."""
    if match := BULLET.match(text):
        return sum(4 if sign == "\t" else 2 if sign == "\u3000" else 1 for sign in match[1]), match[2] or match[3], match[4]
    if match := _LETTERED.match(text):
        return _COLUMNS_OF_LETTER.get(match[1], 0), match[1], match[2]
    return None


def ordinal(text: str) -> tuple[int, str, str] | None:
    """Return number, sign and words of a line that begins with a full-width number or sign; None if it does not."""
    match = ORDINAL.match(text)
    return (int(match[1]), match[2], match[3]) if match else None
