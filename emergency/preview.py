"""What a notice would be, without anything leaving: the forms that `todoke emergency write --preview` writes, and what they say."""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from emergency import program
from emergency.model import EmergencyError, Places, Request

SECONDS = 60.0
"""The deadline. It takes one."""


@dataclass(frozen=True)
class Preview:
    """``forms`` are paths below ``folder``. ``notice`` is the record as other programs read it; ``issues`` are the mails, with their subjects."""

    folder: Path
    forms: Sequence[str]
    notice: dict[str, Any]
    issues: dict[str, str]

    @property
    def title(self) -> str:
        """The title in Japanese."""
        return str(self.notice.get("messages", {}).get("ja", {}).get("title", ""))


async def preview(request: Request, places: Places, folder: Path) -> Preview:
    """Write every form into ``folder``, which is made anew. Raises `EmergencyError` if the notice is refused."""
    shutil.rmtree(folder, ignore_errors=True)
    words = ("emergency", "write", str(request.file), "--only", request.verb.value, "--preview", str(folder), "--format", "json")
    ended = await program.run(*words, "--content", str(places.content), "--output", str(places.output), seconds=SECONDS)
    if ended.status != 0:
        raise EmergencyError(ended.words)
    forms = _files(folder)
    return Preview(folder, forms, _notice(folder, forms), _issues(folder, forms))


def _files(folder: Path) -> list[str]:
    return sorted(file.relative_to(folder).as_posix() for file in folder.rglob("*") if file.is_file())


def _notice(folder: Path, forms: Sequence[str]) -> dict[str, Any]:
    """Return the record: ``notice.json`` of its page has one."""
    for form in forms:
        if form.endswith("/notice.json"):
            parsed = json.loads((folder / form).read_bytes())
            records = parsed.get("notices", parsed) if isinstance(parsed, dict) else parsed
            return dict(records[0] if isinstance(records, list) else records)
    return {}


def _issues(folder: Path, forms: Sequence[str]) -> dict[str, str]:
    files = [folder / form for form in forms if form.startswith("mail/") and form.endswith("/issue.json")]
    records = [json.loads(file.read_bytes()) for file in files]
    return {f"{record['list']}/{record['number']}": str(record["subject"]) for record in records}
