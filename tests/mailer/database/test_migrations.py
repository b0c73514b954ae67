"""Databases of every older version, with people and mail under way in them, are migrated and nothing in them is lost."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from mailer.database import audit_log, schema
from mailer.database.deliveries import claims, heartbeats, issues, ledger
from mailer.database.deliveries.claims import ClaimRequest
from mailer.database.engine import Database, create_database, open_database
from mailer.database.migrations import alembic_config, newest_revision
from mailer.database.readers import subscriptions
from mailer.database.schema import metadata
from mailer.model.errors import DatabaseError
from mailer.model.ids import IssueId, SubscriberId
from mailer.model.issue import IssueStatus, ListClass
from mailer.model.readers.subscription import Preference
from mailer.model.state import DeliveryState
from tests.samples.mail.mail_bundles import ISSUE, LIST, NOW, REF

OLDER = [revision.revision for revision in ScriptDirectory.from_config(alembic_config()).walk_revisions()][:0:-1]
STATES = ["sent", "pending", "unknown", "deferred", "failed"]
RENAMED = {"kind": "list_class", "lane": "queue", "reached": "high_water_mark"}
"""By revision 0006."""
STATES_OF_0001 = ["sent", "pending", "attempted", "deferred", "failed"]
"""Version 1 wrote `attempted` before each body; its row was cut off by a kill. No later version writes that word."""


def alembic(connection: sa.Connection | None = None) -> Config:
    config = alembic_config()
    if connection is not None:
        config.attributes["connection"] = connection
    return config


def fill(connection: sa.Connection) -> None:
    """Rows as that version wrote them: what its tables have no column for is left out."""
    moment: datetime = NOW.replace(tzinfo=None) if connection.dialect.name == "sqlite" else NOW
    tables = sa.MetaData()
    tables.reflect(connection)

    def add(table: str, **values: Any) -> None:
        if table in tables.tables:
            columns = tables.tables[table].columns
            values |= {new: values[old] for old, new in RENAMED.items() if old in values}
            connection.execute(sa.insert(tables.tables[table]).values({name: value for name, value in values.items() if name in columns}))

    for number in range(1, len(STATES) + 1):
        email = f"reader{number}@example.jp"
        add("subscriber", id=number, email=email, email_key=email, name="", created_at=moment)
        left = "unsubscribed" if number == 5 else "subscribed"
        add("subscription", subscriber_id=number, list=LIST.key, state=left, source="t", since=moment, changed_at=moment)
    add(
        "issue", id=1, list=REF.list, number=REF.number, digest=ISSUE.digest, subject=ISSUE.subject, date=moment, kind="emergency", list_class="emergency",
        archive_url=ISSUE.archive_url, html=ISSUE.html, text=ISSUE.text, list_title=LIST.title, from_name=LIST.from_name,
        from_address=LIST.from_address, reply_to=LIST.reply_to, list_id=LIST.list_id, contact=LIST.contact,
        list_archive_url=LIST.archive_url, frozen_at=moment,
    )  # fmt: skip
    is_first = not {"lane", "queue"} & {*tables.tables["delivery"].columns.keys()}
    prefix = "lane" if "pulse" in tables.tables else "queue"
    for number, state in enumerate(STATES_OF_0001 if is_first else STATES, 1):
        values = {
            "address": f"reader{number}@example.jp",
            "attempts": 1,
            "text": "",
            "changed_at": moment,
            "lane": "slow" if state == "pending" else "",
        }
        add("delivery", issue_id=1, subscriber_id=number, state=state, not_before=moment if state == "deferred" else None, **values)
    add("audit", number=1, at=moment, actor="a", what="w", issue=str(REF), details={}, previous="0" * 64, hash="1" * 64)
    add("claim", id=7, issue_id=1, token="p/1", owner="p", lease_until=0.0, reached=3)
    add("bucket", key=f"{prefix}:slow", level=2.5, at=1.0)
    add("bucket", key="relay:lane:1", level=1.0, at=1.0)
    add("slot", key=f"{prefix}:slow", number=0, owner="p", until=0.0)
    add("pulse", owner="p", kind="lane", name="slow", connections=1, waiting=0, resting=1, rate=1.0, at=9e9)


def check_names(database: Database, *, has_claims: bool) -> None:
    """What revision 0006 has renamed holds what it held; heartbeats, which live for seconds, are gone."""
    assert ledger.waiting_by_queue(database, IssueId(1)) == ({"": 1, "slow": 1} if has_claims else {"": 2})
    assert heartbeats.live_heartbeats(database) == ()
    with database.reading() as connection:
        marks = connection.execute(sa.select(schema.claim.c.high_water_mark)).scalars().all()
        keys = {*connection.execute(sa.select(schema.bucket.c.key)).scalars(), *connection.execute(sa.select(schema.slot.c.key)).scalars()}
    assert (marks, keys) == (([3], {"queue:slow", "relay:lane:1"}) if has_claims else ([], set()))


@pytest.mark.parametrize("version", OLDER)
def test_an_older_database_is_migrated_with_everything_in_it(database_url: str, version: str) -> None:
    with closing(create_database(database_url)) as made, made.writing() as connection:  # back to that version
        command.downgrade(alembic(connection), version)
        fill(connection)
    with closing(create_database(database_url)) as database:
        with database.reading() as connection:
            assert compare_metadata(MigrationContext.configure(connection), metadata) == []
        frozen = issues.find(database, REF)
        assert frozen is not None and (frozen.issue, frozen.mail_list, frozen.status) == (
            replace(ISSUE, list_class=ListClass.EMERGENCY),
            replace(LIST, list_class=ListClass.EMERGENCY),
            IssueStatus.SENDING,
        )
        counts = {state: number for state, number in ledger.counts(database, IssueId(1)).items() if number}
        assert counts == dict.fromkeys(map(DeliveryState, STATES), 1)
        assert subscriptions.count(database, LIST.key) == 4
        assert [chosen.preference for number in (1, 5) for chosen in subscriptions.preferences(database, SubscriberId(number))] == [
            Preference.HTML,
            Preference.STOP,
        ]
        assert len(audit_log.entries(database)) == (version >= "0003")
        check_names(database, has_claims=version >= "0002")
        ledger.assign_queues(database, IssueId(1), {})
        claim = claims.claim_batch(database, ClaimRequest(IssueId(1), ""), token="t", owner="me", lease=60, now=NOW)
        assert claim is not None and [row.subscriber_id for row in claim.rows] == [2, 4]
        if not database.is_shared:  # Alembic's comparison does not see this
            with database.reading() as connection:
                definition = sa.text("SELECT sql FROM sqlite_master WHERE name = 'delivery'")
                assert "WITHOUT ROWID" in connection.execute(definition).scalar_one()


def test_the_newest_revision_by_the_names_of_the_files_is_the_one_that_alembic_ends_with(database_url: str) -> None:
    assert newest_revision() == ScriptDirectory.from_config(alembic_config()).get_current_head()
    with closing(create_database(database_url)) as database, database.reading() as connection:
        assert MigrationContext.configure(connection).get_current_heads() == (newest_revision(),)


def test_tables_that_are_up_to_date_are_opened_without_alembic(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    create_database(database_url).close()
    monkeypatch.delattr(command, "upgrade")
    create_database(database_url).close()
    open_database(database_url).close()


def test_a_migration_that_fails_leaves_the_database_as_it_was(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """All steps are one transaction: no process finds a database between two versions, or takes the next step at the same time."""
    with closing(create_database(database_url)) as made, made.writing() as connection:
        command.downgrade(alembic(connection), "0001")
        fill(connection)

    def fail(*_: object, **__: object) -> None:
        raise sa.exc.OperationalError("none", None, OSError("the disk is gone"))

    with monkeypatch.context() as patched, pytest.raises(DatabaseError, match="the disk is gone"):
        patched.setattr("alembic.op.drop_table" if "sqlite" in database_url else "alembic.op.create_table", fail)
        create_database(database_url)
    engine = sa.create_engine(database_url.replace("postgresql://", "postgresql+psycopg://", 1))
    with engine.connect() as connection:
        assert MigrationContext.configure(connection).get_current_heads() == ("0001",)
    engine.dispose()
    with closing(create_database(database_url)) as database:
        assert ledger.counts(database, IssueId(1))[DeliveryState.SENT] == 1
