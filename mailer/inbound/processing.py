"""Takes one message after the other from the spool, does what follows from it, and takes it out. A kill at any moment loses nothing and counts nothing twice."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from mailer import log
from mailer.bounces import mime, taught
from mailer.bounces.mime import UnreadableMessage
from mailer.bounces.receivers import Receiver
from mailer.bounces.taught import RulesUnreadable
from mailer.database.returned.bounce_effects import ReadBounce
from mailer.inbound.disposition import Disposition, put_aside
from mailer.inbound.dmarc import ReportReader
from mailer.inbound.empty_mail import EmptyMailHandler
from mailer.inbound.forwarding import forward
from mailer.inbound.letters import LetterBudget
from mailer.inbound.own_addresses import DestinationKind, OwnAddresses
from mailer.inbound.returned import ReturnedMail
from mailer.inbound.spool import InboundMessage, Spool, SpoolError
from mailer.model.clock import Clock
from mailer.model.errors import DatabaseError, SecretMissing
from mailer.model.returned.folder import Folder
from mailer.smtp.direct import DirectMessage

Send = Callable[[DirectMessage], Awaitable[bool]]
"""Hands a mail to a relay; false if none took it."""
Chore = Callable[[], object]

RETRY = timedelta(minutes=5)
"""After a mail that no relay took."""
PORTION = 20
"""Messages that are read in one go: a thread, and a sync of the database's disk, for each would cost as much as reading it."""
PAUSE = 5.0
"""Seconds after a database that does not answer, and between two chores."""


@dataclass(frozen=True)
class MessageReaders:
    """Who reads which kind of message."""

    addresses_of_ours: OwnAddresses
    returned: ReturnedMail
    empty_mails: EmptyMailHandler
    rules: Path
    reports: ReportReader | None = None
    letters: LetterBudget = field(default_factory=LetterBudget)

    def take(self, message: InboundMessage, rules: Sequence[Receiver], now: datetime) -> Disposition | ReadBounce:
        """Read a message and do what needs no relay. A bounce is only read: it is recorded with others.

        :raises UnreadableMessage: it cannot be parsed within bounds.
        """
        mail = mime.parse(message.content)
        destination = self.addresses_of_ours.resolve(message.recipient)
        if destination is None:
            return put_aside("its address is none of ours any more")
        if destination.subscriber_id is None and destination.kind in (DestinationKind.RETURNED, DestinationKind.COMPLAINT):
            report = self.reports.take_report(mail, now) if self.reports is not None else None
            if report is not None:
                return report
        if destination.kind in (DestinationKind.RETURNED, DestinationKind.COMPLAINT):
            return self.returned.take(message, mail, destination, rules, now)
        if destination.kind is DestinationKind.COMMAND:
            return self.empty_mails.take(message, mail, destination, now)
        mail_list = self.addresses_of_ours.lists.get(destination.key)
        if mail_list is None:  # a build has ended the list since the address was resolved
            return put_aside(f"there is no list {destination.key} any more")
        disposition = forward(message, mail, mail_list, self.addresses_of_ours, now)
        if disposition.mails and not self.letters.take(mail_list.key, now):
            return put_aside(
                f"more letters to {mail_list.key} in a day than its contact can read; `todoke inbound again NAME` passes it on"
            )
        return disposition


