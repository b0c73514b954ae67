"""When an event begins and ends: midnight, 24:00, whole days and several days say the same on the page, in JSON-LD, in iCalendar and on air."""

from __future__ import annotations

import datetime as dt
import json
import re
from typing import Any

import icalendar
import pytest

from plugins.diagnostics import ContentErrors
from tests.plugins.events.table_import.test_importer import KOURYU
from tests.samples.tiny import NOW, PUBLICATIONS, TinySite

EVENT = "---\ntitle: {title}\ndate: 2021-03-01 10:00\n{times}\nvenue: 港の広場\n---\n会を開きます。\n"
DAYS = [(dt.date(2021, 4, 10), dt.date(2021, 4, 11)), (dt.date(2021, 4, 10), dt.date(2021, 4, 13))]


def at(day: int, hour: int, minute: int = 0) -> dt.datetime:
    return dt.datetime(2021, 4, day, hour, minute, tzinfo=NOW.tzinfo)


CASES: list[tuple[str, str, tuple[Any, Any], tuple[str, str], str]] = [
    ("start: 2021-04-10", "2021年4月10日（土曜日）", DAYS[0], ("2021-04-10", "2021-04-10"), "4月10日土曜日。"),
    (
        "start: 2021-04-10\nend: 2021-04-12",
        "2021年4月10日（土曜日）から4月12日（月曜日）まで",
        DAYS[1],
        ("2021-04-10", "2021-04-12"),
        "4月10日土曜日から、4月12日月曜日まで。",
    ),
    (
        "start: 2021-04-10 00:00\nend: 2021-04-10 24:00",
        "2021年4月10日（土曜日）",
        DAYS[0],
        ("2021-04-10", "2021-04-10"),
        "4月10日土曜日。",
    ),
    (
        "start: 2021-04-10 22:00\nend: 2021-04-10 24:00",
        "2021年4月10日（土曜日）22時から24時まで",
        (at(10, 22), at(11, 0)),
        ("2021-04-10T22:00:00+09:00", "2021-04-11T00:00:00+09:00"),
        "4月10日土曜日、午後10時から夜中の12時まで。",
    ),
    (
        "start: 2021-04-10 22:00\nend: 2021-04-11 00:00",
        "2021年4月10日（土曜日）22時から24時まで",
        (at(10, 22), at(11, 0)),
        ("2021-04-10T22:00:00+09:00", "2021-04-11T00:00:00+09:00"),
        "4月10日土曜日、午後10時から夜中の12時まで。",
    ),
    (
        "start: 2021-04-10 00:00\nend: 2021-04-10 02:30",
        "2021年4月10日（土曜日）0時から2時30分まで",
        (at(10, 0), at(10, 2, 30)),
        ("2021-04-10T00:00:00+09:00", "2021-04-10T02:30:00+09:00"),
        "4月10日土曜日、午前0時から午前2時半まで。",
    ),
    (
        "start: 2021-04-10 23:00\nend: 2021-04-11 01:00",
        "2021年4月10日（土曜日）23時から4月11日（日曜日）1時まで",
        (at(10, 23), at(11, 1)),
        ("2021-04-10T23:00:00+09:00", "2021-04-11T01:00:00+09:00"),
        "4月10日土曜日の午後11時から、4月11日日曜日の午前1時まで。",
    ),
    (
        "start: 2021-04-10 10:00\nend: 2021-04-12",
        "2021年4月10日（土曜日）10時から4月12日（月曜日）まで",
        (at(10, 10), at(13, 0)),
        ("2021-04-10T10:00:00+09:00", "2021-04-13T00:00:00+09:00"),
        "4月10日土曜日の午前10時から、4月12日月曜日まで。",
    ),
    (
        "start: 2021-04-10 10:00\nend: 2021-04-10",
        "2021年4月10日（土曜日）10時から",
        (at(10, 10), None),
        ("2021-04-10T10:00:00+09:00", "2021-04-10"),
        "4月10日土曜日、午前10時から。",
    ),
]


@pytest.fixture
def kouryu(tiny: TinySite) -> TinySite:
    (tiny.root / "publications.toml").write_text(PUBLICATIONS + KOURYU, encoding="utf-8")
    return tiny


