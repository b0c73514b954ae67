"""HTTP/1.1 connections with bounds: how many, and how long each may let the service wait.

uvicorn bounds neither. A thousand sockets with half a request would take all file descriptors, and then nobody is answered, the watcher of `/healthz`
included. Here a new connection is always taken: where there are too many, the one that has let the service wait longest is closed.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from itertools import islice
from typing import Any

from uvicorn.protocols.http.h11_impl import H11Protocol

BACKLOG = 100
"""Connections that wait to be taken. asyncio takes so many in one step of its loop."""
OTHER_FILES = 3 * BACKLOG + 64
"""File descriptors beside the connections: those taken in the two steps until a connection that is closed gives its own back; database, log, loop."""
LARGEST_HEAD = 16 * 1024
"""Bytes of a request's line and header fields. A link of ours has about 200."""


@dataclass(frozen=True, slots=True)
class ConnectionLimits:
    """How many connections may be open (a reverse proxy needs as many as it has requests under way), and how long one may keep the service waiting.

    ``head_seconds``: from the connection, or from the end of the last answer, to the end of the next request's head. ``request_seconds``: from there to the
    end of the answer; by default twice as long as the database may wait for a lock.
    """

    connections: int = 500
    head_seconds: float = 10
    request_seconds: float = 60


def connection_limit(asked_for: int, open_files: int | None) -> int:
    """Return how many connections may be open: ``asked_for``, or fewer where the system allows the process only ``open_files`` (``ulimit -n``)."""
    return asked_for if open_files is None else max(1, min(asked_for, open_files - OTHER_FILES))


class Connections:
    """Those that are open, oldest first."""

    def __init__(self, limits: ConnectionLimits) -> None:
        self.limits = limits
        self._open: dict[BoundedProtocol, None] = {}

    def add(self, connection: BoundedProtocol) -> None:
        """Take a connection. If it is one too many, the oldest one that waits for its client is closed, or else the oldest one.

        Only the older half is looked at: who has just come has not had the time to ask.
        """
        self._open[connection] = None
        if len(self._open) > self.limits.connections:
            older = islice(self._open, len(self._open) // 2)
            oldest = next((each for each in older if each.waits_for_client), next(iter(self._open)))
            self.remove(oldest)
            oldest.give_up()

    def remove(self, connection: BoundedProtocol) -> None:
        """Forget a connection that is closed."""
        self._open.pop(connection, None)


class BoundedProtocol(H11Protocol):
    """uvicorn's protocol with a time-out for a head and one for a request. There are no other protocols to change to."""

    def __init__(self, *arguments: Any, connections: Connections, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._peers = connections
        self._is_answering = False
        self._deadline: asyncio.TimerHandle | None = None

    @property
    def waits_for_client(self) -> bool:
        """Whether it is the client's turn: to send the rest of a head or body, or to read."""
        return not self._is_under_way() or self.cycle.more_body or self.flow.write_paused

    def give_up(self) -> None:
        """Close it at once, whatever is unsent."""
        self.transport.abort()

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        """See `asyncio.BaseProtocol`."""
        super().connection_made(transport)
        self._set_deadline(self._peers.limits.head_seconds)
        self._peers.add(self)

    def connection_lost(self, exc: Exception | None) -> None:
        """See `asyncio.BaseProtocol`."""
        self._set_deadline(None)
        self._peers.remove(self)
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """See `asyncio.Protocol`. More bytes of the same head or body do not put the deadline off."""
        super().data_received(data)
        self._note_turn()

    def on_response_complete(self) -> None:
        """See uvicorn. Another request may have begun inside."""
        super().on_response_complete()
        self._is_answering = False
        self._set_deadline(self._peers.limits.head_seconds)
        self._note_turn()

    def _note_turn(self) -> None:
        if self._is_under_way() and not self._is_answering:
            self._is_answering = True
            self._set_deadline(self._peers.limits.request_seconds)

    def _is_under_way(self) -> bool:
        return self.cycle is not None and not self.cycle.response_complete

    def _set_deadline(self, seconds: float | None) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
        self._deadline = None if seconds is None or self.transport.is_closing() else self.loop.call_later(seconds, self.give_up)

    def _should_upgrade(self) -> bool:
        return False  # RFC 9110 section 7.8: a server may ignore Upgrade
