"""The import of open-data tables of events: known errors are repaired with a note, others are refused, and no editor's work is lost."""

from __future__ import annotations

import datetime as dt
import json
import os
from pathlib import PurePosixPath

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from plugins.events.table_import.files import Outcome, write
from plugins.events.table_import.importer import TableImport, import_table
from plugins.events.table_import.table import COLUMNS, EVENTS
from plugins.frontmatter.model.content_types import Event
from plugins.frontmatter.model.places import is_code
from plugins.frontmatter.model.registry import Place
from plugins.inputs import UnreadableInput
from plugins.open_data import cells, codes, dates
from plugins.open_data.notes import CellRefused
from plugins.open_data.table import UnreadableTable, read_table
from tests.samples.tiny import NOW, PUBLICATIONS, TinySite
from todoke import app

TABLE = PurePosixPath("events.csv")
PLACES = {
    name: Place(code, name, "", slug)
    for code, name, slug in (("042021", "石巻市", "ishinomaki"), ("045811", "女川町", "onagawa"), ("041009", "仙台市", "sendai"))
}
GOOD = {
    "都道府県コード又は市区町村コード": "042021",
    "NO": "0000000001",
    "市区町村名": "石巻市",
    "イベント名": "川開き",
    "開始日": "2021-07-31",
    "開始時間": "10:00",
    "終了時間": "20:00",
    "場所名称": "旧北上川の岸",
    "説明": "花火を上げます。",
}

KOURYU = """
[publications.kouryu]
title = "交流通信"
reading = "こうりゅうつうしん"
kind = "event"
colour = "#00695c"
department = "商工経営支援課"
contact = "kouryu@example.jp"
description = "催し"
"""


@pytest.fixture
def kouryu(tiny: TinySite) -> TinySite:
    """A site with a publication of events."""
    (tiny.root / "publications.toml").write_text(PUBLICATIONS + KOURYU, encoding="utf-8")
    return tiny


def table(*rows: dict[str, str], columns: tuple[str, ...] = COLUMNS) -> str:
    lines = [",".join(columns)]
    lines += [",".join(f'"{row.get(column, "")}"' for column in columns) for row in rows]
    return "\n".join(lines) + "\n"


def import_rows(site: TinySite, text: str | bytes) -> TableImport:
    raw = text if isinstance(text, bytes) else text.encode("utf-8")
    return import_table(raw, TABLE, site.content, "kouryu", site.registry(), NOW)


def event_of(site: TinySite, text: str | bytes) -> Event:
    """Import one row, write it, and read it back as the build does."""
    imported = import_rows(site, text)
    assert imported.refusals == []
    write(site.content, imported.planned)
    (document,) = [d for d in site.library().documents.values() if d.content_type == "event"]
    assert isinstance(document.meta, Event)
    return document.meta


def test_a_correct_row_becomes_an_event_without_any_note(kouryu: TinySite) -> None:
    imported = import_rows(kouryu, table(GOOD))
    assert imported.diagnostics == ()
    assert [str(p.path) for p in imported.planned] == ["kouryu/2021/042021-0000000001.md"]
    meta = event_of(kouryu, table(GOOD))
    assert (meta.title, meta.venue, meta.municipalities[0].name) == ("川開き", "旧北上川の岸", "石巻市")
    assert (meta.start, meta.finishes) == (dt.datetime(2021, 7, 31, 10, tzinfo=NOW.tzinfo), dt.datetime(2021, 7, 31, 20, tzinfo=NOW.tzinfo))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp932", "utf-16"])
def test_a_table_in_any_usual_encoding_gives_the_same_event(kouryu: TinySite, encoding: str) -> None:
    assert event_of(kouryu, table(GOOD).encode(encoding)).title == "川開き"


def test_columns_are_recognised_by_name_in_any_order_and_below_a_title(kouryu: TinySite) -> None:
    text = table(GOOD, columns=tuple(reversed(COLUMNS))).replace("料金(基本)", "料金（基本）").replace("イベント名,", "名称,", 1)
    imported = import_rows(kouryu, "イベント一覧（石巻市）,,\n\n" + text)
    assert len(imported.planned) == 1
    assert imported.planned[0].text == import_rows(kouryu, table(GOOD)).planned[0].text


