"""The site as it is now: answers what a recorded read would give today."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from jinja2 import Environment

from .digest import records_in
from .reads import CONTEXT, VOLATILE, WHOLE, Read, Recorder, missing_entry, named

GONE = "gone"


class World:
    """Everything that pages can read, found once a build from the context that all pages share."""

    def __init__(self, environment: Environment, recorder: Recorder, context: Mapping[str, Any]) -> None:
        self._environment = environment
        self._digests = recorder.digests
        self._context = context
        self._records: dict[str, Any] = {}
        records_in(dict(context), self._records)

    def changed(self, reads: Mapping[Read, str], own: Mapping[str, Any]) -> Read | None:
        """Return the first read of a page that gives something else today than it gave then, or None.

        ``own`` is what is passed to this page alone. A volatile read counts as changed.
        """
        records_in(dict(own), self._records)
        return next((read for read, then in reads.items() if then == VOLATILE or self._now(read, own) != then), None)

    def _now(self, read: Read, own: Mapping[str, Any]) -> str:
        owner, name = read
        if not owner.startswith(CONTEXT):
            return self._record(read)
        mapping = owner.removeprefix(CONTEXT)
        if not mapping and name in own:
            return named(own[name])
        if read not in self._digests:
            self._digests[read] = _entry(self._context.get(mapping), name) if mapping else named(self._context.get(name, missing_entry))
        return self._digests[read]

    def _record(self, read: Read) -> str:
        if read in self._digests:
            return self._digests[read]
        owner, name = read
        holder, _, attribute = owner.rpartition(".")
        if owner in self._records:
            self._digests[read] = named(self._environment.getattr(self._records[owner], name))
        elif holder in self._records:
            self._digests[read] = _entry(self._environment.getattr(self._records[holder], attribute), name)
        else:
            return GONE
        return self._digests[read]


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
