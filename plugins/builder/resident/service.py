"""Stays beside an output, and builds for each `todoke build` that hands over (`hand_over`), one after the other."""

from __future__ import annotations

import datetime as dt
import os
import select
import socket
import stat
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

from plugins.builder.options import BuildFailed, BuildOptions
from plugins.builder.resident.engine import ResidentBuild
from plugins.builder.resident.hand_over import (
    FOLDER,
    SOCKET,
    answer_of,
    code_digest,
    is_private,
    options_from,
    peer,
    read_line,
    refusal_of,
    write_line,
)
from plugins.diagnostics import ContentErrors
from plugins.file_lock import acquire

_IDLE = 2.0
"""Seconds without a request after which what is in memory is written for the next process."""

_SOON = 2.0
"""Seconds in which whoever connects has to send a request."""


class CannotStay(BuildFailed):
    """No process can stay here. The message is in two languages."""


@dataclass
class ResidentService:
    """``options`` are those of every build but for the moment and for whether it is strict. ``clock`` tells whether the next moment is near."""

    options: BuildOptions
    engine: ResidentBuild
    clock: Callable[[], dt.datetime]
    code: str = field(init=False)

    def __post_init__(self) -> None:
        self.code = code_digest(self.options)

    def run(self) -> None:
        """Serve until this program changes, or standard input ends, if that is a pipe: its other end is who started us. Raises `CannotStay`, `OSError`."""
        with _listening(self.options) as listener:
            try:
                while self._wait(listener):
                    pass
            finally:  # also when somebody ends it
                self.engine.let_go()
                self.engine.save()

    def _wait(self, listener: socket.socket) -> bool:
        """Wait for a request and serve it; when none comes, save, and make ahead what the clock brings next. Tell whether to go on."""
        ready, _, _ = select.select([listener.fileno(), *_parent()], [], [], _IDLE)
        if listener.fileno() in ready:
            connection, _ = listener.accept()
            with connection:
                return self._serve(connection)
        if not ready:
            with suppress(BuildFailed, OSError):  # another process builds, or the disk is full: tried again
                self.engine.save()
                self.engine.look_ahead(self.clock())
        return not ready

    def _serve(self, connection: socket.socket) -> bool:
        """Answer one request, and tell whether to go on. Whatever the other side does, this process stays."""
        connection.settimeout(_SOON)
        is_current = self.code == code_digest(self.options)
        try:
            request = read_line(connection) if peer(connection) == os.getuid() else {}
            options = options_from(request, self.options) if is_current and request.get("code") == self.code else None
            write_line(connection, {"taken": options is not None})
            if options:
                connection.settimeout(None)
                write_line(connection, self._build(options))
        except (OSError, ValueError, AttributeError):  # it went away, or talks another language
            pass
        return is_current

    def _build(self, options: BuildOptions) -> dict[str, Any]:
        """Build. No event is waited for, and nothing is believed: sources and output are looked at, which takes a few tenths of a second."""
        try:
            return answer_of(self.engine.build(options, self.engine.changed_files() if self.engine.is_output_intact() else None))
        except (ContentErrors, BuildFailed) as error:
            return refusal_of(error)


def _parent() -> list[int]:
    """Return standard input if it is a pipe."""
    try:
        return [0] if stat.S_ISFIFO(os.fstat(0).st_mode) else []
    except OSError:
        return []


@contextmanager
def _listening(options: BuildOptions) -> Iterator[socket.socket]:
    """Raises `CannotStay`, `OSError`."""
    folder = options.output.absolute() / FOLDER
    if sys.platform != "linux":
        raise CannotStay("この機械では使えません（Linuxだけです） / it stays on Linux only")
    with suppress(FileExistsError):
        folder.mkdir(mode=0o700)
    if not is_private(folder):
        raise CannotStay(f"{folder} がこの利用者だけのものではありません。消してください / {folder} is not this account's alone: delete it")
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    lock = os.open("lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600, dir_fd=descriptor)
    try:
        if not acquire(lock, 0):
            raise CannotStay(f"もう一つが {options.output} で動いています / another one stays beside {options.output}")
        with suppress(FileNotFoundError):  # of a process that was killed
            os.unlink(SOCKET, dir_fd=descriptor)
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(f"/proc/self/fd/{descriptor}/{SOCKET}")
            listener.listen()
            try:
                yield listener
            finally:
                with suppress(OSError):
                    os.unlink(SOCKET, dir_fd=descriptor)
    finally:
        os.close(lock)
        os.close(descriptor)
