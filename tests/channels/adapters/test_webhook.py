"""Bodies and signatures of webhooks."""

from __future__ import annotations

import base64
import hashlib
import hmac
from dataclasses import replace

import pytest

from channels.adapters.webhook import FORMATS, WebhookAdapter, signed
from channels.model import Posted, Refused
from tests.channels.adapters.playing import play
from tests.servers.networks.cases import ADDRESS, CASES, GATEWAY, POST
from tests.servers.networks.webhook import FakeChat, FakeGateway

CHATS = [each for each in CASES if each.name in ("slack", "teams", "line-works")]


def test_a_gateway_gets_all_that_there_is_to_say() -> None:
    async def steps(gateway: FakeGateway, adapter: WebhookAdapter) -> None:
        await adapter.post(replace(POST, is_urgent=True))
        assert gateway.said[str(POST.key)] == {
            "id": str(POST.key),
            "text": POST.text,
            "language": "ja",
            "created": "2026-03-11T05:44:00Z",
            "urgent": True,
            "link": {"address": ADDRESS, "title": "女川港の朝市が再開します", "description": "毎週日曜日の朝6時から"},
        }

    play(GATEWAY, steps)


@pytest.mark.parametrize("repeats", [200, 409])
def test_a_gateway_says_a_repeated_post_once(repeats: int) -> None:
    async def steps(gateway: FakeGateway, adapter: WebhookAdapter) -> None:
        gateway.repeats = repeats
        assert [await adapter.post(POST), await adapter.post(POST)] == [Posted(str(POST.key))] * 2
        assert gateway.asked == [str(POST.key)] * 2
        assert len(gateway.said) == 1

    play(GATEWAY, steps)


def test_a_gateway_with_another_key_refuses_and_the_channel_is_broken() -> None:
    async def steps(gateway: FakeGateway, adapter: WebhookAdapter) -> None:
        answer = await adapter.post(POST)
        assert isinstance(answer, Refused)
        assert answer.is_channel_broken
        assert gateway.said == {}

    play(GATEWAY, steps, secret="another key")


@pytest.mark.parametrize(
    ("key", "secret"), [("a plain key", b"a plain key"), ("whsec_" + base64.b64encode(b"\x00\x01key").decode(), b"\x00\x01key")]
)
def test_the_signature_is_over_identifier_time_and_body(key: str, secret: bytes) -> None:
    fields = signed("msg_1", 1_767_225_600, "朝市".encode(), key)
    made = hmac.new(secret, "msg_1.1767225600.朝市".encode(), hashlib.sha256).digest()
    assert fields == {
        "webhook-id": "msg_1",
        "webhook-timestamp": "1767225600",
        "webhook-signature": "v1," + base64.b64encode(made).decode(),
    }


@pytest.mark.parametrize("case", CHATS, ids=lambda case: case.name)
def test_an_address_that_was_taken_back_breaks_the_channel_and_is_not_told(case) -> None:  # type: ignore[no-untyped-def]
    async def run(chat: FakeChat, _adapter: WebhookAdapter) -> None:
        adapter = case.open(chat, secret=f"{chat.address}/services/old-secret")
        answer = await adapter.post(POST)
        await adapter.close()
        assert isinstance(answer, Refused)
        assert answer.is_channel_broken
        assert "old-secret" not in answer.reason

    play(case, run)


def test_slack_takes_no_sign_of_a_text_for_its_own() -> None:
    assert FORMATS["slack"](replace(POST, text="<!channel> A & B"))["text"] == "&lt;!channel&gt; A &amp; B"


def test_chats_get_the_whole_text_and_a_way_to_the_page() -> None:
    card = FORMATS["teams"](POST)["attachments"][0]["content"]
    assert [each["text"] for each in card["body"]] == POST.text.splitlines()
    assert card["actions"][0]["url"] == ADDRESS
    message = FORMATS["line-works"](POST)
    assert (message["title"], message["body"], message["button"]["url"]) == ("女川港の朝市が再開します", {"text": POST.text}, ADDRESS)


def test_a_notice_without_a_link_has_no_button() -> None:
    notice = replace(POST, link=None, text="避難してください\n高台へ")
    assert "actions" not in FORMATS["teams"](notice)["attachments"][0]["content"]
    assert FORMATS["line-works"](notice) == {"title": "避難してください", "body": {"text": "避難してください\n高台へ"}}
    assert FORMATS["todoke"](notice)["link"] is None
