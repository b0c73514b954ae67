"""What a template read while a page was made: names of the context, attributes of records, entries of mappings.

Jinja asks its environment for every attribute (`Environment.getattr`, `getitem`) and its context for every name
(`Context.resolve_or_missing`); a recorder that stands there sees all that a template can see. Filters written in Python see what they
are given, which has been recorded when it was handed over.
"""

from __future__ import annotations

from collections.abc import Callable, ItemsView, Iterator, KeysView, Mapping, ValuesView
from contextlib import contextmanager
from typing import Any

from jinja2 import Environment
from jinja2.runtime import Context
from jinja2.utils import missing

from plugins.clock import TrackedClock
from plugins.digest import NoDigest, digest, record_key, record_naming

Read = tuple[str, str]
"""A record's key, or ``name:`` for the context; and what was read from it. ``*`` is a mapping's whole membership."""

CONTEXT = "name:"
VOLATILE = "volatile"
PRESENT = "present"
WHOLE = "*"


class DependencyRecorder:
    """Keeps the reads of the page that is being rendered, and the digests of this build."""

    def __init__(self) -> None:
        self.reads: dict[Read, str] | None = None
        self.digests: dict[Read, str] = {}
        self.noted: dict[Read, str] = {}
        """The reads from records that were made before, whichever page made them; what all of those records come to is in ``wholes``."""
        self.given: Mapping[str, Any] = {}
        self.own: frozenset[str] = frozenset()
        self.told: dict[str, str] = {}
        self.wholes: dict[str, str] = {}
        self._page: dict[Read, str] = {}

    def begin(self, shared: Mapping[str, Any], own: Mapping[str, Any]) -> None:
        """Begin a page that is rendered with the names of ``shared``, which all pages get, and of its ``own``.

        Names that templates set themselves are no reads.
        """
        self.given = {**shared, **own}
        self.own = frozenset(own)
        self.reads = self._page = {}
        self.told = {}

    def end(self) -> tuple[dict[Read, str], dict[str, str]]:
        """Return what the page read of what all share, and of its own, with digests."""
        self.reads = None
        return self._page, self.told

    @contextmanager
    def apart(self, shared: Mapping[str, Any]) -> Iterator[dict[Read, str]]:
        """Keep the reads of a piece of the page by themselves (`pieces`), which is rendered with the names of ``shared`` and with values of which the
        page has read already what they were made from.
        """
        before = self.reads, self.given, self.own
        self.reads, self.given, self.own = {}, shared, frozenset()
        try:
            yield self.reads
        finally:
            self.reads, self.given, self.own = before

    def join(self, reads: Mapping[Read, str]) -> None:
        """Count what a piece read as read by the page that shows it."""
        if self.reads is not None:
            self.reads.update(reads)

    def note(self, owner: str, name: str, value: Any) -> None:
        """Write down one read of a name of the context, or of an entry."""
        if self.reads is None or (owner, name) in self.reads:
            return
        read = (owner, name)
        if owner == CONTEXT and name in self.own:
            self.told[name] = named(value)
            return
        if read not in self.digests:
            self.digests[read] = named(value)
        self.reads[read] = self.digests[read]

    def note_first(self, read: Read, record: Any, value: Any) -> None:
        """Write down a read from a record that no page made before. It is digested once a build: nothing changes while pages are rendered."""
        key, attribute = read
        if key not in self.wholes:
            self.wholes[key] = whole_of(record)
        if read not in self.digests:
            self.digests[read] = carried_digest(record, attribute) or named(value)
        self.noted[read] = self.digests[read]


def named(value: Any) -> str:
    """Return the digest of ``value``, or the word for one that always counts as changed. The present moment is told by what it is asked."""
    if type(value) is str:
        return digest(value)
    if isinstance(value, TrackedClock):
        return PRESENT
    if (key := record_key(value)) is not None:
        return f"record {key}"
    try:
        return digest(value)
    except NoDigest:
        return VOLATILE


