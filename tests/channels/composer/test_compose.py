"""Whatever is announced: within the limit as the network counts it, never cut inside a word, an address or what a reader sees as one character."""

from __future__ import annotations

from pathlib import Path
from uuid import UUID

import emoji
import pytest
import regex
from hypothesis import given, settings
from hypothesis import strategies as st

from channels.adapters import web_push
from channels.adapters.http import json_bytes
from channels.announcement import Change, SitePicture, Wording
from channels.composer.compose import CannotCompose, compose, post_of
from channels.composer.lengths import ruler_of
from tests.samples.announcing.announcements import ADDRESS, KINDS, TITLE, announcement, channel, destination, drill, drill_destination

EMOJI = st.sampled_from(sorted(emoji.EMOJI_DATA)) | st.sampled_from(["👨‍👩‍👧‍👦", "🇯🇵", "🏴󠁧󠁢󠁥󠁮󠁧󠁿", "👩🏽‍🚒", "が", "ก็", "नि", "1️⃣", "🇯🇵🇯🇵", "a‍b"])
SENTENCES = st.sampled_from(
    [
        TITLE,
        "避難所を開きました。",
        "Roads are open again.",
        "도로가 다시 열렸습니다",
        "道路已恢复通行",
        "Đường đã thông",
        "ถนนเปิดแล้ว",
        "الطريق مفتوح",
    ]
)
TEXTS = st.lists(SENTENCES | EMOJI | st.text(max_size=40) | st.text("あア亜aZ9０。、.-@:/ 　", max_size=40), min_size=1, max_size=60).map(
    "".join
)
ADDRESSES = st.text("abcxyz0189-_.~%/?=&", max_size=150).map(lambda rest: f"https://www.example.jp/{rest}")
LANGUAGES = st.sampled_from(["ja", "en", "ko", "zh", "zh-Hant", "vi", "th", "pt", "ar", "ja-Hira"])


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(KINDS), TEXTS.filter(str.strip), st.lists(TEXTS, max_size=3), ADDRESSES, LANGUAGES, st.booleans())
def test_any_text_fits_and_ends_with_its_whole_address_and_is_cut_at_a_border_only(
    kind: str, title: str, body: list[str], address: str, language: str, has_tags: bool
) -> None:
    to = destination(kind, language=language, hashtags=("防災", "fukko") if has_tags else ())
    draft = compose(announcement(title, tuple(body), address=address, language=language), to)
    assert ruler_of(to.channel).fits(draft.text)
    lines = draft.text.split("\n")
    assert lines[-1] == address
    sources = [" ".join(each.split()) for each in (title, *body)]
    for line in lines[:-1]:
        assert line in sources or line == "#防災 #fukko" or is_cut_at_a_border(line, sources), line


@settings(max_examples=40, deadline=None)
@given(TEXTS.filter(str.strip), st.lists(TEXTS, max_size=3), st.text("abc/%", max_size=1900), LANGUAGES)
def test_the_whole_message_of_a_push_is_as_short_as_every_push_service_takes(title: str, body: list[str], rest: str, language: str) -> None:
    announced = announcement(title, tuple(body), address=f"https://www.example.jp/{rest}", language=language)
    post = post_of(compose(announced, destination("web-push", language=language)), UUID(int=1), announced, Path())
    assert len(json_bytes(web_push.notification(post))) <= web_push.LARGEST


def is_cut_at_a_border(line: str, sources: list[str]) -> bool:
    """Whether the line is the beginning of a source with an ellipsis, and ends between two words and two graphemes.

    It does not ask BudouX: a place between two letters of one word is none in any script that has words with spaces.
    """
    kept = line.removesuffix("…")
    return line.endswith("…") and any(source.startswith(kept) and is_border(source, len(kept)) for source in sources)


