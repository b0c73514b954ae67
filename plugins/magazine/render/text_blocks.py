"""The blocks of an issue as they are read aloud: number and heading, words, and every address on a line of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from plugins.magazine.compose.blocks import Block, EventTeaser, FigureLine, ProgressFigures, Prose, Teaser
from plugins.magazine.compose.composition import Section
from plugins.magazine.render.text import absolute, paragraph, prose_text

ENDED = "この記事の掲載は終わりました。"


def section_text(corner: Section, base: str) -> str:
    """Return the blocks of a corner; headings inside are numbered ``2-1.``, ``2-2.``."""
    numbers = (f"{corner.number}-{count}. " for count in range(1, 1000))
    return blocks_text(corner.blocks, base, numbers)


def blocks_text(blocks: tuple[Block, ...], base: str, numbers: Iterator[str] | None = None) -> str:
    """Return blocks with an empty line between them; without ``numbers`` headings have none."""
    counted = numbers if numbers is not None else iter([""] * 1000)
    return "\n\n".join(_block(block, base, counted) for block in blocks)


def _block(block: Block, base: str, numbers: Iterator[str]) -> str:
    if isinstance(block, Prose):
        return prose_text(block.html, base, numbers)
    return item_text(block, base, next(numbers), paragraph)


def item_text(item: Teaser, base: str, number: str, fold: Callable[[str], str]) -> str:
    """Return one article, event or progress report; ``fold`` breaks a paragraph into lines."""
    lines = [fold(f"{number}{item.title}"), *(fold(line) for line in _words(item))]
    return "\n".join([*lines, *link_lines(item, base, fold)])


def link_lines(item: Teaser, base: str, fold: Callable[[str], str]) -> list[str]:
    """Return the lines that lead to the article's page, or say that it is gone."""
    return [fold("詳しくは"), absolute(item.document.url, base)] if item.linked else [fold(ENDED)]


def _words(item: Teaser) -> Iterator[str]:
    if isinstance(item, ProgressFigures):
        yield f"{item.as_of}の数です。"
        yield from (_count(count) for count in item.counts)
        return
    if isinstance(item, EventTeaser):
        yield from (f"{word}：{value}" for word, value in item.facts)
    yield item.summary
    if item.credit:
        yield f"出典：{item.credit}"


def _count(count: FigureLine) -> str:
    return f"{count.label}は、計画{count.total}のうち{count.done}で、{count.percent}％です。"
