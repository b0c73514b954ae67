"""Mail to the operator when a drill is overdue or was not passed: `todoke status` says so only to somebody who looks.

Told when it begins to be so, and again each week while it lasts. Each machine that sends and has the reports tells by itself.
"""

from __future__ import annotations

import json
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path

from mailer import log, private_files
from mailer.delivery.context import DeliveryContext
from mailer.drill_reports import LateDrill, late_drill
from mailer.message.compose import compose_note
from mailer.message.dkim.signature import sign_message
from mailer.message.headers import mailbox_line, text_line
from mailer.model.recipient import Envelope
from mailer.smtp.direct import DirectMessage, send_by_first_relay

AGAIN, BETWEEN = timedelta(days=7), timedelta(hours=1)
MARKER = "drill-told.json"


class DrillAlarm:
    """Looks once an hour, however often it is asked."""

    def __init__(self, context: DeliveryContext) -> None:
        self._context = context
        self._next: datetime | None = None

    async def check(self) -> bool:
        """Look, and tell the operator what is wrong. Return whether a mail has left."""
        now, config = self._context.clock(), self._context.config
        if config.operator is None or config.doctor.drill is None or (self._next is not None and now < self._next):
            return False
        self._next = now + BETWEEN
        try:
            return await self._remind(config.operator, now)
        except OSError as error:  # sending goes on, whatever becomes of a note about drills
            log.event("drill cannot be looked after", why=f"{error.filename}: {error.strerror}")
            return False

    async def _remind(self, operator: str, now: datetime) -> bool:
        config = self._context.config
        late, marker = late_drill(config.doctor.drill, config.doctor.drill_days, now), config.state / MARKER
        if late is None:
            marker.unlink(missing_ok=True)
            return False
        if _was_reminded(marker, late, now) or not await self._send(late, operator, now):
            return False
        private_files.make_folder(marker.parent)
        marker.unlink(missing_ok=True)
        private_files.write_new(marker, json.dumps({"subject": late.subject, "at": now.isoformat()}).encode())
        log.event("drill is overdue or was not passed: told", file=late.subject)
        return True

    async def _send(self, late: LateDrill, operator: str, now: datetime) -> bool:
        config = self._context.config
        subject = text_line("Subject", "訓練が期限を過ぎたか、不合格です / A drill is overdue, or was not passed")
        lines = (mailbox_line("From", "", config.return_path), mailbox_line("To", "", operator), subject)
        text = f"{late.ja}\n{late.en}\n{late.subject}\n\ntodoke drill; docs/how-to/drill.md\n"
        identity = f"<drill-{now:%Y%m%d%H%M%S}@{config.message_id_domain}>"
        content = compose_note(lines, text, sent_at=now, zone=config.time_zone, own_id=identity)
        signed = sign_message(content, self._context.dkim.for_address(config.return_path), now)
        message = DirectMessage(Envelope(config.return_path, operator), signed)
        return await send_by_first_relay(config.relays, self._context.password_for, config.message_id_domain, message)


def _was_reminded(marker: Path, late: LateDrill, now: datetime) -> bool:
    """Whether the same was told less than a week ago. A clock that was set back tells again."""
    with suppress(OSError, ValueError, KeyError, TypeError):
        record = json.loads(marker.read_bytes())
        age = now - datetime.fromisoformat(record["at"])
        return record["subject"] == late.subject and timedelta(0) <= age < AGAIN
    return False
