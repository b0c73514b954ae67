"""The kinds of blocks besides lists, tables and paragraphs. Each function takes the block at the walker's line if it is one of its kind, and tells so."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import TYPE_CHECKING

from plugins.frontmatter.normalise import signs
from plugins.frontmatter.normalise.html_blocks import html_end, last_line
from plugins.frontmatter.normalise.inline import narrow
from plugins.frontmatter.normalise.lists import is_running
from plugins.frontmatter.normalise.remarks import Line, Remark

if TYPE_CHECKING:
    from plugins.frontmatter.normalise.walker import Walker

_LONGEST_LANGUAGE = 40


def take_indented(walker: Walker) -> bool:
    if signs.indentation(walker.lines[walker.at].text) < 4:
        return False
    end = walker.at
    while end < len(walker.lines) and (not walker.lines[end].text.strip() or signs.indentation(walker.lines[end].text) >= 4):
        end += 1
    while not walker.lines[end - 1].text.strip():
        end -= 1
    block = [Line(signs.spaced(line.text), line.number) for line in walker.lines[walker.at : end]]
    first = block[0].text.strip()
    if walker.last != "definition" and first[0] >= "\u3000":
        walker.remarks.append(Remark(block[0].number, "code", first[:20]))
    walker.emit(walker.last if walker.last == "definition" else "code", block, end)
    return True


def take_fence(walker: Walker) -> bool:
    match = signs.FENCE.match(walker.lines[walker.at].text)
    if match is None:
        return False
    end = walker.at + 1
    while end < len(walker.lines) and not _closes(walker.lines[end].text, match[2]):
        end += 1
    if end == len(walker.lines):
        walker.remarks.append(Remark(walker.lines[walker.at].number, "open fence", match[2]))
    inside = [outdented(line.text, len(match[1])) for line in walker.lines[walker.at + 1 : end]]
    if walker.stash:
        block = [Line(walker.stash(_code_html(inside, match[3])), walker.lines[walker.at].number)]
    else:
        numbers = [line.number for line in walker.lines[walker.at : end + 1]]
        texts = [walker.lines[walker.at].text.strip(), *inside, match[2]]
        block = [Line(text, number) for text, number in zip(texts, [*numbers, numbers[-1]], strict=False)]
    walker.emit("fence", block, end + 1)
    return True


def take_heading(walker: Walker) -> bool:
    text = walker.lines[walker.at].text
    match = signs.HEADING.match(text) or signs.TIGHT_HEADING.match(text) or signs.WIDE_HEADING.match(text)
    if match is None:
        return False
    marks, words = "#" * len(match[1]), (match[2] or "").strip(" \t\u3000")
    if "＃" in match[1]:
        walker.remarks.append(Remark(walker.lines[walker.at].number, "wide", match[1], f"{marks} {words}"))
    walker.emit("heading", [Line(f"{marks} {closed(narrow(words))}".rstrip(), walker.lines[walker.at].number)], walker.at + 1)
    return True


def take_rule(walker: Walker) -> bool:
    if not signs.RULE.match(walker.lines[walker.at].text):
        return False
    walker.emit(
        "rule", [Line("---" if walker.lines[walker.at].text.lstrip()[0] == "-" else "***", walker.lines[walker.at].number)], walker.at + 1
    )
    return True


def take_html(walker: Walker) -> bool:
    end = html_end(walker.lines[walker.at].text)
    if end is None:
        return False
    following = last_line(walker.lines, walker.at, end)
    block = [Line(line.text, line.number) for line in walker.lines[walker.at : following]]
    if not block[0].text.lstrip().startswith(("<!", "<?")):
        walker.elements.read(block)
    if walker.stash:
        block = [Line(walker.stash("\n".join(line.text for line in block)), block[0].number)]
    walker.emit("html", block, following)
    return True


def take_quote(walker: Walker) -> bool:
    end, inside = walker.at, list[Line]()
    while end < len(walker.lines):
        text = walker.lines[end].text
        if match := signs.QUOTE.match(text) or signs.WIDE_QUOTE.match(text):
            inside.append(Line(match[1], walker.lines[end].number))
        elif inside and text.strip() and is_running(inside[-1].text) and not (signs.ITEM.match(text) or walker.interrupts(end)):
            walker.remarks.append(Remark(walker.lines[end].number, "lazy", text.strip()[:20]))
            inside.append(Line(text.lstrip(" "), walker.lines[end].number))
        else:
            break
        end += 1
    if inside:
        walker.emit(
            "quote",
            [
                Line(f"> {line.text}".rstrip(" ") if not line.text.endswith("  ") else f"> {line.text}", line.number)
                for line in walker.inner(inside)
            ],
            end,
        )
    return bool(inside)


def take_note(walker: Walker) -> bool:
    match = signs.NOTE.match(walker.lines[walker.at].text)
    if match is None:
        return False
    end, inside = walker.at + 1, [Line(match[2], walker.lines[walker.at].number)]
    while end < len(walker.lines):
        text = walker.lines[end].text
        if text.strip() and signs.indentation(text) < 4 and (not walker.lines[end - 1].text.strip() or walker.interrupts(end)):
            break
        inside.append(
            Line(
                outdented(signs.spaced(text), 4).lstrip(" ") if signs.indentation(text) < 4 else signs.spaced(text)[4:],
                walker.lines[end].number,
            )
        )
        end += 1
    inside, end = _without_end(inside, end)
    walker.emit("note", indented(f"[^{match[1]}]: ", walker.inner(inside, in_item=True)), end)
    return True


def closed(words: str) -> str:
    r"""Return the words of a heading without the number signs that close it. ``C#`` keeps its own (CommonMark 4.2)."""
    bare = words.rstrip("#")
    if bare != words and (not bare or bare.endswith((" ", "\t", "\u3000"))):
        words = bare.rstrip()
    return f"{words[:-1]}\\#" if words.endswith("#") and not words.endswith("\\#") else words


def _closes(text: str, fence: str) -> bool:
    stripped = text.strip()
    return signs.indentation(text) < 4 and stripped.startswith(fence) and not stripped.strip(fence[0])


def outdented(text: str, columns: int) -> str:
    return text[min(columns, len(text) - len(text.lstrip(" "))) :]


def _code_html(lines: list[str], info: str) -> str:
    language = info.split()[0][:_LONGEST_LANGUAGE] if info.split() else ""
    marked = f' class="language-{escape(language)}"' if language else ""
    return f"<pre><code{marked}>{escape(chr(10).join(lines), quote=False)}\n</code></pre>"


def _without_end(inside: list[Line], end: int) -> tuple[list[Line], int]:
    """Leave out the empty lines at the end."""
    while len(inside) > 1 and not inside[-1].text.strip():
        inside, end = inside[:-1], end - 1
    return inside, end


def indented(marker: str, block: Sequence[Line]) -> list[Line]:
    """Return ``block`` after ``marker``, with its other lines four columns deep."""
    first, *others = block
    return [Line(f"{marker}{first.text}".rstrip(" ") if not first.text else f"{marker}{first.text}", first.number)] + [
        Line(f"    {line.text}" if line.text else "", line.number) for line in others
    ]
