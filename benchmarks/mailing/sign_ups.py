"""How many people a second the service signs up while fifty requests a second are hostile, and how many mails a victim gets. By HTTP, into SQLite, mailed
to a relay.

People have each an address and a network of their own. The hostile requests are from sixteen networks, at a thousand victims whose addresses are
written with ever new tags. All carry a form of the service, read for three seconds. Service, clients and relay share one process: its processor seconds are
those of all three.
"""

from __future__ import annotations

import asyncio
import re
import secrets
import tempfile
import time
from collections import Counter
from collections.abc import Mapping
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlencode

import aiohttp

from demo.servers import free_port
from mailer.config.file import load_config
from mailer.database.engine import create_database
from mailer.message.links import LinkSigner
from mailer.message.sealed import TokenSealer
from mailer.secrets import Secret
from mailer.subscribers.sign_up_mailer import SignUpMailer
from mailer.web.app import AppOptions, create_app
from mailer.web.connections import ConnectionLimits
from mailer.web.sign_up.background import WakeUp, make_sign_ups, sending_confirmations
from tests.samples.mail.mail_bundles import LIST, write_config
from tests.samples.mail.sign_ups import LISTS, SITE
from tests.servers.smtp import Receiver
from tests.servers.web_service import served

PEOPLE, HOSTILE, SECONDS, VICTIMS = 120, 50, 60, 1000
"""People and hostile requests a second, for how long, and at how many victims. The goal is a hundred people a second."""
TAKEN = "まだ登録は終わっていません"
READING = 3.2
"""Seconds between the form and its answer: the service wants three."""


def measure(seconds: int = SECONDS) -> Mapping[str, float]:
    """Return how many people were taken a second and which share of them, and the most mails that one victim got."""
    begin = time.process_time()
    with tempfile.TemporaryDirectory() as name, Receiver() as relay:
        port, wake, keys = free_port(), WakeUp(), (Secret(secrets.token_urlsafe(48)),)
        config = replace(load_config(write_config(Path(name), relay.port)), service_url=f"http://127.0.0.1:{port}")
        with closing(create_database(config.database)) as database:
            mailer = SignUpMailer(database, config, TokenSealer(keys), lambda: LISTS, lambda _relay: None)
            clock = lambda: datetime.now(UTC)  # noqa: E731
            app = create_app(
                database,
                LinkSigner(keys),
                LISTS,
                clock,
                AppOptions(site=SITE, sign_ups=make_sign_ups(mailer, keys, wake.set), lifespan=sending_confirmations(mailer, wake, clock)),
            )
            with served(app, ConnectionLimits(), port):
                taken, answered, used = asyncio.run(_ask(f"http://127.0.0.1:{port}", seconds))
                asyncio.run(_drain(mailer))
    mails = Counter(address.split("+")[0] for address in relay.recipients if address.startswith("victim"))
    return {
        "signups_per_s": round(taken / used, 1),
        "requests_per_s": round(answered / used, 1),
        "people_taken": round(taken / (PEOPLE * seconds), 3),
        "signups_cpu_s": round(time.process_time() - begin, 1),
        "mails_per_victim": max(mails.values(), default=0),
    }


async def _ask(url: str, seconds: int) -> tuple[int, int, float]:
    """Ask at an even pace. Return how many people were told that a mail is on its way, how many requests got an answer at all, and in what time."""
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=200)) as session:
        async with session.get(f"{url}/sign-up") as answer:
            signed_time = re.findall(r'name="signed_time" value="([^"]+)"', await answer.text())[0]
        await asyncio.sleep(READING)
        rate = PEOPLE + HOSTILE
        begin, tasks = time.perf_counter(), []
        for number in range(rate * seconds):
            await asyncio.sleep(max(0.0, begin + number / rate - time.perf_counter()))
            tasks.append(asyncio.create_task(_post(session, url, signed_time, number)))
        results = await asyncio.gather(*tasks)
        return results.count("taken"), len(results) - results.count("failed"), max(seconds, time.perf_counter() - begin)


async def _post(session: aiohttp.ClientSession, url: str, signed_time: str, number: int) -> str:
    second, place = divmod(number, PEOPLE + HOSTILE)
    is_person = place * PEOPLE % (PEOPLE + HOSTILE) < PEOPLE  # evenly mixed
    turn = number if is_person else second * HOSTILE + place * HOSTILE // (PEOPLE + HOSTILE)
    address = f"reader{turn}@example.jp" if is_person else f"victim{turn % VICTIMS}+{turn}@example.jp"
    network = f"10.{turn // 256}.{turn % 256}.7" if is_person else f"198.51.{turn % 16}.9"
    body = urlencode({"address": address, "list": LIST.key, "form": "html", "signed_time": signed_time})
    headers = {"X-Forwarded-For": network, "Content-Type": "application/x-www-form-urlencoded", "Sec-Fetch-Site": "same-origin"}
    async with session.post(f"{url}/sign-up", data=body, headers=headers) as answer:
        if answer.status >= 500:
            return "failed"
        return "taken" if is_person and TAKEN in await answer.text() else "held back"


async def _drain(mailer: SignUpMailer) -> None:
    while await mailer.send_waiting(lambda: datetime.now(UTC)):
        pass


if __name__ == "__main__":
    print(measure())
