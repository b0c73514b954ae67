"""An issue in fragments, for readers who have several lists in one mail: the mailer joins fragments of several issues and renders nothing. Pure.

The HTML of a fragment is cut out of the finished HTML part, where the template has marked it, so its styles are inlined already. Its headings go one level down:
in a digest the heading of the mail stands above the titles of the issues. The text fragments are made as for the text part and the light part.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count, repeat

from plugins.magazine.compose.blocks import Block, Prose
from plugins.magazine.compose.composition import Composition
from plugins.magazine.compose.safe_text import strip_controls
from plugins.magazine.render import light
from plugins.magazine.render.text import paragraph
from plugins.magazine.render.text_blocks import block_text

_MARK = re.compile(r"<!--(?:fragment (\d+\.\d+)|(/fragment))-->\n?")
_STYLE = re.compile(r"<style[^>]*>.*?</style>", re.DOTALL)
_HEADING = re.compile(r"(</?h)([1-5])(?=[ >])")


@dataclass(frozen=True)
class Fragment:
    """A heading or a block in three forms. `article` is the path of the document that it shows; None for words of the editor, and for a heading.

    `title` and `url` are that document's headline and its address, which is empty for a document that has been taken down.
    """

    article: str | None
    html: str
    text: str
    light: str
    title: str = ""
    url: str = ""


@dataclass(frozen=True)
class SectionFragments:
    """A section: its title, its address on the web, its heading, its blocks. The first one of an issue is its title with the greeting."""

    title: str
    address: str
    heading: Fragment
    blocks: tuple[Fragment, ...]


@dataclass(frozen=True)
class IssueFragments:
    """All sections of an issue, and the style elements that their HTML needs in the head."""

    style: str
    sections: tuple[SectionFragments, ...]


def without_marks(marked: str) -> str:
    """Return the HTML part as it is sent."""
    return _MARK.sub("", marked)


def issue_fragments(issue: Composition, marked: str, base: str) -> IssueFragments | None:
    """Return the issue in fragments. None: the theme marks none, or the issue is an emergency's, which no digest holds up.

    :param marked: the HTML part with the marks of the template.
    """
    html = dict(_marked_fragments(marked))
    address = f"{base}{issue.document.url}"
    wanted = {f"{number}.{place}" for number, blocks in _blocks(issue) for place in range(len(blocks) + 1)}
    if issue.mail_list.list_class == "emergency" or wanted != html.keys():
        return None
    opening = _section(issue.label, address, 0, issue.title, issue.greeting, html, base)
    sections = (
        _section(each.title, f"{address}#{each.anchor}", each.number, f"{each.number}. {each.title}", each.blocks, html, base)
        for each in issue.sections
    )
    head = marked.partition("</head>")[0]
    return IssueFragments("\n".join(_STYLE.findall(head)), (opening, *sections))


def _blocks(issue: Composition) -> Iterator[tuple[int, tuple[Block, ...]]]:
    yield 0, issue.greeting
    yield from ((section.number, section.blocks) for section in issue.sections)


def _marked_fragments(marked: str) -> Iterator[tuple[str, str]]:
    name, start = "", 0
    for mark in _MARK.finditer(marked):
        if mark[2]:
            yield name, _one_level_down(marked[start : mark.start()])
        name, start = mark[1] or "", mark.end()


def _one_level_down(html: str) -> str:
    return _HEADING.sub(lambda tag: f"{tag[1]}{int(tag[2]) + 1}", html)


def _section(
    title: str, address: str, number: int, heading: str, blocks: tuple[Block, ...], html: dict[str, str], base: str
) -> SectionFragments:
    label = strip_controls(heading)
    head = Fragment(None, html[f"{number}.0"], paragraph(label), light.fold(label))
    return SectionFragments(title, address, head, tuple(_fragments(number, blocks, html, base)))


def _fragments(number: int, blocks: tuple[Block, ...], html: dict[str, str], base: str) -> Iterator[Fragment]:
    # Two counters: each form walks the headings by itself.
    wide, narrow = (_numbers(number) for _ in range(2))
    for place, block in enumerate(blocks, 1):
        text = strip_controls(block_text(block, base, wide))
        small = strip_controls(light.block_text(block, base, narrow))
        forms = html[f"{number}.{place}"], text, small
        if isinstance(block, Prose):
            yield Fragment(None, *forms)
        else:
            yield Fragment(block.document.path.as_posix(), *forms, block.title, f"{base}{block.document.url}" if block.linked else "")


def _numbers(section: int) -> Iterator[str]:
    """Yield the labels of the headings inside a section; those of a greeting have none."""
    return (f"{section}-{number}. " for number in count(1)) if section else repeat("")