class TrackedMapping(Mapping[Any, Any]):
    """A mapping of which each entry is read by itself: a page that looks up one entry does not depend on the others."""

    def __init__(self, recorder: DependencyRecorder, owner: str, inner: Mapping[Any, Any]) -> None:
        self._recorder = recorder
        self.owner = owner
        self._inner = inner

    def __getitem__(self, key: Any) -> Any:
        """Return one entry; a missing one is a read as well."""
        self._recorder.note(self.owner, repr(key), self._inner.get(key, missing_entry))
        return self._inner[key]

    def get(self, key: Any, default: Any = None) -> Any:
        """Return one entry, or ``default``; a missing one is a read as well."""
        self._recorder.note(self.owner, repr(key), self._inner.get(key, missing_entry))
        return self._inner.get(key, default)

    def __contains__(self, key: object) -> bool:
        """Tell whether the entry is there."""
        self._recorder.note(self.owner, repr(key), self._inner.get(key, missing_entry))
        return key in self._inner

    def __iter__(self) -> Iterator[Any]:
        """Whoever goes through all depends on all."""
        self._whole()
        return iter(self._inner)

    def __len__(self) -> int:
        """The number depends on the whole."""
        self._whole()
        return len(self._inner)

    def keys(self) -> KeysView[Any]:
        """See ``__iter__``."""
        self._whole()
        return self._inner.keys()

    def values(self) -> ValuesView[Any]:
        """See ``__iter__``."""
        self._whole()
        return self._inner.values()

    def items(self) -> ItemsView[Any, Any]:
        """See ``__iter__``."""
        self._whole()
        return self._inner.items()

    def _whole(self) -> None:
        self._recorder.note(self.owner, WHOLE, self._inner)


missing_entry = "\0missing"
"""What a mapping is said to hold where it holds nothing."""


def record_reads(environment: Environment, recorder: DependencyRecorder) -> None:
    """Make ``environment`` tell ``recorder`` of every read of its templates."""
    plain_getattr, plain_getitem = environment.getattr, environment.getitem

    def getattr_(obj: Any, attribute: str) -> Any:
        try:
            value = getattr(obj, attribute)
        except AttributeError:
            value = plain_getattr(obj, attribute)  # what Jinja gives instead: an entry, or something undefined
        namer = namer_of.get(type(obj), _asked)
        return value if namer is None or recorder.reads is None else _told(recorder, namer, obj, attribute, value)

    def getitem(obj: Any, argument: Any) -> Any:
        value = plain_getitem(obj, argument)
        namer = namer_of.get(type(obj), _asked)
        if namer is None or recorder.reads is None or not isinstance(argument, str):
            return value
        return _told(recorder, namer, obj, argument, value)

    class Watched(Context):
        def resolve_or_missing(self, key: str) -> Any:
            if key in self.vars:
                return self.vars[key]  # set by a template: what it was made from has been read already
            value = self.parent.get(key, missing)
            return value if recorder.reads is None else _looked_up(recorder, key, value)

    namer_of = _NAMERS
    environment.getattr = getattr_  # type: ignore[method-assign]
    environment.getitem = getitem  # type: ignore[method-assign]
    environment.context_class = Watched
    # The filter `tojson` takes dictionaries only; making one of a tracked mapping reads the whole of it.
    environment.policies["json.dumps_kwargs"] = {**environment.policies["json.dumps_kwargs"], "default": dict}


Namer = Callable[[Any], str | None]
_NAMERS: dict[type, Namer | None] = {}
"""How records of each type are named; nearly all that templates touch are none, and must not be asked twice."""


def _asked(obj: Any) -> str | None:
    """Name ``obj``, of a type that was not met before."""
    kind = type(obj)
    namer = _NAMERS[kind] = record_naming(kind)  # type: ignore[arg-type]  # types are hashable
    return namer(obj) if namer else None


def _told(recorder: DependencyRecorder, namer: Namer, obj: Any, attribute: str, value: Any) -> Any:
    reads, key = recorder.reads, namer(obj)
    if key is None or reads is None:
        return value
    read = (key, attribute)
    if read not in reads:
        if read not in recorder.noted:
            if isinstance(value, Mapping):
                return TrackedMapping(recorder, f"{key}.{attribute}", value)
            recorder.note_first(read, obj, value)
        reads[read] = recorder.noted[read]
    return value


def carried_digest(record: Any, attribute: str) -> str:
    """Return the digest that a record brings for one of its attributes (``tracking_digests``), or nothing."""
    digests = getattr(record, "tracking_digests", None)
    return digests.get(attribute, "") if digests else ""


def whole_of(record: Any) -> str:
    """Return the digest of all that can be read from a record, if it brings one (``tracking_whole``), or nothing."""
    return getattr(record, "tracking_whole", "") or ""


def _looked_up(recorder: DependencyRecorder, key: str, value: Any) -> Any:
    if value is missing and key not in recorder.given:
        recorder.note(CONTEXT, key, missing_entry)
        return value
    if recorder.given.get(key, missing) is not value:
        return value  # set by a template: what it was made from has been read already
    if isinstance(value, Mapping) and key not in recorder.own:
        return TrackedMapping(recorder, f"{CONTEXT}{key}", value)
    recorder.note(CONTEXT, key, value)
    return value
