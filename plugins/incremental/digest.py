"""A short name for a value: equal values have equal digests, in every process. Pure.

Records (things with an identity of their own: articles, sections) are named by their key, not by what is in them: what is read
from them is recorded read by read (`reads`).
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import fields, is_dataclass
from enum import Enum
from functools import cache
from pathlib import PurePath
from types import MethodType
from typing import Any

from pelican.contents import Content
from pelican.urlwrappers import URLWrapper
from pydantic import BaseModel

_LEAVES = (str, bytes, bool, int, float, type(None), dt.date, dt.time, dt.timedelta, dt.tzinfo, PurePath, Enum)


class Volatile(Exception):
    """A value of unknown make: it cannot be told whether it has changed, so it counts as changed always."""


def key_of(value: Any) -> str | None:
    """Return the key of a record, or None for anything else.

    A record is one of Pelican's contents, or an object with an attribute ``tracking_key`` (a string that no other record has). A method of
    a record is told by its name: it must give the same for the same arguments, or its owner must not be a record.
    """
    if isinstance(value, MethodType):
        owner = key_of(value.__self__)
        return None if owner is None else f"{owner}.{value.__name__}()"
    name = identifier(type(value))  # type: ignore[arg-type]  # typeshed does not know that types are hashable
    return None if name is None else name(value)


@cache
def identifier(kind: type) -> Callable[[Any], str | None] | None:
    """Return what names the records of one type; None for a type that has none."""
    if issubclass(kind, MethodType):
        return key_of
    if issubclass(kind, Content):
        return _content_key
    return _tracking_key if hasattr(kind, "tracking_key") else None


def _content_key(content: Content) -> str:
    return f"{type(content).__name__}:{content.get_relative_source_path()}"


def _tracking_key(value: Any) -> str:
    return str(value.tracking_key)


def digest(value: Any) -> str:
    """Return 20 hexadecimal digits. Raises `Volatile` for a value that cannot be named."""
    hasher = hashlib.blake2b(digest_size=10)
    for piece in _pieces(value):
        hasher.update(piece.encode("utf-8", "surrogatepass"))
        hasher.update(b"\0")
    return hasher.hexdigest()


def _pieces(value: Any) -> Iterator[str]:
    """Yield the parts of a value, each marked with its kind, so that 1 and "1" differ."""
    if (key := key_of(value)) is not None:
        yield f"record {key}"
    elif isinstance(value, _LEAVES):
        yield f"{type(value).__name__} {value!r}"
    elif isinstance(value, URLWrapper):
        yield f"url {value.name!r} {value.slug!r}"
    elif isinstance(value, Mapping):
        yield from _group("map", (part for pair in value.items() for part in pair))
    elif isinstance(value, list | tuple):
        yield from _group("list", value)
    elif isinstance(value, set | frozenset):
        yield from _group("set", sorted(digest(member) for member in value))
    elif is_dataclass(value) and not isinstance(value, type):
        yield from _group(type(value).__qualname__, (getattr(value, field.name) for field in fields(value)))
    elif isinstance(value, BaseModel):
        yield from _group(type(value).__qualname__, (getattr(value, name) for name in type(value).model_fields))
    else:
        raise Volatile(f"{type(value).__qualname__} has no digest")


def _group(name: str, members: Iterable[Any]) -> Iterator[str]:
    yield f"{name} ("
    for member in members:
        yield from _pieces(member)
    yield ")"


def records_in(value: Any, found: dict[str, Any]) -> None:
    """Put every record that can be reached from ``value`` into ``found``, by key."""
    waiting = [value]
    seen: set[int] = set()
    while waiting:
        current = waiting.pop()
        if isinstance(current, _LEAVES) or id(current) in seen:
            continue
        seen.add(id(current))
        key = key_of(current)
        if key is not None:
            if key in found:
                continue
            found[key] = current
        waiting += _members(current)


def _members(value: Any) -> list[Any]:
    if isinstance(value, Mapping):
        return list(value.values())
    if isinstance(value, list | tuple | set | frozenset):
        return list(value)
    if is_dataclass(value) and not isinstance(value, type):
        return [getattr(value, field.name) for field in fields(value)]
    return []
