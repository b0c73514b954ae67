"""Browsers that want to be told, on both databases: each post once, ended when they are gone, and nothing of one is left behind."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta

import pytest
import sqlalchemy as sa

from channels.adapters.web_push import public_key
from channels.outbox.push_subscriptions import StoredSubscriptions
from mailer.database.engine import Database, create_database
from mailer.database.push import push_subscriptions as browsers
from mailer.database.push.push_subscriptions import KEPT, MOST_FAILURES, PushSubscription
from mailer.database.schema import push_receipt, push_subscription
from tests.samples.mail.mail_bundles import NOW
from tests.servers.networks.cases import POST, VAPID

KEY = public_key(VAPID)
OTHER = "B" + "A" * 86
POST_KEY = str(POST.key)


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    with closing(create_database(database_url)) as opened:
        yield opened


def subscribe(database: Database, count: int, key: str = KEY) -> list[int]:
    for number in range(count):
        browsers.subscribe(database, PushSubscription(f"https://push.example.com/{key}/{number}", "p" * 87, "a" * 22, key), NOW)
    return numbers(database, "another post", key)


def numbers(database: Database, post: str = POST_KEY, key: str = KEY, after: int = 0, most: int = 100) -> list[int]:
    return [each.number for each in browsers.waiting(database, key, post, after, most)]


def rows(database: Database, table: sa.Table) -> int:
    with database.reading() as connection:
        return int(connection.execute(sa.select(sa.func.count()).select_from(table)).scalar_one())


def test_each_browser_of_a_key_waits_until_it_has_got_the_post(database: Database) -> None:
    mine = subscribe(database, 5)
    subscribe(database, 2, OTHER)
    assert numbers(database) == mine
    assert numbers(database, after=mine[1], most=2) == mine[2:4]
    browsers.note(database, POST_KEY, mine[:3], (), mine[3:4], NOW)
    browsers.note(database, POST_KEY, mine[:3], (), (), NOW)  # a repeat after a kill
    assert numbers(database) == mine[3:]
    assert (browsers.has_arrived(database, POST_KEY), browsers.has_arrived(database, "next post")) == (True, False)
    assert (browsers.count(database, KEY), browsers.count(database, OTHER)) == (5, 2)


def test_whoever_subscribes_again_is_one_browser_with_its_new_keys(database: Database) -> None:
    wish = PushSubscription("https://push.example.com/1", "p" * 87, "a" * 22, OTHER)
    browsers.subscribe(database, wish, NOW)
    browsers.subscribe(database, PushSubscription(wish.endpoint, "q" * 87, "b" * 22, KEY), NOW)
    (only,) = browsers.waiting(database, KEY, POST_KEY, 0, 10)
    assert (only.p256dh, only.auth) == ("q" * 87, "b" * 22)
    assert browsers.count(database, OTHER) == 0
    assert wish.endpoint not in repr(only)


def test_a_browser_that_is_gone_or_unsubscribes_leaves_nothing_behind(database: Database) -> None:
    mine = subscribe(database, 3)
    browsers.note(database, POST_KEY, mine, (), (), NOW)
    browsers.note(database, "next post", (), mine[:1], (), NOW)
    browsers.unsubscribe(database, f"https://push.example.com/{KEY}/1")
    browsers.unsubscribe(database, "https://push.example.com/never-there")
    assert numbers(database, "third post") == mine[2:]
    assert (rows(database, push_subscription), rows(database, push_receipt)) == (1, 1)
    assert subscribe(database, 1)[-1] > mine[2]  # no number is given again


def test_a_browser_that_ends_while_it_is_told_gets_no_receipt(database: Database) -> None:
    mine = subscribe(database, 2)
    browsers.unsubscribe(database, f"https://push.example.com/{KEY}/0")
    browsers.note(database, POST_KEY, mine, (), (), NOW)
    assert rows(database, push_receipt) == 1


def test_a_browser_that_fails_again_and_again_is_forgotten_and_one_that_recovers_is_not(database: Database) -> None:
    first, second = subscribe(database, 2)
    for number in range(MOST_FAILURES - 1):
        browsers.note(database, f"post {number}", (), (), (first, second), NOW)
    browsers.note(database, "it arrives", (first,), (), (), NOW)
    browsers.note(database, "last", (), (), (first, second), NOW)
    assert numbers(database) == [first]


def test_receipts_are_kept_for_as_long_as_a_message_may_live(database: Database) -> None:
    (only,) = subscribe(database, 1)
    browsers.note(database, POST_KEY, (only,), (), (), NOW)
    browsers.note(database, "later", (only,), (), (), NOW + KEPT)
    assert rows(database, push_receipt) == 2
    browsers.note(database, "much later", (only,), (), (), NOW + KEPT + timedelta(seconds=1))
    assert rows(database, push_receipt) == 2


def test_the_adapter_asks_through_the_outbox(database: Database) -> None:
    async def ask() -> list[int]:
        stored = StoredSubscriptions(database, lambda: NOW)
        waiting = await stored.waiting(KEY, POST.key, 0, 10)
        await stored.note(POST.key, [waiting[0].number], [], [])
        return [each.number for each in await stored.waiting(KEY, POST.key, 0, 10)]

    mine = subscribe(database, 2)
    assert asyncio.run(ask()) == mine[1:]
