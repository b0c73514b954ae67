"""Messages of Web Push: decrypted by browsers, signed for their push services, told to everybody once, and to nobody at an address inside."""

from __future__ import annotations

import asyncio
import socket
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from aiohttp.abc import AbstractResolver, ResolveResult
from pydantic import SecretStr

from channels.adapters import open_adapter
from channels.adapters.web_push import PATIENCE, WebPushAdapter, notification, read_key
from channels.model import Deferred, Posted, Refused
from channels.settings import WebPushChannel
from public_address import PublicResolver, https_host
from tests.channels.adapters.playing import play
from tests.servers.networks.cases import ADDRESS, POST, VAPID, VAPID_PEM, WEB_PUSH, another, outside, push_service
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
        assert book.failed == [2]
        service.statuses = {}
        assert await adapter.post(POST) == Posted(TAG)
        assert len(service.requests) == 4

    _play(steps)


def test_a_browser_that_cannot_be_told_for_an_hour_is_given_up_for_this_post() -> None:
    async def steps(service: FakePushService, adapter: WebPushAdapter, _book: Notebook) -> None:
        old = replace(POST, created=MOMENT - timedelta(hours=2))
        service.statuses = {1: 503, 2: 503, 3: 503}
        assert isinstance(await adapter.post(old), Deferred)  # nobody has it: it is not given up
        service.statuses = {2: 503}
        assert await adapter.post(old) == Posted(str(old.key))

    _play(steps)


def test_a_few_browsers_whose_push_service_is_busy_close_the_channel_for_seconds_only() -> None:
    async def steps(service: FakePushService, adapter: WebPushAdapter, _book: Notebook) -> None:
        service.statuses = {2: 503}
        answer = await adapter.post(POST)
        assert isinstance(answer, Deferred)
        assert answer.wait == timedelta(seconds=10)

    _play(steps)


def test_a_subscription_of_an_older_key_stops_nobody_and_a_key_that_all_refuse_breaks_the_channel() -> None:
    async def steps(service: FakePushService, adapter: WebPushAdapter, book: Notebook) -> None:
        service.statuses = {2: 403}
        assert isinstance(await adapter.post(POST), Deferred)
        service.statuses = {1: 403, 2: 403, 3: 403}
        answer = await adapter.post(another(POST))
        assert isinstance(answer, Refused)
        assert answer.is_channel_broken
        assert len(book.browsers) == 3

    _play(steps)


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


def test_a_round_that_takes_too_long_ends_and_the_next_goes_on() -> None:
    async def steps(service: FakePushService, adapter: WebPushAdapter, _book: Notebook) -> None:
        adapter.seconds = -1.0
        answer = await adapter.post(POST)
        assert answer == Deferred("test: 0 told in this round, the next goes on / 続きを送ります", timedelta(0))
        adapter.seconds = 60.0
        assert await adapter.post(POST) == Posted(TAG)
        assert len(service.published()) == 250

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


@pytest.mark.parametrize(
    "endpoint",
    [
        "http://push.example.com/1",
        "https://push.example.com:8443/1",
        "https://user@push.example.com/1",
        "https://127.0.0.1/1",
        "https://[::1]/1",
        "https://2130706433/1",
        "https://0x7f.1/1",
        "https://169.254.169.254/latest/meta-data",
        "https://localhost/1",
        "https://push.example.com/1#part",
        "https://push.example.com/a b",
        "https://push.example.com\\@inside/1",
        "https://例え.jp/1",
        "https:push.example.com/1",
        "https://push.example.com/" + "a" * 2000,
        "ftp://push.example.com/1",
        "",
    ],
)
def test_an_endpoint_that_leads_inside_or_anywhere_strange_is_no_endpoint(endpoint: str) -> None:
    assert https_host(endpoint) == ""


@pytest.mark.parametrize(
    "endpoint", ["https://fcm.googleapis.com/fcm/send/c:APA91b", "https://wns2-par02p.notify.windows.com:443/w/?token=BQ%3d%3d"]
)
def test_endpoints_of_push_services_are_endpoints(endpoint: str) -> None:
    assert https_host(endpoint)


class OneAddress(AbstractResolver):
    """A DNS in which every name has one address."""

    def __init__(self, address: str) -> None:
        self.address = address

    async def resolve(self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET) -> list[ResolveResult]:
        return [ResolveResult(hostname=host, host=self.address, port=port, family=int(family), proto=0, flags=0)]

    async def close(self) -> None:
        """Nothing is open."""


@pytest.mark.parametrize("address", ["127.0.0.1", "10.0.0.5", "169.254.169.254", "::1", "::ffff:192.168.1.1", "64:ff9b::7f00:1", "fd00::1"])
def test_a_name_that_leads_inside_is_not_connected_to(address: str) -> None:
    with pytest.raises(OSError, match="no global address"):
        asyncio.run(PublicResolver(OneAddress(address)).resolve("push.example.com", 443))


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
    for secret in (VAPID_PEM, encode(number)):
        assert read_key(secret).public_key.public_numbers() == VAPID.public_key.public_numbers()
    with pytest.raises(ValueError, match="no private key"):
        read_key("no key")
