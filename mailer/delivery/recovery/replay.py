"""Reads what a dead process wrote into a journal, and says how far it can be believed."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from mailer.delivery.journal import format_timestamp
from mailer.model.errors import JournalError
from mailer.model.ids import Fence, IssueId, SubscriberId
from mailer.model.outcome import DeliveryResult
from mailer.model.state import RESULTS, DeliveryState


@dataclass(frozen=True, slots=True)
class Replay:
    """What a journal says. `known` by subscriber; None: the body was about to leave, and nothing is known of it after that.

    `boot` names the start of the machine that it was written after; it is empty if the first line is missing. `is_whole`: its last
    line is complete, and each was understood.
    """

    fence: Fence | None
    issue_id: IssueId | None
    known: Mapping[SubscriberId, DeliveryResult | None]
    ref: str = ""
    boot: str = ""
    is_synced: bool = False
    is_whole: bool = True

    def is_complete(self, boot: str) -> bool:
        """Whether a row that is not among `known` has surely not left. `boot` names the start of the machine now.

        The death of a process loses no line. The death of the machine may lose every line that was not synced, and a damaged end is
        what it looks like.
        """
        if not self.boot:
            return False
        return self.is_whole if self.boot == boot else self.is_synced

    @property
    def intended(self) -> tuple[SubscriberId, ...]:
        """Rows of which nothing is known but that their body was about to leave."""
        return tuple(number for number, result in self.known.items() if result is None)

    @property
    def results(self) -> tuple[DeliveryResult, ...]:
        """The results, in the order of the file."""
        return tuple(result for result in self.known.values() if result is not None)


def replay(path: Path) -> Replay:
    """Read a journal to its end, or to the first line that is not whole or not understood.

    :raises JournalError: the file cannot be read.
    """
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise JournalError(f"{path} cannot be read: {error.strerror}. Mend that and start again; nothing is lost.") from error
    reader = _Reader()
    end = raw.rfind(b"\n") + 1
    is_understood = all(map(reader.reads, raw[:end].split(b"\n")[:-1]))
    boot, durability = reader.header
    return Replay(
        reader.fence, reader.issue_id, reader.known, reader.ref, boot, durability == "power", is_whole=is_understood and end == len(raw)
    )


class _Reader:
    def __init__(self) -> None:
        self.header = ("", "")
        self.fence: Fence | None = None
        self.issue_id: IssueId | None = None
        self.ref = ""
        self.known: dict[SubscriberId, DeliveryResult | None] = {}

    def reads(self, line: bytes) -> bool:
        """Take a line in. False: it makes no sense."""
        try:
            self._read(line[:2], line[2:])
        except (ValueError, TypeError, RecursionError):
            return False
        return True

    def _read(self, kind: bytes, words: bytes) -> None:
        if kind == b"i ":
            self.known[SubscriberId(int(words))] = None
        elif kind == b"r ":
            result = _parse_result(json.loads(words))
            self.known[result.subscriber_id] = result
        elif kind == b"c ":
            fence, issue_id, *ref = words.decode("ascii").split()  # version 0.1 wrote no reference
            self.fence, self.issue_id, self.ref = Fence(int(fence)), IssueId(int(issue_id)), "".join(ref)
        elif kind == b"b ":
            boot, durability = words.decode("ascii").split()
            self.header = (boot, durability)
        else:
            raise ValueError(kind)


def _parse_result(values: list[str]) -> DeliveryResult:
    subscriber_id, state, attempts, code, text, first_tried, not_before, at, message_id = values
    if DeliveryState(state) not in RESULTS:
        raise ValueError(state)  # the ledger would refuse it, and the row would be taken for one that has not left
    return DeliveryResult(
        SubscriberId(int(subscriber_id)),
        state,
        int(attempts),
        None if code is None else int(code),
        text,
        format_timestamp(datetime.fromisoformat(first_tried)),
        format_timestamp(datetime.fromisoformat(not_before)) if not_before else "",
        format_timestamp(datetime.fromisoformat(at)),
        message_id,
    )
