"""Anchors of the audit log: files, outside the database, that hold how far the log had come at some moment.

This machine keeps one of its own beside its journals, and writes it with each entry. `todoke audit --anchor FILE` keeps a list on another disk or
machine. Each line is an anchor: number, hash and moment of an entry.
"""

from __future__ import annotations

import os
import re
import threading
from datetime import datetime
from pathlib import Path

from mailer import private_files
from mailer.config.settings import Config
from mailer.model.audit_log import Anchor, AuditEntry
from mailer.model.errors import TodokeMailError

LINE = re.compile(r"([1-9][0-9]{0,17}) ([0-9a-f]{64}) ([0-9T:.+-]{19,40})")
MOST_BYTES = 10_000_000


class AnchorError(TodokeMailError):
    """A file of anchors cannot be read or written, or holds something else."""


def path_of(config: Config) -> Path:
    """Return the file of this machine."""
    return config.state / "audit-anchor"


def read(path: Path) -> tuple[Anchor, ...]:
    """Return the anchors of a file, oldest first; none if there is no file.

    :raises AnchorError: the file cannot be read, or a line is no anchor.
    """
    if path.exists() and not path.is_file():  # a pipe may have no end
        raise AnchorError(f"{path}: cannot be read (no file). ファイルではありません。")
    try:
        with path.open("rb") as file:
            lines = file.read(MOST_BYTES).decode("ascii", "replace").splitlines()
    except FileNotFoundError:
        return ()
    except OSError as error:
        raise AnchorError(f"{path}: cannot be read ({error.strerror}). 読めません。") from None
    return tuple(_parse(path, number, line) for number, line in enumerate(lines, 1))


def add(path: Path, entry: AuditEntry) -> None:
    """Append an anchor to a file of them, unless it is its newest already; the file is made if need be.

    :raises AnchorError: the file cannot be written, or holds something else.
    """
    known = read(path)
    if known and known[-1].hash == entry.hash:
        return
    try:
        with path.open("ab") as file:
            file.write(_line(Anchor.of(entry)))
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        raise AnchorError(f"{path}: cannot be written ({error.strerror}). 書けません。") from None


def note(path: Path, entry: AuditEntry) -> None:
    """Let this machine's file hold the newest entry and nothing else. A file that holds a later one stays: the log has been cut off since.

    :raises AnchorError: the file cannot be written.
    """
    if any(anchor.number >= entry.number for anchor in read(path)):
        return
    replace(path, Anchor.of(entry))


def replace(path: Path, anchor: Anchor) -> None:
    """Let a file hold this anchor alone, in one step.

    :raises AnchorError: the file cannot be written.
    """
    new = path.with_name(f"{path.name}.{os.getpid()}.{threading.get_ident()}")
    try:
        private_files.make_folder(path.parent)
        with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            file.write(_line(anchor))
            file.flush()
            os.fsync(file.fileno())
        new.replace(path)
    except OSError as error:
        raise AnchorError(f"{path}: cannot be written ({error.strerror}). 書けません。") from None


def _line(anchor: Anchor) -> bytes:
    return f"{anchor.number} {anchor.hash} {anchor.at.isoformat()}\n".encode()


def _parse(path: Path, number: int, line: str) -> Anchor:
    match = LINE.fullmatch(line)
    try:
        if match and (moment := datetime.fromisoformat(match[3])).tzinfo:
            return Anchor(int(match[1]), match[2], moment)
    except ValueError:
        pass
    raise AnchorError(f"{path}, line {number}: no anchor of an audit log. Give another file with --anchor. 監査記録の控えではありません。")
