"""What cannot be undone asks whether the clock can be believed."""

from __future__ import annotations

from contextlib import closing
from datetime import UTC, datetime, timedelta

import pytest

from mailer.config.file import load_config
from mailer.database import audit_log
from mailer.database.engine import open_database
from mailer.model.audit_log import AuditEvent
from tests.samples.mail.mail_bundles import SEAL
from tests.samples.mail.mail_terminal import Terminal

EXPIRE = "subscribers expire"


@pytest.fixture
def idle(terminal: Terminal) -> Terminal:
    """Nothing has happened for two months, by the clock of the machine."""
    with closing(open_database(load_config(terminal.folder / "mailer.toml").database, SEAL)) as database:
        audit_log.append(database, AuditEvent("a", "retention", "", {}), now=datetime.now(UTC) - timedelta(days=60))
    return terminal


def test_after_two_months_without_an_entry_nothing_is_erased_until_somebody_says_that_the_clock_is_right(idle: Terminal) -> None:
    refused = idle.run(EXPIRE, mail=False)
    assert refused.exit_code == 1 and "--clock-is-right" in refused.stderr and "時計" in refused.stderr
    assert idle.run(f"{EXPIRE} --dry-run", mail=False).exit_code == 0
    assert idle.run(f"{EXPIRE} --clock-is-right", mail=False).exit_code == 0
    assert idle.run(EXPIRE, mail=False).exit_code == 0  # the entry of the last run is new


def test_a_new_database_has_no_entry_and_nothing_to_doubt(terminal: Terminal) -> None:
    assert terminal.run(EXPIRE, mail=False).exit_code == 0
