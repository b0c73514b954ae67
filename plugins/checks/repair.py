"""What `todoke check --fix` writes: only where a rule knows the one right text, and never into code, links, addresses or keys."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from plugins.checks.inspection import apply_rules, content_type_of
from plugins.checks.levels import Levels
from plugins.checks.rules.manuscript import HIDDEN, Manuscript, manuscript, read_manuscript
from plugins.checks.rules.rule import Hit
from plugins.files import write_atomically
from plugins.frontmatter.model.registry import Registry
from plugins.frontmatter.parse.source import find_sources

_ROUNDS = 3
"""One repair may uncover another (２０１５／３／２１ → 2015/3/21 → 2015年3月21日); more than this many never happened."""


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
    """Repair every source below ``content``; with ``write`` false only say what would change. Partner entries are never touched."""
    changes: list[Repair] = []
    for path in find_sources(content):
        source = read_manuscript(content, path)
        if source is None or content_type_of(source, path, registry) == "partner":
            continue
        mended = repaired(source, levels)
        if mended != source.text:
            changes += _changes(source, mended)
            if write:
                _replace(content / path, mended)
    return changes


def repaired(source: Manuscript, levels: Levels) -> str:
    """Return the text of ``source`` with every safe repair made. It never gains or loses a line."""
    text = source.text
    for _ in range(_ROUNDS):
        now = manuscript(source.path, text, source.weigh)
        hits = [finding.hit for finding in apply_rules(now, levels)]
        mended = _apply(now, [hit for hit in hits if hit.instead is not None and HIDDEN not in now.loose[hit.start : hit.end]])
        if mended == text:
            break
        text = mended
    return text


def _apply(source: Manuscript, hits: list[Hit]) -> str:
    text, end = source.text, len(source.text) + 1
    for hit in sorted(hits, key=lambda hit: hit.start, reverse=True):
        if hit.end <= end:  # two rules on one place: the later round sees what is left
            text = text[: hit.start] + str(hit.instead) + text[hit.end :]
            end = hit.start
    return text


def _changes(source: Manuscript, mended: str) -> list[Repair]:
    pairs = zip(source.text.split("\n"), mended.split("\n"), strict=True)
    return [Repair(source.path, number, before, after) for number, (before, after) in enumerate(pairs, 1) if before != after]


def _replace(path: Path, text: str) -> None:
    """Write beside the file and swap, with the line ends and the byte-order mark it had: an interruption loses nothing."""
    raw = path.read_bytes()
    mark = b"\xef\xbb\xbf" if raw.startswith(b"\xef\xbb\xbf") else b""
    ends = "\r\n" if b"\r\n" in raw else "\n"
    write_atomically(path, mark + text.replace("\n", ends).encode("utf-8"))