@dataclass
class Processor:
    """The one reader of the spool. `wake` tells it that something has come."""

    spool: Spool
    readers: MessageReaders
    send: Send
    clock: Clock
    _woken: asyncio.Event = field(default_factory=asyncio.Event, init=False)
    _unsent: dict[str, tuple[DirectMessage, ...]] = field(default_factory=dict, init=False)
    _not_before: dict[str, datetime] = field(default_factory=dict, init=False)

    def wake(self) -> None:
        """Something has been stored."""
        self._woken.set()

    async def run(self, stop: asyncio.Event, chore: Chore) -> None:
        """Read until stopped. `chore` is done between two rounds, at least every `PAUSE` seconds when nothing comes."""
        while not stop.is_set():
            self._woken.clear()
            await self.drain(stop)
            await self._chore(chore)
            with suppress(TimeoutError):
                await asyncio.wait_for(_first(self._woken, stop), PAUSE)

    async def drain(self, stop: asyncio.Event | None = None) -> int:
        """Read everything that waits now. How many messages were read to their end?"""
        rules, number = await asyncio.to_thread(self._rules), 0
        names = await asyncio.to_thread(self.spool.names)
        due = [name for name in names if self._not_before.get(name, self.clock()) <= self.clock()]
        for at in range(0, len(due), PORTION):
            if stop is not None and stop.is_set():
                break
            try:
                number += await self._portion(due[at : at + PORTION], rules)
            except (DatabaseError, SecretMissing, OSError) as error:  # the messages stay; whoever mends it need not do more
                log.warning("messages wait", why=str(error))
                break
        return number

    async def _portion(self, names: Sequence[str], rules: Sequence[Receiver]) -> int:
        """Read some messages in a thread, then send what they ask for.

        :raises DatabaseError: the database does not answer. What was done before that is finished; the other messages stay.
        """
        fresh = [name for name in names if name not in self._unsent]
        read, error = await asyncio.to_thread(self._read, fresh, rules)
        to_send = {name: disposition for name, disposition in read.items() if disposition.mails}
        number = len(fresh) - len(to_send)
        to_send |= {name: Disposition("sent at last", mails=self._unsent[name]) for name in names if name in self._unsent}
        for name, disposition in to_send.items():
            number += await self._send(name, disposition)
        if error is not None:
            raise error
        return number

    def _read(self, names: Sequence[str], rules: Sequence[Receiver]) -> tuple[dict[str, Disposition], Exception | None]:
        """Read messages, and finish those that ask for no mail. Returns what became of each, and what stopped it before the last one."""
        read: dict[str, Disposition] = {}
        bounces: dict[str, ReadBounce] = {}
        error: Exception | None = None
        try:
            for name in names:
                taken = self._take(name, rules)
                if isinstance(taken, ReadBounce):
                    bounces[name] = taken
                elif taken is not None:
                    read[name] = taken
            read |= self._record(bounces)
        except (DatabaseError, SecretMissing) as trouble:  # an answer that is noted already must still be sent
            error = trouble
        for name, disposition in read.items():
            if not disposition.mails:
                self._finish(name, disposition)
        return read, error

    def _record(self, bounces: Mapping[str, ReadBounce]) -> dict[str, Disposition]:
        """Record bounces together; if one of them cannot be, each alone, and that one is put aside."""
        try:
            return dict(zip(bounces, self.readers.returned.record([*bounces.values()]), strict=True)) if bounces else {}
        except (DatabaseError, SecretMissing):
            raise
        except Exception as error:
            if len(bounces) > 1:
                return {name: each for key, bounce in bounces.items() for name, each in self._record({key: bounce}).items()}
            self._fail(next(iter(bounces)), f"unexpected error: {type(error).__name__}")
            return {}

    async def _send(self, name: str, disposition: Disposition) -> bool:
        """Send the mails of a message, and finish it if a relay has taken all of them."""
        unsent = tuple([each for each in disposition.mails if not await self.send(each)])
        if unsent:
            self._unsent[name], self._not_before[name] = unsent, self.clock() + RETRY
            log.warning("no relay takes an answer or a forwarded mail; it is tried again", message=name)
            return False
        self._unsent.pop(name, None)
        self._not_before.pop(name, None)
        await asyncio.to_thread(self._finish, name, disposition)
        return True

    def _take(self, name: str, rules: Sequence[Receiver]) -> Disposition | ReadBounce | None:
        """Read one message. None: it was put aside as unreadable."""
        try:
            message = self.spool.read(name)
            return self.readers.take(message, rules, self.clock())
        except (DatabaseError, SecretMissing):
            raise
        except (UnreadableMessage, SpoolError) as error:
            self._fail(name, str(error))
        except Exception as error:  # of whatever kind: a stranger's message must neither be lost nor stop those behind it
            self._fail(name, f"unexpected error: {type(error).__name__}")
        return None

    def _fail(self, name: str, reason: str) -> None:
        log.error("a message cannot be read; see `todoke inbound list`", message=name, why=reason)
        self.spool.keep(name, Folder.FAILED, reason)

    def _finish(self, name: str, disposition: Disposition) -> None:
        log.event("message read", message=name, what=disposition.event, aside=disposition.pile or None)
        if disposition.pile:
            self.spool.keep(name, Folder.PILE, disposition.pile)
        else:
            self.spool.done(name)

    def _rules(self) -> tuple[Receiver, ...]:
        try:
            return taught.read_rules(self.readers.rules)
        except RulesUnreadable as error:
            log.warning("the taught rules are not used", why=str(error))
            return ()

    async def _chore(self, chore: Chore) -> None:
        try:
            await asyncio.to_thread(chore)
        except (DatabaseError, SecretMissing) as error:
            log.warning("refusals wait to be read", why=str(error))


async def _first(*events: asyncio.Event) -> None:
    tasks = [asyncio.create_task(each.wait()) for each in events]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
