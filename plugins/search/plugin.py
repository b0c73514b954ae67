"""Writes the index, the entries, the search page and the titles of every year."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from pelican import Pelican, signals
from pelican.generators import Generator
from pelican.writers import Writer

from plugins.context import context_of
from plugins.frontmatter.library import LIBRARY
from plugins.frontmatter.model.document import Document
from plugins.incremental.plan import PLAN
from plugins.search import index_files
from plugins.search.entries import Entry, entry


def add_generator(_pelican: Pelican) -> type[SearchGenerator]:
    """Tell Pelican of the generator."""
    return SearchGenerator


def register() -> None:
    """Register with Pelican."""
    signals.get_generators.connect(add_generator)


_FOLDER = "search"


STATE = "search.json"
"""Beside the site: what the index was made of."""


class SearchGenerator(Generator):  # type: ignore[misc]
    """Oldest document first: a new one gets the next number, and the files of the others stay as they are."""

    def generate_output(self, writer: Writer) -> None:
        """Write everything below ``/search/``."""
        library = context_of(self.settings)[LIBRARY]
        dated = library.live()
        standing = [d for d in library.public if d.kind == "page"]
        found = (*standing, *dated)
        shards = self._index([partial(entry, document) for document in found], list(map(_key, found)))
        years = _by_year(dated)
        self._page(writer, "/search/", "search", years=years, found_in=len(found), shards=shards)
        for year, documents in years.items():
            self._page(writer, f"/search/titles/{year}/", "titles", year=year, years=tuple(years), documents=documents)

    def _index(self, entries: list[Callable[[], Entry]], keys: list[str]) -> int:
        """Write the index, or what of it has changed; return the number of shards."""
        folder = Path(self.output_path) / _FOLDER
        plan = context_of(self.settings).get(PLAN)
        note = folder.parent.parent / STATE  # goes with the folder that is being made, and into place with it
        last = plan.last_site / _FOLDER if plan else None
        before = index_files.load_state(plan.last_site.parent / STATE, plan, _FOLDER) if plan and plan.last_manifest.pages else None
        made = index_files.write_changed(folder, last, before, keys, entries) if last and before else None
        state = index_files.IndexState(keys, *(made or index_files.write_all(folder, entries, last)))
        state.save(note)
        if plan and made:
            plan.kept_files.update(f"{_FOLDER}/{name}" for name in state.files)  # what was made now counts before what is taken over
        return state.shards

    def _page(self, writer: Writer, url: str, template: str, **values: object) -> None:
        writer.write_file(f"{url.lstrip('/')}index.html", self.get_template(template), self.context, url=url, page_url=url, **values)


def write_index(folder: Path, entries: Sequence[Entry]) -> int:
    """Write the whole index of ``entries`` into ``folder``; return the number of shards."""
    return index_files.write_all(folder, [partial(_itself, found) for found in entries])[0]


def _itself(found: Entry) -> Entry:
    return found


def _key(document: Document) -> str:
    return f"{document.tracking_whole} {document.publication.title if document.publication else ''}"


def _by_year(documents: Sequence[Document]) -> dict[int, list[Document]]:
    """Newest year first; in a year the newest document first."""
    years: dict[int, list[Document]] = defaultdict(list)
    for document in reversed(documents):
        years[document.date.year].append(document)
    return dict(years)
