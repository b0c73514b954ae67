"""One issue in the forms in which readers see it. Reads the bundle; changes nothing."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from plugins.magazine.gate.gate import LARGEST as LARGEST_HTML
from plugins.magazine.gate.gate import encoded_size
from plugins.magazine.render.light import LARGEST as LARGEST_LIGHT

_DARK = re.compile(r"@media\s*\(prefers-color-scheme:\s*dark\)")

# Some mail clients darken a mail without asking it: they invert its colours and leave images as they are.
_INVERTED = "<style>html { filter: invert(1) hue-rotate(180deg); background: #fff } img { filter: invert(1) hue-rotate(180deg) }</style>"

READER = "読者ごとに違います Each reader's own"

_REST = 2_500
"""Bytes of the headers, the boundaries and the signature of a mail, about."""


@dataclass(frozen=True)
class Bundle:
    """One folder of ``output/mail``."""

    folder: Path

    @property
    def name(self) -> str:
        return f"{self.folder.parent.name}/{self.folder.name}"

    @property
    def title(self) -> str:
        """The title of the mailing list."""
        return str(self._list()["title"])

    @property
    def issue(self) -> dict[str, Any]:
        issue: dict[str, Any] = json.loads((self.folder / "issue.json").read_text(encoding="utf-8"))
        return issue

    def html(self, scheme: str) -> str:
        """Return the HTML part in its ``light`` or ``dark`` colours, or ``inverted``, whatever the browser prefers."""
        html = (self.folder / "mail.html").read_text(encoding="utf-8")
        html = html.replace("</head>", f"{_INVERTED}</head>") if scheme == "inverted" else html
        return _DARK.sub("@media all" if scheme == "dark" else "@media not all", html)

    def text(self, name: str) -> str:
        """Return ``mail.txt`` or ``light.txt``."""
        return (self.folder / name).read_text(encoding="utf-8")

    def headers(self) -> list[tuple[str, str]]:
        """Return the headers that a reader's program shows or uses, as the mailer makes them from the bundle; and the preheader, which is in the HTML part."""
        issue, mail_list = self.issue, self._list()
        return [
            ("From", f"{mail_list['from']['name']} <{mail_list['from']['address']}>"),
            ("To", READER),
            ("Reply-To", mail_list["reply_to"]),
            ("Subject", issue["subject"]),
            ("Date", f"送る日時 Moment of sending（号の日時 of the issue: {issue['date']}）"),
            ("List-Id", f"{mail_list['title']} <{mail_list['list_id']}>"),
            ("List-Unsubscribe", READER),
            ("List-Unsubscribe-Post", "List-Unsubscribe=One-Click"),
            ("List-Archive", f"<{mail_list['archive_url']}>"),
            ("Archived-At", f"<{issue['archive_url']}>"),
            ("Preheader", issue["preheader"]),
        ]

    def sizes(self) -> list[tuple[str, str]]:
        """Return the size of each part as it is sent, in base64, with its limit. Each reader's own links make a mail some hundred bytes longer."""
        alternatives = self.issue["parts"]
        charset = alternatives["light.txt"]["charset"]
        light = len(self.text("light.txt").encode(charset))
        html, text = (encoded_size(alternatives[name]["bytes"]) for name in ("mail.html", "mail.txt"))
        return [
            ("HTML", f"{html / 1000:.1f} kB（{LARGEST_HTML // 1000} kBまで）"),
            ("テキスト Text", f"{text / 1000:.1f} kB"),
            ("メール全体 Whole mail", f"およそ {(html + text + _REST) / 1000:.0f} kB"),
            ("軽い版 Light", f"{light / 1000:.1f} kB、{charset.upper()}（{LARGEST_LIGHT // 1000} kBまで）"),
        ]

    def _list(self) -> dict[str, Any]:
        lists = json.loads((self.folder.parent.parent / "lists.json").read_text(encoding="utf-8"))["lists"]
        mail_list: dict[str, Any] = next(entry for entry in lists if entry["key"] == self.folder.parent.name)
        return mail_list


def bundles(mail: Path) -> list[Bundle]:
    """Return every issue below ``output/mail``, ordered by list and then by date."""
    return sorted(
        (Bundle(file.parent) for file in mail.glob("*/*/issue.json")), key=lambda bundle: (bundle.folder.parent.name, bundle.issue["date"])
    )
