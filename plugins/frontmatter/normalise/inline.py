"""What stands inside a line: full-width brackets of links, images and notes, full-width asterisks, breaks."""

from __future__ import annotations

import re

from plugins.frontmatter.normalise.code_spans import CodeSpans

# What a link may lead to (`plugins.frontmatter.model.link_targets`): an address, a path, an anchor, a file. Words in brackets are none of these.
_TARGET = r"(?:https?://|mailto:|tel:|geo:|www\.|\.{0,2}/|#)[!-'*-;=?-Z\\^-~]*|[\w./-]+\.[A-Za-z0-9]{2,4}"
_LINK = re.compile(
    rf"(?P<mark>[!！]?)[\[［](?P<text>[^\[\]［］\n]{{1,300}})[\]］][(（][ \u3000]*(?P<to>{_TARGET})[ \u3000]*[)）]", re.ASCII
)
_NOTE = re.compile(r"[\[［][\^＾]([^\[\]［］\s^＾]{1,60})[\]］]")
_BOLD = re.compile(r"(?<!＊)＊＊(?![＊\s])([^＊\n]{1,300}?)(?<!\s)＊＊(?!＊)")

WIDE = re.compile(r"[\]］]（|[［＊＾]")
"""A line without these signs stays as it is."""

_TASK = re.compile(r"^[\[［]([ \u3000xXｘＸ✓レ])[\]］][ \u3000]+(?=\S)")
DONE = '<span class="task" role="img" aria-label="済み">☑</span> '
OPEN = '<span class="task" role="img" aria-label="まだ">☐</span> '
_JAPANESE = r"[\u3000-\u30ff\u3400-\u9fff\uff00-\uffef]"
_JOINT = re.compile(rf"(?<={_JAPANESE})\n(?={_JAPANESE})")


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
    text = _LINK.sub(_link, text)
    text = _NOTE.sub(r"[^\1]", text)
    return _BOLD.sub(r"**\1**", text)


def _link(match: re.Match[str]) -> str:
    if match[0].isascii() or not set(match[0]) & set("！［］（）"):
        return match[0]
    return f"{'!' if match['mark'] else ''}[{match['text']}]({match['to']})"


def task(text: str) -> str:
    """Return the words of a list's item; a box at their beginning is a sign with a name. A checkbox that nobody can check helps no one."""
    match = _TASK.match(text)
    return text if match is None else (OPEN if match[1] in " \u3000" else DONE) + text[match.end() :]


def joined(lines: list[str], *, breaks: bool = False) -> str:
    """Return the lines of one paragraph as one line: Japanese without a space between, a break where two spaces or a backslash ask for one."""
    parts = [line.rstrip() if index == len(lines) - 1 else _end(line, breaks=breaks) for index, line in enumerate(lines)]
    return _JOINT.sub("", "\n".join(parts)).replace("\n", " ")


def _end(line: str, *, breaks: bool) -> str:
    if line.endswith("  ") or ends_with_break(line) or breaks:
        return line.rstrip(" ").removesuffix("\\" if ends_with_break(line) else "") + "<br>"
    return line.rstrip(" ")


def ends_with_break(line: str) -> bool:
    r"""Tell whether a backslash at the end asks for a break (CommonMark 6.7); two are one that is written."""
    return line.endswith("\\") and (len(line) - len(line.rstrip("\\"))) % 2 == 1
