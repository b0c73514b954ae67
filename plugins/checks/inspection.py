"""All rules over all sources."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from plugins.frontmatter.faults import Fault
from plugins.frontmatter.library import find_sources
from plugins.frontmatter.registry import Registry

from .levels import Levels
from .manuscript import Manuscript, read_manuscript
from .rule import Hit, Level
from .rules import RULES

_KIND = re.compile(r"^kind:[ \t]*[\"']?(\w+)", re.MULTILINE)


@dataclass(frozen=True)
class Finding:
    """One hit of one rule in one source, with the level that counts there."""

    code: str
    level: Level
    fault: Fault
    hit: Hit


@dataclass(frozen=True)
class Inspection:
    """``sources`` were read, ``rules`` codes were tried, and this was found, by file and line."""

    sources: int
    rules: tuple[str, ...]
    findings: tuple[Finding, ...]

    @property
    def errors(self) -> tuple[Finding, ...]:
        """What stops a build."""
        return tuple(finding for finding in self.findings if finding.level == "error")

    @property
    def warnings(self) -> tuple[Finding, ...]:
        """What is only told."""
        return tuple(finding for finding in self.findings if finding.level == "warn")


def inspect(content: Path, registry: Registry, levels: Levels) -> Inspection:
    """Try every rule that is not off on every source below ``content``.

    Imported partner entries are left out: they are somebody else's words. In an urgent notice an error counts as a warning: a warning to the public
    is never held up by its typography.
    """
    findings: list[Finding] = []
    sources = 0
    for path in find_sources(content):
        source = read_manuscript(content, path)
        kind = kind_of(source, path, registry) if source else "partner"
        if source and kind != "partner":
            sources += 1
            findings += judge(source, levels, urgent=kind == "notice")
    tried = tuple(code for code, level in levels.items() if level != "off")
    return Inspection(sources, tried, tuple(sorted(findings, key=lambda finding: (finding.fault, finding.code))))


def judge(source: Manuscript, levels: Levels, *, urgent: bool = False) -> Iterator[Finding]:
    """Yield what the rules find in one source."""
    for code, level in levels.items():
        if level != "off":
            counted: Level = "warn" if urgent else level
            yield from _findings(source, code, counted, RULES[code].find(source))


def kind_of(source: Manuscript, path: PurePosixPath, registry: Registry) -> str:
    """Return the kind of document: what it says itself, or what its publication is."""
    if written := _KIND.search(source.text, 0, source.body):
        return written[1]
    publication = registry.publications.get(path.parts[0])
    return publication.kind if publication else path.parts[0]


def _findings(source: Manuscript, code: str, level: Level, hits: Iterable[Hit]) -> Iterator[Finding]:
    ja, en = ("", "") if level == "error" else ("注意：", "warning: ")
    for hit in hits:
        yield Finding(code, level, Fault(source.path, source.line(hit.start), f"{code} {ja}{hit.ja}", f"{code} {en}{hit.en}"), hit)
