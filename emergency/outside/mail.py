"""How far the mail of an issue is, by the mailer's ledger (`todoke status`)."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from emergency import program
from emergency.model import Places

SECONDS = 45.0
"""The deadline. A locked database says so after 30 s."""


@dataclass(frozen=True)
class MailState:
    """``sent`` of ``readers`` have it; ``waiting`` have not been tried yet. ``failure`` says why that is not known, or why it is not under way."""

    issue: str
    readers: int = 0
    sent: int = 0
    waiting: int = 0
    failure: str = ""

    @property
    def is_live(self) -> bool:
        """Whether everybody has been tried. Who could not be reached is tried again, and `todoke who-missed` names them."""
        return not self.failure and self.waiting == 0


async def mail_state(issue: str, places: Places) -> MailState:
    """Ask the mailer."""
    ended = await program.run("status", issue, "--format", "json", "--config", str(places.mailer), seconds=SECONDS)
    if ended.status != 0:
        return MailState(issue, failure=ended.words)
    try:
        return _state(issue, json.loads(ended.out))
    except (ValueError, LookupError, TypeError) as error:
        return MailState(issue, failure=f"todoke status: not the answer that was expected: {error} / 答えが読めません")


def _state(issue: str, record: dict[str, Any]) -> MailState:
    [row] = record["issues"]
    counts = {str(state): int(count) for state, count in row["counts"].items()}
    return MailState(issue, sum(counts.values()), counts.get("sent", 0), counts.get("pending", 0) + counts.get("claimed", 0))
