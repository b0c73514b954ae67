"""`todoke receive`: the LMTP server, the reader of its spool, and what is due from time to time, in one process."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from mailer import log
from mailer.bounces import mime
from mailer.bounces.last_resort import LastResort
from mailer.config.settings import Config, RelaySettings
from mailer.database.engine import Database
from mailer.database.returned import automatic_replies
from mailer.inbound.dmarc import ReportReader
from mailer.inbound.empty_mail import Confirmations, EmptyMails
from mailer.inbound.lmtp import WRITERS, Handler, LmtpLimits, LmtpServer
from mailer.inbound.own_addresses import OwnAddresses
from mailer.inbound.processing import MessageReaders, Processor
from mailer.inbound.returned import ReturnedMail
from mailer.inbound.spool import Spool
from mailer.message.dkim.keys import NO_KEYS, DkimKeys
from mailer.message.dkim.signature import sign_message
from mailer.message.links import LinkSigner
from mailer.model.clock import Clock
from mailer.model.errors import TodokeMailError
from mailer.model.issue import MailList
from mailer.secrets import Secret
from mailer.smtp.direct import DirectMessage, send_by_first_relay
from mailer.subscribers import delivery_problems
from mailer.subscribers.asking_again import Questions, let_silent_rest
from mailer.subscribers.sign_up_mailer import BATCH, SignUpMailer

REFUSALS_EVERY = timedelta(seconds=30)
TIDY_EVERY = timedelta(hours=6)
CONFIRMATIONS_EVERY = 3.0
"""Seconds. Somebody waits for the mail with the telephone in the hand."""


@dataclass(frozen=True)
class InboundService:
    """All that a run needs."""

    config: Config
    database: Database
    lists: Mapping[str, MailList]
    signer: LinkSigner
    confirmations: Confirmations
    clock: Clock
    password_for: Callable[[RelaySettings], Secret | None]
    limits: LmtpLimits = field(default_factory=LmtpLimits)
    sign_up_mailer: SignUpMailer | None = None
    dkim: DkimKeys = NO_KEYS

    async def run(self, stop: asyncio.Event, on_listening: Callable[[str], object] = lambda _place: None) -> None:
        """Serve until stopped. What is in the spool from an earlier run is read first.

        :raises ListenError: nothing can listen there.
        """
        spool = Spool(self.config.spool)
        spool.prepare()
        with LastResort() as last_resort, ThreadPoolExecutor(WRITERS, "spool") as threads:
            addresses_of_ours = OwnAddresses(self.config, self.lists, self.signer)
            processor = self.processor(spool, addresses_of_ours, last_resort)
            server = LmtpServer(Handler(spool, addresses_of_ours.resolve, self.clock, processor.wake, threads, self.limits), self.limits)
            on_listening(await server.listen(self.config.inbound.listen))
            sender = asyncio.create_task(self._send_confirmations(stop))
            try:
                await processor.run(stop, _Chores(self, spool))
            finally:
                await server.close()
                await sender

    def processor(self, spool: Spool, addresses_of_ours: OwnAddresses, last_resort: LastResort | None) -> Processor:
        """The reader of the spool."""
        returned = ReturnedMail(self.database, self.signer, last_resort, self.config.verp)
        commands = EmptyMails(self.database, addresses_of_ours, self.confirmations)
        reports = ReportReader(self.database, addresses_of_ours.domains)
        readers = MessageReaders(addresses_of_ours, returned, commands, self.config.bounce_rules, reports)
        return Processor(spool, readers, self._send, self.clock)

    async def _send(self, message: DirectMessage) -> bool:
        writer = mime.parse(message.content).address("From")
        signed = message._replace(content=sign_message(message.content, self.dkim.for_address(writer), self.clock()))
        return await send_by_first_relay(self.config.relays, self.password_for, self.config.message_id_domain, signed)

    async def _send_confirmations(self, stop: asyncio.Event) -> None:
        """Send what empty mails have asked for. `todoke serve` may do the same: the database gives each mail to one of them."""
        questions = Questions(self.database, self.config, self.signer, self.lists, self._send)
        while not stop.is_set():
            try:
                while self.sign_up_mailer is not None and await self.sign_up_mailer.send_waiting(self.clock) == BATCH:
                    pass
                await questions.ask_some(self.clock())
            except TodokeMailError as error:
                log.warning("confirmations cannot be sent now", why=str(error))
            with suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), CONFIRMATIONS_EVERY)


@dataclass
class _Chores:
    """Refusals at sending time are read twice a minute; old files and rows go away."""

    service: InboundService
    spool: Spool
    refusals_at: datetime | None = None
    tidied_at: datetime | None = None

    def __call__(self) -> None:
        """Do what is due."""
        now = self.service.clock()
        if self.refusals_at is None or now - self.refusals_at >= REFUSALS_EVERY:
            self.refusals_at = now
            delivery_problems.read_refusals_by_settings(self.service.config, self.service.database, now)
        if self.tidied_at is None or now - self.tidied_at >= TIDY_EVERY:
            self.tidied_at = now
            automatic_replies.forget_old(self.service.database, now)
            let_silent_rest(self.service.database, self.service.lists, now)
            number = self.spool.forget_old(now - timedelta(days=self.service.config.inbound.keep_days))
            if number:
                log.event("old messages deleted", number=number)
