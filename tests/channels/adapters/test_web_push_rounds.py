"""Telling many browsers: each once, whoever fails, refuses or is killed on the way."""

from __future__ import annotations

import asyncio
from collections.abc import Collection
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest

from channels.adapters.web_push import AT_ONCE, PATIENCE, WebPushAdapter
from channels.model import Deferred, Posted, Refused
from tests.channels.adapters.playing import play_push
from tests.servers.networks.cases import POST, another
from tests.servers.networks.push_service import FakePushService, Notebook
from tests.servers.networks.trouble import MOMENT, Trouble

TAG = str(POST.key)


def test_a_repeat_tells_nobody_a_second_time() -> None:
    async def steps(service: FakePushService, adapter: WebPushAdapter, _book: Notebook) -> None:
        assert await adapter.post(POST) == await adapter.post(POST) == Posted(TAG)
        assert len(service.requests) == 3
        service.subscribe(1)
        await adapter.post(another(POST))
        assert len(service.requests) == 6

    play_push(steps)


def test_a_subscription_that_is_gone_is_removed_and_the_others_are_told() -> None:
    async def steps(service: FakePushService, adapter: WebPushAdapter, book: Notebook) -> None:
        service.gone, service.statuses = {1}, {2: 404}
        assert await adapter.post(POST) == Posted(TAG)
        assert [each.number for each in book.browsers] == [3]
        assert TAG in service.browsers[3].shown

    play_push(steps)


def test_what_one_push_service_refuses_for_now_is_tried_again_for_those_alone() -> None:
    async def steps(service: FakePushService, adapter: WebPushAdapter, book: Notebook) -> None:
        service.statuses = {2: 503}
        answer = await adapter.post(POST)
        assert isinstance(answer, Deferred)
        assert "1 of 3" in answer.reason
        assert book.failed == []  # it is tried again
        service.statuses = {}
        assert await adapter.post(POST) == Posted(TAG)
        assert len(service.requests) == 4

    play_push(steps)


def test_a_browser_that_cannot_be_told_for_a_while_is_given_up_for_this_post_and_that_counts() -> None:
    async def steps(service: FakePushService, adapter: WebPushAdapter, book: Notebook) -> None:
        old = replace(POST, created=MOMENT - timedelta(hours=2))
        service.statuses = {1: 503, 2: 503, 3: 503}
        assert isinstance(await adapter.post(old), Deferred)  # nobody has it: it is not given up
        service.statuses = {2: 503}
        assert await adapter.post(old) == Posted(str(old.key))
        assert book.failed == [2]
        service.statuses = {}
        before = len(service.requests)
        assert await adapter.post(old) == Posted(str(old.key))
        assert len(service.requests) == before

    play_push(steps)


def test_a_few_browsers_whose_push_service_is_busy_close_the_channel_for_seconds_only() -> None:
    async def steps(service: FakePushService, adapter: WebPushAdapter, _book: Notebook) -> None:
        service.statuses = {2: 503}
        answer = await adapter.post(POST)
        assert isinstance(answer, Deferred)
        assert answer.wait == timedelta(seconds=10)

    play_push(steps)


def test_a_key_that_everybody_refuses_breaks_the_channel_and_nobody_is_forgotten_for_it() -> None:
    async def steps(service: FakePushService, adapter: WebPushAdapter, book: Notebook) -> None:
        service.statuses = {1: 403, 2: 401, 3: 403}
        answer = await adapter.post(POST)
        assert isinstance(answer, Refused)
        assert answer.is_channel_broken
        assert (len(book.browsers), book.failed) == (3, [])

    play_push(steps)


def test_strangers_who_refuse_every_message_neither_break_the_channel_nor_hold_it_up() -> None:
    async def steps(service: FakePushService, adapter: WebPushAdapter, book: Notebook) -> None:
        service.statuses = dict.fromkeys(range(1, 251), 403)  # more than a portion, and all before the readers
        assert await adapter.post(POST) == Posted(TAG)
        assert len(service.published()) == 50
        assert sorted(book.failed) == [*range(1, 251)]
        again = replace(adapter)  # another process, which remembers nothing
        assert await again.post(POST) == Posted(TAG)

    play_push(steps, count=300)


