"""An issue that takes the place of an earlier one, on SQLite and on PostgreSQL: what is due of that is called off; a correction reaches whom it has reached."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace

import pytest
import sqlalchemy as sa

from mailer.database import audit_log
from mailer.database.deliveries import issues, succession
from mailer.database.engine import Database, create_database
from mailer.database.readers import subscriptions, suppressions
from mailer.database.schema import delivery
from mailer.model.issue import CALLED_OFF, FrozenIssue, IssueRef, IssueStatus, Succession
from mailer.model.readers.suppression import AddressKeys, SuppressionReason
from mailer.model.state import DeliveryState
from mailer.secrets import address_keys
from tests.samples.mail.mail_bundles import ISSUE, LIST, NOW, SEAL, SECRET
from tests.samples.mail.mail_bundles import people as readers

KEYS = AddressKeys(address_keys({"TODOKE_SECRET": SECRET}, None, None))
CORRECTION = replace(ISSUE, ref=IssueRef(LIST.key, "46"), subject="訂正")


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    with closing(create_database(database_url, SEAL, address_keys=KEYS)) as opened:
        subscriptions.import_subscribers(opened, readers(6), source="t", now=NOW)
        yield opened


@pytest.fixture
def wrong(database: Database) -> FrozenIssue:
    """An issue of which reader 1 has it, 2 may have it, 3 is just getting it, 4 and 5 wait, and 6 could not be reached."""
    frozen = issues.freeze(database, ISSUE, LIST, NOW)
    states = {1: "sent", 2: "unknown", 3: "claimed", 4: "pending", 5: "deferred", 6: "failed"}
    with database.writing() as connection:
        for number, state in states.items():
            step = sa.update(delivery).where(delivery.c.address == f"reader{number}@example.jp")
            connection.execute(step.values(state=state))
    return frozen


def states(database: Database, frozen: FrozenIssue) -> dict[str, str]:
    with database.reading() as connection:
        query = sa.select(delivery.c.address, delivery.c.state).where(delivery.c.issue_id == frozen.issue_id)
        return {address.partition("@")[0]: state for address, state in connection.execute(query)}


def correct(database: Database, *, is_for_reached: bool = True) -> FrozenIssue:
    return issues.freeze(database, CORRECTION, LIST, NOW, succession=Succession("45", is_for_reached))


def test_a_correction_goes_to_those_whom_the_wrong_issue_has_or_may_have_reached(database: Database, wrong: FrozenIssue) -> None:
    subscriptions.import_subscribers(database, readers(8)[6:], source="later", now=NOW)
    assert succession.count_reached(database, wrong.issue.ref) == 3
    assert set(states(database, correct(database))) == {"reader1", "reader2", "reader3"}


def test_what_waits_of_the_wrong_issue_is_called_off_with_the_freeze(database: Database, wrong: FrozenIssue) -> None:
    correct(database)
    left = states(database, wrong)
    assert (left["reader4"], left["reader5"]) == ("suppressed", "suppressed")
    assert (left["reader1"], left["reader2"], left["reader3"], left["reader6"]) == ("sent", "unknown", "claimed", "failed")
    found = issues.find(database, wrong.issue.ref)
    assert found is not None and found.status is IssueStatus.CANCELLED
    with database.reading() as connection:
        assert connection.execute(sa.select(delivery.c.text).where(delivery.c.state == "suppressed")).scalars().all() == [CALLED_OFF] * 2
    cancelled, frozen = audit_log.entries(database)[-2:]
    assert (cancelled.event.what, cancelled.event.details) == ("cancelled", {"held": "2", "for": str(CORRECTION.ref)})
    assert frozen.event.what == "frozen"


def test_an_update_goes_to_everybody_and_calls_off_what_waits_too(database: Database, wrong: FrozenIssue) -> None:
    assert len(states(database, correct(database, is_for_reached=False))) == 6
    assert states(database, wrong)["reader4"] == DeliveryState.SUPPRESSED


def test_nothing_is_called_off_of_an_issue_that_everybody_has(database: Database, wrong: FrozenIssue) -> None:
    with database.writing() as connection:
        connection.execute(sa.update(delivery).values(state="sent"))
    correct(database)
    found = issues.find(database, wrong.issue.ref)
    assert found is not None and found.status is IssueStatus.SENDING


def test_a_correction_of_an_issue_that_was_never_sent_goes_to_nobody(database: Database) -> None:
    assert states(database, correct(database)) == {}


def test_nobody_who_has_complained_is_written_to_again(database: Database, wrong: FrozenIssue) -> None:
    suppressions.suppress(database, "reader1@example.jp", SuppressionReason.COMPLAINT, source="arf", now=NOW)
    assert set(states(database, correct(database))) == {"reader2", "reader3"}


def test_frozen_twice_is_frozen_once(database: Database, wrong: FrozenIssue) -> None:
    assert states(database, wrong)
    first = correct(database)
    assert correct(database).issue_id == first.issue_id
    assert len([entry for entry in audit_log.entries(database) if entry.event.what == "cancelled"]) == 1
