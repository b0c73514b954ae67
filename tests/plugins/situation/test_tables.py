"""Tables as municipalities send them: known faults are repaired with a note, a row that could mean two things is refused with its line, all others hold."""

from __future__ import annotations

import csv
import io

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from plugins.diagnostics import Diagnostic
from plugins.situation.row import SituationRow
from plugins.situation.shelters import COLUMNS
from plugins.situation.table_kinds import KINDS, Kind
from plugins.situation.tables import Situation, paths, read_situation
from tests.plugins.situation.days import DESIGNATED, FULL, OPEN, SHELTERS, STATUS, at, full_table, situated
from tests.samples.tiny import TinySite

FILE = "data/situation/shelter-status.csv"


@pytest.fixture
def site(tiny: TinySite) -> TinySite:
    return situated(tiny)


def read(site: TinySite) -> tuple[Situation, list[Diagnostic]]:
    return read_situation(site.content, site.registry())


def shelter_rows(site: TinySite) -> tuple[SituationRow, ...]:
    """Return the rows of the shelters; nothing may be refused."""
    situation, errors = read(site)
    assert errors == []
    return situation.real.rows["shelters"]


def put(site: TinySite, data: bytes, path: str = FILE) -> None:
    (site.content / path).write_bytes(data)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp932", "utf-16"])
