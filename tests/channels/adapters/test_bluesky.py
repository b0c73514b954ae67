"""Records on Bluesky: keys, facets in bytes, cards, pictures, threads, sessions."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from channels.adapters.bluesky import SORTABLE, BlueskyAdapter, record_key, record_of
from channels.model import Deferred, Link, Posted, Refused
from tests.channels.adapters.playing import picture, play
from tests.servers.networks.bluesky import TID, FakeBluesky
from tests.servers.networks.cases import ADDRESS, BLUESKY, POST, another

MOMENTS = st.datetimes(datetime(1960, 1, 1), datetime(2200, 1, 1), timezones=st.just(UTC))


@given(st.uuids(), MOMENTS)
def test_a_record_key_is_a_valid_identifier_and_the_same_at_every_try(key: UUID, created: datetime) -> None:
    post = replace(POST, key=key, created=created)
    assert TID.fullmatch(record_key(post))
    assert record_key(post) == record_key(replace(post, text="another text", created=created.astimezone()))


@given(st.uuids(), MOMENTS)
def test_a_record_key_tells_the_second_of_the_record(key: UUID, created: datetime) -> None:
    number = 0
    for digit in record_key(replace(POST, key=key, created=created)):
        number = number << 5 | SORTABLE.index(digit)
    assert (number >> 10) // 1_000_000 == max(0, int(created.timestamp() // 1))


def test_parts_and_channels_of_one_record_have_keys_of_their_own() -> None:
    posts = [replace(POST, key=UUID(int=POST.key.int + number)) for number in range(2000)]
    assert len({record_key(each) for each in posts}) == 2000


@given(st.text(st.sampled_from("あ漢👨‍👩‍👧🐟é a\n「"), max_size=30), st.text(st.sampled_from("。と🐟 を"), max_size=5))
def test_facets_count_bytes_whatever_stands_before_the_address(before: str, after: str) -> None:
    facets = record_of(replace(POST, text=f"{before}{ADDRESS}{after}"))["facets"]
    index = facets[0]["index"]
    assert len(facets) == 1
    assert f"{before}{ADDRESS}{after}".encode()[index["byteStart"] : index["byteEnd"]].decode() == ADDRESS
    assert facets[0]["features"] == [{"$type": "app.bsky.richtext.facet#link", "uri": ADDRESS}]


def test_other_addresses_of_a_text_are_links_too_without_the_sentences_marks() -> None:
    text = f"地図（https://example.jp/地図）、https://example.jp/a?b=1&c=2.「http://example.jp/」\n{ADDRESS}"
    facets = record_of(replace(POST, text=text))["facets"]
    assert [each["features"][0]["uri"] for each in facets] == [
        ADDRESS,
        "https://example.jp/",
        "https://example.jp/a?b=1&c=2",
        "http://example.jp/",
    ]


def test_the_posts_own_address_is_a_link_though_it_has_japanese_in_it() -> None:
    link = Link("https://news.example.jp/記事/朝市", "朝市")
    facets = record_of(replace(POST, text=f"朝市\n{link.address}", link=link))["facets"]
    assert [each["features"][0]["uri"] for each in facets] == [link.address]


def test_a_post_without_an_address_has_no_facets() -> None:
    assert "facets" not in record_of(replace(POST, text="避難指示", link=None))


def test_a_post_has_its_language_its_moment_and_a_card() -> None:
    async def steps(bluesky: FakeBluesky, adapter: BlueskyAdapter) -> None:
        posted = await adapter.post(POST)
        key = record_key(POST)
        assert posted == Posted(f"at://{bluesky.account}/app.bsky.feed.post/{key}", f"https://bsky.app/profile/{bluesky.handle}/post/{key}")
        record = bluesky.records[key]
        assert (record["langs"], record["createdAt"]) == (["ja"], "2026-03-11T05:44:00.000Z")
        card = {"uri": ADDRESS, "title": "女川港の朝市が再開します", "description": "毎週日曜日の朝6時から"}
        assert record["embed"] == {"$type": "app.bsky.embed.external", "external": card}

    play(BLUESKY, steps)


def test_a_cards_picture_is_a_blob_and_its_alternative_is_read_where_there_is_no_description(tmp_path: Path) -> None:
    post = replace(POST, link=Link(ADDRESS, "朝市"), pictures=(picture(tmp_path, "朝市に並ぶ船"),))

    async def steps(bluesky: FakeBluesky, adapter: BlueskyAdapter) -> None:
        await adapter.post(post)
        card = bluesky.records[record_key(post)]["embed"]["external"]
        assert bluesky.blobs[card["thumb"]["ref"]["$link"]] == post.pictures[0].path.read_bytes()
        assert card["thumb"]["mimeType"] == "image/png"
        assert card["description"] == "朝市に並ぶ船"

    play(BLUESKY, steps)


def test_several_pictures_stand_below_the_text_each_with_its_alternative(tmp_path: Path) -> None:
    post = replace(POST, pictures=(picture(tmp_path, "船"), picture(tmp_path, "さんま"), picture(tmp_path, "大きい", 1_000_001)))

    async def steps(bluesky: FakeBluesky, adapter: BlueskyAdapter) -> None:
        await adapter.post(post)
        embed = bluesky.records[record_key(post)]["embed"]
        assert [each["alt"] for each in embed["images"]] == ["船", "さんま"]

    play(BLUESKY, steps)


def test_a_correction_answers_the_post_and_stays_in_its_thread() -> None:
    async def steps(bluesky: FakeBluesky, adapter: BlueskyAdapter) -> None:
        first = await adapter.post(POST)
        assert isinstance(first, Posted)
        second = await adapter.post(another(POST, 2, in_reply_to=first.remote))
        assert isinstance(second, Posted)
        await adapter.post(another(POST, 5, in_reply_to=second.remote))
        replies = [record["reply"] for record in bluesky.records.values() if "reply" in record]
        assert [each["parent"]["uri"] for each in replies] == [first.remote, second.remote]
        assert [each["root"]["uri"] for each in replies] == [first.remote, first.remote]

    play(BLUESKY, steps)


def test_an_answer_to_a_post_that_is_gone_stands_alone() -> None:
    async def steps(bluesky: FakeBluesky, adapter: BlueskyAdapter) -> None:
        first = await adapter.post(POST)
        assert isinstance(first, Posted)
        await adapter.delete(first.remote)
        assert isinstance(await adapter.post(another(POST, in_reply_to=first.remote)), Posted)
        (record,) = bluesky.records.values()
        assert "reply" not in record

    play(BLUESKY, steps)


def test_one_session_serves_many_posts_and_one_that_has_ended_is_begun_anew() -> None:
    async def steps(bluesky: FakeBluesky, adapter: BlueskyAdapter) -> None:
        assert isinstance(await adapter.post(POST), Posted)
        assert isinstance(await adapter.post(another(POST, 2)), Posted)
        assert bluesky.sessions == 1
        bluesky.end_sessions()
        assert isinstance(await adapter.post(another(POST, 3)), Posted)
        assert bluesky.sessions == 2

    play(BLUESKY, steps)


def test_a_wrong_password_breaks_the_channel_and_is_tried_once() -> None:
    async def steps(bluesky: FakeBluesky, adapter: BlueskyAdapter) -> None:
        answer = await adapter.post(POST)
        assert isinstance(answer, Refused)
        assert answer.is_channel_broken
        assert len(bluesky.requests) == 1

    play(BLUESKY, steps, secret="not-the-password")


def test_a_second_of_sessions_that_never_work_ends() -> None:
    async def steps(bluesky: FakeBluesky, adapter: BlueskyAdapter) -> None:
        begin = bluesky._begin
        bluesky._begin = lambda body: (begin(body), bluesky.end_sessions())[0]  # type: ignore[method-assign,func-returns-value]
        answer = await adapter.post(POST)
        assert isinstance(answer, Refused | Deferred)
        assert bluesky.sessions == 2

    play(BLUESKY, steps)


def test_the_moment_of_a_post_is_told_in_utc() -> None:
    tokyo = POST.created.astimezone(UTC) + timedelta(hours=9)
    assert record_of(replace(POST, created=tokyo))["createdAt"].endswith("Z")
