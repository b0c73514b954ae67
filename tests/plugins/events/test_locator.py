"""The small map of an event shows the right part of the prefecture; the page and the list tell the telephone and what a wheelchair needs."""

from __future__ import annotations

import json
from typing import Any

import pytest

from plugins.diagnostics import ContentErrors
from plugins.events.locator import PATH, Outline, read_outline
from tests.samples.tiny import TinySite

SQUARE: dict[str, Any] = {
    "type": "Feature",
    "properties": {"name": "見本<県>"},
    "geometry": {"type": "Polygon", "coordinates": [[[140, 38], [141, 38], [141, 39], [140, 39], [140, 38]]]},
}
EVENT = """---
title: 港の市
date: 2020-05-01
start: 2020-06-20 10:00
venue: 広場
address: 見本市港町1
latitude: 38.9
longitude: 140.95
phone: [市の会 022-000-0117, 022-000-0118]
wheelchair: 段差なし
---
本文です。
"""
PUBLICATION = """
[publications.fairs]
title = "催し"
reading = "もよおし"
kind = "event"
colour = "#00695c"
department = "観光課"
contact = "fairs@example.jp"
description = "催しのお知らせ。"
"""


def outline(tiny: TinySite, value: object = SQUARE) -> Outline:
    tiny.write(str(PATH), json.dumps(value))
    return read_outline(tiny.content)[0]


@pytest.mark.parametrize(
    ("latitude", "longitude", "part"),
    [
        (38.9, 140.9, "北東"),
        (38.1, 140.1, "南西"),
        (38.5, 140.5, "中ほど"),
        (38.5, 140.9, "東"),
        (38.0, 141.0, "南東"),
        (39.0, 140.5, "北"),
    ],
)
def test_the_picture_says_in_words_where_the_mark_is(latitude: float, longitude: float, part: str, tiny: TinySite) -> None:
    assert f"印は県の{part}にあります" in outline(tiny).locate(latitude, longitude)


def test_north_is_at_the_top_and_east_at_the_right_and_both_have_the_same_scale(tiny: TinySite) -> None:
    square = outline(tiny)
    assert square.place((140, 39)) == (0, 0)
    right, bottom = square.place((141, 38))
    assert right == 220 and bottom == pytest.approx(220 / 0.7826, abs=1)  # cos 38.5°


def test_a_place_that_is_not_in_the_prefecture_has_no_map_and_a_name_is_escaped(tiny: TinySite) -> None:
    square = outline(tiny)
    assert [square.locate(35.7, 139.7), square.locate(None, 140.5), Outline().locate(38.5, 140.5)] == ["", "", ""]
    assert "見本&lt;県&gt;" in square.locate(38.5, 140.5)


@pytest.mark.parametrize(
    "value",
    [
        [],
        {"type": "Feature"},
        SQUARE | {"geometry": {"type": "Point", "coordinates": [140, 38]}},
        SQUARE | {"geometry": {"type": "Polygon", "coordinates": []}},
        SQUARE | {"geometry": {"type": "Polygon", "coordinates": [[[140, 38], [140, 38]]]}},
        SQUARE | {"geometry": {"type": "Polygon", "coordinates": [[["x", 38], [141, 39]]]}},
        SQUARE | {"geometry": {"type": "Polygon", "coordinates": [[[10**400, 38], [141, 39]]]}},
        SQUARE | {"geometry": {"type": "Polygon", "coordinates": [[[140, -90], [141, 90]]]}},
    ],
)
def test_an_outline_that_is_none_is_told_and_names_the_file(value: object, tiny: TinySite) -> None:
    tiny.write(str(PATH), json.dumps(value))
    with pytest.raises(ContentErrors) as caught:
        tiny.build()
    assert [(str(fault.path), fault.rule) for fault in caught.value.diagnostics] == [(f"content/{PATH}", "F750")]


def test_the_page_has_map_links_and_telephones_and_the_list_tells_what_matters_before_one_goes(tiny: TinySite) -> None:
    outline(tiny)
    settings = tiny.root / "publications.toml"
    settings.write_text(settings.read_text("utf-8").replace("[topics]", f"{PUBLICATION}\n[topics]"), "utf-8")
    tiny.write("fairs/2020/fair.md", EVENT)
    tiny.build()
    page = tiny.tree("/fairs/2020/05/fair/")
    links = page.xpath("//dl[@class='card']//a/@href")
    assert {"geo:38.900000,140.950000", "https://maps.gsi.go.jp/#16/38.900000/140.950000/", "tel:0220000117", "tel:0220000118"} <= set(
        links
    )
    assert "見本<県>の地図。印は県の北東にあります" in page.xpath("//svg/@aria-label")
    row = tiny.tree("/fairs/").xpath("//li[contains(@class, 'row')]//dl")[0]
    assert "段差なし" in row.text_content() and "tel:0220000117" in row.xpath(".//a/@href")
