"""Two people instead of a hold: the mailer's rules say whether they are two, and who they are (`todoke emergency confirm`)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field

from emergency import program
from emergency.board import AGREEMENT, Board
from emergency.model import Outcome, Places, Request

SECONDS = 30.0
"""The deadline: somebody may have to touch a security key."""


@dataclass(frozen=True)
class Agreement:
    """Whether the notice may leave, and for which lists the second person has to approve the mail too.

    ``people`` are the two as the rules name them, ``sha256`` is that of what they agreed to, ``signature`` the second one's.
    """

    is_given: bool
    by_default: bool = False
    lists: Mapping[str, bool] = field(default_factory=dict)
    people: tuple[str, ...] = ()
    sha256: str = ""
    signature: str = ""

    def needs_approval(self, key: str) -> bool:
        """Whether a second person has to approve an issue of this list."""
        return self.lists.get(key, self.by_default)


async def agree(request: Request, places: Places, board: Board) -> Agreement:
    """Return whether the notice may leave: after a hold, or because two people agree."""
    if len(request.people) < 2:
        return Agreement(is_given=True)
    first, second = request.people[:2]
    words = ("emergency", "confirm", str(request.file), "--as", first, "--second", second, "--config", str(places.mailer))
    ended = await program.run(*words, seconds=SECONDS)
    if ended.status != 0:
        board.set(AGREEMENT, Outcome.FAILED, ended.words)
        return Agreement(is_given=False)
    record = json.loads(ended.out)
    how = "signed 署名あり" if record["signature"] else "by name 名前で"
    board.set(AGREEMENT, Outcome.DONE, f"{record['first']}, {record['second']} ({how})")
    needs = record["needs_approval"]
    people = (record["first"], record["second"])
    return Agreement(True, needs["default"], needs["lists"], people, record["sha256"], record["signature"])
