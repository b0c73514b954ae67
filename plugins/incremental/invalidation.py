"""The site as it is now: tells of the reads of the last build which give something else today, and so which pages have to be looked at."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from jinja2 import Environment

from plugins.digest import members, record_key, records_in
from plugins.incremental.dependency_recorder import (
    CONTEXT,
    VOLATILE,
    WHOLE,
    DependencyRecorder,
    Read,
    carried_digest,
    missing_entry,
    named,
    whole_of,
)
from plugins.incremental.manifest import Manifest, PageEntry

GONE = "gone"


class Invalidation:
    """Everything that pages can read, found once a build from the context that all pages share.

    Each read of ``before`` is looked at once, however many pages share it, and before any page is: what is left is the short list of those that
    changed. ``before.wholes`` tells of some records what all of them came to; where that is the same today, no read from the record needs a look.
    Records that are passed to one page alone are not known until that page comes; so long all that was read from them counts as changed.
    """

    def __init__(self, environment: Environment, recorder: DependencyRecorder, context: Mapping[str, Any], before: Manifest) -> None:
        self._environment = environment
        self._digests = recorder.digests
        self._context = context
        self._before = before
        self._records: dict[str, Any] = {}
        records_in(dict(context), self._records)
        self._changed: dict[int, Read] = {}
        self._expected: dict[str, list[str]] = {}
        wholes = {key: whole for key, record in self._records.items() if (whole := whole_of(record))}
        same = {key for key, _ in before.wholes.items() & wholes.items()}
        for owner in before.table.owners() - same:
            self._begin(owner)

    def changed_reads(self, entry: PageEntry, own: Mapping[str, Any]) -> Read | None:
        """Return the first read of a page that gives something else today than it gave then, or None.

        ``own`` is what is passed to this page alone. A volatile read counts as changed.
        """
        for name, then in entry.own.items():
            if (named(own[name]) if name in own else GONE) != then or then == VOLATILE:
                return CONTEXT, name
        reads = entry.reads
        if self._changed.keys().isdisjoint(reads):
            return None
        self._meet(own)
        return next((self._changed[place] for place in reads if place in self._changed), None)

    def _begin(self, owner: str) -> None:
        holder = owner.rpartition(".")[0]
        if owner.startswith(CONTEXT) or owner in self._records or holder in self._records:
            self._judge(owner)
            return
        for name, _, place in self._before.table.of(owner):
            self._changed[place] = owner, name
        for key in (owner, holder):
            self._expected.setdefault(key, []).append(owner)

    def _judge(self, owner: str) -> None:
        """Find out which reads from ``owner`` changed."""
        record, then = self._records.get(owner), self._before.wholes.get(owner)
        if then and record is not None and then == whole_of(record):
            return
        for name, told, place in self._before.table.of(owner):
            if told == VOLATILE or self._now((owner, name)) != told:
                self._changed[place] = owner, name

    def _meet(self, own: Mapping[str, Any]) -> None:
        """Take in the records that are passed to one page alone."""
        for value in own.values():
            key = record_key(value)
            if key is None:
                self._take_in(records_in(value, self._records))
            elif key not in self._records:
                self._records[key] = value
                met = [key]
                for member in (
                    members(value) if not whole_of(value) else ()
                ):  # a record that brings a digest of all tells of what it leads to
                    met += records_in(member, self._records)
                self._take_in(met)

    def _take_in(self, keys: list[str]) -> None:
        """Find out what is with the reads from records that were not known before, and from the mappings that they hold."""
        for owner in [owner for key in keys for owner in self._expected.pop(key, ())]:
            for _, _, place in self._before.table.of(owner):
                self._changed.pop(place, None)
            self._judge(owner)

    def _now(self, read: Read) -> str:
        if read not in self._digests:
            self._digests[read] = self._find(*read)
        return self._digests[read]

    def _find(self, owner: str, name: str) -> str:
        if owner.startswith(CONTEXT):
            mapping = owner.removeprefix(CONTEXT)
            return _entry(self._context.get(mapping), name) if mapping else named(self._context.get(name, missing_entry))
        if owner in self._records:
            record = self._records[owner]
            return carried_digest(record, name) or named(self._read(record, name))
        holder, _, attribute = owner.rpartition(".")
        return _entry(self._read(self._records[holder], attribute), name)

    def _read(self, record: Any, name: str) -> Any:
        try:
            return self._environment.getattr(record, name)
        except (ValueError, LookupError, TypeError):
            return _Unreadable()  # what cannot be read today is not what it was; if a page still wants it, rendering will say why


class _Unreadable:
    """Has no digest."""


def _entry(mapping: Any, name: str) -> str:
    if not isinstance(mapping, Mapping):
        return GONE
    if name == WHOLE:
        return named(mapping)
    return named(next((value for key, value in _near(mapping, name)), missing_entry))


def _near(mapping: Mapping[Any, Any], name: str) -> list[tuple[Any, Any]]:
    """The entry whose key is written ``name``. Keys are strings nearly always: those are found without a search."""
    if name[:1] in "'\"":
        key = name[1:-1]
        if key in mapping and repr(key) == name:
            return [(key, mapping[key])]
    return [(key, value) for key, value in mapping.items() if repr(key) == name]
