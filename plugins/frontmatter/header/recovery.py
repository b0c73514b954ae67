"""Reads front matter that does not hold, as it was most likely meant, and tells each mistake: so that one run of `todoke check` tells all of them.

What is read in this way is only checked further. Nothing of it is ever published.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from plugins.control_characters import CONTROL, control_words
from plugins.frontmatter.header.fences import find_fences
from plugins.frontmatter.header.leftovers import Leftover, conflict_leftovers, find_second_header, merged
from plugins.frontmatter.header.yaml_block import FrontMatterError, Place, parse_yaml
from plugins.frontmatter.header.yaml_words import Culprit, find_silent, mend_line

_MOST = 20
"""Mistakes of one kind that are told. More are no slips: the file is something else."""

_KEYS = re.compile(r"(?:^|[,、，;])[ \t\u3000]*([A-Za-z_]\w*)[ \t]*[:：]")


@dataclass(frozen=True)
class HeaderMistake:
    """A mistake: its line from 1, what is wrong in both languages, the code of the rule."""

    line: int
    ja: str
    en: str
    rule: str


@dataclass(frozen=True)
class RecoveredHeader:
    """``data`` is None if the front matter cannot be read at all. ``lost`` are keys whose values are not known: nobody is told that they are missing.

    ``mended`` is the text of the file with each mistake put right, on the same lines; None if it is YAML already, or if a person has to decide.
    """

    data: dict[str, object] | None
    lines: dict[Place, int]
    body: str
    body_line: int
    mistakes: tuple[HeaderMistake, ...]
    lost: frozenset[str]
    mended: str | None


def recover_header(text: str) -> RecoveredHeader:
    """Read the front matter of ``text``, whose lines end in LF."""
    controls = [_control(text, match) for match, _ in zip(CONTROL.finditer(text), range(_MOST), strict=False)]
    conflicts = [_of_leftover(each) for each in conflict_leftovers(text)[:_MOST]]
    lines = CONTROL.sub("", merged(text)).split("\n")
    fences = find_fences(lines)
    of_fences = [HeaderMistake(mistake.line + 1, mistake.ja, mistake.en, "F104") for mistake in fences.mistakes]
    reader = _Reader(lines[fences.first : fences.last], fences.first + 1)
    reader.read()
    second = find_second_header("\n".join(lines[fences.body :]))
    first_of_body = fences.body + ("\n".join(lines[fences.body :]).count("\n", 0, second.end) + 1 if second else 0)
    mistakes = (*controls, *conflicts, *of_fences, *reader.mistakes, *([_of_leftover(second, fences.body)] if second else ()))
    mended = None
    if reader.is_mended and not controls and not of_fences and not conflicts:
        mended = "\n".join([*lines[: fences.first], *reader.lines, *lines[fences.last :]])
    if not fences.last and lines[0].startswith("# "):
        lines[0] = ""  # the title, which stands where other programs have it; only that it is not in front matter is a mistake
    body = "\n".join(lines[first_of_body:])
    has_header = fences.last > fences.first
    return RecoveredHeader(
        reader.data if has_header else None, reader.places, body, first_of_body + 1, mistakes, frozenset(reader.lost), mended
    )


def mended_header(text: str) -> str | None:
    """Return ``text`` with front matter that can be read, on the same lines; None if it can be already, or if a person has to decide."""
    return recover_header(text).mended if _block(text) is not None and header_data(text) is None else None


def header_data(text: str) -> dict[str, object] | None:
    """Return the values of the front matter, all of them text; None if it cannot be read as it is."""
    block = _block(text)
    try:
        return parse_yaml(block)[0] if block is not None else None
    except FrontMatterError:
        return None


def _block(text: str) -> str | None:
    lines = text.split("\n")
    stripped = [line.rstrip() for line in lines]
    has_fences = stripped[0] == "---" and "---" in stripped[1:]
    return "\n".join(lines[1 : stripped.index("---", 1)]) if has_fences else None


def _of_leftover(leftover: Leftover, first: int = 0) -> HeaderMistake:
    return HeaderMistake(first + leftover.line + 1, leftover.ja, leftover.en, leftover.rule)


def _control(text: str, match: re.Match[str]) -> HeaderMistake:
    return HeaderMistake(text.count("\n", 0, match.start()) + 1, *control_words(match[0]), "F103")


class _Reader:
    """Reads ``lines``, the first of which is the line ``first_line`` of the file, and puts a line right after each mistake."""

    def __init__(self, lines: list[str], first_line: int) -> None:
        self.lines, self.first_line = list(lines), first_line
        self.data: dict[str, object] | None = None
        self.places: dict[Place, int] = {}
        self.mistakes: list[HeaderMistake] = []
        self.lost: set[str] = set()
        self.is_mended = self.needs_person = False

    def read(self) -> None:
        for culprit in find_silent("\n".join(self.lines)):
            self._keep(culprit)
        has_silent = bool(self.mistakes)  # these lines are YAML, and may be meant as they stand
        for _ in range(_MOST):
            try:
                self.data, self.places = parse_yaml("\n".join(self.lines), first_line=self.first_line)
            except FrontMatterError as error:
                if not self._go_on(error):
                    return
            else:
                self.is_mended = bool(self.mistakes) and not has_silent and not self.needs_person
                return

    def _go_on(self, error: FrontMatterError) -> bool:
        """Put the line of ``error`` right, or leave it out. Return whether to read once more."""
        at = error.line - self.first_line
        self.mistakes.append(HeaderMistake(error.line, error.ja, error.en, error.rule))
        if error.rule not in ("F105", "F103") or not 0 <= at < len(self.lines) or not self.lines[at].strip():
            return False
        mended = error.mended if error.mended is not None else mend_line(self.lines[at])
        if mended is None or mended == self.lines[at]:
            self.needs_person = True
            self.lost.update(_KEYS.findall(self.lines[at]))
            mended = ""
        self.lines[at] = mended
        return True

    def _keep(self, culprit: Culprit) -> None:
        self.mistakes.append(HeaderMistake(culprit.line + self.first_line, culprit.ja, culprit.en, "F105"))
        if culprit.mended is not None:
            self.lines[culprit.line] = culprit.mended
