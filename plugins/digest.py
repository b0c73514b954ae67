"""A short name for a value: equal values have equal digests, in every process. Pure.

Records (things with an identity of their own: articles, sections) are named by their key, not by what is in them: what is read
from them is recorded read by read (`reads`).
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import fields, is_dataclass
from enum import Enum
from functools import cache
from operator import attrgetter
from pathlib import PurePath
from types import MethodType
from typing import Any, Protocol

from pydantic import BaseModel

_LEAVES = (str, bytes, bool, int, float, type(None), dt.date, dt.time, dt.timedelta, dt.tzinfo, PurePath, Enum)


_NAMED_RECORDS: dict[type, Callable[[Any], str | None]] = {}
_DESCRIBED_VALUES: dict[type, Callable[[Any], str]] = {}


class Tracked(Protocol):
    """What the incremental build reads of a record; it knows no record's own type.

    ``tracking_key`` names the record for ever: two records never share one. Three more are optional: ``tracking_whole``, one digest of all that can
    be read from it; ``tracking_digests``, digests of single attributes that are dear to compute; ``tracking_leaf``, true if it leads to no other record.
    """

    @property
    def tracking_key(self) -> str: ...


def name_records(kind: type, naming: Callable[[Any], str | None]) -> None:
    """Make every object of ``kind``, a type that is not ours, a record with the key that ``naming`` returns."""
    _NAMED_RECORDS[kind] = naming
    record_naming.cache_clear()


def describe_values(kind: type, describe: Callable[[Any], str]) -> None:
    """Make values of ``kind``, a type that is not ours, equal to each other if ``describe`` returns the same for them."""
    _DESCRIBED_VALUES[kind] = describe
    _description.cache_clear()


class NoDigest(Exception):
    """A value of unknown make: it cannot be told whether it has changed, so it counts as changed always."""


def record_key(value: Any) -> str | None:
    """Return the key of a record, or None for anything else.

    A record is an object with an attribute ``tracking_key`` (a string that no other record has; see `Tracked`), or of a type that was given to
    `name_records`. A method of a record is told by its name: it must give the same for the same arguments, or its owner must not be a record.
    """
    name = record_naming(type(value))  # type: ignore[arg-type]  # typeshed does not know that types are hashable
    return None if name is None else name(value)


@cache
def record_naming(kind: type) -> Callable[[Any], str | None] | None:
    """Return what names the records of one type; None for a type that has none."""
    if issubclass(kind, MethodType):
        return _method_key
    for known, naming in _NAMED_RECORDS.items():
        if issubclass(kind, known):
            return naming
    return attrgetter("tracking_key") if hasattr(kind, "tracking_key") else None


def _method_key(method: MethodType) -> str | None:
    owner = record_key(method.__self__)
    return None if owner is None else f"{owner}.{method.__name__}()"


def digest(value: Any) -> str:
    """Return 20 hexadecimal digits. Raises `NoDigest` for a value that cannot be named."""
    pieces: list[str] = []
    _put(value, pieces)
    return _short("\0".join(pieces))


def _short(text: str) -> str:
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=10).hexdigest()


def constant(value: Any) -> str:
    """Return what a value that never changes comes to. Its class keeps it: ``tracking_told = cached_property(constant)``."""
    kind, pieces = type(value), list[str]()
    _group(kind.__qualname__, (getattr(value, name) for name in _parts(kind) or ()), pieces)  # type: ignore[arg-type]  # as below
    return f"told {_short(chr(0).join(pieces))}"


def _put(value: Any, pieces: list[str]) -> None:
    """Append the parts of a value, each marked with its kind, so that 1 and "1" differ."""
    kind = type(value)
    if kind is str:
        pieces.append(f"str {value!r}")
    elif isinstance(value, _LEAVES):
        pieces.append(f"{kind.__name__} {value!r}")
    elif (key := record_key(value)) is not None:
        pieces.append(f"record {key}")
    elif hasattr(kind, "tracking_told"):
        pieces.append(value.tracking_told)
    elif (describe := _description(kind)) is not None:  # type: ignore[arg-type]  # as above
        pieces.append(describe(value))
    elif isinstance(value, Mapping):
        _group("map", (part for pair in value.items() for part in pair), pieces)
    elif isinstance(value, list | tuple):
        _row(value, pieces)
    elif isinstance(value, set | frozenset):
        _group("set", sorted(digest(member) for member in value), pieces)
    elif (names := _parts(kind)) is not None:  # type: ignore[arg-type]  # typeshed does not know that types are hashable
        _group(kind.__qualname__, (getattr(value, name) for name in names), pieces)
    else:
        raise NoDigest(f"{kind.__qualname__} has no digest")


@cache
def _description(kind: type) -> Callable[[Any], str] | None:
    return next((describe for known, describe in _DESCRIBED_VALUES.items() if issubclass(kind, known)), None)


@cache
def _parts(kind: type) -> tuple[str, ...] | None:
    """The names of all that an object of this type holds; None if that is not known."""
    if is_dataclass(kind):
        return tuple(field.name for field in fields(kind))
    return tuple(kind.model_fields) if issubclass(kind, BaseModel) else None


def _group(name: str, members: Iterable[Any], pieces: list[str]) -> None:
    pieces.append(f"{name} (")
    for member in members:
        _put(member, pieces)
    pieces.append(")")


def _row(members: Sequence[Any], pieces: list[str]) -> None:
    """A list. Many are of nothing but documents, and as long as the site."""
    kinds = set(map(type, members))
    naming = record_naming(kinds.pop()) if len(kinds) == 1 else None
    if naming is None or naming is _method_key:
        _group("list", members, pieces)
    else:
        pieces += ["list of records (", *map(naming, members), ")"]  # type: ignore[list-item]  # but a method, none has a naming without a name


def records_in(value: Any, found: dict[str, Any]) -> list[str]:
    """Put every record that can be reached from ``value`` into ``found``, by key, and return the keys that came in.

    A record that is a ``tracking_leaf`` leads to no other.
    """
    waiting, seen, new = [value], set[int](), list[str]()
    while waiting:
        current = waiting.pop()
        kind = type(current)
        if kind in _LEAF_TYPES or id(current) in seen:
            continue
        seen.add(id(current))
        naming = record_naming(kind)  # type: ignore[arg-type]  # types are hashable
        if naming is not None and (key := naming(current)) is not None:
            if key in found:
                continue
            found[key] = current
            new.append(key)
            if getattr(current, "tracking_leaf", False):
                continue
        met = {id(member): member for member in members(current)}  # most are lists of what stands in other lists too
        waiting += [met[number] for number in met.keys() - seen]
    return new


_LEAF_TYPES = frozenset({str, bytes, bool, int, float, type(None), dt.date, dt.datetime, dt.time, dt.timedelta})
"""Most of what is met; others that hold nothing are found to hold nothing."""


def members(value: Any) -> list[Any]:
    """Return what is directly in ``value``."""
    if isinstance(value, Mapping):
        return list(value.values())
    if isinstance(value, list | tuple | set | frozenset):
        return list(value)
    kind = type(value)
    return [getattr(value, name) for name in _parts(kind) or ()] if is_dataclass(kind) else []
