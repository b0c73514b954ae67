"""The blocks of an issue as text: number and heading, words, and every address on a line of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import count, repeat

from plugins.magazine.compose.blocks import Block, FigureLine, ProgressFigures, Prose, Teaser
from plugins.magazine.compose.composition import Section
from plugins.magazine.render.text import absolute, paragraph, prose_text

ENDED = "この記事の掲載は終わりました。"


def section_text(section: Section, base: str) -> str:
    """Return the blocks of a section; headings inside are numbered ``2-1.``, ``2-2.``."""
    numbers = (f"{section.number}-{number}. " for number in count(1))
    return blocks_text(section.blocks, base, numbers)


def blocks_text(blocks: tuple[Block, ...], base: str, numbers: Iterator[str] | None = None) -> str:
    """Return blocks with an empty line between them; without ``numbers`` headings have none."""
    labels = numbers if numbers is not None else repeat("")
    return "\n\n".join(block_text(block, base, labels) for block in blocks)


def block_text(block: Block, base: str, numbers: Iterator[str]) -> str:
    """Return one block; ``numbers`` yields the label of each heading inside."""
    if isinstance(block, Prose):
        return prose_text(block.html, base, numbers)
    return item_text(block, base, next(numbers), paragraph)


def item_text(item: Teaser, base: str, number: str, fold: Callable[[str], str]) -> str:
    """Return one article, event or progress report; ``fold`` breaks a paragraph into lines."""
    lines = [fold(f"{number}{item.title}"), *(fold(line) for line in _words(item))]
    return "\n".join([*lines, *link_lines(item, base, fold)])


def link_lines(item: Teaser, base: str, fold: Callable[[str], str]) -> list[str]:
    """Return the lines that lead to the article's page, or the sentence that it has been taken down."""
    return [fold("詳しくは"), absolute(item.document.url, base)] if item.linked else [fold(ENDED)]


def _words(item: Teaser) -> Iterator[str]:
    if isinstance(item, ProgressFigures):
        yield f"{item.as_of}の数です。"
        yield from (_figure_sentence(line) for line in item.lines)
        return
    yield from (f"{label}：{value}" for label, value in item.facts)
    yield item.summary
    if item.credit:
        yield f"出典：{item.credit}"


def _figure_sentence(line: FigureLine) -> str:
    return f"{line.label}は、計画{line.total}のうち{line.done}で、{line.percent}％です。"
