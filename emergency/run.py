"""One request, from the command until every way is done or the time is over."""

from __future__ import annotations

import asyncio
import datetime as dt
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from emergency import people
from emergency.agreement import Agreement, agree
from emergency.board import Board
from emergency.model import EmergencyError, Outcome, Places, Report, Request
from emergency.ways import site
from emergency.ways.announcements import AnnouncementsWay, is_configured
from emergency.ways.audit_log import write_down
from emergency.ways.mail import MailWay
from emergency.ways.mirrors import MirrorsWay


class Emergency:
    """``folder`` gets what the programs say (``var/emergency``). ``hold`` is awaited before anything leaves, unless two people agree."""

    def __init__(
        self,
        request: Request,
        places: Places,
        folder: Path,
        clock: Callable[[], dt.datetime],
        on_change: Callable[[Report], None] = lambda _report: None,
        seconds: Callable[[], float] = time.monotonic,
    ) -> None:
        self._request, self._places, self._folder = request, places, folder
        self.board = Board(request, clock(), seconds, on_change)
        self._clock = clock
        self._mails: set[asyncio.Task[None]] = set()
        self._announcing: asyncio.Task[None] | None = None
        self._writing_down: asyncio.Task[None] | None = None
        self._are_people_kept = False

    async def run(self) -> Report:
        """Go every way, and return the report. Raises `EmergencyError` if the notice is refused: then nothing went out."""
        self._folder.mkdir(parents=True, exist_ok=True)
        with (self._folder / "release.log").open("ab") as errors:
            mirrors = MirrorsWay(self._places, self.board, errors)
            mirrors.announce()
            # Before there is anything to bring: the program loads and connects while the notice is written.
            bringing = asyncio.create_task(mirrors.run())
            try:
                async with asyncio.timeout(max(0.1, self.board.left)):
                    await self._write(mirrors, bringing)
                    await asyncio.gather(bringing, *self._mails, *self._announcements())
                    if self._writing_down:
                        await self._writing_down
            except TimeoutError:
                self.board.note("The time is over: what is late is tried again by running the same command. 同じコマンドで続けられます")
            finally:
                await _end(bringing, *self._mails, *self._announcements(), *([self._writing_down] if self._writing_down else []))
        self.board.close()
        return self.board.report

    async def _write(self, mirrors: MirrorsWay, bringing: asyncio.Task[None]) -> None:
        """Write the notice, and give each stage to the ways as soon as it is there."""
        agreed = asyncio.create_task(agree(self._request, self._places, self.board))
        try:
            async for written in site.write(self._request, self._places, self.board):
                agreement = await agreed  # asked while the site was written: it leaves this machine by the orders below only
                if not agreement.is_given:
                    raise EmergencyError(
                        "Two people could not be confirmed; nothing was published or sent. 二人の確認ができないため、公開していません"
                    )
                self._keep_people(agreement)
                mirrors.orders.put_nowait(written.paths)
                self._announce()
                for issue in written.bundles:
                    self._start_mail(issue, agreement)
        finally:
            agreed.cancel()
        mirrors.orders.put_nowait(None)
        if self._are_people_kept:
            self._writing_down = asyncio.create_task(write_down(self._places, self.board, self._folder, {*self._mails, bringing}))

    def _keep_people(self, agreement: Agreement) -> None:
        """Write down who is responsible, once, before anything leaves. What cannot be written holds nothing up."""
        if self._are_people_kept:
            return
        try:
            self._are_people_kept = people.keep(self._folder, self._request, agreement, self._clock())
        except OSError as error:
            self.board.note(f"who sent it out could not be written down: {error} / 出した人を書きとめられません")

    def _announce(self) -> None:
        """Announce the notice on other networks, once: its first stage is written."""
        if self._announcing is None and is_configured(self._places):
            way = AnnouncementsWay(self._request, self._places, self.board, self._folder, waits=self._waits_for_mirror())
            self._announcing = asyncio.create_task(way.run())

    def _announcements(self) -> tuple[asyncio.Task[None], ...]:
        return (self._announcing,) if self._announcing else ()

    def _waits_for_mirror(self) -> bool:
        return any(mirror.kind != "portable" for mirror in self._places.mirrors) and not self._places.trouble

    def _start_mail(self, issue: str, agreement: Agreement) -> None:
        if self._places.is_mail_off:
            self.board.set(f"mail {issue}", Outcome.OFF, f"{self._places.mailer}: no such file / メールの設定がありません")
            return
        way = MailWay(self._request, self._places, self.board, self._folder, agreement, waits=self._waits_for_mirror())
        self._mails.add(asyncio.create_task(way.run(issue)))


async def _end(*tasks: asyncio.Task[None]) -> None:
    for task in tasks:
        task.cancel()
    for task in tasks:
        with suppress(asyncio.CancelledError):
            await task
