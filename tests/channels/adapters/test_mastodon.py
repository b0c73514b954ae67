"""Posts on Mastodon: language, visibility, pictures with alternatives, corrections."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from channels.adapters.mastodon import MastodonAdapter
from channels.model import Deferred, Posted, Refused
from tests.channels.adapters.playing import picture, play
from tests.servers.networks.cases import MASTODON, POST, another
from tests.servers.networks.mastodon import FakeMastodon

UNLISTED = replace(MASTODON, settings=lambda fake: {"kind": "mastodon", "server": fake.address, "visibility": "unlisted"})


def test_a_post_says_its_language_and_who_sees_it() -> None:
    async def steps(mastodon: FakeMastodon, adapter: MastodonAdapter) -> None:
        posted = await adapter.post(POST)
        assert isinstance(posted, Posted)
        assert posted.address == f"{mastodon.address}/@kouhou/{posted.remote}"
        status = mastodon.statuses[posted.remote]
        assert (status["status"], status["language"], status["visibility"]) == (POST.text, "ja", "unlisted")
        assert "in_reply_to_id" not in status

    play(UNLISTED, steps)


@pytest.mark.parametrize("slow", [0, 1, 3])
def test_a_picture_is_posted_when_the_server_has_it_ready_with_its_alternative(tmp_path: Path, slow: int) -> None:
    post = replace(POST, pictures=(picture(tmp_path, "朝市に並ぶ船"), picture(tmp_path, "さんま")))

    async def steps(mastodon: FakeMastodon, adapter: MastodonAdapter) -> None:
        mastodon.slow_media = slow
        posted = await adapter.post(post)
        assert isinstance(posted, Posted)
        media = [mastodon.media[number] for number in mastodon.statuses[posted.remote]["media_ids"]]
        assert [each["description"] for each in media] == ["朝市に並ぶ船", "さんま"]
        assert media[0]["bytes"] == post.pictures[0].path.read_bytes()
        assert media[0]["is"] == "image/png"

    play(MASTODON, steps)


def test_a_picture_that_never_gets_ready_defers_the_post(tmp_path: Path) -> None:
    async def steps(mastodon: FakeMastodon, adapter: MastodonAdapter) -> None:
        mastodon.slow_media = 1000
        answer = await adapter.post(replace(POST, pictures=(picture(tmp_path, "朝市"),)))
        assert isinstance(answer, Deferred)
        assert mastodon.statuses == {}
        assert len(mastodon.requests) < 20

    play(MASTODON, steps)


def test_a_picture_that_cannot_be_had_holds_up_no_news(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    missing = replace(picture(tmp_path, "朝市"), path=tmp_path / "gone.png")
    large = picture(tmp_path, "大きな写真", 17 * 1024 * 1024)

    async def steps(mastodon: FakeMastodon, adapter: MastodonAdapter) -> None:
        posted = await adapter.post(replace(POST, pictures=(missing, large)))
        assert isinstance(posted, Posted)
        assert mastodon.statuses[posted.remote]["media_ids"] == []

    play(MASTODON, steps)
    assert "posted without the picture gone.png" in caplog.text
    assert "larger than" in caplog.text


def test_a_correction_takes_the_place_of_the_text_and_keeps_the_pictures(tmp_path: Path) -> None:
    post = replace(POST, pictures=(picture(tmp_path, "朝市"),))

    async def steps(mastodon: FakeMastodon, adapter: MastodonAdapter) -> None:
        first = await adapter.post(post)
        assert isinstance(first, Posted)
        assert await adapter.edit(first.remote, replace(post, text="【訂正】8時からです")) == first
        assert mastodon.statuses[first.remote]["status"] == "【訂正】8時からです"
        assert len(mastodon.statuses[first.remote]["media_ids"]) == 1
        assert isinstance(await adapter.edit("../../accounts", post), Refused)
        assert mastodon.requests[-1] == "PUT /api/v1/statuses/../../accounts"  # as one segment: aiohttp shows it decoded

    play(MASTODON, steps)


def test_an_answer_names_the_post_that_it_corrects() -> None:
    async def steps(mastodon: FakeMastodon, adapter: MastodonAdapter) -> None:
        first = await adapter.post(POST)
        assert isinstance(first, Posted)
        second = await adapter.post(another(POST, in_reply_to=first.remote))
        assert isinstance(second, Posted)
        assert mastodon.statuses[second.remote]["in_reply_to_id"] == first.remote

    play(MASTODON, steps)


def test_a_text_that_is_too_long_is_refused_with_the_servers_words() -> None:
    async def steps(_mastodon: FakeMastodon, adapter: MastodonAdapter) -> None:
        answer = await adapter.post(replace(POST, text="あ" * 501))
        assert isinstance(answer, Refused)
        assert "Text character limit of 500 exceeded" in answer.reason

    play(MASTODON, steps)
