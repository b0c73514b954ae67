"""Who sent an urgent notice out: from a file into the audit log, once."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from mailer.approval.names import NameRefused
from mailer.approval.sent_notices import WHAT, NoticeUnreadable, read, record
from mailer.database import audit_log
from mailer.database.engine import Database, create_database
from mailer.model.errors import TodokeMailError

AT = dt.datetime(2026, 11, 29, 3, 10, tzinfo=dt.UTC)
RECORD = {
    "at": AT.isoformat(),
    "people": ["佐藤　太郎", "鈴木花子"],
    "notice": "content/emergency/2026/flood.md",
    "verb": "publish",
    "sha256": "0f" * 32,
    "signature": "-----BEGIN SSH SIGNATURE-----\nU1NI\n-----END SSH SIGNATURE-----\n",
}


@pytest.fixture(name="database")
def fixture_database(database_url: str) -> Iterator[Database]:
    with closing(create_database(database_url)) as opened:
        yield opened


def kept(folder: Path, **changes: object) -> Path:
    """A file as `todoke emergency` keeps it, with some values changed."""
    file = folder / "order.json"
    file.write_text(json.dumps(RECORD | changes, ensure_ascii=False), "utf-8")
    return file


def test_names_notice_digest_and_signature_are_one_entry_however_often_it_is_handed_over(database: Database, tmp_path: Path) -> None:
    sent = read(kept(tmp_path))
    assert record(database, sent, AT + dt.timedelta(hours=2))
    assert not record(database, sent, AT + dt.timedelta(hours=3))
    (entry,) = audit_log.entries(database)
    assert (entry.event.actor, entry.event.what, entry.event.issue) == ("佐藤 太郎", WHAT, "")
    assert entry.event.details == {
        "sent": AT.isoformat(),
        "notice": RECORD["notice"],
        "verb": "publish",
        "sha256": RECORD["sha256"],
        "signature": RECORD["signature"],
        "second": "鈴木花子",
    }


def test_two_orders_of_one_minute_and_one_person_alone_are_entries_of_their_own(database: Database, tmp_path: Path) -> None:
    for changes in ({}, {"at": (AT + dt.timedelta(seconds=1)).isoformat()}, {"people": ["佐藤太郎"], "signature": ""}):
        assert record(database, read(kept(tmp_path, **changes)), AT + dt.timedelta(minutes=5))
    assert ["second" in entry.event.details for entry in audit_log.entries(database)] == [True, True, False]


@pytest.mark.parametrize(
    "changes",
    [{"people": []}, {"people": 3}, {"at": "now"}, {"at": "2026-11-29T03:10:00"}, {"notice": "a\u202eb"}, {"verb": "a\nb"}],
)
def test_a_file_that_does_not_say_it_is_named(tmp_path: Path, changes: dict[str, object]) -> None:
    with pytest.raises(NoticeUnreadable, match=r"order\.json"):
        read(kept(tmp_path, **changes))


@pytest.mark.parametrize("data", [b"", b"[]", b"\xff", b'{"at": 1}', b"{" * 100_000])
def test_a_broken_file_is_named(tmp_path: Path, data: bytes) -> None:
    file = tmp_path / "order.json"
    file.write_bytes(data)
    with pytest.raises(NoticeUnreadable, match=r"order\.json"):
        read(file)


@pytest.mark.parametrize("name", ["", "佐藤\u200b太郎", "x" * 1_000])
def test_a_name_that_cannot_stand_for_one_person_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(NameRefused):
        read(kept(tmp_path, people=[name]))


def test_a_missing_file_is_an_error_of_the_mailer(tmp_path: Path) -> None:
    with pytest.raises(TodokeMailError):
        read(tmp_path / "gone.json")
