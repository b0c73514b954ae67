"""How many returned messages a minute `todoke receive` takes: by LMTP onto the disk, read, and into the database. The last line is JSON.

Two thirds are reports of RFC 3464 from Postfix, one sixth prose of qmail, one sixth holiday notices, from 4 connections. Each is synced to the disk before
it is answered; twenty are recorded in one transaction.
"""

from __future__ import annotations

import asyncio
import json
import secrets
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from mailer.config.settings import Config, InboundSettings, RelaySettings
from mailer.database.deliveries import issues
from mailer.database.engine import Database, create_database
from mailer.database.readers import subscriptions
from mailer.database.readers.subscriptions import ImportedSubscriber
from mailer.database.returned import delivery_problems
from mailer.inbound.service import InboundService
from mailer.inbound.spool import Spool
from mailer.message.links import LinkSigner, return_path_for
from mailer.message.sealed import TokenSealer
from mailer.model.audit_log import AuditSeal
from mailer.model.ids import IssueId, SubscriberId
from mailer.model.issue import Issue, IssueRef, ListClass, MailList
from mailer.model.readers.suppression import AddressKeys
from mailer.secrets import Secret
from mailer.subscribers.sign_up_by_mail import SignUpsByMail

CONNECTIONS = 4
NUMBER = 3_000
NOW = datetime(2026, 3, 11, tzinfo=UTC)
LIST = MailList(
    "news",
    "News",
    "News",
    "news@example.jp",
    "news@example.jp",
    "news.example.jp",
    ListClass.NEWSLETTER,
    "a@pref.example",
    "https://example.jp/",
)
ISSUE = Issue(IssueRef("news", "1"), "News", NOW, ListClass.NEWSLETTER, None, "https://example.jp/1/", "<p>x</p>", "x", "0" * 64)
REPORT = (
    "From: MAILER-DAEMON@mx.example.net\r\nSubject: Undelivered Mail Returned to Sender\r\nMIME-Version: 1.0\r\n"
    'Content-Type: multipart/report; report-type=delivery-status; boundary="b"\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\n'
    "<reader{0}@example.net>: host mx.example.net said: 552 5.2.2 mailbox full (in reply to RCPT TO command)\r\n\r\n--b\r\n"
    "Content-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.example.net\r\n\r\nFinal-Recipient: rfc822; reader{0}@example.net\r\n"
    "Action: failed\r\nStatus: 5.2.2\r\nDiagnostic-Code: smtp; 552 5.2.2 mailbox full\r\n\r\n--b\r\nContent-Type: message/rfc822\r\n\r\n"
    + "Subject: News\r\n\r\n" + "The newsletter, as it was sent, comes back with the report.\r\n" * 150 + "--b--\r\n"
)  # fmt: skip
PROSE = (
    "From: MAILER-DAEMON@mx.example.net\r\nSubject: failure notice\r\n\r\nHi. This is the qmail-send program at mx.example.net.\r\n"
    "<reader{0}@example.net>:\r\nSorry, no mailbox here by that name. (#5.1.1)\r\n\r\n--- Below this line is a copy of the message.\r\n\r\nx\r\n"
)
NOTICE = "From: reader{0}@example.net\r\nSubject: Out of Office\r\nAuto-Submitted: auto-replied\r\n\r\nI am away.\r\n"
FORMS = (REPORT, REPORT, PROSE, REPORT, REPORT, NOTICE)


def bounces_per_min(number: int = NUMBER) -> int:
    """Measure."""
    with tempfile.TemporaryDirectory() as name:
        folder, key = Path(name), Secret(secrets.token_hex(32))
        signer = LinkSigner((key,))
        relay = RelaySettings("127.0.0.1", 9, "none", None, None, None, 1, 1.0)
        config = Config(
            folder / "mailer.toml", "https://example.jp", f"sqlite:///{folder}/todoke.db", "example.jp", "bounce@example.jp", None, (relay,)
        )
        config = replace(config, inbound=InboundSettings("example.jp", "c@example.jp", "", "127.0.0.1:0"))
        with closing(create_database(config.database, AuditSeal(), AddressKeys((b"k" * 32,)))) as database:
            issue_id = _prepare(database, number)
            service = InboundService(
                config,
                database,
                {LIST.key: LIST},
                signer,
                SignUpsByMail(database, TokenSealer((key,)), {LIST.key: LIST}),
                lambda: datetime.now(UTC),
                lambda _relay: None,
            )
            seconds = _run(service, _messages(config, signer, issue_id, number))
            counted = sum(delivery_problems.problems_by_class(database, since=NOW).values())
    expected = sum(FORMS[each % len(FORMS)] is not NOTICE for each in range(1, number + 1))
    if counted != expected:
        raise SystemExit(f"{expected} problems were to be recorded, and {counted} were")
    return round(number / seconds * 60)


def _prepare(database: Database, number: int) -> IssueId:
    people = (ImportedSubscriber(f"reader{each}@example.net", "", (LIST.key,)) for each in range(1, number + 1))
    subscriptions.import_subscribers(database, people, source="bench", now=NOW)
    return issues.freeze(database, ISSUE, LIST, NOW).issue_id


def _messages(config: Config, signer: LinkSigner, issue_id: IssueId, number: int) -> list[tuple[str, bytes]]:
    stamp = return_path_for(config.return_path, issue_id, signer)
    return [(stamp(SubscriberId(each)), FORMS[each % len(FORMS)].format(each).encode()) for each in range(1, number + 1)]


def _run(service: InboundService, messages: Sequence[tuple[str, bytes]]) -> float:
    """Seconds from the first connection until the spool is empty."""
    loop, stop, listening, place = asyncio.new_event_loop(), asyncio.Event(), threading.Event(), list[str]()

    def on_listening(where: str) -> None:
        place.append(where)
        listening.set()

    thread = threading.Thread(target=lambda: loop.run_until_complete(service.run(stop, on_listening)))
    thread.start()
    listening.wait()
    began = time.perf_counter()
    asyncio.run(_send_all(place[0], messages))
    spool = Spool(service.config.spool)
    while spool.names():
        time.sleep(0.02)
    seconds = time.perf_counter() - began
    loop.call_soon_threadsafe(stop.set)
    thread.join()
    return seconds


async def _send_all(place: str, messages: Sequence[tuple[str, bytes]]) -> None:
    await asyncio.gather(*(_send(place, messages[number::CONNECTIONS]) for number in range(CONNECTIONS)))


async def _send(place: str, messages: Sequence[tuple[str, bytes]]) -> None:
    host, _, port = place.rpartition(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    await reader.readline()
    writer.write(b"LHLO bench\r\n")
    while (await reader.readline())[3:4] == b"-":
        pass
    for recipient, content in messages:
        writer.write(f"MAIL FROM:<>\r\nRCPT TO:<{recipient}>\r\nDATA\r\n".encode())
        for _ in range(3):
            await reader.readline()
        writer.write(content + b".\r\n")
        if not (await reader.readline()).startswith(b"250"):
            raise SystemExit("a message was not taken")
    writer.close()


def main() -> None:
    """Print the row."""
    print(json.dumps({"bounces_per_min": bounces_per_min(int(sys.argv[1]) if len(sys.argv) > 1 else NUMBER)}))


if __name__ == "__main__":
    main()
