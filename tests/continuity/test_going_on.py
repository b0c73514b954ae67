"""A building is lost in the middle of an issue, on both databases: the other one goes on where it was, nobody gets two, and nobody is forgotten."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from continuity.restoring import read_identities, restore
from continuity.snapshots import make
from mailer.config.file import load_config
from mailer.model.errors import LedgerRestored, RightMissing
from mailer.model.state import DeliveryState
from mailer.sending import send
from tests.continuity.test_restoring import restored_site
from tests.mailer.delivery.test_killed import child
from tests.mailer.sending.workers.test_worker import counts
from tests.samples.continuity.two_buildings import building
from tests.samples.killed import killed_after
from tests.samples.mail.mail_bundles import REF, RecordedProgress, people
from tests.samples.mail.two_sites import take
from tests.servers.smtp import Behaviour, Receiver

NOW = dt.datetime(2026, 11, 29, 6, 0, tzinfo=dt.UTC)
READERS = 1040


@pytest.mark.parametrize(("database", "sent_before"), [("sqlite", 0), ("postgresql", 400)])
def test_a_half_sent_issue_goes_on_from_an_old_snapshot_where_it_was_and_nobody_gets_two(
    tmp_path: Path, request: pytest.FixtureRequest, database: str, sent_before: int
) -> None:
    """The snapshot is older than what was sent: of nothing, or of an issue that was stopped after 400 of its readers."""
    own, empty = (request.getfixturevalue(f"{kind}database_url_postgres") if database == "postgresql" else "" for kind in ("", "empty_"))
    (tmp_path / "right").mkdir()
    right = f'[[right]]\nname = "disk"\nkind = "local"\nfolder = "{tmp_path}/right"\n'
    with Receiver(Behaviour()) as receiver:
        head = f'database = "{own}"\n' if own else ""
        home = building(tmp_path, receiver.port, readers=READERS, head=head, storages=[right])
        first = replace(home.mail, context=replace(home.mail.context, config=load_config(home.home / "mailer.toml")))
        first.clock.moment = datetime.now(UTC)
        take(first, 1)

        command = child, str(first.context.config.path), str(first.root)
        if sent_before:
            killed_after(receiver, sent_before, *command)
        made = make(home.config, home.settings, NOW)
        killed_after(receiver, 1010, *command)
        assert len(receiver.accepted) >= 1010
        restore([made.file], tmp_path / "there", read_identities(home.key), url=empty)
        site = restored_site(home, tmp_path / "there")
        with pytest.raises((RightMissing, LedgerRestored)):
            send.send(site.context, site.root, REF, RecordedProgress())
        take(site, 2)
        send.send(site.context, site.root, REF, RecordedProgress())
    received = Counter(receiver.recipients)
    assert set(received.values()) == {1}, "nobody gets two"
    everybody = {person.address for person in people(READERS)}
    unknown = counts(site).get(DeliveryState.UNKNOWN, 0)
    assert len(everybody - received.keys()) <= unknown <= READERS - sent_before // 2, "who did not get it is listed as unknown"
