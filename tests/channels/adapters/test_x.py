"""Posts on X: looked for before they are repeated, duplicates, prices, pictures with alternatives, permissions."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from pydantic import SecretStr

from channels.adapters import Outside, open_adapter
from channels.adapters.x import XAdapter
from channels.model import Posted, Refused, Uncertain
from channels.settings import ChannelsError, XChannel
from tests.channels.adapters.playing import picture, play
from tests.servers.networks.cases import POST, X, another
from tests.servers.networks.trouble import Trouble
from tests.servers.networks.x import FakeX


def test_a_post_with_a_link_costs_ten_times_as_much() -> None:
    async def steps(_x: FakeX, adapter: XAdapter) -> None:
        assert (adapter.traits.yen, adapter.traits.yen_with_link, adapter.traits.key_life) == (2.3, 31, None)

    play(X, steps)


def test_a_post_is_recognised_behind_the_addresses_that_x_puts_in(tmp_path: Path) -> None:
    post = replace(POST, pictures=(picture(tmp_path, "朝市"),))

    async def steps(x: FakeX, adapter: XAdapter) -> None:
        assert await adapter.search(post) is None
        posted = await adapter.post(post)
        assert isinstance(posted, Posted)
        assert POST.text not in x.tweets[0]["text"]
        assert await adapter.search(post) == posted
        assert await adapter.search(replace(post, text="another text")) is None

    play(X, steps)


def test_a_text_that_x_has_already_is_the_post_that_was_uncertain() -> None:
    async def steps(x: FakeX, adapter: XAdapter) -> None:
        x.trouble = Trouble.DROPPED
        assert isinstance(await adapter.post(POST), Uncertain)
        x.trouble = Trouble.NONE
        again = await adapter.post(POST)
        assert again == Posted(x.tweets[0]["id"], f"https://x.com/i/status/{x.tweets[0]['id']}")
        assert len(x.tweets) == 1

    play(X, steps)


def test_a_duplicate_that_the_account_does_not_show_is_uncertain_until_it_is_seen() -> None:
    async def steps(x: FakeX, adapter: XAdapter) -> None:
        await adapter.post(POST)
        shown, x.tweets[0]["text"] = x.tweets[0]["text"], "not shown yet"
        answer = await adapter.post(POST)
        assert isinstance(answer, Uncertain)
        assert "same text" in answer.reason
        x.tweets[0]["text"] = shown
        assert isinstance(await adapter.search(POST), Posted)
        assert len(x.tweets) == 1

    play(X, steps)


@pytest.mark.parametrize(
    ("problem", "is_broken"),
    [
        ("https://api.twitter.com/2/problems/oauth1-permissions", True),
        ("https://api.twitter.com/2/problems/client-forbidden", True),
        ("https://api.twitter.com/2/problems/not-authorized-for-resource", False),
    ],
)
def test_a_403_breaks_the_channel_only_where_it_is_about_the_app_or_the_account(problem: str, is_broken: bool) -> None:
    async def steps(x: FakeX, adapter: XAdapter) -> None:
        x.problem = problem
        answer = await adapter.post(POST)
        assert isinstance(answer, Refused)
        assert answer.is_channel_broken is is_broken

    play(X, steps)


def test_pictures_have_alternatives(tmp_path: Path) -> None:
    async def steps(x: FakeX, adapter: XAdapter) -> None:
        pictures = (picture(tmp_path, "朝市に並ぶ船"), picture(tmp_path, ""))
        posted = await adapter.post(replace(POST, pictures=pictures))
        assert isinstance(posted, Posted)
        media = [x.media[number] for number in x.tweets[0]["body"]["media"]["media_ids"]]
        assert [each["alternative"] for each in media] == ["朝市に並ぶ船", ""]
        assert media[0]["bytes"] == pictures[0].path.read_bytes()
        assert "POST /2/media/upload" in x.requests

    play(X, steps)


def test_a_correction_answers_the_post() -> None:
    async def steps(x: FakeX, adapter: XAdapter) -> None:
        await adapter.post(another(POST, text="【訂正】8時からです", in_reply_to="1234"))
        assert x.tweets[0]["body"]["reply"] == {"in_reply_to_tweet_id": "1234"}

    play(X, steps)


def test_posts_that_cannot_be_looked_at_leave_it_uncertain() -> None:
    async def steps(x: FakeX, adapter: XAdapter) -> None:
        x.tweets = [{"id": {"no": "text"}, "text": POST.text, "written": ""}]
        assert await adapter.search(POST) is None
        x._timeline = lambda: x.error(200, "no list")  # type: ignore[method-assign]
        assert isinstance(await adapter.search(POST), Uncertain)

    play(X, steps)


def test_a_key_that_x_does_not_know_leaves_nothing_posted() -> None:
    async def steps(x: FakeX, adapter: XAdapter) -> None:
        answer = await adapter.post(POST)
        assert isinstance(answer, Refused)
        assert answer.is_channel_broken
        assert x.tweets == []
        assert isinstance(await adapter.search(POST), Uncertain)

    play(X, steps, secret="api-key api-key-secret 1234567890-access-token another")


@pytest.mark.parametrize("secret", ["", "two words", "five words are too many here"])
def test_a_secret_that_is_neither_one_word_nor_four_is_refused_without_being_told(secret: str) -> None:
    settings = XChannel(kind="x", name="x", account="1", yen=2, yen_with_link=31)
    with pytest.raises(ChannelsError) as caught:
        open_adapter(settings, SecretStr(secret), Outside())
    assert not secret or secret not in str(caught.value)
