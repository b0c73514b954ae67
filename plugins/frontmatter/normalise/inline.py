"""What stands inside a line: full-width brackets of links, images and notes, full-width asterisks, breaks."""

from __future__ import annotations

import re
from collections.abc import Iterator

from plugins.frontmatter.normalise.code_spans import CodeSpans

# What a link may lead to (`plugins.frontmatter.model.link_targets`): an address, a path, an anchor, a file. Words in brackets are none of these.
_TARGET = r"(?:https?://|mailto:|tel:|geo:|www\.|\.{0,2}/|#)[!-'*-;=?-Z\\^-~]*|[\w./-]+\.[A-Za-z0-9]{2,4}"
# Few articles need these: `re` compiles them when the first does, and keeps them. To do so at every start costs 10 ms.
_LINK = rf"(?P<mark>[!！]?)[\[［](?P<words>[^\[\]［］\n]{{1,300}})[\]］][(（][ \u3000]*(?P<to>{_TARGET})[ \u3000]*[)）]"
_NOTE = r"[\[［][\^＾]([^\[\]［］\s^＾]{1,60})[\]］]"
_BOLD = r"(?<!＊)＊＊(?![＊\s])([^＊\n]{1,300}?)(?<!\s)＊＊(?!＊)"

WIDE = re.compile(r"[\]］]（|[［＊＾]")
"""A line without these signs stays as it is."""

_TASK = re.compile(r"^[\[［]([ \u3000xXｘＸ✓レ]?)[\]］](?![(（\[［:：])[ \u3000]*(?=\S)")
DONE = '<span class="task" role="img" aria-label="済み">☑</span> '
OPEN = '<span class="task" role="img" aria-label="まだ">☐</span> '
_JAPANESE = r"[\u3000-\u30ff\u3400-\u9fff\uff00-\uffef]"
_JOINT = rf"(?<={_JAPANESE})\n(?={_JAPANESE})"


def narrow(text: str) -> str:
    """Return a line in which the marks of links, notes and bold text are those of Markdown. Code stays as it is."""
    if not WIDE.search(text):
        return text
    if "`" not in text:
        return _narrow(text)
    done, at = [], 0
    for start, end in CodeSpans(text):
        done += [_narrow(text[at:start]), text[start:end]]
        at = end
    return "".join((*done, _narrow(text[at:])))


def _narrow(text: str) -> str:
    parts, at = list[str](), 0
    for start, end, sign in _changes(text):
        parts += [text[at:start], sign]
        at = end
    return "".join((*parts, text[at:]))


def wide_marks(text: str) -> list[tuple[int, int, str]]:
    """Return start, end and the mark of Markdown for each full-width mark in a line, outside of code."""
    code = list(CodeSpans(text)) if "`" in text else []
    return [change for change in _changes(text) if not code or not any(start <= change[0] < end for start, end in code)]


def _changes(text: str) -> Iterator[tuple[int, int, str]]:
    """Yield what to change, from left to right. A link's text may hold bold words."""
    if not WIDE.search(text):
        return
    changes = list[tuple[int, int, str]]()
    for match in re.finditer(_LINK, text, re.ASCII):
        changes += _of_link(match)
    for match in re.finditer(_NOTE, text):
        changes += _if_wide(text, (match.start(), match.start() + 2, "[^"), (match.end() - 1, match.end(), "]"))
    for match in re.finditer(_BOLD, text):
        changes += [(match.start(), match.start() + 2, "**"), (match.end() - 2, match.end(), "**")]
    yield from sorted(changes)


def _of_link(match: re.Match[str]) -> list[tuple[int, int, str]]:
    """Return the changes of a link: the sign of an image, the brackets around the words, those around the target."""
    words, to = match.span("words"), match.span("to")
    places = ((words[0] - 1, words[0], "["), (words[1], to[0], "]("), (to[1], match.end(), ")"))
    image = [(match.start(), match.start() + 1, "!")] if match["mark"] else []
    return _if_wide(match.string, *image, *places)


def _if_wide(text: str, *places: tuple[int, int, str]) -> list[tuple[int, int, str]]:
    return [(start, end, sign) for start, end, sign in places if not text[start:end].isascii()]


def task(text: str) -> str:
    """Return the words of a list's item; a box at their beginning is a sign with a name. A checkbox that nobody can check helps no one."""
    match = _TASK.match(text)
    return text if match is None else (OPEN if match[1] in " \u3000" else DONE) + text[match.end() :]


def joined(lines: list[str], *, breaks: bool = False) -> str:
    """Return the lines of one paragraph as one line: Japanese without a space between, a break where two spaces or a backslash ask for one."""
    parts = [line.rstrip() if index == len(lines) - 1 else _end(line, breaks=breaks) for index, line in enumerate(lines)]
    return re.sub(_JOINT, "", "\n".join(parts)).replace("<br>\n", "<br>").replace("\n", " ")


def _end(line: str, *, breaks: bool) -> str:
    if line.endswith("  ") or ends_with_break(line) or breaks:
        return line.rstrip(" ").removesuffix("\\" if ends_with_break(line) else "") + "<br>"
    return line.rstrip(" ")


def ends_with_break(line: str) -> bool:
    r"""Tell whether a backslash at the end asks for a break (CommonMark 6.7); two are one that is written."""
    return line.endswith("\\") and (len(line) - len(line.rstrip("\\"))) % 2 == 1
