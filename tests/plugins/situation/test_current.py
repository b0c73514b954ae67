"""Of each thing the newest row holds, until it is too old: then it is unknown, at the very minute, and what passes with it is gone."""

from __future__ import annotations

import datetime as dt
import json
import tomllib
from dataclasses import replace

import pytest
from lxml import etree

from plugins.clock import TrackedClock
from plugins.frontmatter.model.registry import Place, Site
from plugins.situation.changes import NEWEST, Channel, atom, changes
from plugins.situation.current import Entry, count_words, entries
from plugins.situation.open_data import csv_of, geojson_of
from plugins.situation.row import SituationRow
from plugins.situation.shelters import Shelter
from plugins.situation.table_kinds import KINDS, SHELTERS, TRAFFIC, state_named
from plugins.situation.tables import Tables
from tests.plugins.situation.days import at
from tests.samples.tiny import PUBLICATIONS

SITE = Site.model_validate(tomllib.loads(PUBLICATIONS)["site"])
PLACE = Place("042021", "石巻市", "いしのまきし", "ishinomaki")
SHELTER = Shelter(2, "042021-2", "牡鹿の里", "", PLACE, "石巻市2-2", (38.41, 141.31), None, "", "80", ("地震",), "2")


def row(word: str, moment: dt.datetime, key: str = "042021-1", **values: str) -> SituationRow:
    state = state_named(SHELTERS, word)
    assert state
    return SituationRow(2, key, "日和の丘小学校", (PLACE,), state, moment, point=(38.43, 141.3), values=tuple(values.items()))


def tables(*rows: SituationRow) -> Tables:
    return Tables({"shelters": rows}, {})


def words(found: tuple[Entry, ...]) -> list[str]:
    return [entry.word for entry in found]


DAY = tables(
    row("準備中", at(7)), row("満員", at(11), 人数="250", 定員="250", 混雑="満員", ペット="可"), row("開設", at(9)), row("閉鎖", at(15))
)


@pytest.mark.parametrize(
    ("hour", "minute", "word"),
    [
        (6, 59, None),
        (7, 0, "準備中"),
        (9, 0, "開設"),
        (10, 59, "開設"),
        (11, 0, "満員"),
        (13, 59, "満員"),
        (14, 0, "不明"),
        (15, 0, "閉鎖"),
        (18, 0, "不明"),
    ],
)
def test_the_newest_row_that_is_not_later_than_now_holds_until_it_is_too_old(hour: int, minute: int, word: str | None) -> None:
    assert words(entries(DAY, SHELTERS, at(hour, minute), 3)) == ([word] if word else [])


def test_an_unknown_entry_says_what_it_was_and_when_with_the_year_and_nothing_that_passes() -> None:
    (open_,), (unknown,) = entries(DAY, SHELTERS, at(12), 3), entries(DAY, SHELTERS, at(14), 3)
    assert (open_.as_of, open_.passing, open_.facts) == (
        "3月31日11時00分",
        (("人数", "250人（定員250人）"), ("混雑", "満員"), ("ペット", "可")),
        (),
    )
    assert (unknown.as_of, unknown.last_word, unknown.passing, unknown.facts) == ("2021年3月31日11時00分", "満員", (), (("定員", "250人"),))


@pytest.mark.parametrize("hour", range(24))
def test_the_clock_knows_exactly_until_when_the_answer_holds(hour: int) -> None:
    clock = TrackedClock.at(at(hour, 30))
    found = entries(DAY, SHELTERS, clock, 3)
    changes_at = [at(7), at(9), at(11), at(14), at(15), at(18)]
    after = next((moment for moment in changes_at if moment > at(hour, 30)), None)
    if after:
        assert clock.validity.until == after
        assert entries(DAY, SHELTERS, after - dt.timedelta(minutes=1), 3) == found != entries(DAY, SHELTERS, after, 3)
    else:
        assert not clock.validity.until < at(23, 59)


def test_shelters_of_which_nobody_has_told_anything_follow_as_unknown() -> None:
    known = Tables({"shelters": (row("閉鎖", at(11)),)}, {SHELTER.key: SHELTER})
    found = entries(known, SHELTERS, at(12), 3)
    assert [(entry.name, entry.word, entry.as_of) for entry in found] == [
        ("日和の丘小学校", "閉鎖", "3月31日11時00分"),
        ("牡鹿の里", "不明", ""),
    ]
    assert found[1].facts == (("定員", "80人"), ("使える災害", "地震")) and found[1].point == SHELTER.point
    assert len(entries(known, SHELTERS, at(12), 3, with_designated=False)) == 1


def test_lists_begin_with_the_open_shelter_and_with_the_closed_road() -> None:
    rows = [row(state.word, at(11), f"k{number}") for number, state in enumerate(SHELTERS.states)]
    assert words(entries(tables(*reversed(rows)), SHELTERS, at(12), 3))[0] == "開設"
    roads = [replace(row("開設", at(11), f"k{number}"), state=state) for number, state in enumerate(TRAFFIC.states)]
    assert words(entries(Tables({"traffic": tuple(roads)}), TRAFFIC, at(12), 3))[0] in ("通行止め", "運転見合わせ")


