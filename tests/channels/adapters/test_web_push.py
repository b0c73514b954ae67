"""Messages of Web Push: decrypted by browsers, signed for their push services, told to everybody once, and to nobody at an address inside."""

from __future__ import annotations

import asyncio
from collections.abc import Collection
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from pydantic import SecretStr

from channels.adapters import open_adapter
from channels.adapters.web_push import AT_ONCE, PATIENCE, WebPushAdapter, notification, read_key
from channels.model import Deferred, Posted, Refused
from channels.settings import WebPushChannel
from public_address import PublicResolver, https_host
from tests.channels.adapters.playing import play
from tests.servers.networks.cases import ADDRESS, POST, VAPID, VAPID_PEM, WEB_PUSH, another, outside, push_service
from tests.servers.networks.one_address import OneAddress
from tests.servers.networks.push_service import FakePushService, Notebook, encode
from tests.servers.networks.trouble import MOMENT, Trouble

TAG = str(POST.key)


def _play(steps: Any, count: int = 3) -> None:
    async def with_browsers(service: FakePushService, adapter: WebPushAdapter) -> None:
        book = Notebook(service.subscribe(count))
        adapter.subscriptions = book
        await steps(service, adapter, book)

    play(WEB_PUSH, with_browsers)


def test_every_browser_decrypts_the_notification() -> None:
    async def steps(service: FakePushService, adapter: WebPushAdapter, _book: Notebook) -> None:
        assert await adapter.post(POST) == Posted(TAG)
        shown = {
            "title": "女川港の朝市が再開します",
            "body": "🐟 さんま & わかめ",
            "url": ADDRESS,
            "lang": "ja",
            "tag": TAG,
            "urgent": False,
        }
        assert [browser.shown for browser in service.browsers.values()] == [{TAG: shown}] * 3

    _play(steps)


@pytest.mark.parametrize(("is_urgent", "urgency"), [(True, "high"), (False, "normal")])
def test_a_message_says_how_urgent_it_is_how_long_it_is_of_use_and_what_it_replaces(is_urgent: bool, urgency: str) -> None:
    async def steps(service: FakePushService, adapter: WebPushAdapter, _book: Notebook) -> None:
        await adapter.post(replace(POST, is_urgent=is_urgent, created=MOMENT - timedelta(hours=1)))
        (headers,) = service.browsers[1].headers
        assert (headers["Urgency"], headers["TTL"]) == (urgency, str(23 * 3600))
        assert headers["Topic"] == encode(POST.key.bytes)

    _play(steps)


def test_an_old_message_is_of_use_to_those_only_who_are_there_at_once() -> None:
    async def steps(service: FakePushService, adapter: WebPushAdapter, _book: Notebook) -> None:
        await adapter.post(replace(POST, created=MOMENT - timedelta(days=3)))
        assert service.browsers[1].headers[0]["TTL"] == "0"

    _play(steps)


def test_a_repeat_tells_nobody_a_second_time() -> None:
    async def steps(service: FakePushService, adapter: WebPushAdapter, _book: Notebook) -> None:
        assert await adapter.post(POST) == await adapter.post(POST) == Posted(TAG)
        assert len(service.requests) == 3
        service.subscribe(1)
        await adapter.post(another(POST))
        assert len(service.requests) == 6

    _play(steps)


def test_a_subscription_that_is_gone_is_removed_and_the_others_are_told() -> None:
    async def steps(service: FakePushService, adapter: WebPushAdapter, book: Notebook) -> None:
        service.gone, service.statuses = {1}, {2: 404}
        assert await adapter.post(POST) == Posted(TAG)
        assert [each.number for each in book.browsers] == [3]
        assert TAG in service.browsers[3].shown

    _play(steps)


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

    _play(steps)


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

    _play(steps)


def test_a_few_browsers_whose_push_service_is_busy_close_the_channel_for_seconds_only() -> None:
    async def steps(service: FakePushService, adapter: WebPushAdapter, _book: Notebook) -> None:
        service.statuses = {2: 503}
        answer = await adapter.post(POST)
        assert isinstance(answer, Deferred)
        assert answer.wait == timedelta(seconds=10)

    _play(steps)


