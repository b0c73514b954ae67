"""Records what a template reads while a page is rendered: names of the context, attributes of records, entries of mappings.

Jinja's compiled templates ask the environment for every attribute (`Environment.getattr`, `getitem`) and the context for every name
(`Context.resolve_or_missing`). So a recorder in these three places sees all that a template can see. A filter written in Python sees only its
arguments, and those were recorded when the template read them.
"""

from __future__ import annotations

from collections.abc import Callable, ItemsView, Iterator, KeysView, Mapping, Set, ValuesView
from contextlib import contextmanager
from typing import Any

from jinja2 import Environment
from jinja2.utils import missing

from plugins.clock import TrackedClock
from plugins.digest import NoDigest, digest, record_key, record_naming
from plugins.incremental.template_call import LayeredContext

Read = tuple[str, str]
"""Owner and name. The owner is the key of a record, `CONTEXT` for a name of the context, or either with the name of a mapping that it holds."""

CONTEXT = "name:"
ALL_MEMBERS = "*"
"""The name of a read that depends on every member of a mapping: a loop, or its length."""

WHOLE = "whole"
"""The slot of all that can be read from a record, which its ``tracking_whole`` covers."""

VOLATILE = "volatile"
"""Stands for a digest where there is none. A page with such a read is rendered in every build."""

CLOCK = "clock"
"""Stands for the digest of the build's moment. What a page asked the moment is kept as an interval (`plugins.clock`), not as a digest."""

MISSING = "\0missing"
"""Stands for the value of what is not there, so that its appearance is a change. No text of a document holds a NUL."""


