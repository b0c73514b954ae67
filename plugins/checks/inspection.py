"""Runs all rules over all sources."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path, PurePosixPath

from plugins.checks.levels import Levels
from plugins.checks.rules.catalogue import RULES
from plugins.checks.rules.manuscript import Manuscript, file_size, read_manuscript
from plugins.checks.rules.rule import Hit
from plugins.diagnostics import Diagnostic, Fix, Severity, unexpected
from plugins.frontmatter.library import Library
from plugins.frontmatter.model.registry import Registry
from plugins.frontmatter.parse.source import find_sources
from plugins.inputs import InputFolder
from plugins.watched import Overrun, is_quick, map_watched

_KIND = re.compile(r"^kind:[ \t]*[\"']?(\w+)", re.MULTILINE)


@dataclass(frozen=True)
class Inspection:
    """``sources`` files were read, the rules with the codes ``rules`` were run, and this is their result, by file and line."""

    sources: int
    rules: tuple[str, ...]
    diagnostics: tuple[Diagnostic, ...]

    @property
    def errors(self) -> tuple[Diagnostic, ...]:
        """What stops a build."""
        return tuple(diagnostic for diagnostic in self.diagnostics if diagnostic.severity == "error")

    @property
    def warnings(self) -> tuple[Diagnostic, ...]:
        """What stops nothing."""
        return tuple(diagnostic for diagnostic in self.diagnostics if diagnostic.severity == "warning")


def inspect(
    content: Path, registry: Registry, levels: Levels, library: Library | None = None, inspected: Inspected | None = None
) -> Inspection:
    """Run every rule that is not off on every source below ``content``.

    Imported partner entries are left out: their words are another author's. In an urgent notice an error counts as a warning: typography never
    holds up a warning to the public. With a ``library``, the results for the same bytes are taken from its content cache, or from what was ``inspected``
    in this process with the same levels and registry; that is brought up to date.
    """
    inspector = _Inspector(content, registry, levels)
    digests = {str(path): digest for path, digest in library.digests.items()} if library else {}
    known = inspector.known(digests, inspected) if inspected else inspector.cached(digests, library) if library else {}
    missing = [path for path in (digests if library else map(str, find_sources(content))) if path not in known]
    fresh = {
        path: inspector.given_up(result) if isinstance(result, Overrun) else result
        for path, result in map_watched(inspector.inspect_one, missing, quick=is_quick(InputFolder(content), missing))
    }
    if library:
        notes = [
            (path, inspector.key(digests[path]), None if result == _CLEAN else result) for path, result in fresh.items() if path in digests
        ]
        library.cache.note(_NAME, notes)
    results = known | fresh
    if inspected is not None:
        inspected |= {path: (digest, results[path]) for path, digest in digests.items()}
    diagnostics = sorted((diagnostic for result in results.values() for diagnostic in result.diagnostics), key=_by_place)
    codes = tuple(code for code, level in levels.items() if level != "off")
    return Inspection(sum(result.counts for result in results.values()), codes, tuple(diagnostics))


def inspect_source(content: Path, registry: Registry, levels: Levels, path: PurePosixPath) -> tuple[Diagnostic, ...]:
    """Run every rule that is not off on one source below ``content``; an imported partner entry has no diagnostics, as in `inspect`."""
    inspector = _Inspector(content, registry, levels)
    ((_, result),) = map_watched(inspector.inspect_one, [str(path)], quick=is_quick(InputFolder(content), [str(path)]))
    return (inspector.given_up(result) if isinstance(result, Overrun) else result).diagnostics


def hints(diagnostics: Iterable[Diagnostic]) -> list[tuple[str, str, int]]:
    """Return what the site and the report say of diagnostics: rule, severity, line."""
    return sorted((each.rule, each.severity, each.line) for each in diagnostics)


_NAME = "checks"
"""The name under which the content cache keeps the results."""


def _by_place(diagnostic: Diagnostic) -> tuple[PurePosixPath, int, str, int]:
    return diagnostic.path, diagnostic.line, diagnostic.rule, diagnostic.column


@dataclass(frozen=True)
class _Result:
    """The result for one source.

    ``sizes`` holds the name of each file that a rule asked for, and its bytes: the result holds as long as they do. ``counts`` is false for
    sources that no rule looks at.
    """

    counts: bool
    diagnostics: tuple[Diagnostic, ...]
    sizes: tuple[tuple[str, int | None], ...]


Inspected = dict[str, tuple[bytes, _Result]]
"""By path, the digest of a source's bytes and its result."""

