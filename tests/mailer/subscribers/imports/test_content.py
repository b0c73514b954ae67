"""Files of other systems: what they hold is found by itself or asked for, and nobody who left there is subscribed here."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from mailer.model.errors import CsvError
from mailer.subscribers.imports.columns import Field
from mailer.subscribers.imports.content import Choices, FileContent, read_content
from mailer.subscribers.imports.spool import Spool, open_spool
from mailer.subscribers.imports.statuses import Membership
from tests.samples.mail.mail_bundles import LIST

LISTS = {"fukko-press": LIST, "mailmaga": LIST.__class__("mailmaga", "月刊だより", *(getattr(LIST, name) for name in LIST.__slots__[2:]))}
FIXED = Choices(fixed=("fukko-press",))
HEADING = "email,name,lists\n"


def read(folder: Path, content: str | bytes, choices: Choices | None = None) -> tuple[FileContent, list[tuple[str, str, str]]]:
    """What the file holds, and who would be imported: address, name, lists."""
    path = folder / "people.csv"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    with open_spool() as spool:
        result = read_content(path, LISTS, choices or Choices(), spool)
        return result, people(spool)


def people(spool: Spool) -> list[tuple[str, str, str]]:
    return [(address, name, lists) for portion in spool.portions() for _, address, name, lists, _, _ in portion]


@pytest.mark.parametrize(
    "raw",
    [
        pytest.param("email,name,lists\ntaro@example.jp,髙橋太郎,fukko-press;mailmaga\n".encode(), id="UTF-8"),
        pytest.param("email,name,lists\r\ntaro@example.jp,髙橋太郎,fukko-press mailmaga\r\n".encode("utf-8-sig"), id="with BOM"),
        pytest.param("email,name,lists\r\ntaro@example.jp,髙橋太郎,fukko-press; mailmaga\r\n".encode("cp932"), id="cp932"),
        pytest.param("email;name;lists\ntaro@example.jp;髙橋太郎;fukko-press mailmaga\n".encode(), id="semicolons"),
        pytest.param("email\tname\tlists\r\ntaro@example.jp\t髙橋太郎\tfukko-press,mailmaga\r\n".encode("utf-16"), id="UTF-16 with tabs"),
        pytest.param(
            "email\tname\tlists\r\ntaro@example.jp\t髙橋太郎\tfukko-press,mailmaga\r\n".encode("utf-16-be"), id="UTF-16 without BOM"
        ),
        pytest.param("email,name,lists\ntaro@example.jp,高橋太郎,fukko-press mailmaga\n".encode("iso2022_jp"), id="ISO-2022-JP"),
        pytest.param(
            " Name ,LISTS,Email,,\n髙橋太郎,fukko-press;mailmaga;fukko-press, taro@example.jp,, \n\n,,\n".encode(), id="trailing commas"
        ),
        pytest.param(
            "メールアドレス（必須）,お名前,配信リスト\ntaro@example.jp,髙橋太郎,fukko-press、月刊だより\n".encode("cp932"),
            id="Japanese headings",
        ),
        pytest.param("Ｅメール,姓,名,メルマガ\ntaro@example.jp,髙橋,太郎,fukko-press|mailmaga\n".encode(), id="a name in two columns"),
    ],
)
def test_files_of_spreadsheets_and_of_mail_systems_are_read(tmp_path: Path, raw: bytes) -> None:
    content, found = read(tmp_path, raw)
    assert [(address, name.replace("高", "髙").replace(" ", ""), lists) for address, name, lists in found] == [
        ("taro@example.jp", "髙橋太郎", "fukko-press mailmaga")
    ]
    assert content.refused == [] and content.rows == 1


LISTMONK = """uuid,email,name,attributes,status,created_at,updated_at,lists
a1,in@example.jp,Abe,"{""city"":""X""}",enabled,2021-01-01T00:00:00Z,2021-01-01T00:00:00Z,月刊だより
a2,blocked@example.jp,Ito,{},blocklisted,2021-01-01T00:00:00Z,2021-01-01T00:00:00Z,
a3,off@example.jp,Ueda,{},disabled,2021-01-01T00:00:00Z,2021-01-01T00:00:00Z,月刊だより
"""
JAPANESE = """""メールアドレス","登録日","ステータス"
"in@example.jp","2020/04/01","配信中"
"left@example.jp","2020/04/01","解除"
"error@example.jp","2020/04/01","エラー停止"
"new@example.jp","2020/04/02","仮登録"
"odd@example.jp","2020/04/02","休眠"
"empty@example.jp","2020/04/02",""
"""


def test_an_export_of_listmonk_subscribes_only_who_is_enabled(tmp_path: Path) -> None:
    content, found = read(tmp_path, LISTMONK)
    assert found == [("in@example.jp", "Abe", "mailmaga")]
    assert content.memberships == Counter(
        {("enabled", Membership.SUBSCRIBED): 1, ("blocklisted", Membership.BLOCKED): 1, ("disabled", Membership.BLOCKED): 1}
    )
    assert not content.is_plain and content.refused == []


def test_a_japanese_export_subscribes_only_who_is_receiving_and_tells_words_that_nobody_knows(tmp_path: Path) -> None:
    content, found = read(tmp_path, JAPANESE.encode("cp932"), FIXED)
    assert [address for address, _, _ in found] == ["in@example.jp"]
    assert dict(content.memberships.keys()) == {
        "配信中": Membership.SUBSCRIBED, "解除": Membership.LEFT, "エラー停止": Membership.BLOCKED, "仮登録": Membership.UNCONFIRMED, "休眠": Membership.UNKNOWN, "": Membership.UNKNOWN,
    }  # fmt: skip
    assert content.unknown == 2
    mapped = Choices(words={("status", "休眠"): "subscribed"}, fixed=("fukko-press",))
    assert [address for address, _, _ in read(tmp_path, JAPANESE, mapped)[1]] == ["in@example.jp", "odd@example.jp"]


def test_the_proof_of_each_row_names_its_line_its_date_and_its_status(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_text(JAPANESE, "utf-8")
    with open_spool() as spool:
        read_content(path, LISTS, FIXED, spool)
        assert [proof for portion in spool.portions() for *_, proof in portion] == ["line 2; date 2020/04/01; status 配信中"]


def test_a_roster_of_mailman_is_read_with_its_names(tmp_path: Path) -> None:
    roster = '# members\na@example.jp\n"Suzuki, Hanako" <b@example.jp>\nReader C <c@example.jp>\n\nnobody\n'
    content, found = read(tmp_path, roster, FIXED)
    assert found == [
        ("a@example.jp", "", "fukko-press"),
        ("b@example.jp", "Suzuki, Hanako", "fukko-press"),
        ("c@example.jp", "Reader C", "fukko-press"),
    ]
    assert [refused.line for refused in content.refused] == [6] and content.is_plain
    with pytest.raises(CsvError, match="--list"):
        read(tmp_path, roster)


def test_whoever_stands_twice_and_left_once_is_not_imported_whichever_comes_first(tmp_path: Path) -> None:
    heading, active, left = "email,status,lists\n", "a@example.jp,active,fukko-press\n", "A@example.jp,left,\n"
    for text in (heading + active + left, heading + left + active):
        content, found = read(tmp_path, text)
        assert found == [] and "one of them has left" in content.refused[0].reason


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("nobody,x,fukko-press", "@"),
        (",x,fukko-press", "@"),
        ("a@example.jp,x,nolist", "unknown list 'nolist'; there are: fukko-press, mailmaga"),
        ("a@example.jp,x,", "no list"),
        ("a@example.jp", "no list"),
        ("a@example.jp,x,fukko-press,y", "more cells"),
        (f"a@example.jp,{'長' * 101},fukko-press", "longer than 100"),
        ("a@example.jp,x\x07,fukko-press", "control characters"),
        ('a@example.jp,"x\ny",fukko-press', "line breaks"),
        ("a@example.jp,太郎\u202e,fukko-press", "control characters"),
        ("a@example.jp,=?utf-8?q?x?=,fukko-press", "encoded word"),
        ('"a@b.example>\r\nRCPT TO:<c@d.example",x,fukko-press', "control characters"),
        ("FIRST@example.jp,x,fukko-press", "same address as line 2"),
        ("太郎@example.jp,x,fukko-press", "SMTPUTF8"),
    ],
)
def test_a_bad_line_is_refused_and_the_others_are_read(tmp_path: Path, line: str, reason: str) -> None:
    content, found = read(tmp_path, f"{HEADING}first@example.jp,一,fukko-press\n{line}\nlast@example.jp,三,mailmaga\n")
    assert [address for address, _, _ in found] == ["first@example.jp", "last@example.jp"]
    assert [refused.line for refused in content.refused] == [3]
    assert reason in content.refused[0].reason


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (b"", "email, lists"),
        (b"name,number\n", "email, lists"),
        (b"\x81\xff,\xff\n", "neither UTF-8"),
        (b'email,lists\na@example.jp,"x" y\n', "not CSV"),
        (b"a@example.jp,Taro\nb@example.jp,Jiro\n", "no heading"),
        ("email,lists,メールアドレス\n".encode(), r"Columns 1 \('email'\) and 3 \('メールアドレス'\) both say email"),
        (b"email,lists,lists\n", "both say lists"),
    ],
)
def test_a_file_that_cannot_be_read_says_what_to_do(tmp_path: Path, raw: bytes, reason: str) -> None:
    with pytest.raises(CsvError, match=reason):
        read(tmp_path, raw)


def test_the_operator_says_what_a_column_or_a_word_is(tmp_path: Path) -> None:
    text = "連絡先,email,マガジン,形式\nb@example.jp,a@example.jp,広報,テキスト版\n"
    choices = Choices(
        columns={Field.EMAIL: "連絡先", Field.LISTS: "3"}, words={("list", "広報"): "mailmaga", ("format", "テキスト版"): "light"}
    )
    assert read(tmp_path, text, choices)[1] == [("b@example.jp", "", "mailmaga")]
    assert read(tmp_path, "x@example.jp,Taro\n", Choices(columns={Field.EMAIL: "1", Field.NAME: "2"}, fixed=("mailmaga",)))[1] == [
        ("x@example.jp", "Taro", "mailmaga")
    ]
    with pytest.raises(CsvError, match="no such column"):
        read(tmp_path, text, Choices(columns={Field.EMAIL: "9"}))
