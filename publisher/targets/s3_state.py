"""What an S3-compatible store holds, by the record that lies in it, and how its objects are compared without reading them."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from publisher.model import manifest

RECORD = ".todoke/state.json"
"""What was being written, and what is to be removed when. It lies in the store itself, so that any publishing machine can go on."""

POINTER = "timestamp.json"


@dataclass(frozen=True)
class State:
    """What the record says. ``proof`` is path → `publisher.targets.slots.mark`; ``gone`` is path → since when; ``compared`` is when a delivery
    began, by the clock of the store, that has compared every object: what changed later may be somebody else's.

    Objects at ``pending`` paths have the old content or the new one: the last delivery was cut.
    """

    number: int = 0
    manifest: str = ""
    proof: Mapping[str, str] = field(default_factory=dict)
    pending: frozenset[str] = frozenset()
    gone: Mapping[str, str] = field(default_factory=dict)
    compared: dt.datetime | None = None


def parse_state(data: bytes) -> State:
    """Return the state of which `render_state` made ``data``; a broken one is as none: everything is compared."""
    with suppress(ValueError, KeyError, TypeError, AttributeError):
        record = json.loads(data)
        pending, gone, proof = frozenset(record["pending"]), dict(record["gone"]), dict(record["proof"])
        compared = dt.datetime.fromisoformat(record["compared"]) if record["compared"] else None
        return State(int(record["number"]), str(record["manifest"]), proof, pending, gone, compared)
    return State()


def render_state(state: State) -> bytes:
    """Return the record."""
    record = {
        "number": state.number,
        "manifest": state.manifest,
        "proof": dict(sorted(state.proof.items())),
        "pending": sorted(state.pending),
        "gone": dict(sorted(state.gone.items())),
        "compared": state.compared.isoformat() if state.compared else "",
    }
    return json.dumps(record).encode()


def bytes_of(file: Path) -> bytes:
    return file.read_bytes() if file.is_file() else b""


def md5(file: Path) -> str:
    return hashlib.md5(bytes_of(file), usedforsecurity=False).hexdigest()


def md5_of(meta: Mapping[str, Any]) -> str:
    """Return the ETag of a listed object: its MD5, unless the store encrypts with keys of its own; then such an object is written anew."""
    return (meta["e_tag"] or "").strip('"')


def is_same(meta: Mapping[str, Any], data: bytes) -> bool:
    return bool(meta["size"] == len(data)) and md5_of(meta) == hashlib.md5(data, usedforsecurity=False).hexdigest()


def proof_rank(path: str) -> int:
    """Return 0 for what never changes under its name, 1 for what names that, 2 for the pointer."""
    name = path.rpartition("/")[2]
    return 2 if name == POINTER else 0 if path.startswith(manifest.LISTS) or name[0].isdecimal() else 1
