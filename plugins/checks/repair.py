"""What `todoke check --fix` writes: only where a rule knows the one right text, and never into code, links, addresses or keys; and front matter that is
no YAML, where what was meant is certain (``title：``).
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from plugins.checks.inspection import apply_rules, content_type_of
from plugins.checks.levels import Levels
from plugins.checks.rules.dates import date_values
from plugins.checks.rules.manuscript import HIDDEN, Manuscript, manuscript, read_manuscript
from plugins.diagnostics import Fix
from plugins.files import write_into
from plugins.frontmatter.header.recovery import header_data, mended_header
from plugins.frontmatter.model.registry import Registry
from plugins.frontmatter.parse.source import find_sources
from plugins.inputs import InputFolder

_ROUNDS = 3
"""One repair may uncover another (２０１５／３／２１ → 2015/3/21 → 2015年3月21日). More rounds than this were never needed."""


@dataclass(frozen=True)
class Repair:
    """One line of one source, before and after."""

    path: PurePosixPath
    line: int
    before: str
    after: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}:\n  - {self.before}\n  + {self.after}"


def repair(content: Path, registry: Registry, levels: Levels, *, write: bool) -> list[Repair]:
    """Repair every source below ``content``; with ``write`` false only return what would change. Partner entries are never touched."""
    repairs: list[Repair] = []
    for path in find_sources(content):
        source = read_manuscript(content, path)
        if source is None or content_type_of(source, path, registry) == "partner":
            continue
        text = repaired(source, levels)
        if text != source.text:
            repairs += _changed_lines(source, text)
            if write:
                _replace(content, path, text)
    return repairs


def repaired(source: Manuscript, levels: Levels) -> str:
    """Return the text of ``source`` with every safe repair made. It never gains or loses a line."""
    text = mended_header(source.text) or source.text
    for _ in range(_ROUNDS):
        current = manuscript(source.path, text, source.size_of)
        fixes = [diagnostic.fix for diagnostic in apply_rules(current, levels) if diagnostic.fix]
        dates = set(date_values(current))  # the reader of front matter reads them, and T106 knows what it reads
        fixes = [fix for fix in fixes if (fix.start, fix.end) in dates or HIDDEN not in current.loose[fix.start : fix.end]]
        following = _apply(text, fixes, current.body)
        if following == text:
            break
        text = following
    return text


def _has_shape(after: object, before: object) -> bool:
    """Tell whether ``after`` has the keys and entries of ``before``, and no text that became empty."""
    if isinstance(before, dict):
        return isinstance(after, dict) and after.keys() == before.keys() and all(_has_shape(after[key], before[key]) for key in before)
    if isinstance(before, list):
        return isinstance(after, list) and len(after) == len(before) and all(map(_has_shape, after, before))
    return isinstance(after, str) and bool(after.strip() or not str(before).strip())


def _apply(text: str, fixes: list[Fix], body: int) -> str:
    """Apply ``fixes`` from the end of the text to its beginning, so that the offsets of those that remain stay right.

    Before ``body`` none is applied that would change the shape of the front matter: without what stood before it, a ``>`` or ``#`` is a mark of YAML.
    """
    free, header = len(text) + 1, header_data(text)  # everything before this offset is as it was
    for fix in sorted(fixes, key=lambda fix: fix.start, reverse=True):
        if fix.end > free:
            continue  # two rules want the same place: the next round sees what the first of them left
        following = text[: fix.start] + fix.text + text[fix.end :]
        if fix.start >= body or header is None or _has_shape(header_data(following), header):
            text, free = following, fix.start
    return text


def _changed_lines(source: Manuscript, text: str) -> list[Repair]:
    pairs = zip(source.text.split("\n"), text.split("\n"), strict=True)
    return [Repair(source.path, number, before, after) for number, (before, after) in enumerate(pairs, 1) if before != after]


def _replace(content: Path, path: PurePosixPath, text: str) -> None:
    """Write beside the file and swap, with the line ends and the byte-order mark it had: an interruption loses nothing."""
    old_bytes = InputFolder(content).read(str(path))
    mark = b"\xef\xbb\xbf" if old_bytes.startswith(b"\xef\xbb\xbf") else b""
    ends = next((end for end in ("\r\n", "\n", "\r") if end.encode() in old_bytes), "\n")
    write_into(content, str(path), mark + text.replace("\n", ends).encode("utf-8"), replace=True)
