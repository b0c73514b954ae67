"""Feeds, calendars and warnings know a document by an identity that follows neither the site's address nor a date nor a file's place."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import icalendar
import pytest

from plugins.diagnostics import ContentErrors
from tests.plugins.events.table_import.test_importer import KOURYU
from tests.samples.tiny import NOW, PUBLICATIONS, TinySite

EVENT = "---\ntitle: 朝の市\ndate: {date}\n{more}start: {start}\nvenue: 港の広場\n---\n会を開きます。\n"
NOTICE = "---\ntitle: 大雨のお知らせ\ndate: {date}\nlevel: 3\nhazard: 大雨\nmunicipalities: [石巻市]\naction: 高い所へ移ってください\nexpires: 2021-04-30 12:00\n---\n高い所へ移ってください。\n"
FORMER = '[site.former_ids]\nbefore = "{before}"\naddress = "https://old.example.jp"\n'
UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")


@pytest.fixture
def site(tiny: TinySite) -> TinySite:
    write_publications(tiny)
    write_event(tiny)
    tiny.write("notices/2021/rain.md", NOTICE.format(date="2021-03-30 09:00"))
    return tiny


def write_publications(site: TinySite, url: str = "https://site.example.jp", more: str = "", identity: str = "") -> None:
    text = PUBLICATIONS.replace("https://site.example.jp", url).replace("[site]\n", f"[site]\n{identity}", 1)
    (site.root / "publications.toml").write_text(text + KOURYU + more, encoding="utf-8")


def write_event(
    site: TinySite, path: str = "kouryu/2021/fair.md", date: str = "2021-03-01 10:00", more: str = "", start: str = "2021-04-10"
) -> None:
    site.write(path, EVENT.format(date=date, more=more, start=start))


def identities(site: TinySite) -> dict[str, str]:
    """Build, and return what feeds, the calendar and CAP know the event and the notice by."""
    site.build()
    uids = [str(vevent["uid"]) for path in site.site.rglob("event*.ics") for vevent in vevents(path)]
    assert len(set(uids)) == 1
    atom = re.findall("<id>(.*?)</id>", (site.site / "kouryu/feed.xml").read_text("utf-8"))
    items = json.loads((site.site / "kouryu/feed.json").read_text("utf-8"))["items"]
    cap = re.findall("<identifier>(.*?)</identifier>", next(site.site.glob("notices/20*/*/*/cap.xml")).read_text("utf-8"))
    cap_feed = re.findall("<id>(.*?)</id>", (site.site / "notices/cap.xml").read_text("utf-8"))
    assert cap_feed[1:] == cap
    return {"uid": uids[0], "feed": atom[0], "atom": atom[1], "json": items[0]["id"], "cap": cap[0], "cap feed": cap_feed[0]}


def vevents(path: Path) -> list[Any]:
    return icalendar.Calendar.from_ical(path.read_bytes()).walk("VEVENT")


def test_every_identity_is_a_uuid_that_a_move_to_another_address_leaves_as_it_is(site: TinySite) -> None:
    before = identities(site)
    assert all(UUID.fullmatch(identity.removeprefix("urn:uuid:")) for identity in before.values())
    assert before["atom"] == before["json"] == f"urn:uuid:{before['uid']}"
    write_publications(site, "https://mirror.example.org")
    assert identities(site) == before


@pytest.mark.parametrize(
    ("path", "date", "more"),
    [
        ("kouryu/2020/fair.md", "2021-03-01 10:00", ""),
        ("kouryu/2021/fair.md", "2021-02-27 10:00", ""),
        ("kouryu/2021/spring-fair.md", "2021-03-01 10:00", "slug: fair\n"),
        ("kouryu/2021/spring-fair.md", "2021-03-01 10:00", "aliases: [/kouryu/2021/03/fair/]\n"),
        ("kouryu/2021/spring-fair.md", "2021-02-01 10:00", "aliases: [/fair/, /kouryu/2021/03/fair/, /kouryu/2021/03/spring/]\n"),
    ],
)
def test_a_document_that_is_moved_redated_or_renamed_stays_the_same_for_its_readers(
    site: TinySite, path: str, date: str, more: str
) -> None:
    before = identities(site)
    (site.content / "kouryu/2021/fair.md").unlink()
    write_event(site, path, date, more)
    assert identities(site) == before


def test_another_document_and_another_site_have_other_identities(site: TinySite) -> None:
    before = identities(site)
    write_publications(site, identity='identity = "another"\n')
    other = identities(site)
    assert not {*before.values()} & {*other.values()}
    (site.content / "kouryu/2021/fair.md").unlink()
    write_event(site, "kouryu/2021/autumn-fair.md")
    assert identities(site)["uid"] != other["uid"]


def test_no_new_document_may_take_the_name_under_which_readers_know_another(site: TinySite) -> None:
    (site.content / "kouryu/2021/fair.md").unlink()
    write_event(site, "kouryu/2021/spring-fair.md", more="aliases: [/kouryu/2021/02/fair/]\n")
    write_event(site)
    with pytest.raises(ContentErrors, match="F305"):
        site.build()


def test_what_readers_got_before_keeps_the_identity_that_they_know(site: TinySite) -> None:
    write_publications(site, "https://new.example.jp", FORMER.format(before="2021-04"))
    before = identities(site)
    assert before["atom"] == before["json"] == "https://old.example.jp/kouryu/2021/03/fair/"
    assert before["uid"] == "kouryu-2021-03-fair@old.example.jp"
    assert before["feed"] == "https://old.example.jp/kouryu/"
    write_event(site, date="2021-04-01 10:00", more="aliases: [/kouryu/2021/03/fair/]\n")
    site.build(now=NOW.replace(month=4, day=2))
    assert str(vevents(site.site / "kouryu/2021/04/fair/event.ics")[0]["uid"]) == before["uid"]


def test_what_is_published_from_that_month_on_has_a_uuid(site: TinySite) -> None:
    write_publications(site, more=FORMER.format(before="2021-03"))
    after = identities(site)
    assert UUID.fullmatch(after["uid"]) and after["atom"] == f"urn:uuid:{after['uid']}"


def test_the_file_of_one_event_adds_to_the_calendar_that_the_reader_has(site: TinySite) -> None:
    site.build()
    one = icalendar.Calendar.from_ical((site.site / "kouryu/2021/03/fair/event.ics").read_bytes())
    every = icalendar.Calendar.from_ical((site.site / "kouryu/calendar/events.ics").read_bytes())
    assert one["method"] == every["method"] == "PUBLISH"
    assert not {"name", "x-wr-calname"} & {key.lower() for key in one}
    assert every["x-wr-calname"] == every["name"] == "交流通信"