class DependencyRecorder:
    """Collects the reads of the page that is being rendered, and the digests of everything read in this build."""

    def __init__(self) -> None:
        self.reads: dict[Read, str] | None = None
        """The reads of the current page or fragment with their digests; None between pages."""
        self.digests: dict[Read, str] = {}
        """The digest of every value that was looked up in this build, whether a page read it or `Invalidation` did."""
        self.record_reads: dict[Read, str] = {}
        """The reads from records by any page of this build."""
        self.record_digests: dict[str, str] = {}
        """By the key of a record, the digest of all that can be read from it, or nothing."""
        self.settled: set[str] = set()
        """The names of the context that the current page or fragment has read, and that it gets as they are when it reads them again."""
        self._shared: Mapping[str, Any] = {}
        self._own: Mapping[str, Any] = {}
        self._own_digests: dict[str, str] = {}
        self._page_reads: dict[Read, str] = {}

    def begin_page(self, shared: Mapping[str, Any], own: Mapping[str, Any]) -> None:
        """Begin a page that is rendered with the variables ``shared`` by all pages and with its ``own``.

        Variables that a template sets itself are not recorded: whatever they were made from was.
        """
        self._shared, self._own = shared, own
        self.reads = self._page_reads = {}
        self._own_digests = {}
        self.settled = set()

    def end_page(self) -> tuple[dict[Read, str], dict[str, str]]:
        """Return the digests of what the page read: of shared values by read, of its own variables by name."""
        self.reads = None
        return self._page_reads, self._own_digests

    @contextmanager
    def separate_reads(self, shared: Mapping[str, Any]) -> Iterator[dict[Read, str]]:
        """Collect the reads of a fragment by themselves. It is rendered with ``shared``; the page has read already what its arguments came from."""
        outer = self.reads, self.settled, self._shared, self._own
        self.reads, self.settled, self._shared, self._own = {}, set(), shared, {}
        try:
            yield self.reads
        finally:
            self.reads, self.settled, self._shared, self._own = outer

    def add_reads(self, reads: Mapping[Read, str]) -> None:
        """Count the reads of a fragment as reads of the page that shows it."""
        if self.reads is not None:
            self.reads.update(reads)

    def forget(self, reads: Set[Read]) -> None:
        """Forget the digests of ``reads``, and those of their owners as a whole: the owners were changed in place."""
        for read in reads:
            self.digests.pop(read, None)
            self.record_reads.pop(read, None)
            self.record_digests.pop(read[0], None)

    def forget_all(self) -> None:
        """Forget all digests: another build begins."""
        self.digests, self.record_reads, self.record_digests = {}, {}, {}

    def record(self, owner: str, name: str, value: Any) -> None:
        """Record the read of a name of the context, or of an entry of a mapping."""
        if self.reads is None or (owner, name) in self.reads:
            return
        read = (owner, name)
        if owner == CONTEXT and name in self._own:
            self._own_digests[name] = value_digest(value)
            return
        if read not in self.digests:
            self.digests[read] = value_digest(value)
        self.reads[read] = self.digests[read]

    def record_name(self, name: str, value: Any) -> Any:
        """Record the read of a name of the context, and return what the template gets: a mapping that all pages share is tracked by entry."""
        original = self._own[name] if name in self._own else self._shared.get(name, missing)
        if value is missing and original is missing:
            self.record(CONTEXT, name, MISSING)
            self.settled.add(name)
            return value
        if original is not value:
            return value  # set by a template, see `begin_page`
        if isinstance(value, Mapping) and name not in self._own:
            return TrackedMapping(self, f"{CONTEXT}{name}", value)
        self.record(CONTEXT, name, value)
        self.settled.add(name)
        return value

    def record_attribute(self, kind: RecordKind, record: Any, attribute: str, value: Any) -> Any:
        """Record the read of an attribute of ``record``, of which ``kind`` is known, and return what the template gets.

        Where the type of the record has slots, one read stands for all attributes of a slot. Its digest covers mappings too.
        """
        (naming, slots), reads = kind, self.reads
        key = naming(record)
        if key is None or reads is None:
            return value
        read = (key, attribute if slots is None else slots.get(attribute, WHOLE))
        if read not in reads:
            if read not in self.record_reads:
                if slots is None and isinstance(value, Mapping):
                    return TrackedMapping(self, f"{key}.{attribute}", value)
                self._record_first(read, record, value if slots is None else NO_SLOT_DIGEST)
            reads[read] = self.record_reads[read]
        return value

    def _record_first(self, read: Read, record: Any, value: Any) -> None:
        """Find the digest of a read that no page of this build made before. Values do not change while pages are rendered, so once is enough."""
        key, attribute = read
        if key not in self.record_digests:
            self.record_digests[key] = whole_digest(record)
        if read not in self.digests:
            self.digests[read] = attribute_digest(record, attribute) or value_digest(value)
        self.record_reads[read] = self.digests[read]


def value_digest(value: Any) -> str:
    """Return the digest of ``value``; for a record its key; `CLOCK` for the build's moment; `VOLATILE` for what has no digest."""
    if type(value) is str:
        return digest(value)
    if isinstance(value, TrackedClock):
        return CLOCK
    if (key := record_key(value)) is not None:
        return f"record {key}"
    try:
        return digest(value)
    except NoDigest:
        return VOLATILE


NO_SLOT_DIGEST = object()
"""Stands for the value of a slot that its record brings no digest for. It has none itself, so the page is rendered in every build."""


def attribute_digest(record: Any, attribute: str) -> str:
    """Return the digest that a record brings for one of its attributes or slots (`plugins.digest.Tracked`), or nothing."""
    if attribute == WHOLE:
        return whole_digest(record)
    digests = getattr(record, "tracking_digests", None)
    return digests.get(attribute, "") if digests else ""


def whole_digest(record: Any) -> str:
    """Return the digest that a record brings for all that can be read from it (`plugins.digest.Tracked`), or nothing."""
    return getattr(record, "tracking_whole", "") or ""


