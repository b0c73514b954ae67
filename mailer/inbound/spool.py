"""Messages on the disk: those that wait to be read (`new`), those that could not be read (`failed`), and returned mail that nobody understood (`pile`).

A file holds one message for one recipient: a line of JSON with the envelope, then the message as it came. Its name begins with the time and ends with a
digest of recipient and message: the same message, delivered again because our 250 was lost, has the same digest, and counts once.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from mailer import private_files
from mailer.model.errors import TodokeMailError
from mailer.model.returned.folder import Folder

NAME = re.compile(r"[0-9]{8}T[0-9]{12}-([0-9a-f]{32})\.mail")
LONGEST_REASON = 300


class SpoolError(TodokeMailError):
    """There is no such message in the spool, or its file is damaged."""


@dataclass(frozen=True, slots=True)
class InboundMessage:
    """One message for one recipient. `sender` is the envelope's, empty for a null sender; `at` is when it came."""

    sender: str
    recipient: str
    at: datetime
    content: bytes

    @property
    def digest(self) -> str:
        """Names the message: 32 hexadecimal digits."""
        return hashlib.sha256(self.recipient.lower().encode() + b"\0" + self.content).hexdigest()[:32]


@dataclass(frozen=True, slots=True)
class Spool:
    """The folders below `root`, usually `var/inbound`. Every file is for its owner alone."""

    root: Path

    def prepare(self) -> None:
        """Make the folders, and take away what a killed process left half written: it was not answered with 250."""
        for folder in Folder:
            private_files.make_folder(self.root / folder)
        for part in self.root.glob("new/*.part"):
            part.unlink(missing_ok=True)

    def store(self, message: InboundMessage) -> Path:
        """Put a message on the disk. When this returns it survives a power cut.

        :raises OSError: it cannot be written; nothing of it is left.
        """
        path = self.root / Folder.NEW / f"{message.at.astimezone(UTC):%Y%m%dT%H%M%S%f}-{message.digest}.mail"
        head = {"from": message.sender, "to": message.recipient, "at": message.at.isoformat()}
        part = path.with_suffix(".part")
        part.unlink(missing_ok=True)
        private_files.write_new(part, json.dumps(head).encode() + b"\n" + message.content)
        part.replace(path)
        _sync(path.parent)
        return path

    def names(self, folder: Folder = Folder.NEW) -> list[str]:
        """The messages of a folder, oldest first."""
        with suppress(FileNotFoundError):
            return sorted(each.name for each in os.scandir(self.root / folder) if NAME.fullmatch(each.name))
        return []

    def read(self, name: str, folder: Folder = Folder.NEW) -> InboundMessage:
        """One message.

        :raises SpoolError: it is not there, or is no such file.
        """
        try:
            head, _, content = self.path(name, folder).read_bytes().partition(b"\n")
            fields = json.loads(head)
            return InboundMessage(fields["from"], fields["to"], datetime.fromisoformat(fields["at"]), content)
        except FileNotFoundError:
            raise SpoolError(f"There is no message {name} in {self.root / folder}. See `todoke inbound list`.") from None
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise SpoolError(f"{self.root / folder / name}: not a message of the spool ({type(error).__name__}).") from error

    def path(self, name: str, folder: Folder) -> Path:
        """The file of a message.

        :raises SpoolError: the name is none; no path can be smuggled in.
        """
        if not NAME.fullmatch(name):
            raise SpoolError(f"{name!r} names no message. Take a name from `todoke inbound list`.")
        return self.root / folder / name

    def done(self, name: str, folder: Folder = Folder.NEW) -> None:
        """All that follows from the message has been done."""
        self.path(name, folder).unlink(missing_ok=True)
        self._reason(name, folder).unlink(missing_ok=True)

    def keep(self, name: str, folder: Folder, reason: str) -> None:
        """Put a message aside for the operator, with the reason."""
        note = self._reason(name, folder)
        note.unlink(missing_ok=True)
        private_files.write_new(note, " ".join(reason.split())[:LONGEST_REASON].encode())
        self.path(name, Folder.NEW).replace(self.path(name, folder))
        _sync(self.root / folder)

    def requeue(self, name: str, folder: Folder) -> None:
        """Let a message that was put aside be read once more.

        :raises SpoolError: it is not there.
        """
        if not self.path(name, folder).exists():
            raise SpoolError(f"There is no message {name} in {self.root / folder}. See `todoke inbound list`.")
        self.path(name, folder).replace(self.path(name, Folder.NEW))
        self._reason(name, folder).unlink(missing_ok=True)

    def reason(self, name: str, folder: Folder) -> str:
        """Why a message was put aside."""
        with suppress(OSError):
            return self._reason(name, folder).read_text("utf-8", "replace")
        return ""

    def forget_old(self, before: datetime) -> int:
        """Delete what was put aside before that moment: returned mail names people. How many messages?"""
        oldest = f"{before.astimezone(UTC):%Y%m%dT%H%M%S%f}"
        old = [(name, folder) for folder in (Folder.FAILED, Folder.PILE) for name in self.names(folder) if name < oldest]
        for name, folder in old:
            self.done(name, folder)
        return len(old)

    def _reason(self, name: str, folder: Folder) -> Path:
        return self.root / folder / (name.removesuffix(".mail") + ".why")


def age_of(name: str, now: datetime) -> timedelta:
    """How long ago a message came."""
    return now - datetime.strptime(name.partition("-")[0], "%Y%m%dT%H%M%S%f").replace(tzinfo=UTC)


def _sync(folder: Path) -> None:
    """Without this the name of a new file may be gone after a power cut, with the file (fsync(2))."""
    if not private_files.HAS_MODES:
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
