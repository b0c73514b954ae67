"""Announces the notice on other networks (`todoke announce`), which goes on when this program has ended. Its outbox posts nothing twice.

It leaves when one mirror shows the page, and does not wait longer than `PATIENCE` for that: the posts say what the page says. One dead network holds up
neither the others nor anything here: each has a way of its own on the board.
"""

from __future__ import annotations

import asyncio
import json
from contextlib import suppress
from pathlib import Path
from typing import Any

from emergency import program
from emergency.board import Board, channel_way
from emergency.model import Outcome, Places, Request

PATIENCE = 3.0
"""Seconds for the first mirror."""
POLL = 0.1
"""Seconds between two looks at what the program has written."""
NETWORKS = "other networks"
CONFIG = "channels.toml"
"""Stands beside ``publish.toml``."""
EX_LATE = 3
"""`todoke announce`: something has not been posted yet, was refused, or nobody knows."""
_OUTCOMES = {"sent": Outcome.DONE, "failed": Outcome.FAILED, "expired": Outcome.FAILED}


class AnnouncementsWay:
    """``folder`` gets what the program says. ``waits`` is whether there is a mirror to wait for."""

    def __init__(self, request: Request, places: Places, board: Board, folder: Path, *, waits: bool) -> None:
        self._request, self._places, self._board, self._waits = request, places, board, waits
        self._log = folder / "announce.log"

    async def run(self) -> None:
        """Announce the notice, and report on each channel until all are done or the time is over."""
        self._board.set(NETWORKS, Outcome.WAITING)
        if self._waits:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._board.is_live.wait(), PATIENCE)
        self._board.set(NETWORKS, Outcome.WORKING, is_try=True)
        with self._log.open("ab") as stream:
            start = stream.tell()  # the log of all tries is kept; what this one says begins here
            process = await program.start_detached("announce", str(self._request.file), *self._options(), log=stream)
        waiting = asyncio.create_task(process.wait())
        while not waiting.done():
            await asyncio.wait({waiting}, timeout=POLL)
            self._report(start)
        words = self._report(start)
        is_over = waiting.result() in (0, EX_LATE)  # the channels say for themselves what is late
        self._board.set(NETWORKS, Outcome.DONE if is_over else Outcome.FAILED, words)

    def _options(self) -> tuple[str, ...]:
        config, output = self._places.config.parent / CONFIG, self._places.output
        return ("--config", str(config), "--output", str(output), "--seconds", str(max(1.0, self._board.left)), "--format", "json")

    def _report(self, start: int) -> str:
        """Write on the board what the program has said of each channel. Return its last other words."""
        with self._log.open("rb") as stream:
            stream.seek(start)
            lines = stream.read().decode("utf-8", "replace").splitlines()
        words = ""
        for line in lines:
            try:
                self._report_channel(json.loads(line))
            except (ValueError, KeyError, TypeError):
                words = " ".join(line.split())[:500]
        return words

    def _report_channel(self, record: dict[str, Any]) -> None:
        outcome = _OUTCOMES.get(str(record["state"]), Outcome.WORKING)
        words = str(record["address"] or record["reason"])
        self._board.set(channel_way(str(record["channel"])), outcome, f"{record['state']} {words}".strip())


def is_configured(places: Places) -> bool:
    """Whether there are other networks here."""
    return (places.config.parent / CONFIG).is_file()
