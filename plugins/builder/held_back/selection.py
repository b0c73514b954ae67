"""Chooses a version of each file that is at fault: the last one that holds together with all others.

A held only ever goes back: to an older version, and at last to none. So it ends, and always at the same versions, whoever builds.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath

from plugins.builder.held_back.chosen_files import ChosenFiles
from plugins.builder.held_back.conflicts import later_claim
from plugins.builder.held_back.history import History, Version
from plugins.builder.held_back.report import HeldBack, in_order
from plugins.builder.held_back.rows import TableRows, is_table, lost_names
from plugins.builder.options import BuildFailed
from plugins.diagnostics import ContentErrors, Diagnostic
from plugins.frontmatter.model.places import PATH as MUNICIPALITIES

_MOST_OUT, _SHARE = 20, 5
"""When more than 20 documents, and more than a fifth of all, would vanish from the site, a topic or a municipality was taken away that they name."""

_CONFLICT = "F305"
"""Two files want one address."""


_NAMES_PLACE = frozenset({"F208", "D201", "D301"})
"""A value of the front matter, or a row of the tables of public works and of the situation, that is not as it has to be; it may be a municipality."""

_WHOLE_TABLE = frozenset({"D101", "D102", "D103"})
"""The table cannot be read (`plugins.csv_table`), so it has no rows."""


@dataclass
class _HeldFile:
    """One file that is held back, with the versions that were not tried yet. ``version`` is None when none is left: the file stays out."""

    diagnostics: list[Diagnostic]
    older: Iterator[Version]
    version: Version | None = None
    causes: set[str] = field(default_factory=set)
    seen: set[str] = field(default_factory=set)


class Selection:
    """The chosen version of every file below ``content``, which lies in the folder ``root`` for the next run of the build."""

    def __init__(self, content: Path, root: Path, history: History) -> None:
        """Raises `OSError`."""
        self._content, self._files = content, ChosenFiles(content, root)
        self._history = history
        self._held: dict[str, _HeldFile] = {}
        self._tables: dict[str, TableRows] = {}
        self._lost_places: frozenset[str] | None = None
        self._rows: dict[str, dict[int, list[Diagnostic]]] = {}

    def hold_back(self, errors: ContentErrors) -> None:
        """Choose an older version of every file that ``errors`` blame. Raises them if a file is blamed that may not be held back.

        Those are files outside of ``content/``, such as ``publications.toml``, and what the build cannot do without.
        """
        blamed = self._blamed(errors)
        fresh = [path for path in blamed if path not in self._held]
        versions = self._history.versions(fresh)
        for path, diagnostics in blamed.items():
            if is_table(path) and path not in self._held and self._hold_rows(path, diagnostics, versions.get(path, ())):
                continue
            if path in fresh:
                self._held[path] = _HeldFile(diagnostics, self._older(versions.get(path, ())))
            elif self._held[path].version is None:  # it is out already, and the build wants it
                raise ContentErrors([*self._held[path].diagnostics, *errors.diagnostics])
            held = self._held[path]
            causes = {self._below(each.cause) for each in diagnostics if each.cause}
            held.causes |= {cause for cause in causes if cause and cause != path}
            self._choose(path, held)

    def _hold_rows(self, path: str, diagnostics: list[Diagnostic], versions: Sequence[Version]) -> bool:
        """Hold back the rows of a table that ``diagnostics`` name; tell whether that can be."""
        if any(each.rule in _WHOLE_TABLE or self._below(each.path) != path for each in diagnostics):
            self._tables.pop(path, None)
            return False
        table = self._tables.get(path) or TableRows(self._files.read(path), versions, self._history.read)
        lines = table.hold_back({each.line for each in diagnostics})
        if lines is None:
            self._tables.pop(path, None)
            return False
        self._tables[path] = table
        self._files.put(path, table.text)
        by_line = self._rows.setdefault(path, {})
        for each in diagnostics:
            by_line.setdefault(lines[each.line], []).append(replace(each, line=lines[each.line]))
        return True

    @property
    def root(self) -> Path:
        """The folder with the chosen versions."""
        return self._files.root

    def names(self) -> frozenset[str]:
        """Return the files below ``content/`` that are held back."""
        return frozenset(self._held)

    def check(self) -> None:
        """Raises `BuildFailed` if so many documents would stay out that something else must be wrong than they."""
        out = sum(held.version is None and path.endswith(".md") for path, held in self._held.items())
        documents = sum(name.endswith(".md") for name in self._files.names) + out
        if out > _MOST_OUT and out * _SHARE > documents:
            raise BuildFailed(
                f"{documents}件の原稿のうち{out}件に、よい版が一つもありません。publications.toml か content/data/ の表を確かめてください（todoke check）。何も変えていません"
                f" / {out} of {documents} documents have no version that holds: look at publications.toml and the tables in content/data/ (todoke check). Nothing was changed"
            )

    def held_back(self) -> tuple[HeldBack, ...]:
        """Return what is held back."""
        rows = [
            self._row_entry(path, table, line, diagnostics)
            for path, table in self._tables.items()
            for line, diagnostics in sorted(self._rows[path].items())
        ]
        return in_order([*(self._entry(path, held) for path, held in self._held.items()), *rows])

    def _row_entry(self, path: str, table: TableRows, line: int, diagnostics: list[Diagnostic]) -> HeldBack:
        held = _HeldFile(diagnostics, iter(()), table.version_of(line))
        return replace(self._entry(path, held), what="row")

    def _entry(self, path: str, held: _HeldFile) -> HeldBack:
        version, name = held.version, self._content.name
        return HeldBack(
            f"{name}/{path}",
            tuple(sorted(set(held.diagnostics))),
            is_public=version is not None,
            commit=version.commit if version else "",
            date=version.date if version else "",
            name=f"{name}/{version.path}" if version else "",
            because_of=tuple(f"{name}/{cause}" for cause in sorted(held.causes) if cause in self._held),
            is_cut=version is None and self._history.is_cut,
        )

    def _choose(self, path: str, held: _HeldFile) -> None:
        """Put the next older version of ``path`` into the folder, or nothing."""
        for version in held.older:
            data = self._history.read(version) if version.key not in held.seen else None
            held.seen.add(version.key)
            if data is not None:
                held.version = version
                self._files.put(path, data)
                return
        held.version = None
        self._files.remove(path)

    def _older(self, versions: Sequence[Version]) -> Iterator[Version]:
        """Yield the versions, and then those under earlier names."""
        while versions:
            yield from versions
            versions = self._history.before_rename(versions[-1])

    def _blamed(self, errors: ContentErrors) -> dict[str, list[Diagnostic]]:
        """Return the files to hold back now, with their diagnostics. What may hold as soon as another file does is left for the next run."""
        own = {path for each in errors.diagnostics if not each.cause and (path := self._below(each.path))}
        blamed: dict[str, list[Diagnostic]] = {}
        for each in errors.diagnostics:
            path, cause = self._below(each.path), self._below(each.cause)
            if cause in own and cause != path:
                continue
            if path and self._names_lost_place(each):
                path = str(MUNICIPALITIES)
            elif cause and path and each.rule == _CONFLICT:
                path = later_claim(self._history, (cause, self._files.read(cause)), (path, self._files.read(path)))
            elif cause and self._is_at_fault(each, cause):
                path = cause
            if path is None:
                raise errors
            blamed.setdefault(path, []).append(each)
        return blamed

    def _names_lost_place(self, diagnostic: Diagnostic) -> bool:
        """Tell whether a document or a row names a municipality that somebody took out of the table, which then is what is wrong."""
        if diagnostic.rule not in _NAMES_PLACE:
            return False
        if self._lost_places is None:
            current, path = self._files.read(str(MUNICIPALITIES)), str(MUNICIPALITIES)
            older = (self._history.read(version) for version in self._history.versions([path])[path])
            self._lost_places = frozenset(name for data in older if data for name in lost_names(current, data))
        return any(f"「{name}」という市町村" in diagnostic.ja for name in self._lost_places)

    def _is_at_fault(self, diagnostic: Diagnostic, cause: str) -> bool:
        """Tell whether the file ``cause`` is wrong, not the document that names it: a picture or a PDF that cannot be read, or one that has to be there."""
        return not cause.endswith(".md") and (cause in self._files.names or self._below(diagnostic.path) is None)

    def _below(self, path: PurePosixPath | None) -> str | None:
        """Return ``path`` relative to ``content/``; None for a file elsewhere."""
        if path is None:
            return None
        folders: Iterable[object] = (self._content.name, "content", self._files.root, self._content)
        return next((str(path.relative_to(str(folder))) for folder in folders if path.is_relative_to(str(folder))), None)