class TrackedMapping(Mapping[Any, Any]):
    """A mapping that records the read of each entry by itself: a page that looks up one entry does not depend on the others."""

    def __init__(self, recorder: DependencyRecorder, owner: str, mapping: Mapping[Any, Any]) -> None:
        self._recorder = recorder
        self._owner = owner
        self._mapping = mapping

    def __getitem__(self, key: Any) -> Any:
        self._record_entry(key)
        return self._mapping[key]

    def get(self, key: Any, default: Any = None) -> Any:
        self._record_entry(key)
        return self._mapping.get(key, default)

    def __contains__(self, key: object) -> bool:
        self._record_entry(key)
        return key in self._mapping

    def __iter__(self) -> Iterator[Any]:
        self._record_all()
        return iter(self._mapping)

    def __len__(self) -> int:
        self._record_all()
        return len(self._mapping)

    def keys(self) -> KeysView[Any]:
        self._record_all()
        return self._mapping.keys()

    def values(self) -> ValuesView[Any]:
        self._record_all()
        return self._mapping.values()

    def items(self) -> ItemsView[Any, Any]:
        self._record_all()
        return self._mapping.items()

    def _record_entry(self, key: Any) -> None:
        """An entry that is not there is recorded as well: the page changes when it appears."""
        self._recorder.record(self._owner, repr(key), self._mapping.get(key, MISSING))

    def _record_all(self) -> None:
        self._recorder.record(self._owner, ALL_MEMBERS, self._mapping)


def record_environment(environment: Environment, recorder: DependencyRecorder) -> None:
    """Let ``recorder`` hear of every read by the templates of ``environment``.

    The two methods are replaced on the object, because Pelican makes the environment and has no setting for its class. Jinja documents both as hooks
    for subclasses; `tests/plugins/incremental/test_dependency_recorder.py` proves that templates go through them.
    """
    plain_getattr, plain_getitem = environment.getattr, environment.getitem
    kinds = _KINDS  # a local name: this is the hottest code of a cold build

    def recording_getattr(obj: Any, attribute: str) -> Any:
        try:
            value = getattr(obj, attribute)
        except AttributeError:
            value = plain_getattr(obj, attribute)  # Jinja falls back to an entry, then to something undefined
        kind = kinds[type(obj)]
        return value if kind is None or recorder.reads is None else recorder.record_attribute(kind, obj, attribute, value)

    def recording_getitem(obj: Any, argument: Any) -> Any:
        value = plain_getitem(obj, argument)
        kind = kinds[type(obj)]
        if kind is None or recorder.reads is None or not isinstance(argument, str):
            return value
        return recorder.record_attribute(kind, obj, argument, value)

    class RecordingContext(LayeredContext):
        def resolve_or_missing(self, key: str) -> Any:
            if key in self.vars:
                return self.vars[key]  # set by a template, see `DependencyRecorder.begin_page`
            value = self.value_of(key)
            return value if key in recorder.settled or recorder.reads is None else recorder.record_name(key, value)

    environment.getattr = recording_getattr  # type: ignore[method-assign]
    environment.getitem = recording_getitem  # type: ignore[method-assign]
    environment.context_class = RecordingContext
    # The filter `tojson` takes dictionaries only. To make one of a tracked mapping reads all of its members, which is right.
    environment.policies["json.dumps_kwargs"] = {**environment.policies["json.dumps_kwargs"], "default": dict}


Slots = Mapping[str, str]
RecordKind = tuple[Callable[[Any], str | None], Slots | None]
"""What is known of a type of records: the function that returns a record's key, and the slots of its attributes, if it has any."""


class _RecordKinds(dict[type, RecordKind | None]):
    """By type, how its records are recorded. Nearly all values that templates touch are no records: None answers for those at once."""

    def __missing__(self, value_type: type) -> RecordKind | None:
        naming = record_naming(value_type)
        kind = self[value_type] = (naming, getattr(value_type, "tracking_slots", None)) if naming else None
        return kind


_KINDS = _RecordKinds()