_CLEAN = _Result(True, (), ())
"""The result of most sources. The cache stores None for it, so that thousands of equal results take no room."""


@dataclass(frozen=True)
class _Inspector:
    content: Path
    registry: Registry
    levels: Levels

    def key(self, digest: bytes) -> bytes:
        """Return the cache key: the result depends on the bytes of the source and on the levels."""
        return hashlib.blake2b(digest + self._levels_as_bytes, digest_size=16).digest()

    def cached(self, digests: Mapping[str, bytes], library: Library) -> dict[str, _Result]:
        """Return the results, by path, that the content cache holds for these bytes."""
        notes = library.cache.notes(_NAME, _Result)
        return {
            path: result
            for path, digest in digests.items()
            if (note := notes.get(path)) and note[0] == self.key(digest) and self.is_current(path, result := note[1] or _CLEAN)
        }

    def known(self, digests: Mapping[str, bytes], inspected: Inspected) -> dict[str, _Result]:
        """Return those results that are of the same bytes."""
        return {
            path: last[1]
            for path, digest in digests.items()
            if (last := inspected.get(path)) and last[0] == digest and self.is_current(path, last[1])
        }

    @cached_property
    def _levels_as_bytes(self) -> bytes:
        return repr(sorted(self.levels.items())).encode()

    def is_current(self, path: str, result: _Result) -> bool:
        """Tell whether the files that a source links to still have the sizes that the result was made with."""
        return all(file_size(self._files, PurePosixPath(path), name) == size for name, size in result.sizes)

    @cached_property
    def _files(self) -> InputFolder:
        return InputFolder(self.content)

    def inspect_one(self, path: str) -> _Result:
        """Return the result for one source. Whatever goes wrong is a diagnostic with its name."""
        try:
            return self._inspect(PurePosixPath(path))
        except Exception as error:
            return _Result(True, (unexpected(PurePosixPath(self.content.name, path), error),), ())

    def given_up(self, overrun: Overrun[str]) -> _Result:
        """Return the result for a source that takes too long."""
        return _Result(True, (overrun.diagnostic(PurePosixPath(self.content.name, overrun.item)),), ())

    def _inspect(self, path: PurePosixPath) -> _Result:
        source = read_manuscript(self.content, path)
        kind = content_type_of(source, path, self.registry) if source else "partner"
        if source is None or kind == "partner":
            return _Result(False, (), ())
        sizes = dict[str, int | None]()

        def size_of(name: str) -> int | None:
            sizes[name] = source.size_of(name)
            return sizes[name]

        diagnostics = tuple(apply_rules(replace(source, size_of=size_of), self.levels, urgent=kind in ("notice", "drill")))
        return _Result(True, diagnostics, tuple(sizes.items()))


def apply_rules(source: Manuscript, levels: Levels, *, urgent: bool = False) -> Iterator[Diagnostic]:
    """Yield the diagnostics of every rule for one source."""
    for code, level in levels.items():
        if level != "off":
            severity: Severity = "error" if level == "error" and not urgent else "warning"
            yield from (_diagnostic(source, code, severity, hit) for hit in RULES[code].find(source))


def content_type_of(source: Manuscript, path: PurePosixPath, registry: Registry) -> str:
    """Return the content type of a source: its own ``kind``, or that of its publication."""
    if own := _KIND.search(source.text, 0, source.body):
        return own[1]
    publication = registry.publications.get(path.parts[0])
    return publication.content_type if publication else path.parts[0]


def _diagnostic(source: Manuscript, code: str, severity: Severity, hit: Hit) -> Diagnostic:
    fix = Fix(hit.start, hit.end, hit.replacement) if hit.replacement is not None else None
    return Diagnostic(source.path, source.line(hit.start), hit.ja, hit.en, code, severity, source.column(hit.start), fix=fix)
