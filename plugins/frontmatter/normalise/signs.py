"""How blocks begin (CommonMark 0.31.2, chapter 4 and 5; GFM 4.10), and what a Japanese keyboard or a word processor writes in their place."""

from __future__ import annotations

import re

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
BULLET = re.compile(rf"^([ \t\u3000]*)([{_BULLETS}])(?:[ \t\u3000]*)(\S.*)$")
"""What a word processor puts before the lines of a list. It is a list if two lines in a row have the same sign."""

_LETTERED = re.compile(r"^o\t[ \t]*(\S.*)$")
"""Word's second level, as it is pasted."""

ORDINAL = re.compile(r"^[ \u3000]*([0-9０-９]{1,2})([．）.)])[ \t\u3000]*(?![0-9０-９])(\S.*)$")
"""``１．受付``. It is a list if the following lines count on from it."""

LABEL_PATTERN = (
    r"(?:[（(][0-9０-９一二三四五六七八九十ア-ンa-zA-Zａ-ｚ]{1,2}[）)]|[^\s\u3000。、]{1,8}(?:\u3000|：(?!//))\s*\S|[0-9０-９]{1,2}[．）])"
)
LABEL = re.compile(rf"^(?!::|：：){LABEL_PATTERN}")
"""A line of a form: ``日時　3月21日``, ``会場：石巻市``, ``（1）受付``. Two in a row are not one sentence."""


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
        return sum(4 if sign == "\t" else 2 if sign == "\u3000" else 1 for sign in match[1]), match[2], match[3]
    if match := _LETTERED.match(text):
        return 4, "o", match[1]
    return None


def ordinal(text: str) -> tuple[int, str, str] | None:
    """Return number, sign and words of a line that begins with a full-width number or sign; None if it does not."""
    match = ORDINAL.match(text)
    return (int(match[1]), match[2], match[3]) if match else None
