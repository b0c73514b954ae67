"""What every adapter owes, whatever its network does: posted exactly once, or uncertain by name; never twice where the network has a key.

A new adapter needs a fake server in tests/servers/networks and a case in tests/servers/networks/cases.py, and must pass as it is.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta

import pytest

from channels.model import Adapter, Answer, Deferred, Posted, Refused, Uncertain
from demo.servers import free_port
from tests.servers.networks.cases import CASES, POST, Case, another
from tests.servers.networks.push_service import FakePushService
from tests.servers.networks.trouble import REFUSALS, SLOW, WAIT, FakeNetwork, Trouble

SHORT = 0.1
"""Seconds for an answer that never comes. Nothing here asks that another one comes within them."""
PATIENT = 60.0
Play = Callable[[FakeNetwork, Adapter], Awaitable[None]]

every_network = pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)


def _play(case: Case, play: Play, trouble: Trouble = Trouble.NONE, secret: str | None = None) -> None:
    async def run() -> None:
        async with case.fake() as fake:
            if isinstance(fake, FakePushService):
                fake.subscribe(1)
            fake.trouble = trouble
            adapter = case.open(fake, SHORT if trouble in SLOW else PATIENT, secret)
            try:
                await play(fake, adapter)
            finally:
                await adapter.close()

    asyncio.run(run())


async def _try_again(case: Case, fake: FakeNetwork, first: Answer) -> Answer:
    """What the outbox does after the trouble is over: look where that is possible, repeat where the network has keys or has nothing of it."""
    await fake.settle()
    fake.trouble = Trouble.NONE
    adapter = case.open(fake)
    try:
        there = await adapter.search(POST) if adapter.traits.can_search and isinstance(first, Uncertain) else None
        if there is not None or (isinstance(first, Uncertain) and not case.has_keys and not adapter.traits.can_search):
            return there or first
        return await adapter.post(POST)
    finally:
        await adapter.close()


@every_network
def test_a_post_is_published_once_and_its_identifier_is_told(case: Case) -> None:
    async def play(fake: FakeNetwork, adapter: Adapter) -> None:
        answer = await adapter.post(POST)
        assert isinstance(answer, Posted)
        assert answer.remote
        assert len(fake.published()) == _once(case)

    _play(case, play)


@pytest.mark.parametrize("case", [each for each in CASES if each.has_keys], ids=lambda case: case.name)
def test_a_key_that_is_repeated_gives_the_first_post_again(case: Case) -> None:
    async def play(fake: FakeNetwork, adapter: Adapter) -> None:
        answers = [await adapter.post(POST), await adapter.post(POST)]
        await adapter.close()
        answers.append(await _try_again(case, fake, Deferred("a restart")))
        assert answers[0] == answers[1] == answers[2]
        assert len(fake.published()) == _once(case)

    _play(case, play)


@every_network
def test_traits_say_whether_a_repeat_is_recognised(case: Case) -> None:
    async def play(_fake: FakeNetwork, adapter: Adapter) -> None:
        assert (adapter.traits.key_life is not None) == case.has_keys
        assert adapter.name == "test"
        assert adapter.kind in case.settings(_fake)["kind"]

    _play(case, play)


@every_network
@pytest.mark.parametrize(
    "trouble", [each for each in Trouble if each is not Trouble.NONE and each not in REFUSALS], ids=lambda each: each.name
)
def test_what_is_accepted_before_the_trouble_is_there_once_or_uncertain(case: Case, trouble: Trouble) -> None:
    async def play(fake: FakeNetwork, adapter: Adapter) -> None:
        first = await adapter.post(POST)
        assert isinstance(first, Posted | Uncertain | Deferred)
        assert isinstance(first, Deferred) <= (case.has_keys or not fake.published())  # nobody says that there is nothing where there is
        await adapter.close()
        second = first if isinstance(first, Posted) else await _try_again(case, fake, first)
        assert isinstance(second, Posted | Uncertain)
        assert isinstance(second, Uncertain) <= (not case.has_keys and "test" in first.reason if not isinstance(first, Posted) else True)
        assert len(fake.published()) in ({_once(case)} if isinstance(second, Posted) else {0, _once(case)})

    _play(case, play, trouble)


@every_network
@pytest.mark.parametrize("trouble", REFUSALS, ids=lambda each: each.name)
def test_what_is_refused_is_not_there_and_the_answer_says_what_to_do(case: Case, trouble: Trouble) -> None:
    async def play(fake: FakeNetwork, adapter: Adapter) -> None:
        answer = await adapter.post(POST)
        assert fake.published() == []
        assert fake.elsewhere == 0
        _assert_says(case, trouble, answer)

    _play(case, play, trouble)


def _assert_says(case: Case, trouble: Trouble, answer: Answer) -> None:
    assert isinstance(answer, Deferred | Refused | Uncertain)
    assert answer.reason.startswith("test: ")
    match trouble:
        case Trouble.BUSY:
            assert answer == Deferred(answer.reason)
        case Trouble.BUSY_SECONDS | Trouble.BUSY_DATE:
            assert answer == Deferred(answer.reason, WAIT)
        case Trouble.UNAUTHORIZED:
            assert answer == Refused(answer.reason, is_channel_broken=True)
        case Trouble.DOWN:
            assert isinstance(answer, Deferred if case.has_keys else Uncertain)
        case _:
            assert answer == Refused(answer.reason)


@every_network
def test_a_network_that_cannot_be_reached_has_nothing(case: Case) -> None:
    async def play(fake: FakeNetwork, _adapter: Adapter) -> None:
        fake.address = f"http://127.0.0.1:{free_port()}"
        for browser in fake.browsers.values() if isinstance(fake, FakePushService) else ():
            browser.endpoint = f"{fake.address}/push/{browser.number}"
        adapter = case.open(fake)
        answer = await adapter.post(POST)
        await adapter.close()
        assert isinstance(answer, Deferred)
        assert "test: " in answer.reason

    _play(case, play)


@every_network
def test_no_reason_holds_a_secret(case: Case) -> None:
    async def play(fake: FakeNetwork, adapter: Adapter) -> None:
        said = repr(adapter)
        for number, trouble in enumerate(each for each in Trouble if each not in SLOW):
            fake.trouble = trouble
            post = another(POST, number)
            answers = [await adapter.post(post), await adapter.search(post), await adapter.delete("1")]
            said += " ".join(each.reason for each in answers if isinstance(each, Deferred | Refused | Uncertain))
        assert "test: " in said
        for secret in filter(None, case.secret(fake).split("\n")):
            assert secret not in said

    _play(case, play)


@every_network
def test_a_post_that_is_gone_already_counts_as_taken_down(case: Case) -> None:
    async def play(_fake: FakeNetwork, adapter: Adapter) -> None:
        posted = await adapter.post(POST)
        assert isinstance(posted, Posted)
        answers = [await adapter.delete(posted.remote), await adapter.delete(posted.remote)]
        assert all(isinstance(each, Posted if adapter.traits.can_delete else Refused) for each in answers)
        assert adapter.traits.can_edit or isinstance(await adapter.edit(posted.remote, POST), Refused)

    _play(case, play)


WAITS = [("9" * 12, timedelta(days=1)), ("-5", None), ("soon", None), ("Fri, 11 Mar 2011 05:46:00 GMT", timedelta(0))]


@every_network
def test_a_wait_is_a_day_at_most_and_never_in_the_past(case: Case) -> None:
    async def play(fake: FakeNetwork, adapter: Adapter) -> None:
        waits = []
        for fake.retry_after, _ in WAITS:
            answer = await adapter.post(POST)
            assert isinstance(answer, Deferred)
            waits.append(answer.wait)
        assert waits == [wait for _, wait in WAITS]

    _play(case, play, Trouble.BUSY_SECONDS)


def _once(case: Case) -> int:
    """A ping is told to a hub once for each feed."""
    return 2 if case.name == "websub" else 1
