"""The delivered mail, read back from the Maildir as a mail program would."""

from __future__ import annotations

import email
import re
from dataclasses import dataclass
from email.message import EmailMessage
from email.policy import default
from pathlib import Path

_KEY = re.compile(r"[A-Za-z0-9._:,=-]+")


@dataclass(frozen=True)
class ReceivedMail:
    """One delivered message. ``headers`` in their order; ``html`` and ``text`` are the decoded parts."""

    key: str
    headers: tuple[tuple[str, str], ...]
    html: str
    text: str

    def header(self, name: str) -> str:
        """Return the first header of that name, or an empty text."""
        return next((value for key, value in self.headers if key.lower() == name.lower()), "")


@dataclass(frozen=True)
class Inbox:
    """The folder ``new`` of a Maildir."""

    folder: Path

    def names(self) -> list[str]:
        """Return the names of all messages, in a fixed order."""
        return sorted(path.name for path in self.folder.iterdir()) if self.folder.is_dir() else []

    def message(self, key: str) -> ReceivedMail | None:
        """Return one message; None if there is none of that name. A name that could leave the folder is none."""
        path = self.folder / key
        if not _KEY.fullmatch(key) or not path.is_file():
            return None
        parsed = email.message_from_bytes(path.read_bytes(), policy=default)
        headers = tuple((name, str(value)) for name, value in parsed.items())
        return ReceivedMail(key, headers, _part(parsed, "html"), _part(parsed, "plain"))

    def find_all(self, **headers: str) -> list[ReceivedMail]:
        """Return the messages whose headers (``to``, ``subject``) contain the given texts."""
        messages = (message for name in self.names() if (message := self.message(name)))
        return [message for message in messages if all(text in message.header(name) for name, text in headers.items())]

    def find(self, **headers: str) -> ReceivedMail | None:
        """Return the first such message."""
        return next(iter(self.find_all(**headers)), None)


def _part(message: EmailMessage, subtype: str) -> str:
    part = message.get_body((subtype,))
    return "" if part is None else str(part.get_content())
