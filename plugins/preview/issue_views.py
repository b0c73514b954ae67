"""One issue in the forms in which people will meet it. Reads the bundle; changes nothing."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from plugins.magazine.gate.gate import LARGEST as HEAVIEST
from plugins.magazine.gate.gate import encoded_size
from plugins.magazine.render.light import LARGEST as LIGHTEST

_DARK = re.compile(r"@media\s*\(prefers-color-scheme:\s*dark\)")

# What a client does that darkens a mail by itself: colours turned round, pictures left as they are.
_TURNED = "<style>html { filter: invert(1) hue-rotate(180deg); background: #fff } img { filter: invert(1) hue-rotate(180deg) }</style>"


@dataclass(frozen=True)
class Bundle:
    """One folder of ``output/mail``."""

    folder: Path

    @property
    def name(self) -> str:
        return f"{self.folder.parent.name}/{self.folder.name}"

    @property
    def title(self) -> str:
        """What the list is called."""
        return str(self._list()["title"])

    @property
    def issue(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads((self.folder / "issue.json").read_text(encoding="utf-8"))
        return found

    def html(self, scheme: str) -> str:
        """Return the HTML part in its ``light`` or ``dark`` colours, or ``turned`` round, whatever the browser prefers."""
        html = (self.folder / "mail.html").read_text(encoding="utf-8")
        html = html.replace("</head>", f"{_TURNED}</head>") if scheme == "turned" else html
        return _DARK.sub("@media all" if scheme == "dark" else "@media not all", html)

    def text(self, name: str) -> str:
        """Return ``mail.txt`` or ``light.txt``."""
        return (self.folder / name).read_text(encoding="utf-8")

    def headers(self) -> list[tuple[str, str]]:
        """Return what the headers will say, as the bundle tells it to the mailer."""
        issue, mail_list = self.issue, self._list()
        return [
            ("From", f"{mail_list['from']['name']} <{mail_list['from']['address']}>"),
            ("Reply-To", mail_list["reply_to"]),
            ("Subject", issue["subject"]),
            ("Date", issue["date"]),
            ("List-Id", f"{mail_list['title']} <{mail_list['list_id']}>"),
            ("List-Archive", mail_list["archive_url"]),
            ("Archived-At", issue["archive_url"]),
            ("Preheader", issue["preheader"]),
        ]

    def weights(self) -> list[tuple[str, str]]:
        """Return what each part weighs as it is sent, beside what it may weigh."""
        parts = self.issue["parts"]
        charset = parts["light.txt"]["charset"]
        light = len(self.text("light.txt").encode(charset))
        return [
            ("HTML", f"{encoded_size(parts['mail.html']['bytes']) / 1000:.0f} kB（{HEAVIEST // 1000} kBまで）"),
            ("テキスト Text", f"{parts['mail.txt']['bytes'] / 1000:.1f} kB"),
            ("軽い版 Light", f"{light / 1000:.1f} kB、{charset.upper()}（{LIGHTEST // 1000} kBまで）"),
        ]

    def _list(self) -> dict[str, Any]:
        lists = json.loads((self.folder.parent.parent / "lists.json").read_text(encoding="utf-8"))["lists"]
        found: dict[str, Any] = next(entry for entry in lists if entry["key"] == self.folder.parent.name)
        return found


def bundles(mail: Path) -> list[Bundle]:
    """Return every issue, in the order of lists and then of dates."""
    found = [Bundle(file.parent) for file in mail.glob("*/*/issue.json")]
    return sorted(found, key=lambda bundle: (bundle.folder.parent.name, bundle.issue["date"]))
