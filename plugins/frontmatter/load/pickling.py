"""Headers and documents as bytes between this process and its own forks. Nothing is pickled into a file: see `serialization`.

A place, topic or publication is pickled as its key in the registry. So it stays one object after loading, and the bytes stay small.
"""

from __future__ import annotations

import io
import pickle
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from plugins.frontmatter.model.registry import Place, Publication, Registry, Topic


@dataclass(frozen=True)
class DocumentPickler:
    """Pickles for one registry."""

    registry: Registry

    def dumps(self, value: Any) -> bytes:
        buffer = io.BytesIO()
        _Pickler(buffer, protocol=5).dump(value)
        return buffer.getvalue()

    def loads(self, blobs: Iterable[bytes]) -> Iterator[Any]:
        """Yield the value of each of ``blobs``. Raises `KeyError` for a name that is no longer in the registry."""
        for blob in blobs:
            yield _Unpickler(blob, self._registry_objects).load()

    @cached_property
    def _registry_objects(self) -> dict[tuple[str, str], Any]:
        registry = self.registry
        tables: dict[str, Mapping[str, Any]] = {"places": registry.places, "topics": registry.topics, "publications": registry.publications}
        return {(name, key): value for name, table in tables.items() for key, value in table.items()}


def _registry_key(value: Any) -> tuple[str, str] | None:
    """Return the table and key of a registry's object; None for all else, which is pickled as usual (the protocol of `persistent_id`)."""
    value_type = type(value)
    if value_type is Place:
        return "places", value.name
    if value_type is Topic:
        return "topics", value.name
    return ("publications", value.key) if value_type is Publication else None


class _Pickler(pickle.Pickler):
    # A method of a subclass: Python 3.13 does not let the attribute be set on a pickler any more.
    def persistent_id(self, obj: Any) -> tuple[str, str] | None:
        return _registry_key(obj)


class _Unpickler(pickle.Unpickler):  # our own bytes, see above
    def __init__(self, blob: bytes, objects: Mapping[tuple[str, str], Any]) -> None:
        super().__init__(io.BytesIO(blob))
        self._objects = objects

    def persistent_load(self, pid: Any) -> Any:
        return self._objects[pid]
