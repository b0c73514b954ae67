"""Tables out of spreadsheets: rows by column, or one diagnostic that says what to do."""

from __future__ import annotations

from pathlib import Path, PurePosixPath

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from plugins.csv_table import UnreadableCsv, read_csv
from plugins.diagnostics import Diagnostic
from plugins.inputs import InputFolder

PATH = PurePosixPath("data/table.csv")
COLUMNS = ("表記", "読み")


def read(folder: Path, data: bytes) -> list[tuple[int, dict[str, str]]] | Diagnostic:
    (folder / "data").mkdir(exist_ok=True)
    (folder / PATH).write_bytes(data)
    try:
        return [(row.line, row.cells) for row in read_csv(InputFolder(folder), PATH, COLUMNS)]
    except UnreadableCsv as error:
        return error.diagnostic


def test_rows_have_every_column_and_the_line_on_which_they_begin(tmp_path: Path) -> None:
    text = '\ufeff表記, 読み ,注\r\n閖上,ゆりあげ,"二\n行"\r\n\r\n,,\r\n女川\r\n'
    assert read(tmp_path, text.encode()) == [
        (2, {"表記": "閖上", "読み": "ゆりあげ", "注": "二\n行"}),
        (6, {"表記": "女川", "読み": "", "注": ""}),
    ]


@pytest.mark.parametrize(
    ("data", "line", "rule", "words"),
    [
        ("表記,読み\n閖上,ゆりあげ\n".encode("cp932"), 1, "D101", "CSV UTF-8"),
        ("表記,読み\n".encode() + "閖上".encode("euc_jp"), 2, "D101", "CSV UTF-8"),
        ("表記,読み\n".encode("utf-16"), 1, "D101", "CSV UTF-8"),
        ("表記;読み\n閖上;ゆりあげ\n".encode(), 1, "D102", "separated by ';'"),
        ("表記\t読み\n".encode(), 1, "D102", "separated by '\\t'"),
        ("名前,読み\n".encode(), 1, "D102", "columns missing: 表記"),
        (b"", 1, "D102", "columns missing"),
        ('表記,読み\n閖上,"ゆりあげ\n女川,おながわ\n'.encode(), 2, "D103", "not closed"),
        (f'表記,読み\n閖上,"{"あ" * 20_000}"\n'.encode(), 2, "D103", "not closed"),
        (f'表記,読み\n閖上,"{"あ" * 200_000}"\n'.encode(), 2, "D103", "field larger"),
        (("表記,読み\n" + "," * 300).encode(), 2, "D103", "columns"),
        ("表記,読み\n閖\x00上,ゆりあげ\n".encode(), 2, "D103", "U+0000"),
        ("表記,読み\n閖上,ゆり\u2028あげ\n".encode(), 2, "D103", "U+2028"),
        (b"a" * 5_000_001, 1, "D103", "larger than 5 MB"),
    ],
)
def test_what_spreadsheets_do_to_a_table_is_one_diagnostic_with_line_and_remedy(
    tmp_path: Path, data: bytes, line: int, rule: str, words: str
) -> None:
    found = read(tmp_path, data)
    assert isinstance(found, Diagnostic)
    assert (found.path, found.line, found.rule) == (PATH, line, rule)
    assert words in found.en


@settings(derandomize=True, max_examples=200, deadline=None)
@given(data=st.one_of(st.binary(max_size=200), st.text(alphabet='表記読み,;"\n\r\t\x00あ', max_size=200).map(str.encode)))
def test_any_bytes_are_rows_or_a_diagnostic(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    folder = tmp_path_factory.getbasetemp()
    for content in (data, "表記,読み\n".encode() + data):
        found = read(folder, content)
        if isinstance(found, Diagnostic):
            assert not found.en.startswith("unexpected")
        else:
            assert all(set(COLUMNS) <= set(cells) for _, cells in found)


def test_a_cell_in_which_nothing_can_be_seen_is_empty(tmp_path: Path) -> None:
    assert read(tmp_path, "表記,読み\n閖上,\u200b\u3164\n\u2060,\u200b\n".encode()) == [(2, {"表記": "閖上", "読み": ""})]
