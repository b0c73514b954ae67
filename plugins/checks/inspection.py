"""All rules over all sources."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path, PurePosixPath

from plugins.checks.levels import Levels
from plugins.checks.rules.catalogue import RULES
from plugins.checks.rules.manuscript import Manuscript, file_size, read_manuscript
from plugins.checks.rules.rule import Hit, Level
from plugins.diagnostics import Diagnostic
from plugins.frontmatter.library import Library
from plugins.frontmatter.model.registry import Registry
from plugins.frontmatter.parse.source import find_sources
from plugins.processes import map_batches

_KIND = re.compile(r"^kind:[ \t]*[\"']?(\w+)", re.MULTILINE)


@dataclass(frozen=True)
class RuleDiagnostic:
    """One hit of one rule in one source, with the level that counts there."""

    code: str
    level: Level
    fault: Diagnostic
    hit: Hit


@dataclass(frozen=True)
class Inspection:
    """``sources`` were read, ``rules`` codes were tried, and this was found, by file and line."""

    sources: int
    rules: tuple[str, ...]
    findings: tuple[RuleDiagnostic, ...]

    @property
    def errors(self) -> tuple[RuleDiagnostic, ...]:
        """What stops a build."""
        return tuple(finding for finding in self.findings if finding.level == "error")

    @property
    def warnings(self) -> tuple[RuleDiagnostic, ...]:
        """What is only told."""
        return tuple(finding for finding in self.findings if finding.level == "warn")


def inspect(content: Path, registry: Registry, levels: Levels, library: Library | None = None) -> Inspection:
    """Try every rule that is not off on every source below ``content``.

    Imported partner entries are left out: they are somebody else's words. In an urgent notice an error counts as a warning: a warning to the public
    is never held up by its typography. With a ``library``, what was found before in the same bytes is taken from its store.
    """
    desk = _Inspector(content, registry, levels)
    before = {path: (key, found or _CLEAN) for path, (key, found) in library.cache.notes(_ROOM).items()} if library else {}
    keys = {str(path): desk.key(told) for path, told in library.digests.items()} if library else {}
    paths = list(keys) if library else list(map(str, find_sources(content)))
    known = {
        path: before[path][1]
        for path in paths
        if path in before and before[path][0] == keys.get(path) and desk.holds(path, before[path][1])
    }
    fresh = {path: found for _, batch in map_batches(desk.look, [path for path in paths if path not in known]) for path, found in batch}
    if library:
        library.cache.note(_ROOM, [(path, keys[path], None if found == _CLEAN else found) for path, found in fresh.items() if path in keys])
    looked = {**known, **fresh}
    findings = [finding for found in looked.values() for finding in found.findings]
    tried = tuple(code for code, level in levels.items() if level != "off")
    sources = sum(found.counts for found in looked.values())
    return Inspection(sources, tried, tuple(sorted(findings, key=lambda finding: (finding.fault, finding.code))))


_ROOM = "checks"


@dataclass(frozen=True)
class _Looked:
    """What was found in one source, and what it weighed: name of a file, its bytes. ``counts`` unless it is somebody else's."""

    counts: bool
    findings: tuple[RuleDiagnostic, ...]
    weighed: tuple[tuple[str, int | None], ...]


_CLEAN = _Looked(True, (), ())
"""Most sources. Nothing is stored for them but that they are."""


@dataclass(frozen=True)
class _Inspector:
    content: Path
    registry: Registry
    levels: Levels

    def key(self, source: bytes) -> bytes:
        """On what the findings depend: the bytes of the source, and the levels."""
        return hashlib.blake2b(source + self._told_levels, digest_size=16).digest()

    @cached_property
    def _told_levels(self) -> bytes:
        return repr(sorted(self.levels.items())).encode()

    def holds(self, path: str, found: _Looked) -> bool:
        """Tell whether the files that a source names weigh what they did."""
        return all(file_size((self.content / path).parent / name) == size for name, size in found.weighed)

    def look(self, paths: Sequence[str]) -> list[tuple[str, _Looked]]:
        return [(path, self._look(PurePosixPath(path))) for path in paths]

    def _look(self, path: PurePosixPath) -> _Looked:
        source = read_manuscript(self.content, path)
        kind = content_type_of(source, path, self.registry) if source else "partner"
        if source is None or kind == "partner":
            return _Looked(False, (), ())
        weighed = dict[str, int | None]()

        def weigh(name: str) -> int | None:
            weighed[name] = source.weigh(name)
            return weighed[name]

        findings = tuple(apply_rules(replace(source, weigh=weigh), self.levels, urgent=kind == "notice"))
        return _Looked(True, findings, tuple(weighed.items()))


def apply_rules(source: Manuscript, levels: Levels, *, urgent: bool = False) -> Iterator[RuleDiagnostic]:
    """Yield what the rules find in one source."""
    for code, level in levels.items():
        if level != "off":
            counted: Level = "warn" if urgent else level
            yield from _findings(source, code, counted, RULES[code].find(source))


def content_type_of(source: Manuscript, path: PurePosixPath, registry: Registry) -> str:
    """Return the kind of document: what it says itself, or what its publication is."""
    if written := _KIND.search(source.text, 0, source.body):
        return written[1]
    publication = registry.publications.get(path.parts[0])
    return publication.content_type if publication else path.parts[0]


def _findings(source: Manuscript, code: str, level: Level, hits: Iterable[Hit]) -> Iterator[RuleDiagnostic]:
    ja, en = ("", "") if level == "error" else ("注意：", "warning: ")
    for hit in hits:
        yield RuleDiagnostic(
            code, level, Diagnostic(source.path, source.line(hit.start), f"{code} {ja}{hit.ja}", f"{code} {en}{hit.en}"), hit
        )
