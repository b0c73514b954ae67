"""Days of the week, whole and shortened to one kanji; the same kanji elsewhere are words."""

from __future__ import annotations

import pytest

from tests.samples.readings import in_kana


@pytest.mark.parametrize(
    ("text", "kana"),
    [
        ("5日（月曜日）に", "いつか（げつようび）に"),
        ("（月）（火）（水）（木）（金）（土）（日）", "（げつ）（か）（すい）（もく）（きん）（ど）（にち）"),
        ("3月20日(日・祝)は", "3がつはつか(にち・しゅく)は"),
        ("（月・祝）と（土日祝）と（火、木、土）", "（げつ・しゅく）と（どにちしゅく）と（か、もく、ど）"),
        ("（土 10時から）（金9時）", "（ど 10じから）（きん9じ）"),
        ("（月〜金）と月〜土曜日と月・水・金は", "（げつ〜きん）とげつ〜どようびとげつ・すい・きんは"),
        ("土・日曜、土日も", "ど・にちよう、どにちも"),
        ("毎週月・木と第2土は", "まいしゅうげつ・もくとだい2どは"),
        ("（日曜・祝日を除く）", "（にちよう・しゅくじつをのぞく）"),
    ],
)
def test_days_of_the_week_are_read_as_days(text: str, kana: str) -> None:
    assert in_kana(text) == kana


@pytest.mark.parametrize(
    ("text", "kana"),
    [("月に一度の日", "つきにいちどのひ"), ("木と土と水と火", "きとつちとみずとひ"), ("その日、金を払う", "そのひ、きんをはらう")],
)
def test_the_same_kanji_are_words_elsewhere(text: str, kana: str) -> None:
    assert in_kana(text) == kana
