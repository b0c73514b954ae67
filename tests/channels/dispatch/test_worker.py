"""What people see on a network, whatever it does: once, or named as unknown. Real sockets, the test's own clock."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from channels.announcement import AnnouncementKind, Change
from channels.model import Answer, Post, Traits
from channels.outbox.outbox import PostState
from tests.samples.announcing.announcements import MOMENT, announcement, channel
from tests.samples.announcing.outboxes import Office, office
from tests.samples.mail.databases import with_tables
from tests.servers.networks.simple_network import Behaviour, SimpleAdapter, SimpleNetwork

KEYED = Traits(key_life=timedelta(hours=1), can_answer=True)
LOOKING = Traits(key_life=None, can_search=True)
BLIND = Traits(key_life=None)


@pytest.fixture
def network() -> Iterator[SimpleNetwork]:
    with SimpleNetwork() as served:
        yield served


def one_channel(
    url: str, folder: Path, network: SimpleNetwork, traits: Traits = KEYED, *, deadline: float = 0.4, **values: Any
) -> AbstractContextManager[Office]:
    return office(url, folder, [channel(name="a", **values)], [SimpleAdapter("a", network.url, traits, deadline)])


def first(*behaviours: Behaviour) -> Callable[[], Behaviour]:
    """These one after the other, and then it takes every post."""
    rest = iter(behaviours)
    return lambda: next(rest, Behaviour.TAKE)


def test_an_announcement_is_posted_once_however_often_it_is_entered(database_url: str, tmp_path: Path, network: SimpleNetwork) -> None:
    with one_channel(database_url, tmp_path, network) as here:
        for _ in range(3):
            here.enter(announcement())
            here.post()
        assert here.states() == [PostState.SENT]
    assert len(network.seen) == 1


@pytest.mark.parametrize("behaviour", [Behaviour.TAKE_AND_DROP, Behaviour.TAKE_AND_HANG, Behaviour.DROP])
@pytest.mark.parametrize("traits", [KEYED, LOOKING], ids=["keys", "looks"])
def test_a_post_without_an_answer_is_there_once_in_the_end(
    database_url: str, tmp_path: Path, network: SimpleNetwork, behaviour: Behaviour, traits: Traits
) -> None:
    network.has_keys, network.behave = traits is KEYED, first(behaviour)
    with one_channel(database_url, tmp_path, network, traits) as here:
        here.enter(announcement())
        here.post()
        assert here.states() == [PostState.UNKNOWN]
        here.clock.pass_(minutes=1)
        here.post()
        assert here.states() == [PostState.SENT]
    assert len(network.seen) == 1


@pytest.mark.parametrize(("traits", "hours"), [(BLIND, 0.1), (KEYED, 2.0)], ids=["no keys", "key forgotten"])
def test_what_cannot_be_repeated_or_looked_for_is_named_and_not_posted_again(
    database_url: str, tmp_path: Path, network: SimpleNetwork, traits: Traits, hours: float
) -> None:
    network.has_keys, network.behave = False, first(Behaviour.TAKE_AND_DROP)
    with one_channel(database_url, tmp_path, network, traits) as here:
        here.enter(announcement())
        here.post()
        here.clock.pass_(hours=hours)
        here.post(rounds=2)
        (post,) = here.outbox.list_posts(states=[PostState.UNKNOWN])
        assert (post.record, post.channel, network.calls) == (announcement().record, "a", ["post"])
        assert here.outbox.resolve(post.key, PostState.SENT, by="tests", now=here.clock.now, remote="1") is not None
        assert here.states() == [PostState.SENT]


def test_a_refusal_after_an_uncertain_try_does_not_make_the_post_certain(database_url: str, tmp_path: Path, network: SimpleNetwork) -> None:
    """A limit of requests is checked before the key: the 429 says nothing of the try before. Two hours later the key is forgotten."""
    network.behave = first(Behaviour.TAKE_AND_DROP, Behaviour.BUSY, Behaviour.REFUSE)
    with one_channel(database_url, tmp_path, network) as here:
        here.enter(announcement())
        for _ in range(3):
            here.post()
            assert here.states() == [PostState.UNKNOWN]
            here.clock.pass_(minutes=2)
        network.has_keys = False
        here.clock.pass_(hours=2)
        here.post()
        assert here.states() == [PostState.UNKNOWN]
    assert len(network.seen) == 1


def test_a_network_that_asks_to_wait_is_left_alone_for_so_long(database_url: str, tmp_path: Path, network: SimpleNetwork) -> None:
    network.behave = first(Behaviour.BUSY)
    with one_channel(database_url, tmp_path, network) as here:
        here.enter(announcement(), announcement(record="article/x/2"))
        here.post(rounds=2)
        assert network.calls == ["post"]
        here.clock.pass_(seconds=8)
        here.post()
        assert here.states() == [PostState.SENT, PostState.SENT]


def test_a_key_that_is_not_valid_any_more_stops_the_channel_and_loses_nothing(
    database_url: str, tmp_path: Path, network: SimpleNetwork
) -> None:
    network.behave = first(Behaviour.BROKEN_KEY)
    with one_channel(database_url, tmp_path, network) as here:
        here.enter(announcement())
        here.post(rounds=2)
        (state,) = here.outbox.channels()
        assert network.calls == ["post"] and "401" in state.paused_by
        here.outbox.resume("a", by="tests", now=here.clock.now)
        here.post()
        assert here.states() == [PostState.SENT]


def test_what_the_network_will_not_take_is_failed_and_a_person_may_order_another_try(
    database_url: str, tmp_path: Path, network: SimpleNetwork
) -> None:
    network.behave = first(Behaviour.REFUSE)
    with one_channel(database_url, tmp_path, network) as here:
        here.enter(announcement())
        here.post(rounds=2)
        (post,) = here.outbox.list_posts(states=[PostState.FAILED])
        assert here.outbox.resolve(post.key, PostState.PENDING, by="tests", now=here.clock.now) is not None
        here.post()
        assert here.states() == [PostState.SENT]


def test_news_that_nobody_needs_any_more_is_dropped_with_a_word_and_never_posted_late(
    database_url: str, tmp_path: Path, network: SimpleNetwork
) -> None:
    with one_channel(database_url, tmp_path, network, use_hours=6) as here:
        here.enter(announcement())
        here.outbox.pause("a", by="tests", now=here.clock.now)
        here.post()
        here.clock.pass_(hours=7)
        here.outbox.resume("a", by="tests", now=here.clock.now)
        here.enter(announcement(record="article/x/late"))
        here.post()
        assert here.states() == [PostState.EXPIRED, PostState.EXPIRED]
        assert all("使いみちの期限" in post.reason for post in here.outbox.list_posts())
    assert network.calls == []


def test_the_others_are_out_at_once_while_one_network_is_dead_and_one_drips(tmp_path: Path, network: SimpleNetwork) -> None:
    """The one that is dead drops every connection. The one that drips holds its channel from before the record comes to the end of the test: whatever
    waits for it waits for ever. The clock stands still, so nothing is out because some time has passed.
    """
    with SimpleNetwork(behave=lambda: Behaviour.DRIP) as dripping, SimpleNetwork(behave=lambda: Behaviour.DROP) as dead:
        adapters = [SimpleAdapter("a", dead.url), SimpleAdapter("b", dripping.url, deadline=60.0), SimpleAdapter("c", network.url)]
        url = with_tables(f"sqlite:///{tmp_path / 'var' / 'todoke.db'}")
        with office(url, tmp_path, [channel(name=name) for name in "abc"], adapters) as here:
            here.enter(announcement(record="article/x/before"))
            now = announcement(record="emergency/x/now", kind=AnnouncementKind.EMERGENCY, until=MOMENT + timedelta(hours=1))
            entered: list[str] = []

            def is_done() -> bool:
                if dripping.arrived.is_set() and dead.calls and len(network.seen) == 1 and not entered:
                    here.enter(now)
                    entered.append(now.record)
                return len(network.seen) == 2

            here.work_until(is_done)
            assert dripping.calls == ["post"] and PostState.SENT not in here.states("b")


def test_a_fault_in_one_adapter_ends_its_own_channel_and_no_other(tmp_path: Path, network: SimpleNetwork) -> None:
    class Faulty(SimpleAdapter):
        """One that was written badly."""

        async def post(self, post: Post) -> Answer:
            raise ZeroDivisionError(post.text)

    url = with_tables(f"sqlite:///{tmp_path / 'var' / 'todoke.db'}")
    without_traits: Any = None
    adapters = [Faulty("a", network.url), SimpleAdapter("b", network.url, without_traits), SimpleAdapter("c", network.url)]
    with office(url, tmp_path, [channel(name=name) for name in "abc"], adapters) as here:
        here.enter(announcement())
        here.work_until(lambda: PostState.SENT in here.states("c") and PostState.UNKNOWN in here.states("a"))
        assert here.states("b") == [PostState.PENDING] and len(network.seen) == 1


def test_a_channel_whose_network_never_answers_is_left_alone_but_for_emergencies(
    database_url: str, tmp_path: Path, network: SimpleNetwork
) -> None:
    network.behave = first(*[Behaviour.DROP] * 5)
    with one_channel(database_url, tmp_path, network) as here:
        here.enter(*(announcement(record=f"article/x/{number}") for number in range(6)))
        here.post(rounds=2)
        assert len(network.calls) == 5
        here.enter(
            announcement(record="emergency/x/1", kind=AnnouncementKind.EMERGENCY, until=MOMENT + timedelta(hours=1), change=Change.NEW)
        )
        here.post()
        assert len(network.calls) >= 6 and network.texts()
