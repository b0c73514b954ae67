"""Where `todoke readings doubtful` looks: the words of every source and of the tables that readers see, line by line."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from plugins.checks.rules.manuscript import HIDDEN, read_manuscript
from plugins.csv_table import UnreadableCsv, read_csv
from plugins.frontmatter.model.places import PATH as MUNICIPALITIES
from plugins.frontmatter.model.registry import Registry, read_registry
from plugins.frontmatter.parse.source import find_sources
from plugins.inputs import InputFolder
from plugins.readings.doubtful import DoubtfulWord, Line, doubtful_words
from plugins.readings.known import KnownReadings, known_readings
from plugins.readings.table import PATH as READINGS
from plugins.readings.table import read_table

_NO_WORDS = {READINGS, PurePosixPath(MUNICIPALITIES), PurePosixPath("data/synonyms.csv")}
"""Tables that say how something is read, or that no reader sees."""


def find_doubtful(content: Path, publications: Path) -> list[DoubtfulWord]:
    """Return the doubtful words of all sources below ``content``. Raises `ContentErrors` if the settings do not hold."""
    return doubtful_words(_lines(content), site_readings(content, publications))


def site_readings(content: Path, publications: Path) -> KnownReadings:
    """Return what the site's tables say of readings. A row that is at fault counts for nothing here; the build reports it. Raises `ContentErrors`."""
    registry: Registry = read_registry(publications, content / MUNICIPALITIES)
    table, _ = read_table(content, registry)
    return known_readings(table, registry.places.values())


def _lines(content: Path) -> Iterator[Line]:
    for path in find_sources(content):
        if source := read_manuscript(content, path):
            for number, text in enumerate(source.prose.split("\n"), 1):
                yield Line(source.path, number, text.replace(HIDDEN, " ").strip())
    files = InputFolder(content)
    for file in sorted((content / "data").rglob("*.csv")):
        path = PurePosixPath(file.relative_to(content).as_posix())
        if path not in _NO_WORDS:
            yield from _cells(files, path, content.name)


def _cells(files: InputFolder, path: PurePosixPath, folder: str) -> Iterator[Line]:
    try:
        rows = read_csv(files, path, ())
    except UnreadableCsv:  # the build says so
        return
    for row in rows:
        for cell in row.cells.values():
            yield Line(PurePosixPath(folder, path), row.line, cell)
