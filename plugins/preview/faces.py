"""One issue in the forms in which people will meet it. Reads the bundle; changes nothing."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_DARK = re.compile(r"@media\s*\(prefers-color-scheme:\s*dark\)")


@dataclass(frozen=True)
class Bundle:
    """One folder of ``output/mail``."""

    folder: Path

    @property
    def name(self) -> str:
        return f"{self.folder.parent.name}/{self.folder.name}"

    @property
    def issue(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads((self.folder / "issue.json").read_text(encoding="utf-8"))
        return found

    def html(self, scheme: str) -> str:
        """Return the HTML part in its ``light`` or ``dark`` colours, whatever the browser prefers."""
        html = (self.folder / "mail.html").read_text(encoding="utf-8")
        return _DARK.sub("@media all" if scheme == "dark" else "@media not all", html)

    def text(self, name: str) -> str:
        """Return ``mail.txt`` or ``light.txt``."""
        return (self.folder / name).read_text(encoding="utf-8")

    def headers(self) -> list[tuple[str, str]]:
        """Return what the headers will say, and what the parts weigh, as the bundle tells it to the mailer."""
        issue, lists = self.issue, json.loads((self.folder.parent.parent / "lists.json").read_text(encoding="utf-8"))
        mail_list = next(entry for entry in lists["lists"] if entry["key"] == issue["list"])
        sizes = [(name, f"{part['bytes']:,} bytes {part.get('charset', '')}".strip()) for name, part in sorted(issue["parts"].items())]
        return [
            ("From", f"{mail_list['from']['name']} <{mail_list['from']['address']}>"),
            ("Reply-To", mail_list["reply_to"]),
            ("Subject", issue["subject"]),
            ("Date", issue["date"]),
            ("List-Id", f"{mail_list['title']} <{mail_list['list_id']}>"),
            ("List-Archive", mail_list["archive_url"]),
            ("Archived-At", issue["archive_url"]),
            ("Preheader", issue["preheader"]),
            *sizes,
        ]


def bundles(mail: Path) -> list[Bundle]:
    """Return every issue, in the order of lists and then of dates."""
    found = [Bundle(file.parent) for file in mail.glob("*/*/issue.json")]
    return sorted(found, key=lambda bundle: (bundle.folder.parent.name, bundle.issue["date"]))
