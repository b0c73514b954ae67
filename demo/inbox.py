"""The delivered mail, read back from the Maildir as a mail program would.

A message in a Maildir never changes, so the headers of each are read once; a list of two thousand is then there at once.
"""

from __future__ import annotations

import email
import re
from dataclasses import dataclass
from email.header import decode_header, make_header
from email.message import EmailMessage
from email.policy import compat32, default
from functools import lru_cache
from pathlib import Path
from threading import Lock

_KEY = re.compile(r"[A-Za-z0-9._:,=-]+")
_HEAD = 32_768
"""Bytes that are read for the headers: ours have three thousand."""


@dataclass(frozen=True)
class Summary:
    """What a list of messages shows of one. ``archived_at`` is empty for a message that is no copy of an issue."""

    key: str
    to: str
    subject: str
    archived_at: str


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


class Inbox:
    """The folder ``new`` of a Maildir."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._summaries: dict[str, Summary] = {}
        self._lock = Lock()

    def names(self) -> list[str]:
        """Return the names of all messages, in a fixed order."""
        return sorted(path.name for path in self.folder.iterdir()) if self.folder.is_dir() else []

    def summaries(self) -> list[Summary]:
        """Return the headers of all messages, in the order of their names. What was read before is not read again."""
        with self._lock:
            names = self.names()
            self._summaries.update({name: _summary(self.folder / name) for name in names if name not in self._summaries})
            return [self._summaries[name] for name in names]

    def message(self, key: str) -> ReceivedMail | None:
        """Return one message; None if there is none of that name. A name that could leave the folder is none."""
        path = self.folder / key
        if not _KEY.fullmatch(key) or not path.is_file():
            return None
        parsed = email.message_from_bytes(path.read_bytes(), policy=default)
        headers = tuple((name, str(value)) for name, value in parsed.items())
        return ReceivedMail(key, headers, _part(parsed, "html"), _part(parsed, "plain"))

    def find(self, *, to: str) -> ReceivedMail | None:
        """Return the first message whose To contains the given text."""
        key = next((summary.key for summary in self.summaries() if to in summary.to), "")
        return self.message(key) if key else None


def _summary(path: Path) -> Summary:
    with path.open("rb") as file:
        head = file.read(_HEAD)
    headers = email.message_from_bytes(re.split(rb"\r?\n\r?\n", head, maxsplit=1)[0], policy=compat32)
    to, subject, archived_at = (str(headers.get(name, "")) for name in ("To", "Subject", "Archived-At"))
    return Summary(path.name, _decoded(to), _decoded(subject), archived_at)


@lru_cache(maxsize=4096)  # a thousand messages have one subject
def _decoded(value: str) -> str:
    """Return a header without folds and encoded words (RFC 2047)."""
    return str(make_header(decode_header(" ".join(value.split()))))


def _part(message: EmailMessage, subtype: str) -> str:
    part = message.get_body((subtype,))
    return "" if part is None else str(part.get_content())
