"""A running `InboundService` for tests: an installation, its LMTP socket, and what it hears of confirmations."""

from __future__ import annotations

import asyncio
import re
import socket
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from email.message import EmailMessage
from pathlib import Path

from mailer import bundle
from mailer.config.file import load_config
from mailer.config.settings import Config
from mailer.database.deliveries import issues
from mailer.database.engine import Database, create_database
from mailer.database.readers import subscriptions
from mailer.inbound.lmtp import LmtpLimits
from mailer.inbound.own_addresses import OwnAddresses
from mailer.inbound.service import InboundService
from mailer.inbound.spool import InboundMessage, Spool
from mailer.message.links import LinkSigner, return_path_for
from mailer.model.ids import IssueId, SubscriberId
from mailer.model.issue import MailList
from mailer.model.readers.suppression import AddressKeys
from mailer.model.returned.bounce import BounceClass
from mailer.model.returned.folder import Folder
from mailer.secrets import Secret, address_keys
from tests.samples.mail.databases import with_tables
from tests.samples.mail.mail_bundles import ISSUE, LIST, NOW, SEAL, SECRET, Clock, people, write_config, write_lists

KEYS = AddressKeys(address_keys({"TODOKE_SECRET": SECRET}, None, None))
SIGNER = LinkSigner((Secret(SECRET),))
CODE = "ABCDE23456"


@dataclass
class RecordedConfirmations:
    """Who was asked; the one code that holds confirms the list."""

    asked: list[tuple[str, str, str]] = field(default_factory=list)

    def request_confirmation(self, address: str, mail_list: MailList, form: str, now: datetime) -> bool:
        self.asked.append((address, mail_list.key, form))
        return True

    def confirm_code(self, address: str, code: str, now: datetime) -> str:
        return "fukko-press" if code == CODE and self.asked else ""


@dataclass
class Office:
    """An installation with three readers who have got issue 45, and the service that takes what comes back."""

    service: InboundService
    clock: Clock
    confirmations: RecordedConfirmations
    issue_id: IssueId

    @property
    def database(self) -> Database:
        return self.service.database

    @property
    def config(self) -> Config:
        return self.service.config

    @property
    def spool(self) -> Spool:
        return Spool(self.config.spool)

    def stamped(self, number: int) -> str:
        """The return path of the mail to this reader."""
        return return_path_for(self.config.return_path, self.issue_id, SIGNER)(SubscriberId(number))

    def put(self, recipient: str, content: bytes, sender: str = "") -> str:
        """Store a message as the LMTP server does; returns its name."""
        return self.spool.store(InboundMessage(sender, recipient, self.clock(), content)).name

    def read(self) -> int:
        """Let the service read what waits."""
        with self.reading() as read:
            return read()

    @contextmanager
    def reading(self) -> Iterator[Callable[[], int]]:
        """One process of the service, which remembers what it could not send."""
        processor = self.service.processor(self.spool, OwnAddresses(self.config, self.service.lists, SIGNER), None)
        with ThreadPoolExecutor(1) as thread:  # a test with a browser has a loop in its own
            yield lambda: thread.submit(lambda: asyncio.run(processor.drain())).result()

    @contextmanager
    def contact(self, address: str) -> Iterator[None]:
        """The lists have another contact."""
        before = self.service
        lists = {key: replace(each, contact=address) for key, each in before.lists.items()}
        self.service = replace(before, lists=lists)
        try:
            yield
        finally:
            self.service = before

    def folder(self, folder: Folder) -> list[str]:
        return [self.spool.reason(name, folder) for name in self.spool.names(folder)]


@contextmanager
def office(folder: Path, url: str, *, relay_port: int = 25, readers: int = 3, head: str = "", inbound: str = "") -> Iterator[Office]:
    """An installation on the given database. Issue 45 is frozen, and sent as far as the ledger knows."""
    write_lists(folder / "mail")
    config = replace(load_config(write_config(folder, relay_port, relay=f'tls = "none"\n[inbound]\n{inbound}', head=head)), database=url)
    clock, confirmations = Clock(), RecordedConfirmations()
    with closing(create_database(with_tables(url), SEAL, KEYS)) as database:
        subscriptions.import_subscribers(database, people(readers), source="test", now=NOW, first_version=lambda: 5)
        frozen = issues.freeze(database, ISSUE, LIST, NOW)
        lists = bundle.read_lists(folder / "mail")
        service = InboundService(config, database, lists, SIGNER, confirmations, clock, lambda _relay: None)
        service.config.spool.parent.mkdir(parents=True, exist_ok=True)
        Spool(config.spool).prepare()
        yield Office(service, clock, confirmations, frozen.issue_id)


@contextmanager
def running(service: InboundService, limits: LmtpLimits | None = None) -> Iterator[str]:
    """The service in a thread; yields the place at which it listens."""
    served, place, loop = replace(service, limits=limits or service.limits), list[str](), asyncio.new_event_loop()
    listening, stop = threading.Event(), asyncio.Event()

    def told(where: str) -> None:
        place.append(where)
        listening.set()

    thread = threading.Thread(target=lambda: loop.run_until_complete(served.run(stop, told)), daemon=True)
    thread.start()
    assert listening.wait(90)
    try:
        yield place[0]
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join(90)
        assert not thread.is_alive()
        loop.close()


def say(place: str, *lines: bytes) -> list[bytes]:
    """Raw lines to the server; the last lines of its replies, until it hangs up or QUIT is answered. smtplib reads one answer to DATA, LMTP has several."""
    host, _, port = place.rpartition(":")
    family, address = (socket.AF_UNIX, place) if "/" in place else (socket.AF_INET, (host, int(port)))
    with closing(socket.socket(family)) as client:
        client.settimeout(90)
        client.connect(address)
        client.sendall(b"".join(line + b"\r\n" for line in lines))
        with closing(client.makefile("rb")) as replies:
            return [line.strip() for line in replies if line[3:4] != b"-"]


def deliver(place: str, recipients: Sequence[str], content: bytes, sender: str = "") -> list[bytes]:
    """One transaction; the answers to RCPT, then those to the body."""
    stuffed = re.sub(rb"(?m)^\.", b"..", content).removesuffix(b"\r\n")
    commands = [b"LHLO mx.example.jp", f"MAIL FROM:<{sender}>".encode(), *(f"RCPT TO:<{each}>".encode() for each in recipients)]
    replies = say(place, *commands, b"DATA", stuffed, b".", b"QUIT")
    return [reply for reply in replies[3:-1] if not reply.startswith(b"354")]


def letter(sender: str, recipient: str, subject: str = "", text: str = "", **headers: str) -> bytes:
    """A mail of a person."""
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = sender, recipient, subject
    for name, value in headers.items():
        mail[name.replace("_", "-")] = value
    mail.set_content(text)
    return mail.as_bytes().replace(b"\n", b"\r\n")


UNKNOWN, FILTERED, POLICY = BounceClass.UNKNOWN, BounceClass.FILTERED, BounceClass.POLICY


def until(is_so: Callable[[], object]) -> None:
    """Wait for what another thread or process does; fail if it does not."""
    for _ in range(1800):
        if is_so():
            return
        threading.Event().wait(0.05)
    raise AssertionError("it did not happen in 90 seconds")