@pytest.mark.parametrize("cases", [CASES[:5], CASES[5:]])  # the script for the radio has eight events
def test_page_calendar_search_engine_and_radio_say_the_same_times(kouryu: TinySite, cases: list[tuple[Any, ...]]) -> None:
    for number, (times, *_) in enumerate(cases):
        kouryu.write(f"kouryu/2021/e{number}.md", EVENT.format(title="朝の市", times=times))
    kouryu.build()
    script = (kouryu.site / "kouryu/on-air/script.txt").read_text("utf-8").splitlines()
    for number, (_, words, (first, last), (start, end), aloud) in enumerate(cases):
        url = f"/kouryu/2021/03/e{number}/"
        tree = kouryu.tree(url)
        shown = tree.xpath("//dl[@class='card']//dt[text()='日時']/following-sibling::dd")[0].text_content()
        assert re.sub(r"\s", "", shown) == words
        blocks = map(json.loads, tree.xpath("//script[@type='application/ld+json']/text()"))
        described = next(block for block in blocks if block["@type"] == "Event")
        assert (described["startDate"], described["endDate"]) == (start, end)
        vevent: Any = icalendar.Calendar.from_ical((kouryu.site / f"{url[1:]}event.ics").read_bytes()).walk("VEVENT")[0]
        assert (vevent["dtstart"].dt, vevent["dtend"].dt if "dtend" in vevent else None) == (first, last)
        assert aloud in script


def test_the_mail_says_the_times_of_the_page(kouryu: TinySite) -> None:
    for number, (times, *_) in enumerate(CASES):
        kouryu.write(f"kouryu/2021/e{number}.md", EVENT.format(title=f"朝の市{number}", times=times))
    kouryu.write("mail/press/1.md", "---\ntitle: 号\ndate: 2021-03-02\n---\nこんにちは。\n\n## 催し\n\n::催し 8週間\n")
    kouryu.build()
    mail = re.sub(r"<[^>]*>|\s", "", (kouryu.root / "output/mail/press/1/mail.html").read_text("utf-8"))
    for _, words, *_ in CASES:
        assert f"日時{words}場所" in mail


def test_an_event_until_midnight_is_over_then_and_stands_on_its_own_day_only(kouryu: TinySite) -> None:
    kouryu.write("kouryu/2021/late.md", EVENT.format(title="朝の市", times="start: 2021-04-10 22:00\nend: 2021-04-10 24:00"))
    kouryu.build(now=at(11, 0))
    assert "この催しは終わりました" in kouryu.page("/kouryu/2021/03/late/")
    assert [
        cell.text_content().split()[0] for cell in kouryu.tree("/kouryu/calendar/2021/04/").xpath("//td[contains(@class, 'busy')]")
    ] == ["10日"]


@pytest.mark.parametrize(
    ("times", "words"),
    [
        ("start: 2021-04-10 00:00", "真夜中の0時ちょうど"),
        ("start: 2021-04-10 0:00\nend: 2021-04-12", "真夜中の0時ちょうど"),
        ("start: 2021-04-10 10:00\nend: 2021-04-09", "終わり（end）が始まり（start）より前"),
        ("start: 2021-04-10 10:00\nend: 2021-04-10 10:00", "終わり（end）が始まり（start）より前"),
        ("start: 2021-04-10 10:00\nend: 2021-04-10 00:00", "終わり（end）が始まり（start）より前"),
        ("start: 2021-04-10\nend: 2031-04-10", "年を確かめてください"),
        ("start: 2021-04-10\nend: 9999-12-31", "終わりなし"),
        ("start: 2021-04-10 10:00\nend: 2021-04-10 24:30", "時刻はありません"),
        (
            "start: 2021-04-10\nstatus: 日程変更\nupdated: 2021-03-02 09:00\nprevious_start: 2021-04-10",
            "previous_start（前の始まり）が start と同じ",
        ),
    ],
)
def test_times_that_can_be_read_in_two_ways_or_in_none_are_refused(kouryu: TinySite, times: str, words: str) -> None:
    kouryu.write("kouryu/2021/bad.md", EVENT.format(title="朝の市", times=times))
    with pytest.raises(ContentErrors, match=words):
        kouryu.build()


def test_the_radio_does_not_invite_to_an_event_that_is_called_off(kouryu: TinySite) -> None:
    kouryu.write(
        "kouryu/2021/off.md", EVENT.format(title="朝の市", times="start: 2021-04-10 10:00\nstatus: 中止\nupdated: 2021-03-02 09:00")
    )
    kouryu.build()
    script = (kouryu.site / "kouryu/on-air/script.txt").read_text("utf-8")
    assert "港の広場の「朝の市」は、中止になりました。" in script
    assert "があります。" not in script
