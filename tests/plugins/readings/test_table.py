"""The table of readings: brackets after the first occurrence of a name, and what an editor may get wrong."""

from __future__ import annotations

from pathlib import PurePosixPath

import pytest

from plugins.readings.table import ReadingTable, read_table
from tests.samples.tiny import TinySite


def test_a_reading_is_given_once_and_not_where_a_bracket_follows() -> None:
    readings = ReadingTable({"気仙沼": "けせんぬま", "気仙沼市": "けせんぬまし"})
    assert readings.with_brackets("気仙沼市と気仙沼市") == "気仙沼市（けせんぬまし）と気仙沼市"
    assert readings.with_brackets("気仙沼（港）と気仙沼") == "気仙沼（港）と気仙沼（けせんぬま）"
    assert ReadingTable().with_brackets("気仙沼") == "気仙沼"
    assert ReadingTable({"石巻市": "いしのまきし"}).with_brackets("石巻市民会館と石巻市") == "石巻市民会館と石巻市（いしのまきし）"
    assert ReadingTable({"日本": "にほん"}).with_brackets("日本の港") == "日本の港"


def test_without_a_table_the_municipalities_have_readings_all_the_same(tiny: TinySite) -> None:
    table, diagnostics = read_table(tiny.content, tiny.registry())
    assert diagnostics == [] and table.names["石巻市"] == "いしのまきし"


@pytest.mark.parametrize(
    ("data", "lines", "message"),
    [
        ("表記,読み\n閖上,ゆりあげ\n雄勝,オガツ\n,ゆり\n".encode(), [3, 4], "ひらがなで書いてください"),
        ("名前,読み\n閖上,ゆりあげ\n".encode(), [1], "一行目に列の名前"),
        ("表記,読み\n閖上,ゆりあげ\n".encode("cp932"), [1], "UTF-8ではなく"),
    ],
)
def test_a_mistake_in_the_table_is_reported_with_its_line(data: bytes, lines: list[int], message: str, tiny: TinySite) -> None:
    (tiny.content / "data" / "readings.csv").write_bytes(data)
    _, diagnostics = read_table(tiny.content, tiny.registry())
    assert [(diagnostic.path, diagnostic.line) for diagnostic in diagnostics] == [(PurePosixPath("data/readings.csv"), n) for n in lines]
    assert all(message in diagnostic.ja for diagnostic in diagnostics)
