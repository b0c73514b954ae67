"""Readings of a text: what the editors' table and the rules say comes before what the analyser guesses."""

from __future__ import annotations

from pathlib import Path

import pytest

from plugins.frontmatter.model.registry import read_registry
from plugins.readings.analyser import hiragana, read_text
from plugins.readings.known import KnownReadings, known_readings
from plugins.readings.table import read_table


@pytest.fixture(scope="module")
def readings() -> KnownReadings:
    """Readings from the sample's table and municipalities."""
    registry = read_registry(Path("publications.toml"), Path("content/data/municipalities.csv"))
    table, diagnostics = read_table(Path("content"), registry)
    assert diagnostics == []
    return known_readings(table, registry.places.values())


def in_kana(text: str, readings: KnownReadings) -> str:
    """Return the text with every word replaced by its reading."""
    kana, position = "", 0
    for reading in read_text(text, readings):
        kana += text[position : reading.start] + reading.kana
        position = reading.end
    return kana + text[position:]


@pytest.mark.parametrize(
    ("text", "kana"),
    [
        ("閖上の町", "ゆりあげのまち"),
        ("南三陸町で", "みなみさんりくちょうで"),
        ("浦宿駅", "うらしゅくえき"),
        ("石巻市長", "いしのまきしちょう"),
        ("大和町の", "たいわちょうの"),
        ("3月10日に", "3がつとおかに"),
        ("3月11日に", "3がつ11にちに"),
        ("2月26日", "2がつ26にち"),
        ("2人と3人", "ふたりと3にん"),
        ("かなだけ abc 12", "かなだけ abc 12"),
    ],
)
def test_place_names_and_dates_get_their_local_readings(text: str, kana: str, readings: KnownReadings) -> None:
    assert in_kana(text, readings) == kana


def test_a_reading_in_the_table_has_precedence_over_the_analyser() -> None:
    assert in_kana("仙台の港", KnownReadings({}, {})) == "せんだいのみなと"
    assert in_kana("仙台の港", KnownReadings({"仙台": "おためし"}, {})) == "おためしのみなと"


def test_of_two_known_readings_that_overlap_the_longer_counts() -> None:
    readings = KnownReadings({"気仙": "けせん", "気仙沼": "けせんぬま"}, {})
    assert [(reading.start, reading.end, reading.kana) for reading in readings.known("気仙沼と気仙", [])] == [
        (0, 3, "けせんぬま"),
        (4, 6, "けせん"),
    ]


def test_the_long_vowel_mark_stays_in_hiragana() -> None:
    assert hiragana("メールマガジン、ヶ") == "めーるまがじん、ゖ"