def is_border(source: str, place: int) -> bool:
    ends = {match.end() for match in regex.finditer(r"\X", source)}
    rest = regex.match(r"[\s、，,・]*", source[place:])
    behind = place + len(rest[0]) if rest else place
    left, right = source[:place][-1:], source[behind : behind + 1]
    letters = regex.compile(r"[\p{Latin}\p{Hangul}\p{Arabic}\p{Nd}]")
    is_within = behind == place and letters.match(left) and letters.match(right)
    around = next((each for each in regex.finditer(r"https?://\S+|\S+@\S+", source) if each.start() < place < each.end()), None)
    return any(end in ends for end in range(place, behind + 1)) and not is_within and around is None


def test_japanese_is_cut_between_phrases_and_the_address_is_kept_whole() -> None:
    draft = compose(announcement(TITLE * 20), destination("x"))
    first, address = draft.text.split("\n")
    assert address == ADDRESS and draft.is_cut
    assert first.endswith(("通れます…", "終わり…", "工事が…", "橋の…", "気仙沼の…", "三月十一日から…"))
    assert 250 <= draft.length <= 280


def test_a_title_that_is_one_word_longer_than_the_post_is_left_out_and_not_cut() -> None:
    assert compose(announcement("x" * 400, language="en"), destination("x", language="en")).text == ADDRESS


def test_sentences_are_added_whole_while_there_is_room() -> None:
    draft = compose(announcement("題名", ("一つめの文です。", "二つめの文です。")), destination("mastodon", hashtags=("復興",)))
    assert draft.text == f"題名\n一つめの文です。\n二つめの文です。\n#復興\n{ADDRESS}"
    assert not draft.is_cut


@pytest.mark.parametrize(
    ("change", "language", "begins"),
    [
        (Change.CORRECT, "ja", "【訂正】題名"),
        (Change.CANCEL, "ja", "【解除】題名"),
        (Change.WITHDRAW, "en", "[Withdrawn] 題名"),
        (Change.NEW, "ja", "題名"),
    ],
)
def test_what_a_record_does_to_the_one_before_stands_first(change: Change, language: str, begins: str) -> None:
    draft = compose(announcement("題名", change=change, language=language), destination(language=language))
    assert draft.text.startswith(begins) and draft.link.title.startswith(begins)


def test_a_mark_that_the_title_has_already_is_not_said_twice() -> None:
    assert compose(announcement("訂正：津波警報", change=Change.CORRECT), destination()).text.startswith("訂正：津波警報")
    assert compose(drill(), drill_destination()).text.startswith("【訓練】津波注意報")
    assert compose(drill("津波注意報"), drill_destination()).text.startswith("【訓練】津波注意報")


def test_a_channel_gets_its_own_language_and_else_that_of_the_record() -> None:
    announced = announcement(others={"en": Wording("The bridge is open")})
    assert compose(announced, destination(language="en")).text.startswith("The bridge is open\n")
    assert compose(announced, destination(language="en-GB")).language == "en"
    assert compose(announced, destination(language="ko")).language == "ja"


def test_an_address_longer_than_a_post_is_refused_and_not_cut() -> None:
    with pytest.raises(CannotCompose, match="longer than a whole post"):
        compose(announcement(address=f"https://www.example.jp/{'a' * 400}"), destination("bluesky"))


def test_a_picture_has_its_words_in_the_language_of_the_post_and_they_are_cut_at_a_phrase() -> None:
    picture = SitePicture("images/bridge.jpg", "image/jpeg", {"ja": "開通した橋。" * 300, "en": "The bridge"})
    announced = announcement(pictures=(picture,), others={"en": Wording("Open")})
    site = Path("site")
    english = post_of(compose(announced, destination(language="en")), UUID(int=1), announced, site)
    japanese = post_of(compose(announced, destination()), UUID(int=1), announced, site)
    assert [(each.path, each.alternative) for each in english.pictures] == [(site / "images/bridge.jpg", "The bridge")]
    assert japanese.pictures[0].alternative.endswith("橋。…") and len(japanese.pictures[0].alternative) <= 1000


def test_a_webhook_is_cut_at_the_length_that_its_settings_say() -> None:
    draft = compose(announcement(TITLE * 20), destination("webhook", limit=120))
    assert len(draft.text) <= 120 == ruler_of(channel("webhook", limit=120)).most