# case: (cells to change, what the file then says, words of the note)
REPAIRS = {
    "lost leading zero": ({"都道府県コード又は市区町村コード": "42021"}, "source: 042021-", "コード「42021」を「042021」"),
    "missing check digit": ({"都道府県コード又は市区町村コード": "04202"}, "source: 042021-", "コード「04202」を「042021」"),
    "both lost": ({"都道府県コード又は市区町村コード": "4202"}, "source: 042021-", "コード「4202」を「042021」"),
    "no code": ({"都道府県コード又は市区町村コード": ""}, "source: 042021-", "市区町村名から「042021」"),
    "swapped coordinates": ({"緯度": "141.30", "経度": "38.43"}, "latitude: '38.43'\nlongitude: '141.3'", "緯度と経度が逆"),
    "weekday without a year": ({"開始日": "9月11日(土)"}, "start: 2021-09-11 10:00", "2021-09-11と読みました"),
    "Japanese era": ({"開始日": "令和3年7月31日"}, "start: 2021-07-31 10:00", "2021-07-31と読みました"),
    "first year of an era": ({"開始日": "令和元年７月１３日（土）"}, "start: 2019-07-13 10:00", "2019-07-13と読みました"),
    "short era": ({"開始日": "H31.4.30"}, "start: 2019-04-30 10:00", "2019-04-30と読みました"),
    "serial day of a spreadsheet": ({"開始日": "44408"}, "start: 2021-07-31 10:00", "2021-07-31と読みました"),
    "time in words": ({"開始時間": "午後1時30分"}, "start: 2021-07-31 13:30", "「午後1時30分」を13:30"),
    "half-width kana": ({"イベント名": "ﾊﾟﾝまつり㈱"}, "title: パンまつり(株)", "半角カナや機種依存文字"),
    "line break in a title": ({"イベント名": "川開き\n花火"}, "title: 川開き 花火", "改行を空白に"),
    "no venue": ({"場所名称": "", "住所": "石巻市1-1"}, "venue: 石巻市1-1", "住所を会場と"),
    "address without scheme": ({"URL": "www.city.example.jp/event"}, "url: https://www.city.example.jp/event", "https:// を付けました"),
    "address that is none": ({"URL": "市のホームページ"}, "title: 川開き", "アドレスではないので"),
    "place outside Japan": ({"緯度": "0", "経度": "0"}, "title: 川開き", "日本の中にない"),
}


@pytest.mark.parametrize("case", REPAIRS)
def test_a_known_error_is_repaired_with_a_note_that_has_its_line(kouryu: TinySite, case: str) -> None:
    change, written, words = REPAIRS[case]
    imported = import_rows(kouryu, table(GOOD | {"NO": "9"}, GOOD | change))
    assert imported.refusals == []
    assert written in imported.planned[1].text.replace("'2021", "2021").replace("'2019", "2019").replace(":30'", ":30").replace("00'", "00")
    assert [note.line for note in imported.diagnostics if words in note.ja] == [3]


# case: (cells to change, column, words)
REFUSALS = {
    "ends before it begins": ({"終了日": "2021-07-30"}, "終了日", "終わりが始まりより前"),
    "ends earlier on its day": ({"終了時間": "9:00"}, "終了日", "終わりが始まりより前"),
    "wrong weekday": ({"開始日": "2021年7月31日(日)"}, "開始日", "土曜日です"),
    "no such day": ({"開始日": "2021-02-30"}, "開始日", "暦にありません"),
    "no day": ({"開始日": "未定"}, "開始日", "読めません"),
    "no day at all": ({"開始日": ""}, "開始日", "開始日がありません"),
    "no name": ({"イベント名": " "}, "イベント名", "イベント名がありません"),
    "nowhere": ({"場所名称": ""}, "場所名称", "場所名称も住所もありません"),
    "no such time": ({"開始時間": "25:00"}, "開始時間", "はありません"),
    "another prefecture": (
        {"都道府県コード又は市区町村コード": "131016", "市区町村名": "千代田区"},
        "都道府県コード又は市区町村コード",
        "この県の市町村ではありません",
    ),
    "code against name": ({"市区町村名": "女川町"}, "都道府県コード又は市区町村コード", "市区町村名は「女川町」"),
    "too long a name": ({"イベント名": "長" * 201}, "", "長すぎます"),
}


