"""The CSV of subscribers: what Excel writes is read, bad lines are refused with their number, the rest goes in."""

from __future__ import annotations

from pathlib import Path

import pytest

from mailer.database import subscriptions
from mailer.database.engine import create_database
from mailer.database.subscriptions import ImportedSubscriber, ImportResult
from mailer.model.errors import CsvError
from mailer.subscribers import csv_import
from tests.samples.mail_bundles import NOW, people

KNOWN = ("fukko-press", "mailmaga")
HEADING = "email,name,lists\n"


@pytest.mark.parametrize(
    "raw",
    [
        pytest.param("email,name,lists\ntaro@example.jp,髙橋太郎,fukko-press;mailmaga\n".encode(), id="UTF-8"),
        pytest.param("email,name,lists\r\ntaro@example.jp,髙橋太郎,fukko-press mailmaga\r\n".encode("utf-8-sig"), id="with BOM"),
        pytest.param("email,name,lists\r\ntaro@example.jp,髙橋太郎,fukko-press; mailmaga\r\n".encode("cp932"), id="cp932"),
        pytest.param(" Name ,LISTS,Email\n髙橋太郎,fukko-press;mailmaga;fukko-press, taro@example.jp \n\n,,\n".encode(), id="other order"),
    ],
)
def test_files_of_excel_and_of_other_programs_are_read(raw: bytes) -> None:
    content = csv_import.parse_csv(raw, KNOWN)
    assert content.entries == (ImportedSubscriber("taro@example.jp", "髙橋太郎", ("fukko-press", "mailmaga")),)
    assert content.refusals == ()


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
        ('"a@b.example>\r\nRCPT TO:<c@d.example",x,fukko-press', "control characters"),
        ("FIRST@example.jp,x,fukko-press", "same address as line 2"),
        ("太郎@example.jp,x,fukko-press", "SMTPUTF8"),
    ],
)
def test_a_bad_line_is_refused_and_the_others_are_read(line: str, reason: str) -> None:
    text = f"{HEADING}first@example.jp,一,fukko-press\n{line}\nlast@example.jp,三,mailmaga\n"
    content = csv_import.parse_csv(text.encode(), KNOWN)
    assert [entry.address for entry in content.entries] == ["first@example.jp", "last@example.jp"]
    assert [refusal.line for refusal in content.refusals] == [3]
    assert reason in content.refusals[0].reason


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (b"", "email, lists"),
        (b"mail,name\n", "email, lists"),
        (b"\xff\xfe\x00\x81", "neither UTF-8"),
        (b'email,lists\na@example.jp,"x" y\n', "not CSV"),
    ],
)
def test_a_file_that_cannot_be_read_says_what_to_do(raw: bytes, reason: str) -> None:
    with pytest.raises(CsvError, match=reason):
        csv_import.parse_csv(raw, KNOWN)


def test_an_import_can_be_repeated_and_does_not_subscribe_those_who_left(tmp_path: Path) -> None:
    database = create_database(f"sqlite:///{tmp_path / 'x.db'}")
    assert subscriptions.import_subscribers(database, people(3), source="t", now=NOW) == ImportResult(3, 3, 0, ())
    left = subscriptions.find(database, "reader2@example.jp")
    assert left is not None and subscriptions.unsubscribe(database, left, "fukko-press", source="link", now=NOW)
    second = subscriptions.import_subscribers(database, people(4, "fukko-press", "mailmaga"), source="t", now=NOW)
    assert second == ImportResult(1, 5, 2, (("reader2@example.jp", "fukko-press"),))
    assert (subscriptions.count(database, "fukko-press"), subscriptions.count(database, "mailmaga")) == (3, 4)


def test_a_dry_run_counts_and_writes_nothing(tmp_path: Path) -> None:
    database = create_database(f"sqlite:///{tmp_path / 'x.db'}")
    assert subscriptions.import_subscribers(database, people(3), source="t", now=NOW, keep=False) == ImportResult(3, 3, 0, ())
    assert subscriptions.count(database, "fukko-press") == 0
