"""How soon does an emergency overtake a newsletter that is going out? Run by `benchmarks.mail` in a process of its own.

    python -m benchmarks.mailing.overtaking PORT READERS CONNECTIONS

When a tenth of the newsletter is sent, an emergency for all its readers is frozen, as a second `send` does it. Prints one line of JSON:
seconds from there to its first and its thousandth message, by the ledger, and how many messages of the newsletter were still to come
then: 0 would prove nothing.
"""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from datetime import UTC, datetime
from threading import Thread

from sqlalchemy import func, select

from benchmarks.mailing.engine import REF, Quiet, issue, prepared_context
from mailer.database.deliveries import issues
from mailer.database.engine import Database, open_database
from mailer.database.schema import delivery
from mailer.delivery.context import DeliveryContext
from mailer.model.issue import IssueRef, ListClass
from mailer.model.state import DeliveryState
from mailer.sending import send

EMERGENCY = IssueRef("bench", "emergency")


class Interruption(Quiet):
    """Freezes the emergency in a thread and over a connection of its own; the sender is not notified."""

    def __init__(self, context: DeliveryContext, at: int) -> None:
        super().__init__()
        self._database = open_database(context.config.database)
        self._at = at
        self._thread = Thread(target=self._freeze)
        self._frozen_at: datetime | None = None

    def step(self, state: DeliveryState) -> None:
        """See `mailer.delivery.context.Progress`."""
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
    """Send, interrupt, read the ledger."""
    with prepared_context(port, int(readers), connections) as (context, home):
        progress = Interruption(context, int(readers) // 10)
        send.send(context, home, REF, progress)
        first, thousandth, left = sent_times(context.database)
        after = [round((time - progress.frozen_at()).total_seconds(), 3) for time in (first, thousandth)]
        print(json.dumps({"emergency_first_s": after[0], "emergency_thousandth_s": after[1], "newsletter_left": left}))


def sent_times(database: Database) -> tuple[datetime, datetime, int]:
    """When the emergency's first and thousandth messages were sent, and how many of the newsletter were still to come then."""
    ids = {frozen.issue.ref: frozen.issue_id for ref in (REF, EMERGENCY) if (frozen := issues.find(database, ref)) is not None}
    sent = select(delivery.c.changed_at).where(delivery.c.issue_id == ids[EMERGENCY], delivery.c.state == DeliveryState.SENT)
    with database.reading() as connection:
        times = connection.execute(sent.order_by(delivery.c.changed_at).limit(1000)).scalars().all()
        later = (delivery.c.issue_id == ids[REF], delivery.c.changed_at > times[-1])
        left = connection.execute(select(func.count()).select_from(delivery).where(*later)).scalar_one()
    return times[0], times[-1], left


if __name__ == "__main__":
    main(*sys.argv[1:])