def test_a_key_that_everybody_refuses_breaks_the_channel_and_nobody_is_forgotten_for_it() -> None:
    async def steps(service: FakePushService, adapter: WebPushAdapter, book: Notebook) -> None:
        service.statuses = {1: 403, 2: 401, 3: 403}
        answer = await adapter.post(POST)
        assert isinstance(answer, Refused)
        assert answer.is_channel_broken
        assert (len(book.browsers), book.failed) == (3, [])

    _play(steps)


def test_strangers_who_refuse_every_message_neither_break_the_channel_nor_hold_it_up() -> None:
    async def steps(service: FakePushService, adapter: WebPushAdapter, book: Notebook) -> None:
        service.statuses = dict.fromkeys(range(1, 251), 403)  # more than a portion, and all before the readers
        assert await adapter.post(POST) == Posted(TAG)
        assert len(service.published()) == 50
        assert sorted(book.failed) == [*range(1, 251)]
        again = replace(adapter)  # another process, which remembers nothing
        assert await again.post(POST) == Posted(TAG)

    _play(steps, count=300)


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

    _play(steps, count=450)


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

    _play(steps, count=200)


def test_many_browsers_are_told_at_the_same_time_and_never_more_than_the_bound() -> None:
    async def steps(service: FakePushService, adapter: WebPushAdapter, _book: Notebook) -> None:
        service.together = AT_ONCE
        assert await adapter.post(POST) == Posted(TAG)
        assert service.most == AT_ONCE

    _play(steps, count=2 * AT_ONCE)


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

    _play(steps, count=2 * AT_ONCE)


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

    _play(steps)


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

    _play(steps, count=250)


def test_keys_that_are_none_are_a_subscription_that_is_none() -> None:
    async def steps(service: FakePushService, adapter: WebPushAdapter, book: Notebook) -> None:
        service.browsers[1].secret = b""
        assert await adapter.post(POST) == Posted(TAG)
        assert [each.number for each in book.browsers] == [2, 3]

    _play(steps)


def test_a_text_that_does_not_fit_is_refused_before_anybody_is_told() -> None:
    async def steps(service: FakePushService, adapter: WebPushAdapter, _book: Notebook) -> None:
        assert isinstance(await adapter.post(replace(POST, text="あ" * 1400)), Refused)
        assert service.requests == []

    _play(steps)


def test_a_notice_without_a_link_has_its_first_line_as_title() -> None:
    shown = notification(replace(POST, link=None, text="避難してください\n高台へ"))
    assert (shown["title"], shown["body"], shown["url"]) == ("避難してください", "高台へ", "")


def test_the_adapter_of_the_command_line_sends_to_public_https_only() -> None:
    async def run() -> None:
        async with push_service() as service:
            book = Notebook(service.subscribe(2))
            service.browsers[2].endpoint = "https://push.example.com/2"
            given = replace(outside(service), subscriptions=book, may_send=https_host, public_only=True)
            settings = WebPushChannel(kind="web-push", name="push", contact="mailto:k@pref.example.jp")
            adapter = open_adapter(settings, SecretStr(VAPID_PEM), given)
            assert isinstance(adapter, WebPushAdapter)
            adapter.http.resolver = PublicResolver(OneAddress("127.0.0.1"))
            assert isinstance(await adapter.post(POST), Deferred)
            await adapter.close()
            assert service.requests == []
            assert [each.number for each in book.browsers] == [2]

    asyncio.run(run())


def test_a_key_is_read_from_pem_and_from_its_bare_number() -> None:
    number = VAPID.private_key.private_numbers().private_value.to_bytes(32)
    for secret in (VAPID_PEM, VAPID_PEM.strip().replace("\n", "\\n"), encode(number)):
        assert read_key(secret).public_key.public_numbers() == VAPID.public_key.public_numbers()


@pytest.mark.parametrize(
    "key", [ec.generate_private_key(ec.SECP384R1()), ed25519.Ed25519PrivateKey.generate(), None], ids=["P-384", "Ed25519", "none"]
)
def test_any_other_key_is_refused_without_being_told(key: ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey | None) -> None:
    pem = "no key" if key is None else key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    with pytest.raises(ValueError, match="no private key") as caught:
        read_key(pem)
    assert pem not in str(caught.value)
