"""Readings of a text: what the editors' table and the rules say comes before what the analyser guesses."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from plugins.readings.known import KnownReadings
from plugins.readings.reading import Reading, hiragana
from tests.samples.readings import in_kana, sample_readings


@pytest.mark.parametrize(
    ("text", "kana"),
    [
        ("閖上の町", "ゆりあげのまち"),
        ("南三陸町で", "みなみさんりくちょうで"),
        ("浦宿駅", "うらしゅくえき"),
        ("仙石東北ラインの高城町駅と東名駅", "せんせきとうほくらいんのたかぎまちえきととうなえき"),
        ("千賀の浦の福来旗", "ちがのうらのふらいき"),
        ("陸前階上と鹿折唐桑と十八成浜", "りくぜんはしかみとししおりからくわとくぐなりはま"),
        ("石巻市長", "いしのまきしちょう"),
        ("大和町の", "たいわちょうの"),
        ("3月10日に", "3がつとおかに"),
        ("3月11日に", "3がつ11にちに"),
        ("2月26日", "2がつ26にち"),
        ("2人と3人", "ふたりと3にん"),
        ("かなだけ abc 12", "かなだけ abc 12"),
    ],
)
def test_place_names_and_dates_get_their_local_readings(text: str, kana: str) -> None:
    assert in_kana(text, sample_readings()) == kana


def test_a_reading_in_the_table_has_precedence_over_the_analyser() -> None:
    assert in_kana("仙台の港", KnownReadings({}, {})) == "せんだいのみなと"
    assert in_kana("仙台の港", KnownReadings({"仙台": "おためし"}, {})) == "おためしのみなと"


def test_of_two_known_readings_that_overlap_the_longer_counts() -> None:
    readings = KnownReadings({"気仙": "けせん", "気仙沼": "けせんぬま"}, {})
    assert [
        (reading.start, reading.end, reading.kana)
        for reading in readings.known("気仙沼と気仙", [Reading(0, 3, ""), Reading(3, 4, ""), Reading(4, 6, "")])
    ] == [
        (0, 3, "けせんぬま"),
        (4, 6, "けせん"),
    ]


def test_the_long_vowel_mark_stays_in_hiragana() -> None:
    assert hiragana("メールマガジン、ヶ") == "めーるまがじん、ゖ"


def test_the_sample_has_more_than_four_hundred_names_each_with_its_source() -> None:
    rows = list(csv.DictReader(Path("content/data/readings.csv").read_text(encoding="utf-8").splitlines()))
    assert len(rows) > 400 and all(row["出典"] for row in rows)
    assert len({row["表記"] for row in rows}) == len(rows)
