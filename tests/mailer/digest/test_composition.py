"""Fragments of several issues become one: each article once, in order, within the budgets; and what the gate of digests refuses."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailer.digest import composition, gate
from mailer.digest.composition import DigestFrame
from mailer.model.clock import JAPAN
from mailer.model.digest import DIGEST, DigestMoments, parse_fragments
from mailer.model.errors import MessageError
from mailer.model.ids import IssueId
from mailer.model.issue import FrozenIssue, Issue, IssueRef, LightPart
from mailer.model.readers.subscription import Frequency
from tests.samples.mail.digest_bundles import fragments
from tests.samples.mail.mail_bundles import ISSUE, LIST, NOW

FRAME = DigestFrame(None, NOW, JAPAN, "20260311-1800-aa")


def frozen(key: str, number: int, articles: Any, **more: Any) -> FrozenIssue:
    ref = IssueRef(key, str(number))
    text = json.dumps(fragments(ref, articles, **more), ensure_ascii=False)
    content = replace(ISSUE, ref=ref, subject=f"{key}の知らせ", sections=text, light=LightPart("軽い", "iso-2022-jp"))
    return FrozenIssue(IssueId(number), content, replace(LIST, key=key, title=f"{key}の便り"), NOW)


def composed(*issues: FrozenIssue) -> Issue:
    return composition.compose(issues, FRAME)[0]


def test_an_article_of_two_issues_stands_in_the_first_and_an_empty_section_is_left_out() -> None:
    digest = composed(frozen("asa", 1, ["駅", "港"]), frozen("yoru", 2, ["港"]))
    for part in (digest.html, digest.text, digest.light.text if digest.light else ""):
        assert part.count("記事 駅 の本文") == part.count("記事 港 の本文") == 1
        assert part.count("コーナー 港") == (1 if digest.light and part == digest.light.text else 2), (
            "its heading, and the contents where there are some"
        )
        assert "この号の記事は、どれも上の" in part.replace("\n", "")
    assert digest.ref.list == DIGEST and digest.archive_url == ""


def test_words_of_an_editor_are_never_left_out_although_two_issues_have_the_same() -> None:
    assert (
        composed(frozen("asa", 1, ["駅"], greeting="こんにちは"), frozen("yoru", 2, ["駅"], greeting="こんにちは")).text.count("こんにちは")
        == 2
    )


def test_a_digest_expires_with_the_first_of_its_issues() -> None:
    first, second = frozen("asa", 1, ["駅"]), frozen("yoru", 2, ["港"])
    later = [replace(each, issue=replace(each.issue, expires=NOW + timedelta(days=days))) for each, days in ((first, 2), (second, 1))]
    assert composed(*later).expires == NOW + timedelta(days=1)
    assert composed(first, later[0]).expires == NOW + timedelta(days=2)


def test_the_light_part_stays_small_and_says_where_the_rest_is() -> None:
    digest = composed(*(frozen(key, 1, {f"{key}{place}": "長い本文。" * 100 for place in range(5)}) for key in ("asa", "hiru", "yoru")))
    assert digest.light is not None
    size = len(digest.light.text.encode(digest.light.charset))
    assert 5_000 < size <= 10_000 - 600
    assert digest.light.text.count("続きは、ウェブでお読みください") == 3
    assert "https://todoke.example.jp/mail/asa/1/#corner-" in digest.light.text


@pytest.mark.parametrize(
    ("issues", "problem"),
    [
        ([frozen("asa", 1, {"駅": "あ" * 30_000})], "at most 100 kB"),
        ([frozen("asa", 1, ["駅"]), frozen("yoru", 2, ["港"], style="<style>p { color: red }</style>")], "different styles"),
        ([frozen("asa", 1, {"駅": '<a href="https://a.example">続報</a><a href="https://b.example">続報</a>'})], "two links named '続報'"),
        ([frozen("asa", 1, {"駅": '<b id="x">あ</b>'}), frozen("yoru", 2, {"港": '<b id="x">い</b>'})], "an id is there twice"),
        ([frozen("asa", 1, {"駅": "<h6>段</h6>"})], "a heading skips a level"),
        ([frozen("asa", 1, {"駅": "https://personal.invalid/unsubscribe?x"})], "personal.invalid"),
    ],
)
def test_the_gate_refuses_what_only_the_combination_shows(issues: list[FrozenIssue], problem: str) -> None:
    assert any(problem in each for each in gate.problems(composed(*issues), issues)), gate.problems(composed(*issues), issues)


def test_two_common_issues_pass_the_gate() -> None:
    issues = [frozen("asa", 1, ["駅"]), frozen("yoru", 2, ["港"])]
    assert gate.problems(composed(*issues), issues) == ()


def test_fragments_that_were_changed_or_are_of_another_format_are_refused() -> None:
    good = fragments(IssueRef("asa", "1"), ["駅"])
    wrongs: list[dict[str, Any]] = [{"schema": 2}, {"sections": []}, {"style": 1}]
    for wrong in wrongs:
        with pytest.raises(MessageError):
            parse_fragments(json.dumps(good | wrong))
    good["sections"][1]["blocks"][0]["text"] += "偽"
    with pytest.raises(MessageError, match="does not match its SHA-256"):
        parse_fragments(json.dumps(good))


@given(st.datetimes(datetime(2026, 1, 1), datetime(2026, 12, 31)), st.sampled_from([Frequency.DAILY, Frequency.WEEKLY]))
def test_the_last_moment_has_come_and_the_next_has_not(now: datetime, frequency: Frequency) -> None:
    moments, aware = DigestMoments(time(7, 30), "monday", time(23, 59)), now.replace(tzinfo=UTC)
    last = moments.last(frequency, aware, JAPAN)
    step = timedelta(days=1 if frequency is Frequency.DAILY else 7)
    assert last <= aware < last + step
    assert (last.hour, last.minute) == ((7, 30) if frequency is Frequency.DAILY else (23, 59))
    assert frequency is Frequency.DAILY or last.weekday() == 0
