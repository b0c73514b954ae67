"""Whether a live channel takes a record. What was left over from trials, or is over, went out as real in Miyakojima, and again after a change of system in Nara (2022). Pure."""

from __future__ import annotations

import datetime as dt

from plugins.emergency.record import EmergencyRecord


def refusal(record: EmergencyRecord, live_since: dt.datetime | None, now: dt.datetime) -> tuple[str, str] | None:
    """Return why a channel that was switched on at ``live_since`` does not take the record now, in Japanese and English; None if it does."""
    if live_since and record.sent < live_since:
        return (
            f"日付（{record.sent:%Y-%m-%d %H:%M}）が、配信を始めた日時（{live_since:%Y-%m-%d %H:%M}）より前です",
            f"it is older ({record.sent.isoformat()}) than the channel ({live_since.isoformat()})",
        )
    if record.expires <= now:
        return f"期限（{record.expires:%Y-%m-%d %H:%M}）が過ぎています", f"it ended at {record.expires.isoformat()}"
    if record.sent > now:
        return f"日付（{record.sent:%Y-%m-%d %H:%M}）が、まだ来ていません", f"it begins at {record.sent.isoformat()}"
    return None
