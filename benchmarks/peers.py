"""The peers for `benchmarks.mail`, each used as its own manual shows: aiosmtplib and smtplib.

python -m benchmarks.peers aiosmtplib|smtplib PORT MESSAGES CONNECTIONS
"""

from __future__ import annotations

import asyncio
import smtplib
import sys
from concurrent.futures import ThreadPoolExecutor
from email.message import EmailMessage

import aiosmtplib

from benchmarks.mailing.engine import SIZE

SENDER, READER = "bounce@example.jp", "reader{}@example.jp"


def message() -> bytes:
    """A ready message of 40 kB."""
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = SENDER, READER.format(1), "bench"
    mail.set_content("x" * 70 + "\n" + ("y" * 70 + "\n") * (SIZE // 71 - 5))
    return mail.as_bytes()


async def _aiosmtplib(port: int, messages: int, connections: int) -> None:
    content = message()

    async def send(numbers: range) -> None:
        async with aiosmtplib.SMTP(hostname="127.0.0.1", port=port, start_tls=False) as client:
            for number in numbers:
                await client.sendmail(SENDER, [READER.format(number)], content)

    await asyncio.gather(*(send(range(first, messages, connections)) for first in range(connections)))


def _smtplib(port: int, messages: int, connections: int) -> None:
    content = message()

    def send(numbers: range) -> None:
        with smtplib.SMTP("127.0.0.1", port) as client:
            for number in numbers:
                client.sendmail(SENDER, [READER.format(number)], content)

    with ThreadPoolExecutor(connections) as pool:
        list(pool.map(send, (range(first, messages, connections) for first in range(connections))))


def main(name: str, port: str, messages: str, connections: str) -> None:
    """Send."""
    if name == "aiosmtplib":
        asyncio.run(_aiosmtplib(int(port), int(messages), int(connections)))
    else:
        _smtplib(int(port), int(messages), int(connections))


if __name__ == "__main__":
    main(*sys.argv[1:])
