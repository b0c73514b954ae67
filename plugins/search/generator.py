"""Writes the index, the entries, the search page and the titles of every year."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

from pelican.generators import Generator
from pelican.writers import Writer

from plugins.frontmatter.document import Document
from plugins.frontmatter.library import Library
from plugins.frontmatter.reader import SETTING

from .entries import Entry, entry
from .index import collect, cut


class SearchGenerator(Generator):  # type: ignore[misc]
    """Oldest document first: a new one gets the next number, and the files of the others stay as they are."""

    def generate_output(self, writer: Writer) -> None:
        """Write everything below ``/search/``."""
        library: Library = self.settings[SETTING]
        dated = library.live()
        standing = [d for d in library.documents.values() if d.kind == "page" and d.is_live(library.now)]
        entries = [entry(document) for document in (*standing, *dated)]
        shards = write_index(Path(self.output_path) / "search", entries)
        years = _by_year(dated)
        self._page(writer, "/search/", "search", years=years, found_in=len(entries), shards=shards)
        for year, documents in years.items():
            self._page(writer, f"/search/titles/{year}/", "titles", year=year, years=years, documents=documents)

    def _page(self, writer: Writer, url: str, template: str, **values: object) -> None:
        writer.write_file(f"{url.lstrip('/')}index.html", self.get_template(template), self.context, url=url, page_url=url, **values)


def write_index(folder: Path, entries: Sequence[Entry]) -> int:
    """Write ``s/<number>.json`` for each shard and ``d/<number>.json`` for each entry; return the number of shards."""
    shards = cut(collect(f"{found.title}\n{found.words}" for found in entries), len(entries))
    for number, shard in enumerate(shards):
        _write(folder / "s" / f"{number}.json", shard)
    for number, found in enumerate(entries):
        shown = {"u": found.url, "t": found.title, "d": found.date, "p": found.publication, "w": found.words}
        _write(folder / "d" / f"{number}.json", shown)
    return len(shards)


def _write(path: Path, value: dict[str, str]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(value, ensure_ascii=False, separators=(",", ":")), encoding="utf-8", newline="\n")


def _by_year(documents: Sequence[Document]) -> dict[int, list[Document]]:
    """Newest year first; in a year the newest document first."""
    years: dict[int, list[Document]] = defaultdict(list)
    for document in reversed(documents):
        years[document.date.year].append(document)
    return dict(years)
