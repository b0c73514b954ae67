"""Events on the site: list and months, iCalendar files, the script for the radio."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

import icalendar
import pytest

from plugins.diagnostics import ContentErrors
from tests.plugins.events.table_import.test_importer import KOURYU
from tests.samples.tiny import NOW, PUBLICATIONS, TinySite, make_site

EVENT = """---
title: {title}
date: 2021-03-01 10:00
municipalities: [石巻市]
start: {start}
end: {end}
venue: 閖上の広場（見本）
fee: 市は無料（船賃は別）
latitude: 38.43
longitude: 141.3
---
朝の市を開きます。魚が並びます。
"""


def write_events(site: TinySite) -> TinySite:
    """One event of three days that crosses a month, one of a single morning in the past, and an article of a shop."""
    (site.root / "publications.toml").write_text(PUBLICATIONS + KOURYU, encoding="utf-8")
    site.write("data/readings.csv", "表記,読み\n閖上,ゆりあげ\n")
    site.write("kouryu/2021/fair.md", EVENT.format(title="三日の市（石巻市）", start="2021-04-29", end="2021-05-01"))
    site.write("kouryu/2021/gone.md", EVENT.format(title="終わった市", start="2021-03-07 09:30", end="2021-03-07 12:00"))
    site.write("kouryu/2021/letter.md", "---\ntitle: 店の便り\ndate: 2021-03-02\nkind: article\n---\n閖上の店が開きました。\n")
    return site


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> TinySite:
    """The events, built. Nobody writes into it."""
    site = write_events(make_site(tmp_path_factory.mktemp("built")))
    site.build()
    return site


@pytest.fixture
def fair(tiny: TinySite) -> TinySite:
    """The events, to be changed and built."""
    return write_events(tiny)


def test_the_calendar_lists_coming_events_and_the_months_list_all_events(built: TinySite) -> None:
    calendar = built.page("/kouryu/calendar/")
    assert "/kouryu/2021/03/fair/" in calendar
    assert "/kouryu/2021/03/gone/" not in calendar
    april = built.tree("/kouryu/calendar/2021/04/")
    assert [cell.text_content().split()[0] for cell in april.xpath("//td[contains(@class, 'busy')]")] == ["29日", "30日"]
    assert "/kouryu/2021/03/fair/" in built.page("/kouryu/calendar/2021/05/")
    assert 'rel="prev" href="/kouryu/calendar/2021/03/"' in built.page("/kouryu/calendar/2021/04/")
    assert 'href="/kouryu/calendar/"' in built.page("/kouryu/")
    assert "kouryu/calendar/2021/05/" in (built.site / "sitemap-kouryu.xml").read_text(encoding="utf-8")


def test_each_day_with_events_links_to_its_part_of_the_list_below(built: TinySite) -> None:
    april = built.tree("/kouryu/calendar/2021/04/")
    targets = [href[1:] for href in april.xpath("//td//a/@href") if href.startswith("#")]
    assert targets == ["d29", "d30"]
    assert all(april.xpath(f"//*[@id='{target}']") for target in targets)


def test_an_icalendar_file_has_the_times_the_place_and_the_uid_of_its_event(built: TinySite) -> None:
    read = icalendar.Calendar.from_ical((built.site / "kouryu/2021/03/gone/event.ics").read_bytes())
    event: Any = read.walk("VEVENT")[0]
    assert event["summary"] == "終わった市"
    assert (event.start, event.end) == (
        dt.datetime(2021, 3, 7, 9, 30, tzinfo=NOW.tzinfo),
        dt.datetime(2021, 3, 7, 12, tzinfo=NOW.tzinfo),
    )
    assert uuid.UUID(event["uid"]).version == 5
    assert event["geo"].to_ical() == "38.43;141.3"


def test_an_icalendar_event_of_whole_days_ends_on_the_day_after_its_last(built: TinySite) -> None:
    read = icalendar.Calendar.from_ical((built.site / "kouryu/calendar/events.ics").read_bytes())
    events: list[Any] = read.walk("VEVENT")
    spans = {str(event["summary"]): (event.start, event.end) for event in events}
    assert spans["三日の市（石巻市）"] == (dt.date(2021, 4, 29), dt.date(2021, 5, 2))
    assert len(spans) == 2


@pytest.mark.parametrize(("day", "over"), [(dt.datetime(2021, 5, 1, 23, 0), False), (dt.datetime(2021, 5, 2, 0, 0), True)])
def test_an_event_of_whole_days_is_over_at_midnight(fair: TinySite, day: dt.datetime, over: bool) -> None:
    fair.build(now=day.replace(tzinfo=NOW.tzinfo))
    assert ("この催しは終わりました" in fair.page("/kouryu/2021/03/fair/")) is over


def test_the_script_has_whole_sentences_and_the_readings_of_names_in_brackets(built: TinySite) -> None:
    script = (built.site / "kouryu/on-air/script.txt").read_text(encoding="utf-8")
    assert "4月29日木曜日から、5月1日土曜日まで。\n" in script
    assert "石巻市（いしのまきし）の閖上（ゆりあげ）の広場で、「三日の市」があります。\n朝の市を開きます。\n魚が並びます。\n" in script
    assert "料金は、市は無料、船賃は別です。" in script
    assert "お店の便りです。「店の便り」。\n閖上の店が開きました。" in script  # the reading was said above
    assert "終わった市" not in script
    assert "script.txt" in built.page("/kouryu/on-air/")


def test_a_reading_that_is_not_in_hiragana_is_a_fault_with_its_line(fair: TinySite) -> None:
    fair.write("data/readings.csv", "表記,読み\n閖上,ゆりあげ\n雄勝,オガツ\n")
    with pytest.raises(ContentErrors, match=r"content/data/readings\.csv:3: .*ひらがな"):
        fair.build()


def test_an_event_that_ends_before_it_begins_is_a_fault_and_the_last_site_stays(fair: TinySite) -> None:
    fair.build()
    before = fair.page("/kouryu/calendar/")
    fair.write("kouryu/2021/bad.md", EVENT.format(title="逆", start="2021-04-29 10:00", end="2021-04-29 09:00"))
    with pytest.raises(ContentErrors, match=r"bad\.md:6: .*終わり（end）が始まり（start）より前"):
        fair.build()
    assert fair.page("/kouryu/calendar/") == before


CALLED_OFF = "---\ntitle: 朝の市\ndate: 2020-12-01 10:00\n{more}\nstart: {start}\nvenue: 港の広場\n---\n会を開きます。\n"


def vevent_of(site: TinySite, day: str) -> Any:
    return icalendar.Calendar.from_ical((site.site / f"kouryu/2020/12/{day}/event.ics").read_bytes()).walk("VEVENT")[0]


@pytest.mark.parametrize(
    ("status", "ical", "schema", "words"),
    [
        ("中止", "CANCELLED", "EventCancelled", "この催しは中止になりました。"),
        ("延期", "TENTATIVE", "EventPostponed", "この催しは延期になりました。"),
        ("日程変更", "CONFIRMED", "EventRescheduled", "前の日時"),
    ],
)
def test_what_became_of_an_event_is_told_everywhere_and_a_calendar_takes_it_for_news(
    fair: TinySite, status: str, ical: str, schema: str, words: str
) -> None:
    fair.write("kouryu/2020/off.md", CALLED_OFF.format(more="summary: 市です。", start="2021-04-10 10:00"))
    fair.build()
    before = vevent_of(fair, "off")
    moved = "\nprevious_start: 2021-04-10 10:00" if status == "日程変更" else ""
    fair.write(
        "kouryu/2020/off.md", CALLED_OFF.format(more=f"updated: 2020-12-05 09:00\nstatus: {status}{moved}", start="2021-04-17 10:00")
    )
    fair.build()
    after, page = vevent_of(fair, "off"), fair.page("/kouryu/2020/12/off/")
    assert (before["uid"], before["status"], before["sequence"]) == (after["uid"], "CONFIRMED", 0)
    assert after["status"] == ical and after["sequence"] > 0 and after["dtstamp"].dt > before["dtstamp"].dt
    assert after["summary"] == f"【{status}】朝の市" and words in page and f"schema.org/{schema}" in page
    assert f"【{status}】朝の市" in fair.tree("/kouryu/calendar/").text_content()
    assert f"【{status}】朝の市" in (fair.site / "kouryu/feed.xml").read_text("utf-8")


@pytest.mark.parametrize(
    ("more", "start", "words"),
    [
        ("status: 中止", "2021-04-10 10:00", "updated に書いてください"),
        ("updated: 2020-12-05\nstatus: 日程変更", "2021-04-10 10:00", "previous_start に書いてください"),
        ("updated: 2020-12-05\nstatus: 中止\nprevious_start: 2021-04-09", "2021-04-10 10:00", "previous_start を消してください"),
        ("updated: 2020-12-05\nstatus: なし", "2021-04-10 10:00", "status"),
        ("end: 2021-04-10 12:00", "2021-04-10", "始まりの時刻も書いてください"),
        ("end: 2021-04-10 12:00", "2021年4月10日 10時", "「2021-04-10 10:00」と書いてください"),
    ],
)
def test_half_a_change_of_an_event_is_refused_with_what_to_write(fair: TinySite, more: str, start: str, words: str) -> None:
    fair.write("kouryu/2020/off.md", CALLED_OFF.format(more=more, start=start))
    with pytest.raises(ContentErrors, match=words):
        fair.build()
