"""The audit log against somebody who may write to the database as its owner, and has no key: whatever they do is found. SQLite and PostgreSQL."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, text

from mailer.database import audit_log
from mailer.database.deliveries import issues
from mailer.database.engine import Database, create_database, open_database
from mailer.database.schema import audit
from mailer.model.audit_log import Anchor, AuditBroken, AuditEntry, AuditEvent, AuditSeal, entry_hash, next_entry, verify
from mailer.model.errors import DatabaseError, SecretMissing
from tests.samples.mail.mail_bundles import ISSUE, LIST, NOW, SEAL

OTHERS_SEAL = AuditSeal((b"somebody else's key",))


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    """A database with a log of four entries, the first of which froze an issue."""
    with closing(create_database(database_url, SEAL)) as opened:
        issues.freeze(opened, ISSUE, LIST, NOW)
        for number in range(2, 5):
            audit_log.append(opened, AuditEvent("x", f"step {number}", "l/1", {"a": "b"}), now=NOW + timedelta(minutes=number))
        yield opened


def drop_triggers(connection: Connection) -> None:
    if connection.dialect.name == "sqlite":
        for name in sorted(audit_log.TRIGGERS["sqlite"]):
            connection.execute(text(f"DROP TRIGGER {name}"))
    else:
        connection.execute(text("DROP TRIGGER audit_append_only ON audit"))


def tamper(database: Database, *statements: str) -> None:
    with database.writing() as connection:
        drop_triggers(connection)
        for statement in statements:
            connection.execute(text(statement))


def chain_anew(entries: tuple[AuditEntry, ...], seal: AuditSeal, change: Callable[[AuditEvent], AuditEvent]) -> list[AuditEntry]:
    """The whole log as somebody writes it who knows how, with the MACs that they can make."""
    written: list[AuditEntry] = []
    for entry in entries:
        written.append(next_entry(change(entry.event), written[-1] if written else None, entry.at, seal))
    return written


def replace_all(database: Database, entries: list[AuditEntry]) -> None:
    with database.writing() as connection:
        drop_triggers(connection)
        connection.execute(text("DELETE FROM audit"))
        for entry in entries:
            connection.execute(audit.insert().values(audit_log._columns(entry)))


def found(database: Database, *anchors: Anchor, reason: str, seal: AuditSeal = SEAL) -> AuditBroken:
    with pytest.raises(AuditBroken, match=reason) as broken:
        verify(audit_log.entries(database), seal, anchors)
    return broken.value


def test_a_log_that_nobody_touched_is_whole(database: Database) -> None:
    entries = audit_log.entries(database)
    audit_log.require_guarded(database)
    assert verify(entries, SEAL, [Anchor.of(entry) for entry in entries], entries[1].hash) == entries[-1].hash


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit SET actor = 'y' WHERE number = 2",
        "DELETE FROM audit WHERE number = 2",
        "DELETE FROM audit WHERE number = 4",
        "INSERT INTO audit SELECT * FROM audit WHERE number = 2",
    ],
)
def test_the_database_itself_refuses_to_change_the_log(database: Database, statement: str) -> None:
    with pytest.raises(DatabaseError), database.writing() as connection:
        connection.execute(text(statement))
    assert verify(audit_log.entries(database), SEAL)


def test_insert_or_replace_is_refused_and_so_is_an_upsert(database: Database) -> None:
    row = "SELECT number, at, 'y', what, issue, details, previous, hash, mac FROM audit WHERE number = 2"
    columns = "number, at, actor, what, issue, details, previous, hash, mac"
    statement = f"INSERT INTO audit ({columns}) {row} ON CONFLICT (number) DO UPDATE SET actor = 'y'"
    if not database.is_shared:
        statement = f"INSERT OR REPLACE INTO audit ({columns}) {row}"
    with pytest.raises(DatabaseError, match="append-only"), database.writing() as connection:
        connection.execute(text(statement))
    assert verify(audit_log.entries(database), SEAL)


@pytest.mark.parametrize(
    ("statements", "number"),
    [
        (("UPDATE audit SET actor = 'y' WHERE number = 2",), 2),
        (("UPDATE audit SET details = '{}' WHERE number = 1",), 1),
        (("DELETE FROM audit WHERE number = 2",), 2),
        (("DELETE FROM audit WHERE number = 2", "UPDATE audit SET number = number - 1 WHERE number > 2"), 2),
        (("UPDATE audit SET number = 9 WHERE number = 2", "UPDATE audit SET number = 2 WHERE number = 3", "UPDATE audit SET number = 3 WHERE number = 9"), 2),
        (("UPDATE audit SET hash = previous",), 1),
        (("UPDATE audit SET mac = hash WHERE number = 3",), 3),
        (("UPDATE audit SET mac = ''",), 1),
        (("UPDATE audit SET mac = '' WHERE number < 3",), 1),
    ],
)  # fmt: skip
def test_what_was_changed_removed_or_reordered_is_found(database: Database, statements: tuple[str, ...], number: int) -> None:
    tamper(database, *statements)
    assert found(database, reason="audit log").number == number


@pytest.mark.parametrize("seal", [AuditSeal(), OTHERS_SEAL])
def test_a_log_that_was_written_anew_with_right_hashes_is_found(database: Database, seal: AuditSeal) -> None:
    entries = audit_log.entries(database)
    replace_all(database, chain_anew(entries, seal, lambda event: AuditEvent("y", event.what, event.issue, event.details)))
    assert verify(audit_log.entries(database), AuditSeal()), "the hashes alone hold"
    assert found(database, reason="seal").number == 1


def test_an_entry_that_was_added_at_the_end_without_the_key_is_found(database: Database) -> None:
    entries = audit_log.entries(database)
    forged = next_entry(AuditEvent("鈴木 一郎", "approved", "l/1", {}), entries[-1], NOW, OTHERS_SEAL)
    with database.writing() as connection:
        connection.execute(audit.insert().values(audit_log._columns(forged)))
    assert found(database, reason="seal").number == 5


def test_a_log_whose_end_was_cut_off_is_found_by_an_anchor(database: Database) -> None:
    entries = audit_log.entries(database)
    tamper(database, "DELETE FROM audit WHERE number > 2")
    assert verify(audit_log.entries(database), SEAL), "what is left is whole"
    assert found(database, Anchor.of(entries[3]), reason="cut off").number == 3
    assert found(database, Anchor.of(entries[0]), Anchor.of(entries[2]), reason="cut off").number == 3


def test_a_log_that_was_cut_off_and_went_on_is_found_by_an_anchor(database: Database) -> None:
    entries = audit_log.entries(database)
    tamper(database, "DELETE FROM audit WHERE number > 2")
    for number in range(3):
        audit_log.append(database, AuditEvent("x", f"later {number}", "l/1", {}), now=NOW)
    assert found(database, Anchor.of(entries[3]), reason="written anew").number == 4


def test_an_emptied_table_is_found_without_any_anchor_and_with_one(database: Database) -> None:
    entries = audit_log.entries(database)
    tamper(database, "DELETE FROM audit")
    found(database, Anchor.of(entries[3]), reason="cut off")
    with pytest.raises(AuditBroken, match="not guarded"):
        audit_log.require_guarded(database)


def test_a_table_that_was_emptied_with_its_triggers_put_back_is_found(database: Database) -> None:
    with database.writing() as connection:
        definitions = _definitions(connection)
        drop_triggers(connection)
        connection.execute(text("DELETE FROM audit"))
        for definition in definitions:
            connection.execute(text(definition))
    with pytest.raises(AuditBroken, match="emptied"):
        audit_log.require_guarded(database)


@pytest.mark.parametrize("way", ["drop", "disable"])
def test_triggers_that_were_dropped_or_switched_off_are_found(database: Database, way: str) -> None:
    with database.writing() as connection:
        if way == "drop" or connection.dialect.name == "sqlite":  # SQLite cannot switch one off
            drop_triggers(connection)
        else:
            connection.execute(text("ALTER TABLE audit DISABLE TRIGGER audit_append_only"))
    with pytest.raises(AuditBroken, match="triggers"):
        audit_log.require_guarded(database)


def test_without_a_key_nothing_is_written_and_nothing_believed(database_url: str, database: Database) -> None:
    with closing(open_database(database_url, AuditSeal(None))) as keyless:
        with pytest.raises(SecretMissing):
            audit_log.append(keyless, AuditEvent("x", "y", "l/1", {}), now=NOW)
        found(keyless, reason="seal", seal=keyless.seal)
    assert len(audit_log.entries(database)) == 4


def test_entries_of_an_older_key_stay_good_while_it_is_in_the_list(database: Database) -> None:
    both = AuditSeal((b"a new key", *(SEAL.keys or ())))
    entries = audit_log.entries(database)
    assert verify((*entries, next_entry(AuditEvent("x", "y", "l/1", {}), entries[-1], NOW, both)), both)
    with pytest.raises(AuditBroken, match="no longer in the list"):
        verify(entries, AuditSeal((b"a new key",)))


EDITS = st.sampled_from(["actor", "what", "issue", "details", "previous", "hash", "mac", "at", "drop", "swap", "twice", "insert"])


@settings(derandomize=True, max_examples=300, deadline=None)
@given(st.lists(st.text(max_size=5), min_size=2, max_size=8), st.data())
def test_no_edit_of_the_log_passes(words: list[str], data: st.DataObject) -> None:
    """Any change of any field, any entry taken out, doubled, moved or put in, with all hashes after it computed anew or not."""
    entries: list[AuditEntry] = []
    for word in words:
        entries.append(next_entry(AuditEvent(word, "w", "l/1", {"a": word}), entries[-1] if entries else None, NOW, SEAL))
    anchor, original = Anchor.of(entries[-1]), tuple(entries)
    at = data.draw(st.integers(0, len(entries) - 1))
    edit, chained = data.draw(EDITS), data.draw(st.booleans())
    edited = _edited(entries, at, edit, data)
    if chained:
        edited = _chained(edited)
    if tuple(edited) != original:
        with pytest.raises(AuditBroken):
            verify(edited, SEAL, (anchor,))


def _edited(entries: list[AuditEntry], at: int, edit: str, data: st.DataObject) -> list[AuditEntry]:
    entry, rest = entries[at], entries[at + 1 :]
    if edit == "drop":
        return [*entries[:at], *rest]
    if edit == "twice":
        return [*entries[: at + 1], entry, *rest]
    if edit == "swap":
        return [*rest, *entries[: at + 1]]
    if edit == "insert":
        return [*entries[:at], next_entry(AuditEvent("y", "z", "l/1", {}), entry, NOW, OTHERS_SEAL), *rest]
    other = data.draw(st.text(alphabet="0123456789abcdef", min_size=64, max_size=64))
    values: dict[str, Any] = {field: getattr(entry, field) for field in ("number", "at", "event", "previous", "hash", "mac")}
    event = {field: getattr(entry.event, field) for field in ("actor", "what", "issue", "details")}
    if edit in event:
        event[edit] = json.loads(json.dumps({"a": other})) if edit == "details" else other
        values["event"] = AuditEvent(**event)
    else:
        values[edit] = entry.at + timedelta(seconds=1) if edit == "at" else other
    return [*entries[:at], AuditEntry(**values), *rest]


def _chained(entries: list[AuditEntry]) -> list[AuditEntry]:
    """The same words with numbers and hashes that fit, and the MACs that were there: those are all that has to be forged."""
    written: list[AuditEntry] = []
    for number, entry in enumerate(entries, 1):
        previous = written[-1].hash if written else "0" * 64
        written.append(AuditEntry(number, entry.at, entry.event, previous, entry_hash(number, entry.at, entry.event, previous), entry.mac))
    return written


def _definitions(connection: Connection) -> list[str]:
    if connection.dialect.name == "sqlite":
        return list(connection.execute(text("SELECT sql FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'audit'")).scalars())
    query = "SELECT pg_get_triggerdef(oid) FROM pg_trigger WHERE tgrelid = 'audit'::regclass AND NOT tgisinternal"
    return list(connection.execute(text(query)).scalars())
