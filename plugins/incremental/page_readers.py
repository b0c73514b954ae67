"""Which pages read a record, so that a change of one record costs what its readers cost, and not what the site costs.

A resident build (`plugins.builder.resident`) changes a record in place: every list, section and view that holds it holds it still. This module then
finds the pages with a read whose value is another now. What reads a record through a value of another (a digest that covers the record's text) is not
seen here: the packages that make such values say so (`plugins.frontmatter.text_edits`).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import fields
from typing import Any

from plugins.incremental.dependency_recorder import CONTEXT, Read, attribute_digest, value_digest, whole_digest
from plugins.incremental.fragment_cache import FRAGMENT, FragmentCache
from plugins.incremental.manifest import PageEntry
from plugins.incremental.plan import RenderPlan
from plugins.incremental.writer import explain_read


class PageReaders:
    """By the owner of reads, the pages that made one. Reads of names that all pages share are left out: they do not change with a record."""

    def __init__(self, plan: RenderPlan) -> None:
        self._plan = plan
        self._pages: dict[str, set[str]] = defaultdict(set)
        self._owners: dict[str, list[str]] = defaultdict(list)
        for owner in plan.manifest.table.owners():
            self._add_owner(owner)
        for name, entry in plan.manifest.pages.items():
            self._add(name, entry)

    def render_readers(self, records: Mapping[str, Any]) -> dict[str, str]:
        """Render the pages that read something of ``records``, by key, that is another value now; return why, by page. Raises `RenderFailed`."""
        plan = self._plan
        changed = {position: read for key, record in records.items() for position, read in self._changed_reads(key, record)}
        owners = {owner for key in records for owner in self._owners_of(key)}
        reads = {(owner, name) for owner in owners for name, _, _ in plan.manifest.table.reads_from(owner)}
        plan.recorder.forget(reads)
        assert plan.view
        fragments = plan.view[0].globals[FRAGMENT]
        assert isinstance(fragments, FragmentCache)
        fragments.forget(reads)
        reasons = {}
        for name in {name for owner in owners for name in self._pages[owner]}:
            if (first := next((at for at in plan.manifest.pages[name].reads if at in changed), None)) is not None:
                reasons[name] = explain_read(changed[first])
        self._render(sorted(reasons))
        plan.manifest.record_digests |= {key: digest for key, record in records.items() if (digest := whole_digest(record))}
        return reasons

    def _render(self, names: list[str]) -> None:
        pages = self._plan.manifest.pages
        before = {name: pages[name] for name in names}
        self._plan.render_again(names)
        for name in names:
            for owner in self._owners_in(before[name]):
                self._pages[owner].discard(name)
            self._add(name, pages[name])

    def _changed_reads(self, key: str, record: Any) -> Iterator[tuple[int, Read]]:
        """Yield position and read for each recorded read of ``record`` whose digest is not today's. What it holds in a mapping counts as changed."""
        for owner in self._owners_of(key):
            for name, digest, position in self._plan.manifest.table.reads_from(owner):
                if owner != key or (attribute_digest(record, name) or value_digest(getattr(record, name, None))) != digest:
                    yield position, (owner, name)

    def _owners_of(self, key: str) -> Iterable[str]:
        return (key, *self._owners.get(key, ()))

    def _add_owner(self, owner: str) -> None:
        """Of a mapping that a record holds, the owner is named after both (`TrackedMapping`)."""
        holder, dot, _ = owner.rpartition(".")
        if dot and not owner.startswith(CONTEXT):
            self._owners[holder].append(owner)

    def _add(self, name: str, entry: PageEntry) -> None:
        for owner in self._owners_in(entry):
            self._pages[owner].add(name)

    def _owners_in(self, entry: PageEntry) -> set[str]:
        owner_at = self._plan.manifest.table.owner_at
        return {owner for owner in map(owner_at.__getitem__, set(entry.reads)) if not owner.startswith(CONTEXT)}


def forget_cached(record: Any) -> None:
    """Drop what a frozen record has computed of itself (`functools.cached_property`): something it holds was changed in place."""
    known = {field.name for field in fields(record)}
    for name in [name for name in vars(record) if name not in known]:
        del vars(record)[name]