def test_states_are_counted_in_their_order_and_unknown_last() -> None:
    rows = [row("閉鎖", at(11), "a"), row("開設", at(11), "b"), row("開設", at(11), "c"), row("開設", at(7), "d")]
    assert count_words(entries(tables(*rows), SHELTERS, at(12), 3), SHELTERS) == (
        ("開設", "○", 1, 2),
        ("閉鎖", "×", 3, 1),
        ("不明", "？", 0, 1),
    )


# What RFC 7946 asks of a collection of points: 3.1.1 (longitude first), 3.2 (geometry may be null), 3.3, 4 (no other reference system).
GEOJSON = {
    "type": "object",
    "required": ["type", "features"],
    "not": {"required": ["crs"]},
    "properties": {
        "type": {"const": "FeatureCollection"},
        "features": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["type", "geometry", "properties", "id"],
                "properties": {
                    "type": {"const": "Feature"},
                    "properties": {"type": "object"},
                    "geometry": {
                        "oneOf": [
                            {"type": "null"},
                            {
                                "type": "object",
                                "required": ["type", "coordinates"],
                                "properties": {
                                    "type": {"const": "Point"},
                                    "coordinates": {
                                        "type": "array",
                                        "prefixItems": [
                                            {"type": "number", "minimum": 122, "maximum": 154},
                                            {"type": "number", "minimum": 20, "maximum": 46},
                                        ],
                                        "minItems": 2,
                                        "maxItems": 2,
                                    },
                                },
                            },
                        ]
                    },
                },
            },
        },
    },
}


@pytest.mark.parametrize("hour", [6, 12, 14])
def test_geojson_is_what_the_standard_asks_for_and_says_what_the_page_says(hour: int) -> None:
    import jsonschema  # compiles forty grammars: only the worker that needs them

    known = Tables(DAY.rows, {SHELTER.key: replace(SHELTER, point=None)})
    found = entries(known, SHELTERS, at(hour), 3)
    data = json.loads(geojson_of(found, SHELTERS, ""))
    jsonschema.validate(data, GEOJSON, cls=jsonschema.Draft202012Validator)
    assert [feature["properties"]["開設"] for feature in data["features"]] == words(found)
    assert len({feature["id"] for feature in data["features"]}) == len(found)
    assert data["features"][-1]["geometry"] is None


def test_the_table_for_spreadsheets_has_no_formula_and_says_when_it_is_a_drill() -> None:
    (entry,) = entries(tables(replace(row("開設", at(11)), name="=HYPERLINK(1)")), SHELTERS, at(12), 3)
    text = csv_of([entry], SHELTERS, "【訓練】").decode("utf-8-sig")
    assert text.startswith("区分,") and "\r\n訓練,042021,石巻市," in text and ",'=HYPERLINK(1)," in text
    assert csv_of([entry], SHELTERS, "")[:3] == b"\xef\xbb\xbf"


def test_what_has_passed_is_in_no_file_for_other_programs() -> None:
    unknown = entries(DAY, SHELTERS, at(14), 3)
    assert "人数" not in json.loads(geojson_of(unknown, SHELTERS, ""))["features"][0]["properties"]
    assert "満員,2021-03-31T11:00:00+09:00,2021-03-31T14:00:00+09:00" in csv_of(unknown, SHELTERS, "").decode("utf-8-sig")


def test_a_change_is_a_row_with_another_state_and_none_is_told_before_its_time() -> None:
    more = Tables({"shelters": (*DAY.rows["shelters"], row("満員", at(11, 30)))}, {})
    found = changes(more, at(14, 59))
    assert [(change.row.state.word, change.before) for change in found] == [("満員", "開設"), ("開設", "準備中"), ("準備中", "")]
    assert len(changes(more, at(15))) == 4


def test_the_feed_of_changes_is_valid_and_the_same_in_every_build() -> None:
    rows = [row("開設" if number % 2 else "満員", at(1) + dt.timedelta(minutes=number)) for number in range(NEWEST + 20)]
    found = changes(tables(*rows), at(12))
    channel = Channel("見本", SITE, "https://site.example.jp", "/situation/")
    data = atom(channel, found, [f"/situation/shelters/ishinomaki/#{number}" for number in range(NEWEST)], "【訓練】")
    assert data == atom(channel, found, [f"/situation/shelters/ishinomaki/#{number}" for number in range(NEWEST)], "【訓練】")
    entries_of = etree.fromstring(data).findall("{*}entry")
    assert len(entries_of) == NEWEST and len({entry.findtext("{*}id") for entry in entries_of}) == NEWEST
    assert all((entry.findtext("{*}title") or "").startswith("【訓練】避難所 石巻市") for entry in entries_of)
    empty = etree.fromstring(atom(channel, (), ()))
    assert (empty.findtext("{*}updated") or "").startswith("2011-03-11T14:46:00")


def test_every_kind_has_a_setting_of_its_own() -> None:
    from plugins.frontmatter.model.situation import KINDS as SETTINGS

    assert set(SETTINGS) == set(KINDS)
