"""Finds the recorded reads whose values changed since the last build; the pages that made one of these reads must be rendered."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from jinja2 import Environment

from plugins.digest import members, record_key, records_in
from plugins.incremental.dependency_recorder import (
    ALL_MEMBERS,
    CONTEXT,
    MISSING,
    VOLATILE,
    DependencyRecorder,
    Read,
    attribute_digest,
    value_digest,
    whole_digest,
)
from plugins.incremental.manifest import Manifest, PageEntry

GONE = "gone"
"""Stands for the digest of what exists no more. No digest is equal to it."""


class Invalidation:
    """Compares the reads of the last build with today's values, each read once, before the first page is looked at.

    What is left is the short list of changed reads. Where a record brings one digest for all that can be read from it, and that digest is the same, the
    reads from this record are skipped.

    ``context`` are the variables of all pages. A record that only one page gets is not known until that page comes; until then all reads from it count
    as changed.
    """

    def __init__(self, environment: Environment, recorder: DependencyRecorder, context: Mapping[str, Any], last: Manifest) -> None:
        self._environment = environment
        self._digests = recorder.digests
        self._context = context
        self._last = last
        self._records: dict[str, Any] = {}
        self._changed: dict[int, Read] = {}
        """By its position in the last manifest's table, each read whose value changed, or whose record is not known yet."""
        self._unknown: dict[str, list[str]] = {}
        """By the key of a record that is not known yet, the owners of reads that depend on it."""
        if last.pages:  # without a last build there is nothing to look for
            self._find_changed()

    def _find_changed(self) -> None:
        """Compare the reads from all records that all pages share, and note those from others."""
        last = self._last
        records_in(dict(self._context), self._records)
        digests = {key: digest for key, record in self._records.items() if (digest := whole_digest(record))}
        unchanged = {key for key, _ in last.record_digests.items() & digests.items()}
        for owner in last.table.owners() - unchanged:
            self._compare_or_wait(owner)

    @property
    def changed(self) -> set[Read]:
        """The reads that changed, as far as their records are known."""
        return set(self._changed.values())

    def changed_read(self, entry: PageEntry, own: Mapping[str, Any], last: Mapping[str, Any] | None = None) -> Read | None:
        """Return the first read of a page whose value is another today, or None.

        ``own`` are the variables that this page alone gets, ``last`` those that it got in the last build, if these are at hand. A volatile read counts
        as changed.
        """
        for name, last_digest in entry.own_digests.items():
            if last and name in own and own[name] is last.get(name) and last_digest != VOLATILE:
                continue
            if (value_digest(own[name]) if name in own else GONE) != last_digest or last_digest == VOLATILE:
                return CONTEXT, name
        reads = entry.reads
        if self._changed.keys().isdisjoint(reads):
            return None
        self._add_records_of_page(own)
        return next((self._changed[position] for position in reads if position in self._changed), None)

    def _compare_or_wait(self, owner: str) -> None:
        holder = owner.rpartition(".")[0]  # of a mapping, `TrackedMapping`: the record that holds it
        if owner.startswith(CONTEXT) or owner in self._records or holder in self._records:
            self._compare(owner)
            return
        for name, _, position in self._last.table.reads_from(owner):
            self._changed[position] = owner, name
        for key in (owner, holder):
            self._unknown.setdefault(key, []).append(owner)

    def _compare(self, owner: str) -> None:
        """Add the reads from ``owner`` whose values changed."""
        record, last_digest = self._records.get(owner), self._last.record_digests.get(owner)
        if last_digest and record is not None and last_digest == whole_digest(record):
            return
        for name, digest, position in self._last.table.reads_from(owner):
            if digest == VOLATILE or self._digest_today((owner, name)) != digest:
                self._changed[position] = owner, name

    def _add_records_of_page(self, own: Mapping[str, Any]) -> None:
        for value in own.values():
            key = record_key(value)
            if key is None:
                self._add_records(records_in(value, self._records))
            elif key not in self._records:
                self._records[key] = value
                keys = [key]
                if not whole_digest(value):  # otherwise that digest covers what the record leads to
                    for member in members(value):
                        keys += records_in(member, self._records)
                self._add_records(keys)

    def _add_records(self, keys: list[str]) -> None:
        """Compare the reads from records that were not known before, and from the mappings that these records hold."""
        for owner in [owner for key in keys for owner in self._unknown.pop(key, ())]:
            for _, _, position in self._last.table.reads_from(owner):
                self._changed.pop(position, None)
            self._compare(owner)

    def _digest_today(self, read: Read) -> str:
        if read not in self._digests:
            self._digests[read] = self._compute_digest(*read)
        return self._digests[read]

    def _compute_digest(self, owner: str, name: str) -> str:
        if owner.startswith(CONTEXT):
            mapping = owner.removeprefix(CONTEXT)
            return _entry_digest(self._context.get(mapping), name) if mapping else value_digest(self._context.get(name, MISSING))
        if owner in self._records:
            record = self._records[owner]
            return attribute_digest(record, name) or value_digest(self._attribute(record, name))
        holder, _, attribute = owner.rpartition(".")
        return _entry_digest(self._attribute(self._records[holder], attribute), name)

    def _attribute(self, record: Any, name: str) -> Any:
        try:
            return self._environment.getattr(record, name)
        except (ValueError, LookupError, TypeError):
            # The last build could read it, so it changed. If a page still reads it, rendering fails and names the template.
            return _Unreadable()


class _Unreadable:
    """Has no digest, so it counts as changed."""


def _entry_digest(mapping: Any, name: str) -> str:
    if not isinstance(mapping, Mapping):
        return GONE
    if name == ALL_MEMBERS:
        return value_digest(mapping)
    return value_digest(next((value for key, value in _entries_named(mapping, name)), MISSING))


def _entries_named(mapping: Mapping[Any, Any], name: str) -> list[tuple[Any, Any]]:
    """The entry whose key has the `repr` ``name``. Keys are nearly always plain strings: those are found without a search."""
    if name[:1] in "'\"":
        key = name[1:-1]
        if key in mapping and repr(key) == name:
            return [(key, mapping[key])]
    return [(key, value) for key, value in mapping.items() if repr(key) == name]
