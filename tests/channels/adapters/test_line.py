"""Messages of LINE: broadcast, narrowcast and its progress."""

from __future__ import annotations

from dataclasses import replace

import pytest

from channels.adapters.line import LineAdapter
from channels.model import Deferred, Posted, Refused, Uncertain
from tests.channels.adapters.playing import play
from tests.servers.networks.cases import LINE, NARROWCAST, POST, another
from tests.servers.networks.line import FakeLine


def test_a_broadcast_is_one_text_message() -> None:
    async def steps(line: FakeLine, adapter: LineAdapter) -> None:
        assert await adapter.post(POST) == Posted("request-1")
        assert line.messages == {"request-1": {"messages": [{"type": "text", "text": POST.text}]}}
        assert line.requests == ["POST /v2/bot/message/broadcast"]

    play(LINE, steps)


def test_a_narrowcast_names_its_audience_and_tells_how_far_it_is() -> None:
    async def steps(line: FakeLine, adapter: LineAdapter) -> None:
        posted = await adapter.post(POST)
        assert posted == Posted("request-1")
        assert line.messages["request-1"]["recipient"] == {"type": "audience", "audienceGroupId": 4_389_303_728_991}
        assert isinstance(await adapter.progress("request-1"), Deferred)
        line.phases["request-1"] = {"phase": "succeeded", "successCount": 120}
        assert await adapter.progress("request-1") == posted

    play(NARROWCAST, steps)


@pytest.mark.parametrize(("code", "kind"), [(2, Refused), (4, Refused), (1, Uncertain), ([], Uncertain)])
def test_a_narrowcast_that_fails_at_once_is_not_posted_and_a_repeat_says_so_again(code: object, kind: type) -> None:
    async def steps(line: FakeLine, adapter: LineAdapter) -> None:
        line.first_phase = {"phase": "failed", "errorCode": code}
        answers = [await adapter.post(POST), await adapter.post(POST)]
        assert [type(each) for each in answers] == [kind, kind]
        assert len(line.messages) == 1

    play(NARROWCAST, steps)


def test_a_narrowcast_that_cannot_be_asked_about_was_accepted() -> None:
    async def steps(line: FakeLine, adapter: LineAdapter) -> None:
        line.first_phase = {"phase": ["no", "word"]}
        assert await adapter.post(POST) == Posted("request-1")

    play(NARROWCAST, steps)


@pytest.mark.parametrize(
    ("phase", "kind"),
    [
        ({"phase": "failed", "errorCode": 4}, Refused),
        ({"phase": "failed", "errorCode": 1}, Uncertain),
        ({"phase": "?"}, Uncertain),
        ({}, Uncertain),
    ],
)
def test_a_narrowcast_that_failed_says_why(phase: dict[str, object], kind: type) -> None:
    async def steps(line: FakeLine, adapter: LineAdapter) -> None:
        line.phases["request-1"] = phase
        answer = await adapter.progress("request-1")
        assert isinstance(answer, kind)
        assert "4" not in str(phase) or "fewer than 50" in str(answer)

    play(NARROWCAST, steps)


def test_a_silent_channel_is_heard_when_it_is_urgent() -> None:
    silent = replace(LINE, settings=lambda fake: {"kind": "line", "server": fake.address, "is_silent": True})

    async def steps(line: FakeLine, adapter: LineAdapter) -> None:
        await adapter.post(POST)
        await adapter.post(another(POST, is_urgent=True))
        assert [each.get("notificationDisabled", False) for each in line.messages.values()] == [True, False]

    play(silent, steps)


def test_a_text_that_line_refuses_is_refused_with_its_words() -> None:
    async def steps(_line: FakeLine, adapter: LineAdapter) -> None:
        answer = await adapter.post(replace(POST, text="あ" * 5001))
        assert isinstance(answer, Refused)
        assert "The request body has 1 error(s)" in answer.reason

    play(LINE, steps)
