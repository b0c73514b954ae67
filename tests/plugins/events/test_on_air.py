"""The script for the radio: where a venue lies, what is told once, and what is too old to be told."""

from __future__ import annotations

import datetime as dt

import pytest

from plugins.events.on_air import FRESH
from tests.plugins.events.test_events import EVENT, write_events
from tests.samples.tiny import NOW, TinySite


def script_of(site: TinySite, now: dt.datetime = NOW) -> str:
    site.build(now=now)
    return (site.site / "kouryu/on-air/script.txt").read_text(encoding="utf-8")


def with_places(municipalities: str, venue: str, address: str) -> str:
    event = EVENT.format(title="朝の市", start="2021-06-01 09:00", end="2021-06-01 12:00")
    event = event.replace("[石巻市]", f"[{municipalities}]").replace("閖上の広場（見本）", venue)
    return event.replace("fee:", f"address: {address}\nfee:") if address else event


@pytest.mark.parametrize(
    ("municipalities", "venue", "address", "place"),
    [
        ("女川町, 石巻市", "港の広場", "石巻市魚町1", "石巻市（いしのまきし）の港の広場"),
        ("女川町, 石巻市", "港の広場", "", "女川町（おながわちょう）の港の広場"),
        ("石巻市", "港の広場", "宮城県女川町港町2", "女川町（おながわちょう）の港の広場"),
        ("女川町, 石巻市", "石巻市民会館前", "", "石巻市民会館前"),
    ],
)
def test_a_venue_is_said_to_lie_in_its_own_municipality_only(
    tiny: TinySite, municipalities: str, venue: str, address: str, place: str
) -> None:
    write_events(tiny).write("kouryu/2021/own.md", with_places(municipalities, venue, address))
    script = script_of(tiny)
    assert f"{place.replace('（いしのまきし）', '')}で、「朝の市」があります。" in script  # the event before it said 石巻市（いしのまきし）


def test_a_name_gets_its_reading_once_and_a_sentence_is_said_once_in_an_item(tiny: TinySite) -> None:
    write_events(tiny)
    tiny.write("kouryu/2021/twice.md", with_places("石巻市", "閖上の港", "").replace("魚が並びます。", "朝の市を開きます。"))
    script = script_of(tiny)
    assert script.count("（ゆりあげ）") == 1 and script.count("（いしのまきし）") == 1
    item = script.split("\n\n")[2]
    assert item.count("朝の市を開きます。") == 1


def test_an_article_is_told_until_it_is_two_months_old(tiny: TinySite) -> None:
    write_events(tiny)
    published = dt.datetime(2021, 3, 2, tzinfo=NOW.tzinfo)
    assert "店の便り" in script_of(tiny, published + FRESH - dt.timedelta(minutes=1))
    assert "店の便り" not in script_of(tiny, published + FRESH + dt.timedelta(minutes=1))
