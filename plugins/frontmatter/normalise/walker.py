"""Goes through the blocks of a text once, and writes each as Python-Markdown reads it, with an empty line on both sides.

A quotation and a list's item are walked in the same way, one level deeper.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from plugins.frontmatter.normalise import blocks, signs
from plugins.frontmatter.normalise.blocks import closed, indented
from plugins.frontmatter.normalise.html_blocks import OpenElements, html_end
from plugins.frontmatter.normalise.inline import ends_with_break, joined, narrow
from plugins.frontmatter.normalise.lists import MARKS, ItemReader, begins_item, kind_of, word_items, word_list
from plugins.frontmatter.normalise.remarks import DEEPEST, Line, Remark, Stash
from plugins.frontmatter.normalise.tables import (
    begins_pasted,
    begins_table,
    broken_table,
    cells,
    is_divider,
    pasted_rows,
    pasted_table,
    table_remarks,
    with_code,
)

SEPARATOR = "<!-- -->"
"""Stands between two lists, or two quotations, that Python-Markdown would read as one. A comment is on no page (`plugins.frontmatter.parse.markdown`)."""


@dataclass
class Walker:
    """Walks ``lines``. ``out`` is the result. ``stash`` takes code and raw HTML out of the text; without it they stay. ``breaks`` keeps line ends."""

    lines: Sequence[Line]
    stash: Stash | None = None
    breaks: bool = False
    depth: int = 0
    in_item: bool = False
    out: list[Line] = field(default_factory=list)
    remarks: list[Remark] = field(default_factory=list)
    elements: OpenElements = field(default_factory=OpenElements)
    at: int = 0
    last: str = ""

    def run(self) -> list[Line]:
        """Return the lines of the result."""
        while self.at < len(self.lines):
            text = self.lines[self.at].text
            if not text.strip():
                if self.out and self.out[-1].text:  # two empty lines would end a footnote for Python-Markdown
                    self.out.append(Line("", self.lines[self.at].number))
                self.at += 1
            else:
                self._block(text)
        return self.out

    def _block(self, text: str) -> None:
        if "\u3040" <= text[0] <= "\u9fff" and text[0] != "・" and "\t" not in text and self._alone():
            self.emit("paragraph", [Line(self._line(text), self.lines[self.at].number)], self.at + 1)
            return
        for take in _BY_SIGN.get(text[0], _OTHER):
            if take(self):
                return
        self._paragraph()

    def _alone(self) -> bool:
        """Tell whether an empty line follows, so that this line is a block of its own."""
        return self.at + 1 == len(self.lines) or not self.lines[self.at + 1].text

    def emit(self, kind: str, lines: Sequence[Line], following: int) -> None:
        """Write one block, after an empty line, and go on at ``following``. Two lists or quotations in a row are kept apart."""
        joins = self.in_item and self.last == "paragraph" and kind.startswith("list")  # an item and its inner list are one tight block
        if self.out and self.out[-1].text and not joins:
            self.out.append(Line("", lines[0].number))
        apart = self.last in (kind, "note") if kind in _KEPT_APART else kind == "code" and self.last.startswith(("list", "note"))
        if apart:
            self.out += [Line(self._html(SEPARATOR), lines[0].number), Line("", lines[0].number)]
        self.out += lines
        self.at, self.last = following, kind

    def _html(self, html: str) -> str:
        return self.stash(html) if self.stash else html

    def _line(self, text: str, *, following: bool = False) -> str:
        """Return one line of running text; ``following`` tells whether the paragraph goes on."""
        text = narrow(text).replace("\t", " ")
        if not following:
            return text.rstrip(" ")
        return text[:-1].rstrip() + "  " if ends_with_break(text) and text.strip("\\ \u3000") else text

    def inner(self, lines: Sequence[Line], *, in_item: bool = False) -> list[Line]:
        """Return what is inside a quotation or an item, walked one level deeper."""
        if self.depth >= DEEPEST:
            return list(lines)
        walker = Walker(lines, self.stash, self.breaks, self.depth + 1, in_item=in_item, remarks=self.remarks, elements=self.elements)
        return walker.run() or [Line("", lines[0].number)]

    # Each of the following takes the block at ``at`` if it is one of its kind, and tells so.

    def take_pasted(self) -> bool:
        if "\t" not in self.lines[self.at].text or not begins_pasted(self.lines, self.at):
            return False
        rows, end = pasted_rows(self.lines, self.at)
        self.emit("table", [Line(narrow(row.text), row.number) for row in pasted_table(rows)], end)
        return True

    def take_word_list(self) -> bool:
        if not word_list(self.lines, self.at):
            return False
        made, end = word_items(self.lines, self.at)
        walker = Walker(made, self.stash, self.breaks, self.depth + 1, remarks=self.remarks, elements=self.elements)
        self.emit("list-o" if made[0].text[0].isdigit() else "list-u", walker.run(), end)
        return True

    def take_list(self) -> bool:
        kind = kind_of(self.lines[self.at].text)
        if not kind:
            return False
        made, at, reader = list[Line](), self.at, ItemReader(self.lines, self.interrupts, self.remarks)
        first = signs.ITEM.match(self.lines[at].text)[2]  # type: ignore[index]  # `kind_of` has matched it
        number = int(first[:-1]) if first[0].isdigit() else None
        while at < len(self.lines) and kind_of(self.lines[at].text) == kind:
            item = reader.read(at)
            mark = "-   " if number is None else f"{number}.".ljust(MARKS - 1) + " "
            inside = self.inner(item.inside, in_item=True)
            made += indented(mark, inside if inside[0].text else [Line(self._html(SEPARATOR), inside[0].number), *inside[1:]])
            at, number = item.following, None if number is None else number + 1
            following = next((index for index in range(at, len(self.lines)) if self.lines[index].text.strip()), len(self.lines))
            if following < len(self.lines) and kind_of(self.lines[following].text) == kind:
                made += [Line("", self.lines[following].number)] * (following > at or any(not line.text for line in inside))
                at = following
        self.emit("list-u" if number is None else "list-o", made, at)
        return True

    def take_table(self) -> bool:
        if not begins_table(self.lines, self.at):
            return False
        width, end = len(cells(self.lines[self.at].text)), self.at + 2
        if self.out and self.out[-1].text and self.last.startswith("list"):
            self.remarks.append(Remark(self.lines[self.at].number, "close", self.lines[self.at].text.strip()[:20]))
        while end < len(self.lines) and "|" in (text := self.lines[end].text) and (text[0] == "|" or not self.interrupts(end)):
            if begins_table(self.lines, end):
                break
            end += 1
        rows = [Line(with_code(narrow(line.text.strip())), line.number) for line in self.lines[self.at : end]]
        self.remarks += table_remarks(rows[2:], width)
        if end < len(self.lines) and self.lines[end].text.strip() and (begins_table(self.lines, end) or not self.interrupts(end)):
            self.remarks.append(Remark(self.lines[end].number, "close", self.lines[end].text.strip()[:20]))
        self.emit("table", rows, end)
        return True

    def interrupts(self, at: int) -> bool:
        """Tell whether another block begins at the line ``at``, although no empty line is before it (CommonMark 4.8)."""
        text = self.lines[at].text
        if not text.strip():
            return True
        if text[0] == " " and signs.indentation(text) >= 4:
            return False
        return self._opens(at, text)

    def _opens(self, at: int, text: str) -> bool:
        first = text.lstrip(" \t\u3000")[:1]
        if first not in _OPENERS and not first.isdigit() and "|" not in text and "\t" not in text:
            return at + 1 < len(self.lines) and "-" in self.lines[at + 1].text and begins_table(self.lines, at)
        return bool(
            signs.FENCE.match(text)
            or signs.HEADING.match(text)
            or signs.WIDE_HEADING.match(text)
            or (signs.TIGHT_HEADING.match(text) and text.lstrip().startswith("##"))
            or signs.RULE.match(text)
            or signs.QUOTE.match(text)
            or signs.NOTE.match(text)
            or html_end(text, in_paragraph=True) is not None
            or begins_item(text)
            or begins_table(self.lines, at)
            or begins_pasted(self.lines, at)
            or word_list(self.lines, at)
        )

    def _paragraph(self) -> None:
        end = self.at + 1
        while end < len(self.lines) and not self._ends_paragraph(end):
            end += 1
        block = self.lines[self.at : end]
        underline = signs.UNDERLINE.match(self.lines[end].text) if end < len(self.lines) else None
        if underline and self.lines[end].text.strip():
            self._underlined(block, underline[1][0], end)
            return
        if broken := broken_table(self.lines, self.at):
            self.remarks.append(broken)
        else:
            self.remarks += paragraph_remarks(block, breaks=self.breaks)
        texts = [self._line(line.text.lstrip(" \t"), following=line is not block[-1]) for line in block]
        kind = "definition" if any(signs.DEFINITION.match(line.text) for line in block) else "paragraph"
        if kind == "paragraph" and self.in_item:
            self.emit(kind, [Line(joined(texts, breaks=self.breaks), block[0].number)], end)
        else:
            shown = [text if index == 0 or not self._opens_bare(text) else f"    {text}" for index, text in enumerate(texts)]
            self.emit(kind, [Line(text, line.number) for text, line in zip(shown, block, strict=True)], end)

    def _ends_paragraph(self, at: int) -> bool:
        """Tell whether the line at ``at`` is no more of the paragraph above it. With a wide space a Japanese paragraph begins, as a book prints it."""
        text = self.lines[at].text
        return self.interrupts(at) or signs.UNDERLINE.match(text) is not None or (text[0] == "\u3000" and not self.in_item)

    def _opens_bare(self, text: str) -> bool:
        """Tell whether a line of a paragraph would begin a block, or end this one, if its indentation were taken away."""
        if text[:1] not in _OPENERS and not text[:1].isdigit() and text[:1] not in "=|:":
            return False
        return bool(signs.UNDERLINE.match(text)) or is_divider(text) or Walker([Line(text, 0)]).interrupts(0)

    def _underlined(self, block: Sequence[Line], sign: str, end: int) -> None:
        """Write a heading that is underlined: all lines of the paragraph are its words (CommonMark 4.3)."""
        words = joined([narrow(line.text.strip()) for line in block])
        if sign == "-":
            self.remarks.append(Remark(self.lines[end].number, "underline", words[:20]))
        self.emit("heading", [Line(f"{'#' if sign == '=' else '##'} {closed(words)}", block[0].number)], end + 1)


_Take = Callable[[Walker], bool]
_OTHER: tuple[_Take, ...] = (Walker.take_pasted, Walker.take_table, Walker.take_word_list)
_ALL: tuple[_Take, ...] = (
    Walker.take_pasted, blocks.take_indented, blocks.take_fence, blocks.take_heading, blocks.take_rule, blocks.take_html, blocks.take_quote,
    blocks.take_note, Walker.take_word_list, Walker.take_list, Walker.take_table,
)  # fmt: skip
_LISTED = (blocks.take_rule, Walker.take_word_list, Walker.take_list, *_OTHER)
_BY_SIGN: dict[str, tuple[_Take, ...]] = {
    **dict.fromkeys(" \t\u3000", _ALL),
    **dict.fromkeys("#＃", (blocks.take_heading, *_OTHER)),
    **dict.fromkeys("-+*_0123456789", _LISTED),
    **dict.fromkeys("`~", (blocks.take_fence, *_OTHER)),
    **dict.fromkeys(">＞", (blocks.take_quote, *_OTHER)),
    **dict.fromkeys("[［", (blocks.take_note, *_OTHER)),
    "<": (blocks.take_html, *_OTHER),
}
"""The kinds of blocks that a line may begin, by its first character. Every other character begins a table, a list of a word processor, or a paragraph."""

_KEPT_APART = ("quote", "list-u", "list-o")
_OPENERS = frozenset("`~#＃-*_<>＞+[［・･•●○◆◇■□▪▫‣◦➢➤✓‐‑–—―−·o§Øü²lnuvq")


def paragraph_remarks(block: Sequence[Line], *, breaks: bool) -> list[Remark]:
    """Return what is told of a paragraph of several lines: rows of a form, or a number that begins no list."""
    remarks = list[Remark]()
    if len(block) == 1 and "\t" in block[0].text.strip():
        remarks.append(Remark(block[0].number, "columns", block[0].text.strip()[:20]))
    for before, line in pairwise(block):
        if (
            not breaks
            and not before.text.endswith(("  ", "\\", "<br>"))
            and (kind := signs.lost_end(before.text.rstrip(), line.text.strip()))
        ):
            remarks.append(Remark(line.number, kind, line.text.strip()[:20]))
            break
        if signs.ITEM.match(line.text) and (signs.ITEM.match(line.text)[4] or "").strip():  # type: ignore[index]
            remarks.append(Remark(line.number, "number", line.text.strip()[:20]))
            break
    return remarks
