"""`todoke send --digests` is killed while it composes and while it sends: nobody gets an issue twice or loses one, on both databases."""

from __future__ import annotations

import os
import random
import re
from collections import Counter
from contextlib import closing, suppress
from datetime import UTC, datetime, timedelta
from multiprocessing.process import BaseProcess
from pathlib import Path

import sqlalchemy as sa
import typer

from mailer.cli.send import send
from mailer.config.file import load_config
from mailer.database.engine import Database, open_database
from mailer.database.readers import frequencies, subscriptions
from mailer.database.readers.subscriptions import ImportedSubscriber
from mailer.database.schema import delivery, issue
from mailer.model.digest import DIGEST
from mailer.model.issue import IssueRef
from mailer.model.readers.subscription import Frequency
from mailer.model.state import UNDER_WAY, DeliveryState
from mailer.sending import freeze
from tests import fork
from tests.samples.killed import die_in_a_transaction, killed_after
from tests.samples.mail.digest_bundles import write_mergeable
from tests.samples.mail.mail_bundles import SECRET, Installation, installation, write_lists
from tests.servers.smtp import Receiver

LISTS = ("fukko-press", "mailmaga", "musubimaru", "kouryu")
READERS = 60
SIGKILLED = -9


def child(config: str) -> None:
    """`todoke send --digests`, as the timer calls it."""
    os.environ["TODOKE_SECRET"] = SECRET
    with suppress(typer.Exit):
        send(digests=True, config=Path(config), mail=Path(config).parent / "mail")


def compose_and_die(config: str, number: int, step: str) -> None:
    """The same; killed at a step of a transaction, as soon as so many digests are frozen."""
    with closing(open_database(load_config(Path(config)).database)) as database:
        die_in_a_transaction(lambda: frozen_digests(database) >= number, step)
        child(config)


def was_killed(process: BaseProcess) -> bool:
    process.join()
    return process.exitcode == SIGKILLED


def prepared(folder: Path, port: int, url: str) -> Installation:
    """Readers with random lists and frequencies, and an issue of each list that was frozen two days ago, with one article that is in all of them."""
    dice, home = random.Random(7), installation(folder, port, head=f'database = "{url}"\nlease = 1\n')
    home.clock.moment = datetime.now(UTC) - timedelta(days=2)  # the command has the machine's clock
    write_lists(home.root, *LISTS)
    wishes = {f"r{number}@example.jp": dice.sample(LISTS, dice.randint(1, 4)) for number in range(READERS)}
    readers = [ImportedSubscriber(address, "", tuple(lists)) for address, lists in wishes.items()]
    subscriptions.import_subscribers(home.database, readers, source="test", now=home.clock())
    for address, lists in wishes.items():
        number = subscriptions.find(home.database, address)
        assert number is not None
        frequencies.save(home.database, number, dict.fromkeys(lists, Frequency.DAILY), by="reader", now=home.clock())
    for place, key in enumerate(LISTS):
        ref = IssueRef(key, "1")
        write_mergeable(home.root, ref, ["共", "一二三四"[place]])
        freeze.freeze_bundle(home.context.config, home.database, home.root, ref, None, now=home.clock())
    return home


def frozen_digests(database: Database) -> int:
    with database.reading() as reading:
        return reading.execute(sa.select(sa.func.count()).select_from(issue).where(issue.c.list == DIGEST)).scalar_one()


def test_a_kill_at_any_moment_repeats_nothing_and_loses_nothing(tmp_path: Path, database_url: str) -> None:
    with Receiver() as receiver:
        home = prepared(tmp_path, receiver.port, database_url)
        for number, step in ((1, "begin"), (2, "commit"), (4, "commit"), (9, "begin")):
            assert was_killed(fork.start(compose_and_die, str(home.context.config.path), number, step))
            assert frozen_digests(home.database) == number
        kills = 3
        for number in (5, 20, 40):
            killed_after(receiver, number, child, str(home.context.config.path))
        for _ in range(30):  # on a server, what a dead process held comes back with its lease
            assert not was_killed(fork.start(child, str(home.context.config.path)))
            if not waiting(home):
                break
        assert not waiting(home)
        got = {address: Counter[str]() for address in subscribers(home)}
        for message in receiver.accepted:
            part = message.mail.get_body(("plain",))
            assert part is not None
            got[message.recipients[0]].update(re.findall(r"記事 (\w) の本文", str(part.get_content())))
        for address, lists in subscribers(home).items():
            owed = {"共", *("一二三四"[LISTS.index(key)] for key in lists)}
            if address in in_doubt(home):
                assert set(got[address]) in (set(), owed) and max(got[address].values(), default=0) <= 1
            else:
                assert got[address] == Counter(owed), address
        assert len(in_doubt(home)) <= kills * home.context.config.relay.connections


def subscribers(home: Installation) -> dict[str, list[str]]:
    query = sa.text("SELECT email, list FROM subscriber JOIN subscription ON subscriber.id = subscription.subscriber_id")
    lists: dict[str, list[str]] = {}
    with home.database.reading() as reading:
        for email, key in reading.execute(query):
            lists.setdefault(email, []).append(key)
    return lists


def waiting(home: Installation) -> bool:
    states = [state.value for state in (*UNDER_WAY, DeliveryState.HELD)]
    with home.database.reading() as reading:
        return reading.execute(sa.select(delivery.c.address).where(delivery.c.state.in_(states))).first() is not None


def in_doubt(home: Installation) -> set[str]:
    with home.database.reading() as reading:
        return {*reading.execute(sa.select(delivery.c.address).where(delivery.c.state == "unknown")).scalars()}
