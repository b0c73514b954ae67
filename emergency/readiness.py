"""In calm times: would a notice go out tonight? What is not in order is found here, and not by the person on duty."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

from emergency import people, program
from emergency.model import Places

SECONDS = 60.0
"""The deadline of one look."""


async def problems(places: Places, folder: Path) -> AsyncIterator[str]:
    """Yield what would be missing, each with what to do. Raises nothing."""
    ended = await program.run("emergency", "ready", "--output", str(places.output), seconds=SECONDS)
    if ended.status != 0:
        yield ended.words
    if places.trouble:
        yield places.trouble
    elif not places.is_configured:
        yield f"{places.config}: no such file; a notice would reach output/ and no mirror / 公開先の設定がありません"
    if places.is_mail_off:
        yield f"{places.mailer}: no such file; no mail would go out / メールの設定がありません"
    if words := await people.hand_over_calmly(folder, places):
        yield words
