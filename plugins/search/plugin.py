"""Writes the index, the search page, and the pages with the titles of each year. A Pelican plugin."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cached_property, partial
from pathlib import Path, PurePosixPath

from pelican import Pelican, signals
from pelican.generators import Generator
from pelican.writers import Writer

from plugins.context import CONTINUATION, Key, context_of
from plugins.digest import digest
from plugins.frontmatter.library import LIBRARY
from plugins.frontmatter.model.document import Document
from plugins.frontmatter.model.notices import ALERTS
from plugins.frontmatter.model.registry import Registry
from plugins.frontmatter.text_edits import EDITS, NeedsWholeBuild, TextEdits
from plugins.incremental.plan import PLAN, RenderPlan
from plugins.readings.analyser import analyser_version, is_enabled
from plugins.readings.known import known_readings
from plugins.readings.table import READINGS
from plugins.search import index_files
from plugins.search.entries import Entry, entry
from plugins.search.numbers import numbers_of
from plugins.search.page_readings import PageReadings
from plugins.search.words import SYNONYMS, near_words, script_words


def add_generator(_pelican: Pelican) -> type[SearchGenerator]:
    return SearchGenerator


def register() -> None:
    signals.get_generators.connect(add_generator)


_FOLDER = "search"

_PAGE_READINGS = Key[tuple[PageReadings, str]]("readings of words for search", __name__)

STATE = "search.json"
"""The file of `IndexState`, beside the site."""


class SearchGenerator(Generator):  # type: ignore[misc]
    """Numbers the documents (`numbers`), and writes their index."""

    def generate_output(self, writer: Writer) -> None:
        """Write everything below ``/search/``."""
        library = context_of(self.settings)[LIBRARY]
        dated = library.live()
        undated = [d for d in library.public if d.content_type == "page"]
        documents = (*undated, *dated)
        readings, tools = self._page_readings(library.registry)
        numbered = dict(zip(numbers_of([document.meta.date for document in documents]), documents, strict=True))
        keys = {number: f"{_key(each)} {tools}" for number, each in numbered.items()}
        state = self._write_index({number: partial(entry, document, readings) for number, document in numbered.items()}, keys)
        shards = state.shards
        self._write_words(library.registry, readings, [document.meta.title for document in documents])
        if edits := context_of(self.settings).get(EDITS):
            follower = _IndexFollower(Path(self.output_path) / _FOLDER, context_of(self.settings)[PLAN], numbered, readings, tools, state)
            edits.on_edit(lambda each: self._update(follower, each))
            edits.savers.append(follower.save)
        years = _by_year([d for d in dated if d.content_type not in ALERTS])  # their own section lists them, and the fast path writes it
        self._page(writer, "/search/", "search", years=years, found_in=len(documents), shards=shards)
        for year, of_year in years.items():
            self._page(writer, f"/search/titles/{year}/", "titles", year=year, years=tuple(years), documents=of_year)

    def _update(self, follower: _IndexFollower, edits: TextEdits) -> None:
        if edits.retitled:  # the words to offer for one that is on no page come from titles
            titles = [document.meta.title for document in follower.documents.values()]
            self._write_words(context_of(self.settings)[LIBRARY].registry, follower.readings, titles)
        follower.update(edits.documents)

    def _page_readings(self, registry: Registry) -> tuple[PageReadings, str]:
        """The readings of words, and the digest of what decides them. A process that goes on reads no word twice."""
        build = context_of(self.settings)
        if not build.get(_PAGE_READINGS):
            going_on = build.get(CONTINUATION)
            build.provide(_PAGE_READINGS, going_on.last[_PAGE_READINGS] if going_on else self._new_page_readings(registry))
        return build[_PAGE_READINGS]

    def _new_page_readings(self, registry: Registry) -> tuple[PageReadings, str]:
        known = known_readings(context_of(self.settings)[READINGS], registry.places.values())
        tools = analyser_version() if is_enabled(self.settings) else None
        return PageReadings(known, has_analyser=tools is not None), digest((known, tools))

    def _write_words(self, registry: Registry, readings: PageReadings, titles: Sequence[str]) -> None:
        """Write what every query needs, and what only a query without results needs. Both are small, and change seldom."""
        build = context_of(self.settings)
        plan = build.get(PLAN)
        last = plan.last_site / _FOLDER if plan and plan.has_last_site else None
        synonyms = build[SYNONYMS]
        names = [place.name for place in registry.places.values()] + [topic.name for topic in registry.topics.values()]
        names += [*build[READINGS].names, *(word for group in synonyms.groups for word in group)]
        folder = Path(self.output_path) / _FOLDER
        index_files.write(folder, "words.json", script_words(synonyms, readings), last)
        index_files.write(folder, "near.json", near_words(names, titles, readings), last)

    def _write_index(self, entries: dict[int, Callable[[], Entry]], keys: dict[int, str]) -> index_files.IndexState:
        """Write the index, as far as possible by changing that of the last site; return its state."""
        folder = Path(self.output_path) / _FOLDER
        plan = context_of(self.settings).get(PLAN)
        state_file = folder.parent.parent / STATE  # in the staging tree: the state goes live together with its index
        last = plan.last_site / _FOLDER if plan and plan.has_last_site else None
        last_state = index_files.load_state(plan.last_site.parent / STATE, plan, _FOLDER) if plan and plan.last_manifest.pages else None
        updated = index_files.write_changed(folder, last, last_state, keys, entries) if last and last_state else None
        state = index_files.IndexState(keys, *(updated or index_files.write_all(folder, entries, last)))
        state.save(state_file)
        if plan and updated:
            # The index files that were not written now are taken over.
            plan.kept_files.update(f"{_FOLDER}/{name}" for name in state.files)
        return state

    def _page(self, writer: Writer, url: str, template: str, **variables: object) -> None:
        writer.write_file(f"{url.lstrip('/')}index.html", self.get_template(template), self.context, url=url, page_url=url, **variables)


class _IndexFollower:
    """Brings the index up to date when ``documents``, by number, were edited in place: their numbers are as before."""

    def __init__(
        self,
        folder: Path,
        plan: RenderPlan,
        documents: Mapping[int, Document],
        readings: PageReadings,
        tools: str,
        state: index_files.IndexState,
    ) -> None:
        self.documents, self.readings = documents, readings
        self._folder, self._last, self._tools, self._state = folder, plan.last_site / _FOLDER, tools, state

    @cached_property
    def _numbers(self) -> dict[PurePosixPath, int]:
        return {document.path: number for number, document in self.documents.items()}

    def update(self, documents: Iterable[Document]) -> None:
        """Write the entries of ``documents`` and the shards that change. Raises `NeedsWholeBuild` if the number of shards changes."""
        changed = {number: document for document in documents if (number := self._numbers.get(document.path)) is not None}
        entries = {number: partial(entry, document, self.readings) for number, document in changed.items()}
        updated = index_files.write_entries(self._folder, self._last, self._state, entries)
        if updated is None:
            raise NeedsWholeBuild("the search index gets another number of files")
        keys = {number: f"{_key(document)} {self._tools}" for number, document in changed.items()}
        self._state = index_files.IndexState(self._state.keys | keys, *updated)

    def save(self, output: Path) -> None:
        """Write the state beside the site."""
        self._state.save(output / STATE, replace=True)


def write_index(folder: Path, entries: Mapping[int, Entry]) -> int:
    """Write the whole index of ``entries``, by ascending number, into ``folder``; return the number of shards."""
    return index_files.write_all(folder, {number: partial(_identity, entry) for number, entry in entries.items()})[0]


def _identity(entry: Entry) -> Entry:
    return entry


def _key(document: Document) -> str:
    """What decides whether a document's entry changes: the document, and the title of its publication."""
    return f"{document.tracking_whole} {document.publication.title if document.publication else ''}"


def _by_year(documents: Sequence[Document]) -> dict[int, list[Document]]:
    """The documents by year, the newest year first, and in a year the newest document first. ``documents`` are the oldest first."""
    years: dict[int, list[Document]] = defaultdict(list)
    for document in reversed(documents):
        years[document.date.year].append(document)
    return dict(years)
