"""Messages of Web Push: decrypted by browsers, signed for their push services, told to everybody once, and to nobody at an address inside."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from pydantic import SecretStr

from channels.adapters import open_adapter
from channels.adapters.public_resolver import PublicResolver
from channels.adapters.web_push import WebPushAdapter, notification, read_key
from channels.model import Deferred, Posted, Refused
from channels.settings import WebPushChannel
from public_address import https_host
from tests.channels.adapters.playing import play_push
from tests.servers.networks.cases import ADDRESS, POST, VAPID, VAPID_PEM, outside, push_service
from tests.servers.networks.one_address import OneAddress
from tests.servers.networks.push_service import FakePushService, Notebook, encode
from tests.servers.networks.trouble import MOMENT

TAG = str(POST.key)


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

    play_push(steps)


@pytest.mark.parametrize(("is_urgent", "urgency"), [(True, "high"), (False, "normal")])
def test_a_message_says_how_urgent_it_is_how_long_it_is_of_use_and_what_it_replaces(is_urgent: bool, urgency: str) -> None:
    async def steps(service: FakePushService, adapter: WebPushAdapter, _book: Notebook) -> None:
        await adapter.post(replace(POST, is_urgent=is_urgent, created=MOMENT - timedelta(hours=1)))
        (headers,) = service.browsers[1].headers
        assert (headers["Urgency"], headers["TTL"]) == (urgency, str(23 * 3600))
        assert headers["Topic"] == encode(POST.key.bytes)

    play_push(steps)


def test_an_old_message_is_of_use_to_those_only_who_are_there_at_once() -> None:
    async def steps(service: FakePushService, adapter: WebPushAdapter, _book: Notebook) -> None:
        await adapter.post(replace(POST, created=MOMENT - timedelta(days=3)))
        assert service.browsers[1].headers[0]["TTL"] == "0"

    play_push(steps)


def test_keys_that_are_none_are_a_subscription_that_is_none() -> None:
    async def steps(service: FakePushService, adapter: WebPushAdapter, book: Notebook) -> None:
        service.browsers[1].secret = b""
        assert await adapter.post(POST) == Posted(TAG)
        assert [each.number for each in book.browsers] == [2, 3]

    play_push(steps)


def test_a_text_that_does_not_fit_is_refused_before_anybody_is_told() -> None:
    async def steps(service: FakePushService, adapter: WebPushAdapter, _book: Notebook) -> None:
        assert isinstance(await adapter.post(replace(POST, text="あ" * 1400)), Refused)
        assert service.requests == []

    play_push(steps)


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
