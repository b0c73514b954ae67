"""Measures one `send` of an issue of 40 kB to invented readers. Run by `benchmarks.mail` in a process of its own.

    python -m benchmarks.mailing.engine PORT READERS CONNECTIONS [DATABASE-URL] [--signed] [--durable]

Prints one line of JSON: seconds, CPU seconds and peak memory of the sending alone.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import resource
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import insert, text

from mailer.config.file import load_config
from mailer.config.settings import Durability
from mailer.database.deliveries import issues
from mailer.database.engine import Database, create_database
from mailer.database.schema import subscriber, subscription
from mailer.delivery.context import DeliveryContext
from mailer.message.dkim import keys
from mailer.message.links import LinkSigner
from mailer.model.issue import Issue, IssueRef, ListClass, MailList
from mailer.model.readers.personal_places import PERSONAL_PLACE
from mailer.model.state import DeliveryState
from mailer.secrets import Secret
from mailer.sending import send as sending

REF = IssueRef("bench", "1")
SIZE = 40_000  # octets of the message


class Quiet:
    """Shows no progress, but notes time, messages and memory ten times in a run."""

    def __init__(self) -> None:
        self.done = 0
        self.began = time.perf_counter()
        self.course: list[tuple[float, int, int]] = []

    def begin(self, total: int) -> None:
        """See `mailer.delivery.context.Progress`."""
        self._every = max(1, total // 10)

    def step(self, state: DeliveryState) -> None:  # noqa: ARG002
        """See `mailer.delivery.context.Progress`."""
        self.done += 1
        if self.done % self._every == 0:
            self.course.append((round(time.perf_counter() - self.began, 2), self.done, memory()))


def memory() -> int:
    """Resident memory now, in megabytes."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize() // 1_000_000


def issue() -> tuple[Issue, MailList]:
    """An issue whose message has 40 kB."""
    now = datetime.now(UTC)
    part = "復興の今をお届けします。\n" * 390
    html, plain = f"<html>{part * 2}<a href='{PERSONAL_PLACE}'>停止</a></html>", f"{part[:-1]}{PERSONAL_PLACE}\n"
    html = html[: 20_500 // 3] + f"<a href='{PERSONAL_PLACE}'></a></html>"
    plain = plain[: 8_000 // 3] + f"\n{PERSONAL_PLACE}\n"
    digest = hashlib.sha256(html.encode()).hexdigest()
    content = Issue(
        REF, "復興プレス 第1号", now, ListClass.NEWSLETTER, None, "https://todoke.example.jp/mail/bench/1/", html, plain, digest
    )
    sender = ("復興プレス", "復興プレス", "press@example.jp", "reply@example.jp", "bench.todoke.example.jp", ListClass.NEWSLETTER)
    return content, MailList("bench", *sender, "press@example.jp", "https://todoke.example.jp/mail/bench/")


def fill(database: Database, readers: int) -> None:
    """Invented readers, all subscribed."""
    now = datetime.now(UTC)
    with database.writing() as connection:
        for begin in range(0, readers, 10_000):
            numbers = range(begin + 1, min(begin + 10_000, readers) + 1)
            people = [
                {
                    "id": n,
                    "email": f"reader{n:07}@example.jp",
                    "email_key": f"reader{n:07}@example.jp",
                    "name": "佐藤 太郎",
                    "created_at": now,
                }
                for n in numbers
            ]
            connection.execute(insert(subscriber), people)
            state = {"list": "bench", "state": "subscribed", "source": "bench", "since": now, "changed_at": now}
            connection.execute(insert(subscription), [{"subscriber_id": n, **state} for n in numbers])


@contextmanager
def prepared_context(
    port: str, readers: int, connections: str, url: str = "", *, is_signed: bool = False, durability: Durability = "process"
) -> Iterator[tuple[DeliveryContext, Path]]:
    """A context with a database in which the issue is frozen for invented readers and a relay on loopback, and the folder of all that."""
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        (home / "mailer.toml").write_text(
            'service_url = "https://mail.example.jp"\nmessage_id_domain = "todoke.example.jp"\nreturn_path = "bounce@example.jp"\n'
            f'database = "{url or "sqlite:///todoke.db"}"\ndurability = "{durability}"\n'
            f'[dkim]\ndomains = [{chr(34) + "example.jp" + chr(34) if is_signed else ""}]\n[relay]\nhost = "127.0.0.1"\nport = {port}\ntls = "none"\n'
            f"connections = {connections}\nmessages_per_connection = 100000\n",
            "utf-8",
        )
        config = load_config(home / "mailer.toml")
        for domain in config.dkim.domains:
            keys.make_missing(config.dkim, domain)
        database = create_database(config.database)
        if url:
            with database.writing() as connection:
                connection.execute(text("TRUNCATE subscriber, issue CASCADE"))
        fill(database, readers)
        issues.freeze(database, *issue(), datetime.now(UTC))
        signer = LinkSigner((Secret("only-for-measuring-only-for-measuring"),))
        yield DeliveryContext(config, database, signer, None, lambda: datetime.now(UTC), dkim=keys.load_active(config.dkim)), home


def main() -> None:
    """Freeze, send, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("port", "readers", "connections"):
        parser.add_argument(name)
    parser.add_argument("url", nargs="?", default="")
    parser.add_argument("--signed", action="store_true")
    parser.add_argument("--durable", action="store_true", help="every intent is synced to the disk first")
    chosen = parser.parse_args()
    measure(chosen.port, chosen.readers, chosen.connections, chosen.url, is_signed=chosen.signed, is_durable=chosen.durable)


def measure(port: str, readers: str, connections: str, url: str, *, is_signed: bool, is_durable: bool) -> None:
    """One send."""
    durability: Durability = "power" if is_durable else "process"
    prepared = prepared_context(port, int(readers), connections, url, is_signed=is_signed, durability=durability)
    with prepared as (context, home):
        progress = Quiet()
        began, cpu = progress.began, time.process_time()
        summary = sending.send(context, home, REF, progress).summary
        seconds, used = time.perf_counter() - began, time.process_time() - cpu
        assert summary.counts[DeliveryState.SENT] == int(readers), dict(summary.counts)
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1000
        print(json.dumps({"seconds": seconds, "cpu": used, "peak_mb": peak, "course": progress.course}))


if __name__ == "__main__":
    main()
