"""Damaged returned mail: the corpus with bytes flipped, lines lost and doubled, headers of other messages, and parts put into each other.

The suite reads a few hundred; `python -m tests.chaos.returned_mail 100000` (and a seed) reads as many as it is told, with the whole way from the spool to the database,
and ends with 1 if a message is lost or anything but a spool entry comes of it.
"""

from __future__ import annotations

import asyncio
import random
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from mailer.bounces.last_resort import LastResort
from mailer.inbound.own_addresses import OwnAddresses
from mailer.inbound.spool import InboundMessage
from mailer.model.returned.folder import Folder
from tests.mailer.inbound.arrivals import SIGNER, Office, letter, office
from tests.samples.mail import bounce_formats as by
from tests.samples.mail.bounce_corpus import CARRIERS
from tests.samples.mail.bounce_corpus_mailboxes import MAILBOXES
from tests.samples.mail.bounce_corpus_servers import NO_BOUNCES, SERVERS
from tests.servers.smtp import Receiver

SEEDS = [
    *(case.content for case in (*CARRIERS, *MAILBOXES, *SERVERS, *NO_BOUNCES)),
    by.complaint(by.RETURN_PATH),
    letter("taro@docomo.ne.jp", "fukko-press-subscribe@example.jp", "登録"),
]
RECIPIENTS = (
    "fukko-press-subscribe@example.jp",
    "fukko-press-confirm@example.jp",
    "complaints@example.jp",
    "bounce@example.jp",
    "fukko-press-reply@example.jp",
)
ODD_LINES = (
    b"Content-Type: multipart/report; boundary=b1",
    b"Content-Type: message/delivery-status; charset=x-nobody-knows",
    b"Content-Transfer-Encoding: base64",
    b"Content-Transfer-Encoding: x-uuencode",
    b"Subject: =?iso-2022-jp?B?GyRCJUYl?=",
    b"From: =?utf-8?q?=00?= <a@b>, <c@d>",
    b"--b1",
    b"--b1--",
    b"Status: 9.99.999999",
    b"Final-Recipient: utf-8; \\x{110000}\\x{D800}@x",
    b"Diagnostic-Code: smtp;" + b" 550" * 2000,
    b"\xff\xfe\x00\x80",
)


def damaged(draw: random.Random) -> bytes:
    """One message."""
    content = bytearray(draw.choice(SEEDS))
    for _ in range(draw.randrange(6)):
        damage = draw.randrange(7)
        lines = bytes(content).split(b"\r\n")
        at = draw.randrange(len(lines))
        if damage == 0:
            content[draw.randrange(len(content))] = draw.randrange(256)
        elif damage == 1:
            content = bytearray(b"\r\n".join(lines[:at] + lines[at + 1 :])) or content
        elif damage == 2:
            content = bytearray(b"\r\n".join([*lines[:at], draw.choice(ODD_LINES), *lines[at:]]))
        elif damage == 3:
            content = bytearray(bytes(content)[: draw.randrange(1, len(content) + 1)])
        elif damage == 4:
            content = bytearray(b"\r\n".join([*lines[:at], *draw.choice(SEEDS).split(b"\r\n")[: draw.randrange(40)], *lines[at:]]))
        elif damage == 5:
            content += draw.choice(SEEDS)
        else:
            content = bytearray(b"\r\n".join(lines * 2)[:60_000])
    return bytes(content)


def messages(home: Office, number: int, seed: int) -> Iterator[InboundMessage]:
    """So many messages, for readers and for other addresses of ours."""
    draw = random.Random(seed)
    for _ in range(number):
        recipient = home.stamped(draw.randrange(1, 12)) if draw.random() < 0.7 else draw.choice(RECIPIENTS)
        yield InboundMessage(draw.choice(("", "taro@docomo.ne.jp", "odd..@ezweb.ne.jp")), recipient, home.clock(), damaged(draw))


def read_all(home: Office, number: int, seed: int = 1, portion: int = 500) -> Counter[str]:
    """Read damaged messages, and count what became of them: done, failed or pile. A message that is none of these was lost."""
    outcome: Counter[str] = Counter()
    source = messages(home, number, seed)
    with LastResort() as last_resort:
        processor = home.service.processor(home.spool, OwnAddresses(home.config, home.service.lists, SIGNER), last_resort)
        left = number
        while left:
            size = min(portion, left)
            names = {home.spool.store(next(source)).name for _ in range(size)}
            handled = asyncio.run(processor.drain())
            aside = {folder: {*home.spool.names(folder)} & names for folder in (Folder.FAILED, Folder.PILE)}
            if home.spool.names() or handled != len(names):
                raise SystemExit(f"messages are left: {home.spool.names()[:3]}")
            for folder, kept in aside.items():
                outcome[folder] += len(kept)
                outcome.update(f"failed: {home.spool.reason(name, folder)}" for name in kept if folder is Folder.FAILED)
                for name in kept:
                    home.spool.done(name, folder)
            outcome["done"] += len(names) - sum(map(len, aside.values()))
            outcome["the same twice"] += size - len(names)
            left -= size
    return outcome


@contextmanager
def damaged_office() -> Iterator[Office]:
    """An installation whose relay takes everything."""
    with tempfile.TemporaryDirectory() as folder, Receiver() as relay:
        url = f"sqlite:///{folder}/var/todoke.db"
        with office(Path(folder), url, readers=12, relay_port=relay.port) as home, home.contact("office@pref.example.jp"):
            yield home


def main(number: int, seed: int) -> None:
    """Read so many, and say what became of them."""
    with (
        tempfile.TemporaryDirectory() as folder,
        office(Path(folder), f"sqlite:///{folder}/var/todoke.db", readers=12, relay_port=9) as home,
    ):
        began = time.monotonic()
        outcome = read_all(home, number, seed)
        seconds = time.monotonic() - began
    print(f"{number:,} messages in {seconds:,.0f} s: {dict(outcome)}")
    if any(name.startswith("failed: unexpected") for name in outcome):
        raise SystemExit(1)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1000, int(sys.argv[2]) if len(sys.argv) > 2 else 1)