@pytest.mark.parametrize("case", REFUSALS)
def test_a_row_that_cannot_be_repaired_is_refused_and_the_other_rows_are_imported(kouryu: TinySite, case: str) -> None:
    change, column, words = REFUSALS[case]
    imported = import_rows(kouryu, table(GOOD | change, GOOD | {"NO": "2"}))
    assert [(note.line, note.subject) for note in imported.refusals if words in note.ja] == [(2, column)]
    assert [str(p.path) for p in imported.planned] == ["kouryu/2021/042021-2.md"]


def test_a_repeated_number_and_a_row_with_too_many_cells_are_refused(kouryu: TinySite) -> None:
    text = table(GOOD, GOOD | {"イベント名": "別の催し"}) + ",".join(["x"] * (len(COLUMNS) + 1)) + "\n"
    imported = import_rows(kouryu, text)
    assert [(note.line, note.ja[:6]) for note in imported.refusals] == [(3, "2行目と同じ"), (4, "列が32より")]
    assert imported.rows == 3


def test_line_numbers_count_the_line_breaks_inside_cells(kouryu: TinySite) -> None:
    imported = import_rows(kouryu, table(GOOD | {"説明": "一行\n二行\n三行"}, GOOD | {"NO": "2", "開始日": "いつか"}))
    assert [note.line for note in imported.refusals] == [5]


@pytest.mark.parametrize("raw", [b"", b"\xff\x00\x81", "名前,日付\n".encode(), "イベント名,終了日\n川,1\n".encode()])
def test_a_file_that_is_no_table_of_events_is_unreadable(raw: bytes) -> None:
    with pytest.raises(UnreadableTable):
        read_table(raw, TABLE, EVENTS)


def test_a_second_import_changes_nothing_and_a_changed_row_renews_its_file(kouryu: TinySite) -> None:
    write(kouryu.content, import_rows(kouryu, table(GOOD)).planned)
    later = import_table(table(GOOD).encode(), TABLE, kouryu.content, "kouryu", kouryu.registry(), NOW + dt.timedelta(days=30))
    assert [p.outcome for p in later.planned] == [Outcome.SAME]
    moved = import_rows(kouryu, table(GOOD | {"開始日": "2022-07-30"}))
    assert [(str(p.path), p.outcome) for p in moved.planned] == [("kouryu/2021/042021-0000000001.md", Outcome.RENEWED)]


@pytest.mark.parametrize("change", [("花火を上げます。", "花火は中止です。"), ("川開き", "川開き（中止）"), ("imported", "# imported")])
def test_a_file_that_an_editor_changed_is_never_overwritten(kouryu: TinySite, change: tuple[str, str]) -> None:
    (planned,) = import_rows(kouryu, table(GOOD)).planned
    write(kouryu.content, [planned])
    file = kouryu.content / planned.path
    file.write_text(file.read_text(encoding="utf-8").replace(*change), encoding="utf-8")
    before = file.read_bytes()
    imported = import_rows(kouryu, table(GOOD | {"説明": "新しい説明です。"}))
    write(kouryu.content, imported.planned)
    assert [p.outcome for p in imported.planned] == [Outcome.KEPT]
    assert file.read_bytes() == before


ANY_TEXT = st.text(st.characters(codec="utf-8", exclude_categories=["Cs"]), max_size=60)


@given(name=ANY_TEXT, words=ANY_TEXT, number=ANY_TEXT)
def test_any_text_in_a_cell_gives_a_valid_file_without_markup_or_a_refused_row(
    tmp_path_factory: pytest.TempPathFactory, name: str, words: str, number: str
) -> None:
    row = GOOD | {"イベント名": name.replace('"', ""), "説明": words.replace('"', ""), "NO": number.replace('"', "")}
    places = "code,name,reading,slug\n042021,石巻市,いしのまきし,ishinomaki\n"
    root = tmp_path_factory.mktemp("any-text")
    site = TinySite(root)
    site.write("data/municipalities.csv", places)
    (root / "publications.toml").write_text(PUBLICATIONS + KOURYU, encoding="utf-8")
    imported = import_rows(site, table(row))
    write(site.content, imported.planned)
    documents = site.library().documents
    assert len(documents) == len(imported.planned) == 1 - bool(imported.refusals)
    assert all(tag not in document.html for document in documents.values() for tag in ("<h", "<a ", "<script", "<img", "<table", "<pre"))


