from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plugins.frontmatter.model.registry import Place
from plugins.open_data.notes import CellRefused
from plugins.situation import cells
from plugins.situation.table_kinds import KINDS, SHELTERS, TRAFFIC, state_named

JAPAN = ZoneInfo("Asia/Tokyo")
PLACES = {name: Place(code, name, "", slug) for code, name, slug in (("042021", "石巻市", "ishinomaki"), ("045811", "女川町", "onagawa"))}

SAME_MOMENT = (
    "2021-03-31 10:40",
    "2021/3/31 10:40",
    "2021/03/31 10:40:00",
    "２０２１年３月３１日　１０時４０分",
    "令和3年3月31日 午前10時40分現在",
    "R3.3.31 10:40",
    "2021年3月31日(水)10時40分",
    "202103311040",
    "20210331 1040",
    "2021-03-31T10:40:00+09:00",
    "2021-03-31T01:40:00Z",
    "2021-03-31T01:40Z",
    "44286.4444444444",  # a spreadsheet's number
    "2021-03-31 10:40時点",
)


@pytest.mark.parametrize("text", SAME_MOMENT)
def test_a_moment_is_read_however_a_spreadsheet_or_a_person_writes_it(text: str) -> None:
    assert cells.moment(text, JAPAN)[0] == dt.datetime(2021, 3, 31, 10, 40, tzinfo=JAPAN)


@pytest.mark.parametrize("text", ["2021-03-31 24:00", "2021/3/31 24時", "令和3年3月31日 24時00分"])
def test_twenty_four_hours_are_the_beginning_of_the_next_day(text: str) -> None:
    moment, notes = cells.moment(text, JAPAN)
    assert moment == dt.datetime(2021, 4, 1, tzinfo=JAPAN) and "次の日の0:00" in notes[-1].ja


# case: words of the reason
NOT_MOMENTS = {
    "": "更新時刻がありません",
    "10:40": "年から分まで",
    "3月31日 10:40": "年から分まで",
    "3/31 10:40": "年から分まで",
    "2021-03-31": "年から分まで",
    "2021-02-30 10:40": "暦にありません",
    "2021-03-31 25:00": "はありません",
    "2021-03-31 24:30": "はありません",
    "2021年3月31日(木) 10:40": "水曜日です",
    "#########": "列の幅",
    "さきほど": "年から分まで",
    "2021-03-31T10:40:00+99:00": "はありません",
}


@pytest.mark.parametrize("text", NOT_MOMENTS)
def test_a_moment_that_could_be_another_one_is_refused(text: str) -> None:
    with pytest.raises(CellRefused, match=NOT_MOMENTS[text]):
        cells.moment(text, JAPAN)


@given(st.text(max_size=40))
def test_any_text_is_a_moment_with_a_zone_or_refused(text: str) -> None:
    try:
        moment, _ = cells.moment(text, JAPAN)
    except CellRefused as refused:
        assert refused.note.ja and refused.note.en
    else:
        assert moment.tzinfo is not None


@pytest.mark.parametrize(
    ("text", "word"), [("開設中", "開設"), ("◯", "開設"), ("１", "開設"), ("満杯", "満員"), ("×", "未開設"), (" 開 設 ", "開設")]
)
def test_a_state_is_read_by_its_other_words_and_signs(text: str, word: str) -> None:
    assert cells.state(text, SHELTERS)[0].word == word


def test_a_state_that_nobody_knows_is_refused_with_the_words_that_there_are() -> None:
    with pytest.raises(CellRefused, match="通れます、平常運転、片側交互通行"):
        cells.state("通行注意", TRAFFIC)
    with pytest.raises(CellRefused, match="開設がありません"):
        cells.state("", SHELTERS)


def test_no_word_means_two_states_of_a_kind() -> None:
    for kind in KINDS.values():
        words = [word for state in kind.states for word in (state.word, *state.aliases)]
        assert len(words) == len(set(words)), kind.key
        for state in kind.states:
            assert all(state_named(kind, word) is state for word in (state.word, *state.aliases))


def test_no_name_means_two_columns_of_a_kind() -> None:
    for kind in KINDS.values():
        names = [name for column in kind.columns for name in (column.name, *column.aliases)]
        assert len(names) == len(set(names)), (kind.key, sorted(name for name in names if names.count(name) > 1))


@pytest.mark.parametrize(
    ("text", "count"), [("120", "120"), ("１２０名", "120"), ("約1,200人", "1200"), ("35.0", "35"), ("調査中", ""), ("-", ""), ("", "")]
)
def test_a_number_of_people_is_plain_digits_or_not_known(text: str, count: str) -> None:
    assert cells.count(text)[0] == count


@pytest.mark.parametrize("text", ["-5", "12.5", "百人", "30〜40", "99999999"])
def test_what_is_no_number_of_people_is_refused(text: str) -> None:
    with pytest.raises(CellRefused):
        cells.count(text)


@pytest.mark.parametrize("text", ["0000000012", "12", "１２", "12.0", " 12 "])
def test_a_number_is_the_same_whatever_a_spreadsheet_did_to_it(text: str) -> None:
    assert cells.identifier(text)[0] == "12"


@pytest.mark.parametrize(("text", "time"), [("24:00", "24時"), ("9:30", "9時30分"), ("午後1時", "13時"), ("0900", "9時"), ("", "")])
def test_an_opening_time_keeps_the_end_of_the_day(text: str, time: str) -> None:
    assert cells.opening_time(text)[0] == time


def test_a_telephone_without_its_area_code_is_left_out_with_a_note() -> None:
    assert cells.telephone("97-2111")[0] is None and "市外局番" in cells.telephone("97-2111")[1][-1].ja
    phone = cells.telephone("役場　０２２５−９７−２１１１")[0]
    assert phone and (phone.name, phone.number, phone.dialled) == ("役場", "0225-97-2111", "0225972111")


def test_a_ward_belongs_to_its_city_whatever_its_code() -> None:
    sendai = {**PLACES, "仙台市": Place("041009", "仙台市", "", "sendai")}
    assert cells.place("仙台市青葉区", sendai).name == "仙台市" == cells.place_of_code("041017", "宮城県仙台市青葉区", sendai)[0].name
    with pytest.raises(CellRefused):
        cells.place("青葉区", sendai)


def test_places_are_read_as_lists_and_a_county_may_stand_before_them() -> None:
    assert [place.name for place in cells.several_places("石巻市、牡鹿郡女川町", PLACES)] == ["石巻市", "女川町"]
    assert cells.several_places("県全体", PLACES) == () == cells.several_places("", PLACES)
    with pytest.raises(CellRefused, match="「石巻」という市町村はありません"):
        cells.several_places("石巻", PLACES)
