"""When it is too late for an issue. Pure; `delivery.expiry` asks the clock."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from mailer.model.issue import FrozenIssue, ListClass


@dataclass(frozen=True, slots=True)
class MaximumAge:
    """How long after its scheduled moment an issue of each class may still be sent, whether its author has set an expiry or not."""

    newsletter: timedelta = timedelta(days=7)
    emergency: timedelta = timedelta(hours=24)

    def of(self, list_class: ListClass) -> timedelta:
        """The maximum age of this class."""
        return self.emergency if list_class is ListClass.EMERGENCY else self.newsletter

    def end(self, frozen: FrozenIssue) -> datetime:
        """From this moment on the issue is not sent any more. Its age counts from the scheduled moment, or from when it was frozen."""
        begin = max(frozen.send_at or frozen.frozen_at, frozen.frozen_at)  # versions before this one let an issue be scheduled for the past
        last = begin + self.of(frozen.issue.list_class)
        return last if frozen.issue.expires is None else min(last, frozen.issue.expires)
