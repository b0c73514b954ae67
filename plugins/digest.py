"""Digests of values: equal values have equal digests, in every process and in every build. Pure.

A record (a thing with an identity of its own, such as a document or a section) goes into a digest as its key alone, not with its contents: the
dependency recorder records each attribute that a template reads from it. Every other value goes in with all that it holds.
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
"""Types whose ``repr`` says all that a value holds."""

_LEAF_TYPES = frozenset({str, bytes, bool, int, float, type(None), dt.date, dt.datetime, dt.time, dt.timedelta})
"""The most frequent of them, looked up by exact type: most values that a walk meets are of these. Other leaves turn out to have no members."""

_NAMED_RECORDS: dict[type, Callable[[Any], str | None]] = {}
_DESCRIBED_VALUES: dict[type, Callable[[Any], str]] = {}


class Tracked(Protocol):
    """What the incremental build reads of a record; it knows no record's own type.

    ``tracking_key`` names the record for ever: two records never share one. It is a property, since it is looked for in the class. Four more are
    optional: ``tracking_whole``, one digest of all that can be read from the record; ``tracking_digests``, digests of single attributes that are
    expensive to compute, and of slots; ``tracking_slots`` of the class, by attribute the slot that its read is recorded as, "whole" for those that it does
    not name; ``tracking_leaf``, true if the record leads to no other.
    """

    @property
    def tracking_key(self) -> str: ...


class NoDigest(Exception):
    """A value of an unknown type. Nothing can tell whether it has changed, so it counts as changed in every build."""


def name_records(record_type: type, naming: Callable[[Any], str | None]) -> None:
    """Make every object of ``record_type``, a type of another library, a record with the key that ``naming`` returns."""
    _NAMED_RECORDS[record_type] = naming
    record_naming.cache_clear()


def describe_values(value_type: type, describe: Callable[[Any], str]) -> None:
    """Make two values of ``value_type``, a type of another library, equal if ``describe`` returns the same text for both."""
    _DESCRIBED_VALUES[value_type] = describe
    _description.cache_clear()


def record_key(value: Any) -> str | None:
    """Return the key of a record, or None for anything else.

    A record is an object whose class has ``tracking_key`` (see `Tracked`), or of a type that was given to `name_records`. A bound method of a record
    is a record with a key made of its owner's key and its name. So it must return the same for the same arguments as long as its owner is the same.
    """
    naming = record_naming(type(value))  # type: ignore[arg-type]  # typeshed does not know that types are hashable
    return None if naming is None else naming(value)


@cache
def record_naming(record_type: type) -> Callable[[Any], str | None] | None:
    """Return the function that names the records of one type; None for a type that has no records."""
    if issubclass(record_type, MethodType):
        return _method_key
    for known_type, naming in _NAMED_RECORDS.items():
        if issubclass(record_type, known_type):
            return naming
    return attrgetter("tracking_key") if hasattr(record_type, "tracking_key") else None


def _method_key(method: MethodType) -> str | None:
    owner = record_key(method.__self__)
    return None if owner is None else f"{owner}.{method.__name__}()"


def digest(value: Any) -> str:
    """Return 20 hexadecimal digits (BLAKE2b, 80 bits). Raises `NoDigest` for a value that holds something of an unknown type."""
    tokens: list[str] = []
    _append(value, tokens)
    return _hash(tokens)


def constant_digest(value: Any) -> str:
    """Return the digest of an object that never changes, marked as such. Its class computes it once:
    ``tracking_constant = cached_property(constant_digest)``.
    """
    value_type, tokens = type(value), list[str]()
    _append_group(value_type.__qualname__, (getattr(value, name) for name in _field_names(value_type) or ()), tokens)  # type: ignore[arg-type]  # as above
    return f"constant {_hash(tokens)}"


def _hash(tokens: Iterable[str]) -> str:
    # NUL separates the tokens: text goes in as its repr, which escapes NUL, so two lists of tokens cannot give the same bytes.
    return hashlib.blake2b("\0".join(tokens).encode("utf-8", "surrogatepass"), digest_size=10).hexdigest()


def _append(value: Any, tokens: list[str]) -> None:
    """Append the tokens of a value. Each leaf has its type in front, so that 1 and "1" differ."""
    value_type = type(value)
    if value_type is str:  # the most frequent type, before the slower isinstance; a subclass, such as an Enum, goes on
        tokens.append(f"str {value!r}")
    elif isinstance(value, _LEAVES):
        tokens.append(f"{value_type.__name__} {value!r}")
    elif (key := record_key(value)) is not None:
        tokens.append(f"record {key}")
    elif hasattr(value_type, "tracking_constant"):
        tokens.append(value.tracking_constant)
    elif (describe := _description(value_type)) is not None:  # type: ignore[arg-type]  # as above
        tokens.append(describe(value))
    elif isinstance(value, Mapping):
        _append_group("map", (member for item in value.items() for member in item), tokens)
    elif isinstance(value, list | tuple):
        _append_sequence(value, tokens)
    elif isinstance(value, set | frozenset):
        _append_group("set", sorted(digest(member) for member in value), tokens)  # sorted: a set has another order in each process
    elif (names := _field_names(value_type)) is not None:  # type: ignore[arg-type]  # as above
        _append_group(value_type.__qualname__, (getattr(value, name) for name in names), tokens)
    else:
        raise NoDigest(f"{value_type.__qualname__} has no digest")


@cache
def _description(value_type: type) -> Callable[[Any], str] | None:
    return next((describe for known_type, describe in _DESCRIBED_VALUES.items() if issubclass(value_type, known_type)), None)


@cache
def _field_names(value_type: type) -> tuple[str, ...] | None:
    """Return the names of all that an object of this type holds; None if that is not known."""
    if is_dataclass(value_type):
        return tuple(field.name for field in fields(value_type))
    return tuple(value_type.model_fields) if issubclass(value_type, BaseModel) else None


def _append_group(name: str, group: Iterable[Any], tokens: list[str]) -> None:
    tokens.append(f"{name} (")
    for member in group:
        _append(member, tokens)
    tokens.append(")")


def _append_sequence(sequence: Sequence[Any], tokens: list[str]) -> None:
    """Append a list or tuple. Many lists hold nothing but documents, as many as the site has: these take one call for each key and nothing more."""
    types = set(map(type, sequence))
    naming = record_naming(types.pop()) if len(types) == 1 else None
    if naming is None or naming is _method_key:
        _append_group("list", sequence, tokens)
    else:
        tokens += ["list of records (", *map(naming, sequence), ")"]  # type: ignore[list-item]  # only `_method_key` may return None


def records_in(value: Any, records: dict[str, Any]) -> list[str]:
    """Put every record that can be reached from ``value`` into ``records``, by key, and return the keys that are new.

    The walk does not go on from a record that is a ``tracking_leaf``, nor from one that was in ``records`` before.
    """
    pending, visited, new_keys = [value], set[int](), list[str]()
    while pending:
        current = pending.pop()
        current_type = type(current)
        if current_type in _LEAF_TYPES or id(current) in visited:
            continue
        visited.add(id(current))
        if leaves := _leaves_in(current):  # most lists hold nothing but documents, as many as the site has
            new_keys += (new := [key for key in leaves if key not in records])
            records.update((key, leaves[key]) for key in new)
            continue
        naming = record_naming(current_type)  # type: ignore[arg-type]  # types are hashable
        if naming is not None and (key := naming(current)) is not None:
            if key in records:
                continue
            records[key] = current
            new_keys.append(key)
            if getattr(current, "tracking_leaf", False):
                continue
        by_id = {id(member): member for member in members(current)}  # most lists hold what other lists hold too: only the unvisited go on
        pending += [by_id[number] for number in by_id.keys() - visited]
    return new_keys


def _leaves_in(value: Any) -> dict[str, Any]:
    """Return, by key, what a list or tuple holds if that is nothing but records of one type that lead to no other; nothing otherwise."""
    types = set(map(type, value)) if isinstance(value, list | tuple) else set[type]()
    leaf = types.pop() if len(types) == 1 else None
    naming = record_naming(leaf) if leaf and getattr(leaf, "tracking_leaf", False) is True else None
    return dict(zip(map(naming, value), value, strict=True)) if naming else {}  # type: ignore[arg-type]  # only `_method_key` may return None


def members(value: Any) -> list[Any]:
    """Return what ``value`` holds directly: values of a mapping, members of a collection, fields of a dataclass; of other types nothing."""
    if isinstance(value, Mapping):
        return list(value.values())
    if isinstance(value, list | tuple | set | frozenset):
        return list(value)
    value_type = type(value)
    return [getattr(value, name) for name in _field_names(value_type) or ()] if is_dataclass(value_type) else []