def test_those_who_fail_come_again_only_when_everybody_has_had_a_turn() -> None:
    async def steps(service: FakePushService, adapter: WebPushAdapter, _book: Notebook) -> None:
        service.statuses = dict.fromkeys(range(1, 201), 503)
        adapter.seconds = -1.0  # a round is one portion
        told = []
        for _ in range(3):
            answer = await adapter.post(POST)
            assert isinstance(answer, Deferred)
            assert answer.wait == timedelta(0)
            told.append(len(service.published()))
        assert told == [0, 200, 250]
        adapter.seconds = 60.0
        service.statuses = {}
        while not isinstance(await adapter.post(POST), Posted):
            pass
        assert len(service.published()) == 450

    play_push(steps, count=450)


def test_a_host_that_answers_nobody_is_left_alone_for_the_rest_of_the_round() -> None:
    async def steps(service: FakePushService, adapter: WebPushAdapter, book: Notebook) -> None:
        service.trouble = Trouble.DROPPED
        adapter.http.at_once = 1
        answer = await adapter.post(POST)
        assert isinstance(answer, Deferred)
        first = len(service.requests)
        assert first <= 200
        book.browsers += service.subscribe(500)
        await adapter.post(another(POST))
        assert len(service.requests) - first <= 200  # one portion is on its way; the rest is spared
        assert PATIENCE < 200

    play_push(steps, count=200)


def test_many_browsers_are_told_at_the_same_time_and_never_more_than_the_bound() -> None:
    async def steps(service: FakePushService, adapter: WebPushAdapter, _book: Notebook) -> None:
        service.together = AT_ONCE
        assert await adapter.post(POST) == Posted(TAG)
        assert service.most == AT_ONCE

    play_push(steps, count=2 * AT_ONCE)


def test_a_worker_that_is_killed_on_the_way_tells_everybody_once_with_the_next_start() -> None:
    async def steps(service: FakePushService, adapter: WebPushAdapter, _book: Notebook) -> None:
        service.together = 10_000  # all are held: nobody is told to the end
        first = asyncio.create_task(adapter.post(POST))
        await service.crowded(AT_ONCE)
        first.cancel()
        await asyncio.gather(first, return_exceptions=True)
        service.together = 0
        assert await adapter.post(POST) == Posted(TAG)
        assert sorted(service.published()) == sorted(f"{number}/{TAG}" for number in service.browsers)

    play_push(steps, count=2 * AT_ONCE)


class Unwritten(Notebook):
    """The power fails between the answers of the push service and the note of them."""

    async def note(self, key: UUID, done: Collection[int], gone: Collection[int], failed: Collection[int]) -> None:
        raise asyncio.CancelledError


def test_a_message_that_was_told_but_not_noted_takes_its_own_place() -> None:
    async def steps(service: FakePushService, adapter: WebPushAdapter, book: Notebook) -> None:
        adapter.subscriptions = Unwritten(book.browsers)
        with pytest.raises(asyncio.CancelledError):
            await adapter.post(POST)
        adapter.subscriptions = book
        assert await adapter.post(POST) == Posted(TAG)
        assert [len(browser.headers) for browser in service.browsers.values()] == [2, 2, 2]
        assert [[*browser.shown] for browser in service.browsers.values()] == [[TAG]] * 3
        assert len({headers["Topic"] for browser in service.browsers.values() for headers in browser.headers}) == 1

    play_push(steps)


def test_a_round_that_takes_too_long_ends_and_the_next_goes_on() -> None:
    async def steps(service: FakePushService, adapter: WebPushAdapter, _book: Notebook) -> None:
        adapter.seconds = -1.0
        answer = await adapter.post(POST)
        assert len(service.published()) == 200
        assert answer == Deferred("test: 200 told in this round, the next goes on / 続きを送ります", timedelta(0))
        adapter.seconds = 60.0
        assert isinstance(await adapter.post(POST), Deferred)  # the rest of the list; then whoever is left of its beginning
        assert await adapter.post(POST) == Posted(TAG)
        assert len(service.requests) == len(service.published()) == 250

    play_push(steps, count=250)