@pytest.mark.parametrize("separator", [",", "\t"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_a_table_in_any_usual_encoding_and_shape_gives_the_same_rows(site: TinySite, encoding: str, separator: str, end: str) -> None:
    plain = shelter_rows(site)
    put(site, (STATUS + OPEN + FULL).replace(",", separator).replace("\n", end).encode(encoding))
    assert shelter_rows(site) == plain
    assert [row.name for row in plain] == ["日和の丘小学校", "牡鹿の里"]


def test_columns_are_known_by_other_names_in_any_order_and_below_a_title(site: TinySite) -> None:
    plain = shelter_rows(site)
    text = "石巻市の避難所,,\n\n" + "備考,開設状況,避難者数,混雑度,ペット同行,更新日時,市区町村名,施設名,施設ＩＤ,知らない列\n"
    text += ",開設中,120人,やや混雑,○,令和3年3月31日 10時40分,石巻市,,1,x\nほかへ,満杯,８０,満員,×,3/31/x,石巻市,牡鹿の里,2,\n"
    put(site, text.replace("3/31/x", "2021/3/31 11:30").encode("cp932"))
    rows = shelter_rows(site)
    assert [(r.key, r.state, r.updated, r.values) for r in rows] == [(r.key, r.state, r.updated, r.values) for r in plain]
    notes = [note.ja for note in read(site)[0].notes]
    assert any("Shift_JIS" in note for note in notes) and any("知らない列は読みません：知らない列" in note for note in notes)


def test_a_row_names_its_shelter_by_number_or_by_name(site: TinySite) -> None:
    site.write(FILE, STATUS + OPEN.replace("石巻市,1,,", "石巻市,,日和の丘小学校,") + FULL.replace("石巻市,2,", "石巻市,0000000002.0,"))
    assert [row.key for row in shelter_rows(site)] == ["042021-1", "042021-2"]


def test_a_shelter_that_nobody_designated_is_shown_if_it_has_a_name(site: TinySite) -> None:
    site.write(FILE, STATUS + "女川町,,寺の本堂,2021-03-31 10:40,開設,12,,,\n女川町,77,,2021-03-31 10:40,開設,12,,,\n")
    situation, errors = read(site)
    assert [row.name for row in situation.real.rows["shelters"]] == ["寺の本堂"]
    assert [(error.line, error.subject) for error in errors] == [(3, "名称")]


# case: (the faulty row, column, words)
REFUSED = {
    "no moment": ("石巻市,1,,,開設,1,,,\n", "更新時刻", "更新時刻がありません"),
    "no year": ("石巻市,1,,3/31 10:40,開設,1,,,\n", "更新時刻", "年から分まで"),
    "no state": ("石巻市,1,,2021-03-31 10:41,,1,,,\n", "開設", "開設がありません"),
    "unknown state": ("石巻市,1,,2021-03-31 10:41,開いてるかも,1,,,\n", "開設", "使えるのは"),
    "unknown place": ("石巻,1,,2021-03-31 10:41,開設,1,,,\n", "市町村", "「石巻」という市町村はありません"),
    "people in words": ("石巻市,1,,2021-03-31 10:41,開設,満杯,,,\n", "人数", "数ではありません"),
    "too many cells": ("石巻市,1,,2021-03-31 10:41,開設,1,200,やや,混雑,可,\n", "", "ずれています"),
    "same moment twice": (OPEN.replace("120", "130"), "", "2行目に同じ避難所の同じ時刻の行"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_faulty_row_is_refused_with_its_line_and_all_others_hold(site: TinySite, case: str) -> None:
    row, column, words = REFUSED[case]
    site.write(FILE, STATUS + OPEN + row + FULL)
    situation, errors = read(site)
    assert [row.name for row in situation.real.rows["shelters"]] == ["日和の丘小学校", "牡鹿の里"]
    (error,) = errors
    assert (str(error.path), error.line, error.subject, error.rule) == (FILE, 3, column, "D301") and words in error.ja


def test_coordinates_that_cannot_be_are_left_out_and_swapped_ones_swapped_back(site: TinySite) -> None:
    table = SHELTERS + DESIGNATED.replace("38.43,141.30", "141.30,38.43").replace("38.41,141.31", "0,0")
    site.write("data/situation/shelters.csv", table)
    situation, errors = read(site)
    assert not errors and [shelter.point for shelter in situation.real.shelters.values()] == [(38.43, 141.3), None]
    assert [note.line for note in situation.notes] == [2, 3]


def test_the_same_number_twice_in_one_municipality_is_told_and_the_first_holds(site: TinySite) -> None:
    site.write("data/situation/shelters.csv", SHELTERS + DESIGNATED + DESIGNATED.splitlines()[0].replace("日和の丘", "別の") + "\n")
    situation, (error,) = read(site)
    assert error.line == 4 and "2行目に同じ市町村の同じID" in error.ja
    assert [shelter.name for shelter in situation.real.shelters.values()] == ["日和の丘小学校", "牡鹿の里"]


def test_codes_that_lost_their_zero_or_their_check_digit_are_repaired(site: TinySite) -> None:
    site.write(
        "data/situation/shelters.csv", SHELTERS + DESIGNATED.replace("042021,0000000001", "42021,1").replace("042021,0000000002", "04202,2")
    )
    situation, errors = read(site)
    assert not errors and list(situation.real.shelters) == ["042021-1", "042021-2"]


def test_a_whole_row_of_the_standard_columns_is_read(site: TinySite) -> None:
    values = dict.fromkeys(COLUMNS, "") | {
        "全国地方公共団体コード": "042021", "ID": "0000000009", "名称": "ﾐﾅﾄ会館", "所在地_都道府県": "宮城県", "所在地_市区町村": "石巻市", "所在地_町字": "見本町",
        "所在地_番地以下": "１番", "災害種別_洪水": "1", "災害種別_崖崩れ、土石流及び地滑り": "1", "想定収容人数": "１，２００人",
    }  # fmt: skip
    text = io.StringIO()
    csv.writer(text).writerows([values.keys(), values.values()])
    put(site, text.getvalue().encode("cp932"), "data/situation/shelters.csv")
    (shelter,) = read(site)[0].real.shelters.values()
    assert (shelter.name, shelter.address, shelter.capacity) == ("ミナト会館", "宮城県石巻市見本町１番", "1200")
    assert shelter.hazards == ("洪水", "崖崩れ、土石流及び地滑り")


@pytest.mark.parametrize("data", [b"", b"a,b\n1,2\n", b"\xff\x00\xff", "市町村,名称\n".encode(), (STATUS + '石巻市,1,"日和の丘').encode()])
def test_a_file_that_is_no_such_table_is_told_as_a_whole(site: TinySite, data: bytes) -> None:
    put(site, data)
    situation, (error,) = read(site)
    assert error.rule in ("D102", "D103") and situation.real.rows["shelters"] == ()


def test_a_quote_that_is_never_closed_does_not_swallow_the_rows_behind_it(site: TinySite) -> None:
    put(site, (STATUS + OPEN.replace(",\n", ',"混んで\n') + FULL).encode())
    assert [("引用符" in error.ja, "2行目" in error.ja) for error in read(site)[1]] == [(True, True)]


def test_date_and_time_may_stand_in_two_columns(site: TinySite) -> None:
    site.write(FILE, "市町村,ID,更新日,更新時刻,開設\n石巻市,1,2021/3/31,10:40,開設\n")
    assert [row.updated for row in shelter_rows(site)] == [at(10, 40)]


@pytest.mark.parametrize("kind", KINDS.values(), ids=lambda kind: kind.key)
def test_every_kind_reads_a_row_with_all_its_columns(site: TinySite, kind: Kind) -> None:
    site.write(f"data/situation/{kind.file}", full_table(kind))
    situation, errors = read(site)
    (row,) = situation.real.rows[kind.key]
    assert not errors and situation.notes == () and row.phone and row.url == "https://example.jp/"
    assert len(row.values) == sum(column.is_fact for column in kind.columns)


def test_tables_of_a_drill_are_apart_from_those_of_what_is(site: TinySite) -> None:
    site.write("data/drills/shelter-status.csv", STATUS + OPEN.replace("開設", "閉鎖"))
    situation, _ = read(site)
    assert [row.state.word for row in situation.drills.rows["shelters"]] == ["閉鎖"]
    assert [row.state.word for row in situation.real.rows["shelters"]] == ["開設", "満員"]


@pytest.mark.parametrize("words", ["【訓練】です", "訓練の行", "くんれん"])
def test_what_is_left_of_a_drill_is_refused_in_the_tables_of_what_is(site: TinySite, words: str) -> None:
    row = f"石巻市,,石巻職業訓練校,2021-03-31 10:40,開設,1,,,{words}\n"
    site.write(FILE, STATUS + row + row.replace(words, "これは訓練ではありません"))
    site.write("data/drills/shelter-status.csv", STATUS + row)
    situation, (error,) = read(site)
    assert (error.line, error.subject) == (2, "備考") and "data/drills/" in error.ja
    assert [len(each.rows["shelters"]) for each in (situation.real, situation.drills)] == [1, 1]


def test_without_the_setting_no_table_is_read(tiny: TinySite) -> None:
    situated(tiny, settings="")
    assert read_situation(tiny.content, tiny.registry()) == (Situation(), [])
    assert FILE in paths()


@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture])
@given(st.lists(st.lists(st.text(max_size=12), min_size=1, max_size=10), max_size=5), st.sampled_from(["utf-8", "cp932", "utf-16"]))
def test_whatever_is_in_the_cells_every_row_is_read_or_told(site: TinySite, rows: list[list[str]], encoding: str) -> None:
    text = io.StringIO()
    csv.writer(text).writerows(rows)
    put(site, (STATUS + OPEN + text.getvalue()).encode(encoding, errors="replace"))
    situation, errors = read(site)
    assert situation.real.rows["shelters"][:1] or errors
    assert all(error.line >= 1 and error.ja and error.en for error in errors)
