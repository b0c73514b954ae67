"""The two text parts: they hold what the HTML part holds, in its order, and nothing that is drawn; the light part is light."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from plugins.control_characters import is_blank
from plugins.diagnostics import Diagnostic
from plugins.magazine.gate.diagnostic import Report
from plugins.magazine.render.light import LARGEST, LightPart
from plugins.magazine.render.text import DRAWN, WIDTH, without_drawn_lines
from plugins.typography.phrases import columns

# A space between two kanji, the second of which ends the word: 日　時. A screen reader speaks two words.
_GAP = re.compile(r"(?<=[\u4e00-\u9fff])[ \u3000]+(?=[\u4e00-\u9fff](?:[\s：:]|$))", re.MULTILINE)

_TOLERANCE = 8
"""Columns beyond the width that a line may have before it is reported."""


def check_text(root: Any, text: str, light: LightPart, report: Report) -> Iterator[Diagnostic]:
    """Yield what is wrong with the text part and the light part of the parsed HTML part."""
    yield from _check_order(root, text, report)
    for name, part in (("mail.txt", text), ("light.txt", light.text)):
        if drawn := DRAWN.search(part):
            yield report(
                drawn[0],
                f"{name} に飾りの記号「{drawn[0]}」があります。ことばにしてください",
                f"{name} has {drawn[0]!r}: write words",
                "M602",
            )
    for line in text.split("\n"):
        yield from _check_line(line, report)
    if light.size > LARGEST:
        yield report(
            "",
            f"light.txt が{light.size}バイトあります。はじめのあいさつを短くしてください",
            f"light.txt has {light.size} bytes: shorten the greeting",
            "M604",
        )


def _check_line(line: str, report: Report) -> Iterator[Diagnostic]:
    """An address is never broken, so a line that holds one may be longer (RFC 5322, 2.1.1, permits 998 characters)."""
    if columns(line) > WIDTH + _TOLERANCE and "://" not in line:
        yield report(line[:8], f"mail.txt の行「{line[:8]}…」が長すぎます", f"a line of mail.txt is too long: {line[:8]!r}", "M603")
    if gap := _GAP.search(line):
        words = line[max(0, gap.start() - 1) : gap.end() + 1]
        yield report(
            words,
            f"「{words}」の途中に空白があります。読み上げが切れるので、詰めて書いてください",
            f"{words!r} has a space inside the word: close it",
            "M603",
        )


def _check_order(root: Any, text: str, report: Report) -> Iterator[Diagnostic]:
    """Headings and addresses of the HTML part stand in the text in the same order. The first that is missing is reported, not all after it.

    The headlines of a table of contents are no headings, and its addresses come again below.
    """
    compact, at = _without_contents(root, _without_space(text)), 0
    for heading in root.iter("h1", "h2", "h3", "h4"):
        words = _without_space(without_drawn_lines(heading.text_content()))
        position = compact.find(words, at)
        if position < 0:
            yield report(
                heading.text_content().strip(),
                f"見出し「{words}」が mail.txt にありません",
                f"heading {words!r} is not in mail.txt",
                "M601",
            )
            return
        at = position + len(words)
    at = 0
    for address in _addresses(root):
        position = text.find(f"\n{address}\n", at)
        if position < 0:
            yield report(address, f"リンク「{address}」が mail.txt にありません", f"link {address!r} is not in mail.txt", "M601")
            return
        at = position + len(address)


def _without_contents(root: Any, compact: str) -> str:
    """Return the text without the lines of its table of contents, each taken out where it stands first."""
    for entry in root.xpath("//*[@role='navigation']//li"):
        compact = compact.replace(_without_space(without_drawn_lines(entry.text_content())), "", 1)
    return compact


def _addresses(root: Any) -> Iterator[str]:
    """Yield the addresses that the text part writes out: those of links with words of their own.

    A picture leads where its headline leads, an entry of the contents too, and a telephone number is in the sentence.
    """
    for link in root.iter("a"):
        is_entry = any(above.get("role") == "navigation" for above in link.iterancestors("div")) and link.getparent().tag == "li"
        address = link.get("href", "").removeprefix("mailto:")
        if not (is_entry or is_blank(link.text_content()) or address.startswith("tel:")):
            yield address


def _without_space(text: str) -> str:
    return re.sub(r"\s+", "", text)
