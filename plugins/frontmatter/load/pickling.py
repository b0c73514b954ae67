"""Heads and documents as bytes, for the store and between processes. What belongs to the registry is told by name, so that it stays one object.

Such bytes are written and read by this program alone, like Python's own ``.pyc`` files, and never come from outside.
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
        """Return ``value`` as bytes."""
        written = io.BytesIO()
        pickler = pickle.Pickler(written, protocol=5)
        pickler.persistent_id = _name  # type: ignore[method-assign]
        pickler.dump(value)
        return written.getvalue()

    def loads(self, blobs: Iterable[bytes]) -> Iterator[Any]:
        """Yield the value of each of ``blobs``."""
        for blob in blobs:
            unpickler = pickle.Unpickler(io.BytesIO(blob))  # noqa: S301 - our own bytes, see above
            unpickler.persistent_load = self._found.__getitem__  # type: ignore[method-assign]
            yield unpickler.load()

    @cached_property
    def _found(self) -> dict[tuple[str, str], Any]:
        registry = self.registry
        tables: dict[str, Mapping[str, Any]] = {"places": registry.places, "topics": registry.topics, "publications": registry.publications}
        return {(table, key): value for table, values in tables.items() for key, value in values.items()}


def _name(value: Any) -> tuple[str, str] | None:
    kind = type(value)
    if kind is Place:
        return "places", value.name
    if kind is Topic:
        return "topics", value.name
    return ("publications", value.key) if kind is Publication else None
