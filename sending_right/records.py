"""The records of the right to send: their values, and the names and contents of their files, which are created once and never change."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import Any

FENCES, CLAIMS, ENDED = "fence", "claims", "ended"
BUCKET = 1000
"""Claims in one folder: a file system lists a folder as a whole."""


@dataclass(frozen=True, slots=True)
class Right:
    """The right as the database has it. ``fence`` 0: nobody has taken it. ``holder`` is a random name that is made when it is taken.

    ``place`` says which database file or cluster it was taken in: a copy lies in another place.
    """

    fence: int
    holder: str
    place: str = ""


@dataclass(frozen=True, slots=True)
class ClaimRecord:
    """A batch: its number, LIST/NUMBER of its issue, its readers' numbers, and a random name (letters, digits), which its database knows for good."""

    fence: int
    number: int
    ref: str
    readers: tuple[int, ...]
    token: str

    @property
    def name(self) -> str:
        """The name of its file: names sort as numbers do."""
        return f"{self.number // BUCKET:07}/{self.number:010}-{self.token}"


@dataclass(frozen=True, slots=True)
class EndRecord:
    """What became of a batch: readers who were sent it, and readers of whom it is unknown. All others were not sent anything."""

    sent: tuple[int, ...]
    unknown: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class ClaimedBatch:
    """A batch as the storages have it. ``end`` is None if nobody wrote what became of it."""

    claim: ClaimRecord
    end: EndRecord | None = None


@dataclass(frozen=True, slots=True)
class FenceRecord:
    """Who took a fence. ``site`` and ``at`` are for people."""

    holder: str
    site: str = ""
    at: str = ""


def fence_name(fence: int) -> str:
    """Return the name of a fence's file: names sort as numbers do."""
    return f"{fence:08}"


def base_name(name: str) -> str:
    """Return the name of a file without its folders."""
    return name.rpartition("/")[2]


def number_of(name: str) -> int:
    """Return the number of the batch in the name of its file."""
    return int(base_name(name).partition("-")[0])


def encode(record: Mapping[str, Any]) -> bytes:
    """Return a record as JSON, always the same bytes for the same record."""
    return json.dumps(record, sort_keys=True, separators=(",", ":")).encode()


class DamagedRecord(ValueError):
    """A file of the right is not what this program writes. Nothing is guessed: whoever reads it stops."""


def _decode(data: bytes | None, *names: str) -> dict[str, Any]:
    try:
        record = json.loads(data or b"")
        return {name: record[name] for name in names}
    except (ValueError, KeyError, TypeError) as error:
        raise DamagedRecord(f"a record of the right to send is damaged: {error}") from error


def fence_record_of(data: bytes | None) -> FenceRecord:
    """Read the record of who took a fence. Raises `DamagedRecord`."""
    return FenceRecord(**_decode(data, "holder", "site", "at"))


def claim_record_of(data: bytes | None) -> ClaimRecord:
    """Read the record of a batch. Raises `DamagedRecord`."""
    claim = ClaimRecord(**_decode(data, "fence", "number", "ref", "readers", "token"))
    return replace(claim, readers=_numbers(claim.readers))


def end_record_of(data: bytes | None) -> EndRecord:
    """Read the record of what became of a batch. Raises `DamagedRecord`."""
    record = _decode(data, "sent", "unknown")
    return EndRecord(_numbers(record["sent"]), _numbers(record["unknown"]))


def _numbers(values: Collection[Any]) -> tuple[int, ...]:
    if not all(type(value) is int for value in values):
        raise DamagedRecord("a record of the right to send is damaged: a reader's number is no number")
    return tuple(values)
