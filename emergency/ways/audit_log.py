"""Into the mailer's audit log: who sent the notice out. It goes last, after mail and mirrors, and takes no processor from what people wait for."""

from __future__ import annotations

import asyncio
from collections.abc import Collection
from pathlib import Path

from emergency import people
from emergency.board import AUDIT_LOG, Board
from emergency.model import Outcome, Places

PATIENCE = 20.0
"""Seconds for mail and mirrors. One that is dead says nothing of the database."""

PAUSES = (2.0, 5.0, 10.0)
"""Seconds between two tries."""


async def write_down(places: Places, board: Board, folder: Path, before: Collection[asyncio.Task[None]]) -> None:
    """Hand over what is kept, after the tasks ``before``, and try again until the time is over. What is left is handed over by the next command."""
    kept = f"kept in {folder / people.FOLDER} / 控えに残しました"
    board.set(AUDIT_LOG, Outcome.WAITING, kept)
    if before:
        await asyncio.wait(before, timeout=PATIENCE)
    if places.is_mail_off:
        board.set(AUDIT_LOG, Outcome.OFF, f"there is no mailer here; {kept}")
        return
    for number in range(1_000_000):
        why = await people.hand_over(folder, places)
        if not why:
            board.set(AUDIT_LOG, Outcome.DONE, "written down / 記録しました")
            return
        board.set(AUDIT_LOG, Outcome.WORKING, f"{why} ({kept})", is_try=True)
        await asyncio.sleep(PAUSES[min(number, len(PAUSES) - 1)])
