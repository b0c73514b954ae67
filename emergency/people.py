"""Who is responsible for a notice that went out: kept in a file of its own before anything leaves, until the mailer's audit log has it.

The log lies in a database, which may be locked or away when everything else goes out. A file for each order: two orders at once take nothing from each
other, and `todoke emergency record` deletes what it has written down.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import os
from contextlib import suppress
from pathlib import Path

from emergency import program
from emergency.agreement import Agreement
from emergency.model import Places, Request

FOLDER = "people"
"""Below the folder of what the programs say."""

SECONDS = 45.0
"""The deadline of one try. A locked database says so after 30 s."""


def keep(folder: Path, request: Request, agreement: Agreement, now: dt.datetime) -> bool:
    """Write down who sends a notice out. Tell whether there was somebody to write down. Raises `OSError`."""
    people = agreement.people or request.people
    if not people:
        return False
    sha256 = agreement.sha256 or hashlib.sha256(request.file.read_bytes()).hexdigest()
    record = {
        "at": now.isoformat(),
        "people": list(people),
        "notice": str(request.file),
        "verb": request.verb.value,
        "sha256": sha256,
        "signature": agreement.signature,
    }
    (folder / FOLDER).mkdir(parents=True, exist_ok=True, mode=0o700)
    file = folder / FOLDER / f"{now:%Y%m%dT%H%M%S%f}-{os.getpid()}.json"
    file.with_suffix(".part").write_text(json.dumps(record, ensure_ascii=False), "utf-8")
    file.with_suffix(".part").replace(file)
    return True


def are_kept(folder: Path) -> bool:
    """Whether the audit log lacks somebody."""
    return any((folder / FOLDER).glob("*.json"))


async def hand_over(folder: Path, places: Places, seconds: float = SECONDS) -> str:
    """Let the mailer write down all that is kept. Return why that failed, or nothing."""
    if places.is_mail_off:
        return f"{places.mailer}: no such file / メールの設定がありません"
    ended = await program.run("emergency", "record", str(folder / FOLDER), "--config", str(places.mailer), seconds=seconds)
    return "" if ended.status == 0 else ended.words


async def hand_over_calmly(folder: Path, places: Places) -> str:
    """Do it before something else is shown, if anything is kept. Return what to tell people, or nothing. Raises nothing."""
    with suppress(OSError):
        if are_kept(folder) and not places.is_mail_off and (why := await hand_over(folder, places)):
            return (
                f"The audit log still lacks who sent a notice out ({why}); it is kept in {folder / FOLDER}. "
                "出した人の名前が、まだ監査の記録に入っていません"
            )
    return ""
