"""Sends the mail of one issue: it is frozen and sent by `todoke send`, which goes on when this program has ended. The ledger sends nothing twice.

It leaves when one mirror shows the page, and does not wait longer than `PATIENCE` for that: the mail says everything that the page says.
"""

from __future__ import annotations

import asyncio
from asyncio.subprocess import Process
from contextlib import suppress
from pathlib import Path

from emergency import program
from emergency.agreement import Agreement
from emergency.board import Board, mail_way
from emergency.model import Outcome, Places, Request

PATIENCE = 3.0
"""Seconds for the first mirror. A reader of mail opens it later than that."""

PAUSES = (1.0, 2.0, 5.0, 10.0)
"""Seconds between two tries."""

EX_TEMPFAIL = 75
"""`todoke send`: not everybody has it yet, and the next one goes on (sysexits.h)."""

APPROVING = 60.0
"""Seconds for one approval."""


class MailWay:
    """``folder`` gets what the sender says. ``waits`` is whether there is a mirror to wait for."""

    def __init__(self, request: Request, places: Places, board: Board, folder: Path, agreement: Agreement, *, waits: bool) -> None:
        self._request, self._places, self._board, self._folder, self._waits = request, places, board, folder, waits
        self._agreement, self._approval = agreement, ""

    async def run(self, issue: str) -> None:
        """Send one issue, and try again what failed until the time is over."""
        way = mail_way(issue)
        self._board.set(way, Outcome.WAITING)
        approving = asyncio.create_task(self._approve(issue))  # needs no mirror, so it runs while one is waited for
        if self._waits:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._board.is_live.wait(), PATIENCE)
        await approving
        for number in range(1_000_000):  # in effect without an end: the time of the request ends it
            self._board.set(way, Outcome.WORKING, self._why(way), is_try=True)
            status, said = await self._send(issue)
            if status == 0:
                self._board.set(way, Outcome.DONE, "sent / 送りました")
                return
            self._board.set(way, Outcome.WORKING, f"{self._approval} {said}".strip() if status != EX_TEMPFAIL else said)
            if self._board.left <= 0:
                return
            await asyncio.sleep(PAUSES[min(number, len(PAUSES) - 1)])
            if self._approval:
                await self._approve(issue)

    def _why(self, way: str) -> str:
        return self._board.report.ways[way].why

    async def _send(self, issue: str) -> tuple[int | None, str]:
        """Return the exit status of one `todoke send` and the last of what it said."""
        log = self._folder / f"send-{issue.replace('/', '-')}.log"
        with log.open("ab") as stream:
            start = stream.tell()  # the log of all tries is kept; what this one says begins here
            process: Process = await program.start_detached("send", issue, *self._where(), log=stream)
        status = await process.wait()
        with log.open("rb") as stream:
            stream.seek(start)
            lines = stream.read().decode("utf-8", "replace").strip().splitlines()
        return status, " ".join(lines[-1].split()) if lines else f"todoke send ended with {status}"

    async def _approve(self, issue: str) -> None:
        """Let the second person approve, where somebody is named. A list without that rule needs none, and goes without."""
        if len(self._request.people) < 2 or not self._agreement.needs_approval(issue.partition("/")[0]):
            return
        first, second = self._request.people[:2]
        ended = await program.run("approve", issue, "--as", second, "--author", first, *self._where(), seconds=APPROVING)
        self._approval = "" if ended.status == 0 else ended.words

    def _where(self) -> tuple[str, ...]:
        return ("--config", str(self._places.mailer), "--mail", str(self._places.output / "mail"))
