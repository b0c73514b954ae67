"""How soon does an emergency overtake a newsletter that is going out? Run by `benchmarks.mail` in a process of its own.

    python -m benchmarks.overtaking PORT READERS CONNECTIONS

A tenth of the way through the newsletter, somebody else freezes an emergency for all its readers, as a second `send` does.
Prints one line of JSON: seconds from there to its first and its thousandth message, by the ledger, and how many of the
newsletter were still to come by then: 0 would prove nothing.
"""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from datetime import UTC, datetime
from threading import Thread

from sqlalchemy import func, select

from benchmarks.engine import REF, Quiet, issue, surroundings
from mailer.database import issues
from mailer.database.engine import Database, open_database
from mailer.database.schema import delivery
from mailer.delivery.context import DeliveryContext
from mailer.model.issue import IssueRef, ListClass
from mailer.model.state import DeliveryState
from mailer.sending import send

EMERGENCY = IssueRef("bench", "emergency")


class Interruption(Quiet):
    """Freezes the emergency in a thread and over a connection of its own; the sender is told nothing."""

    def __init__(self, around: DeliveryContext, at: int) -> None:
        super().__init__()
        self._database = open_database(around.config.database)
        self._at = at
        self._thread = Thread(target=self._freeze)
        self._frozen_at: datetime | None = None

    def step(self, state: DeliveryState) -> None:
        """See `surroundings.Progress`."""
        super().step(state)
        if self.done == self._at:
            self._thread.start()

    def frozen_at(self) -> datetime:
        """When the emergency was in the database."""
        self._thread.join()
        assert self._frozen_at is not None
        return self._frozen_at

    def _freeze(self) -> None:
        content, mail_list = issue()
        issues.freeze(self._database, replace(content, ref=EMERGENCY, list_class=ListClass.EMERGENCY), mail_list, datetime.now(UTC))
        self._frozen_at = datetime.now(UTC)


def main(port: str, readers: str, connections: str) -> None:
    """Send, interrupt, look into the ledger."""
    with surroundings(port, int(readers), connections) as (around, home):
        progress = Interruption(around, int(readers) // 10)
        send.send(around, home, REF, progress)
        first, thousandth, left = accounts(around.database)
        after = [round((moment - progress.frozen_at()).total_seconds(), 3) for moment in (first, thousandth)]
        print(json.dumps({"emergency_first_s": after[0], "emergency_thousandth_s": after[1], "newsletter_left": left}))


def accounts(database: Database) -> tuple[datetime, datetime, int]:
    """When the emergency's first and thousandth messages were taken, and what of the newsletter was then to come."""
    numbers = {found.issue.ref: found.issue_id for ref in (REF, EMERGENCY) if (found := issues.find(database, ref)) is not None}
    sent = select(delivery.c.changed_at).where(delivery.c.issue_id == numbers[EMERGENCY], delivery.c.state == DeliveryState.SENT)
    with database.reading() as connection:
        moments = connection.execute(sent.order_by(delivery.c.changed_at).limit(1000)).scalars().all()
        later = (delivery.c.issue_id == numbers[REF], delivery.c.changed_at > moments[-1])
        left = connection.execute(select(func.count()).select_from(delivery).where(*later)).scalar_one()
    return moments[0], moments[-1], left


if __name__ == "__main__":
    main(*sys.argv[1:])