@pytest.mark.parametrize("code", ["042021", "045811", "041009", "131016", "040002", "046060"])
def test_check_digits_are_those_of_jis_x_0402(code: str) -> None:
    assert is_code(code)
    assert not is_code(code[:5] + str((int(code[5]) + 1) % 10))


def test_the_code_of_the_prefecture_stands_for_the_prefecture_unless_a_municipality_is_named() -> None:
    assert codes.municipality("40002", "", PLACES)[:2] == (None, "040002")
    place, code, _ = codes.municipality("040002", "牡鹿郡女川町", PLACES)
    assert (place, code) == (PLACES["女川町"], "040002")


@given(st.dates(dt.date(2000, 1, 1), dt.date(2040, 12, 31)))
def test_every_way_to_write_a_day_means_the_same_day(day: dt.date) -> None:
    weekday = "月火水木金土日"[day.weekday()]
    forms = [f"{day:%Y/%m/%d}", f"{day.year}年{day.month}月{day.day}日", f"{day.month}月{day.day}日({weekday})", f"{day:%Y%m%d}"]
    if day >= dt.date(2019, 5, 1):
        forms.append(f"令和{day.year - 2018}年{day.month}月{day.day}日")
    assert {dates.day(form, near=day)[0] for form in forms} == {day}


def test_days_that_do_not_exist_are_refused_and_24_00_is_the_end_of_the_day() -> None:
    for value in ("2021-13-01", "令和3年2月30日", "来週", "2月30日"):
        with pytest.raises(CellRefused):
            dates.day(value, NOW.date())
    assert dates.clock("24:00")[0] == (24, 0)
    assert dates.clock("１０：００")[0] == (10, 0)
    assert dates.clock("930")[0] == (9, 30)


def test_coordinates_that_are_no_numbers_are_left_out() -> None:
    assert cells.coordinates("北緯38度", "141")[0] is None
    assert cells.coordinates("", "") == (None, [])


def test_the_command_prints_the_notes_writes_the_files_and_exits_with_1_for_a_refused_row(kouryu: TinySite) -> None:
    file = kouryu.root / "events.csv"
    file.write_bytes(
        table(GOOD | {"都道府県コード又は市区町村コード": "42021"}, GOOD | {"NO": "2", "終了日": "2020-01-01"}).encode("cp932")
    )
    arguments = ["events", "import", str(file), "--content", str(kouryu.content), "--publications", str(kouryu.root / "publications.toml")]
    result = CliRunner().invoke(app, [*arguments, "--now", "2021-03-31T12:00"])
    assert result.exit_code == 1
    assert "events.csv:2: 参考：都道府県コード又は市区町村コード：" in result.output
    assert "events.csv:3: 終了日：" in result.output
    assert "2行のうち、新規1、更新0、変化なし0、手直しのため保留0、取り込めない1" in result.output
    assert (kouryu.content / "kouryu/2021/042021-0000000001.md").is_file()
    second = CliRunner().invoke(app, [*arguments, "--json"])
    assert json.loads(second.stdout)["files"] == [{"path": "kouryu/2021/042021-0000000001.md", "outcome": "same"}]


@pytest.mark.parametrize("linked", ["kouryu", "kouryu/2021"])
def test_an_import_writes_nothing_through_a_link_that_leads_out_of_the_sources(kouryu: TinySite, linked: str) -> None:
    (kouryu.root / "elsewhere").mkdir()
    (kouryu.content / linked).parent.mkdir(parents=True, exist_ok=True)
    (kouryu.content / linked).symlink_to(kouryu.root / "elsewhere")
    csv = kouryu.root / "events.csv"
    csv.write_text(table(GOOD), encoding="utf-8")
    arguments = ["events", "import", str(csv), "--content", str(kouryu.content), "--publications", str(kouryu.root / "publications.toml")]
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == 1 and "outside of the output" in result.output
    assert not list((kouryu.root / "elsewhere").iterdir())


def test_an_import_waits_for_no_pipe_in_the_place_of_an_event(kouryu: TinySite) -> None:
    first = import_rows(kouryu, table(GOOD))
    write(kouryu.content, first.planned)
    file = kouryu.content / first.planned[0].path
    file.unlink()
    os.mkfifo(file)
    with pytest.raises(UnreadableInput, match="not a regular file"):
        import_rows(kouryu, table(GOOD))
