"""Which texts are versions of one entry. One ever-same address for the newest entry must not lose the one before."""

from __future__ import annotations

import time
from dataclasses import replace

import pytest

from plugins.partners.entries.texts import is_summary, likeness
from plugins.partners.model.parsed import ParsedEntry
from tests.plugins.partners.entries.test_names import files_after, parsed, round_of

LINK = "https://a.example.jp/news.html"
TEXTS = (
    "<p>朝市が三年ぶりに開かれ、漁師たちがさんまを焼いて客を迎えました。</p>\n",
    "<p>仮設住宅の集会所で、保健師による健康診断を行います。予約はいりません。</p>\n",
    "<p>新しい橋が通り、島まで車で渡れるようになりました。渡り初めは十日です。</p>\n",
)


def newest(number: int, guid: str = "", body: str = "") -> ParsedEntry:
    """Return the only entry of a feed that shows one entry at a time, always at the same address."""
    return parsed(number, guid, LINK, hour=number + 1, body=body or TEXTS[number])


@pytest.mark.parametrize("dated", [True, False])
@pytest.mark.parametrize("guid", ["", LINK, "n{}"])
def test_a_feed_with_one_ever_same_address_loses_no_entry(guid: str, dated: bool) -> None:
    entries = [newest(number, guid.format(number)) for number in range(3)]
    rounds = [[entry if dated else replace(entry, published=None)] for entry in entries]
    assert sorted(file.body for file in files_after(*rounds, rounds[0], rounds[2])) == sorted(TEXTS)


@pytest.mark.parametrize("guid", ["", LINK])
def test_a_new_title_and_date_over_a_text_that_is_mostly_the_same_is_an_edit(guid: str) -> None:
    edited = newest(1, guid, TEXTS[0].replace("三年", "四年"))
    (file,) = files_after([newest(0)], [edited])
    assert file.front["title"] == "題名1" and "四年" in file.body


def test_the_same_title_or_the_same_date_at_one_address_is_an_edit_whatever_the_text() -> None:
    assert len(files_after([newest(0)], [replace(newest(1), title="題名0")])) == 1
    assert len(files_after([newest(0)], [replace(newest(1), published=newest(0).published)])) == 1


def test_an_id_that_is_given_to_a_wholly_new_entry_waits_for_the_editor_and_the_old_text_stays() -> None:
    old, other = replace(newest(0, "g"), link="https://a.example.jp/1"), replace(newest(1, "g"), link="https://a.example.jp/2")
    _, stored = round_of([old], [])
    plan, stored = round_of([other], stored)
    assert plan.waiting == 1 and [file.body for file in stored if not file.edit_of] == [TEXTS[0]]
    assert [file.body for file in stored if file.edit_of] == [TEXTS[1]] and all(file.front["draft"] for file in stored if file.edit_of)


def test_texts_of_one_entry_share_most_and_two_entries_share_only_their_endings() -> None:
    for number, text in enumerate(TEXTS):
        assert likeness(text, text) == likeness(f"<h2>追記</h2>{text}<p>明日も開きます。</p>", text) == 1
        assert likeness(text, TEXTS[number - 1]) < 0.2
    assert likeness("", TEXTS[0]) == likeness("<img src='a.jpg'>", "<img src='b.jpg'>") == 0


def test_posts_after_one_pattern_with_ids_of_their_own_at_one_address_are_many() -> None:
    pattern = "<p>本日の放射線量は{}マイクロシーベルトでした。測定した場所は役場前です。</p>\n"
    rounds = [[newest(number, f"n{number}", pattern.format(value))] for number, value in enumerate(("0.052", "0.071", "0.038"))]
    assert len(files_after(*rounds)) == 3


@pytest.mark.parametrize(
    "mark",
    ["…", "...", " [...]", "［…］".replace("［", "[").replace("］", "]"), "… 続きを読む", "…<a href='/1'>続きを読む <span>→</span></a>", "（続きを読む）", "【続きを見る】", "全文を読む", "もっと見る",
     "続きはこちらから ≫", "… Continue reading “題” →", " Read more »", "Read the rest of this entry", "[…] 続きをよむ"],
)  # fmt: skip
def test_the_marks_that_blog_software_puts_at_the_end_of_a_summary_are_known(mark: str) -> None:
    whole = f"{TEXTS[0]}{TEXTS[1]}"
    assert is_summary(f"<p>朝市が三年ぶりに開かれ、{mark}</p>", whole)
    assert not is_summary(f"<p>別のことを書きました{mark}</p>", whole) and not is_summary("<p>朝市が三年ぶりに開かれ</p>", whole)


def test_a_long_row_of_marks_is_read_in_no_time() -> None:
    start = time.process_time()
    assert not is_summary("read more " * 30_000 + "。", "別の文")
    assert time.process_time() - start < 1
