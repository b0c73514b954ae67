"""The site as it is now: answers what a recorded read would give today."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from jinja2 import Environment

from .digest import key_of, members, records_in
from .manifest import Entry, Told
from .reads import CONTEXT, VOLATILE, WHOLE, Read, Recorder, brought, missing_entry, named, whole_of

GONE = "gone"


class World:
    """Everything that pages can read, found once a build from the context that all pages share.

    ``table`` are the reads of the last build; each is looked at once, however many pages share it. ``wholes`` tells of some records what all of
    them came to then; where that is the same today, no read from the record needs a look.
    """

    def __init__(
        self,
        environment: Environment,
        recorder: Recorder,
        context: Mapping[str, Any],
        table: Sequence[Told] = (),
        wholes: Mapping[str, str] | None = None,
    ) -> None:
        self._environment = environment
        self._digests = recorder.digests
        self._context = context
        self._table = table
        self._answers: list[bool | None] = [None] * len(table)
        self._wholes = wholes or {}
        self._records: dict[str, Any] = {}
        records_in(dict(context), self._records)
        self._same = {key for key, record in self._records.items() if (known := self._wholes.get(key)) and known == whole_of(record)}

    def changed(self, entry: Entry, own: Mapping[str, Any]) -> Read | None:
        """Return the first read of a page that gives something else today than it gave then, or None.

        ``own`` is what is passed to this page alone. A volatile read counts as changed.
        """
        for name, then in entry.own.items():
            if then == VOLATILE or (named(own[name]) if name in own else GONE) != then:
                return CONTEXT, name
        answers = self._answers
        for place in entry.reads:
            answer = answers[place]
            if answer if answer is not None else self._look(place, own):
                owner, name, _ = self._table[place]
                return owner, name
        return None

    def _look(self, place: int, own: Mapping[str, Any]) -> bool:
        owner, name, then = self._table[place]
        answer = owner not in self._same and self._differs(owner, name, then, own)
        self._answers[place] = answer
        return answer

    def _differs(self, owner: str, name: str, then: str, own: Mapping[str, Any]) -> bool:
        if not owner.startswith(CONTEXT) and owner not in self._records:
            self._meet(own)
            if owner in self._same:
                return False
        return then == VOLATILE or self._now((owner, name)) != then

    def _meet(self, own: Mapping[str, Any]) -> None:
        """Take in the records that are passed to one page alone."""
        found: dict[str, Any] = {}
        for value in own.values():
            if (key := key_of(value)) is not None:
                found[key] = value  # what can be reached from it is known already, or is found below
            else:
                records_in(value, found)
        for key, record in found.items():
            if key not in self._records:
                self._records[key] = record
                if (known := self._wholes.get(key)) and known == whole_of(record):
                    self._same.add(key)
                elif not whole_of(record):
                    for member in members(record):
                        records_in(member, self._records)

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
            return brought(record, name) or named(self._environment.getattr(record, name))
        holder, _, attribute = owner.rpartition(".")
        if holder in self._records:
            return _entry(self._environment.getattr(self._records[holder], attribute), name)
        return GONE


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
