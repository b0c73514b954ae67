"""Replies of a relay as they arrive: whole lines are taken out of one buffer, and each reply is handed to the handler of the step that it answers.

It is an `asyncio.BufferedProtocol`: asyncio's usual one allocates 256 KiB for each read.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from mailer.smtp.replies import CONTINUED_LINE, ENDLESS, LAST_LINE, LONGEST_REPLY


class ReplyProtocol(asyncio.BufferedProtocol):
    """For a subclass that knows what each reply answers: a class of its own would cost a call for each reply.

    ``_handlers`` has one handler for each ``_step``; it gets the code and the text. ``_is_over`` ends it: what comes after that is not read.
    """

    _handlers: tuple[Callable[[int, bytes], None], ...]

    def __init__(self) -> None:
        self._step = 0
        self._buffer = bytearray(LONGEST_REPLY)
        self._view = memoryview(self._buffer)
        self._filled = 0  # bytes of the buffer
        self._lines: list[bytes] = []  # of a reply that is not complete yet
        self._length = 0  # bytes of them
        self._is_over = False

    def lose(self, why: str) -> None:
        """Give the connection up."""
        raise NotImplementedError

    def _fail(self, error: Exception) -> None:
        """A handler has raised."""
        raise NotImplementedError

    def _set_deadline(self) -> None:
        """The relay has answered, and has the time of the step again."""
        raise NotImplementedError

    def get_buffer(self, sizehint: int) -> memoryview:  # noqa: ARG002 - asyncio's signature
        """Where the next bytes go."""
        return self._view[self._filled :] if self._filled else self._view

    def buffer_updated(self, nbytes: int) -> None:
        """Take every whole line out of the buffer."""
        self._filled += nbytes
        filled, buffer = self._filled, self._buffer
        begin = buffer.rfind(b"\n", 0, filled) + 1
        if begin:
            lines = bytes(self._view[: begin - 1]).split(b"\n")
            remaining = self._filled = filled - begin
            buffer[:remaining] = buffer[begin:filled]
            try:
                self._handle_lines(lines)
            except Exception as error:  # costs nothing unless there is one; `run` raises it
                self._fail(error)
        if self._filled == LONGEST_REPLY:
            self.lose(ENDLESS)

    def _handle_lines(self, lines: list[bytes]) -> None:
        for line in lines:
            if self._is_over:
                return
            code = LAST_LINE.get(line[:4])
            if code is None or self._lines:
                self._handle_unusual(code, line)
            else:
                self._handlers[self._step](code, line[4:])
        self._set_deadline()

    def _handle_unusual(self, code: int | None, line: bytes) -> None:
        """A line of a reply that has several (RFC 5321 section 4.2.1), or garbage. `code` is given with the last line."""
        if code is None and line[:4] not in CONTINUED_LINE:
            self.lose(f"not an SMTP reply: {line.rstrip()[:80]!r}")
            return
        self._lines.append(line[4:].rstrip(b"\r"))
        self._length += len(line)  # not the sum of the lines: to add up thousands of them for each takes seconds
        if self._length > LONGEST_REPLY:
            self.lose(ENDLESS)
        elif code is not None:
            text = b" ".join(self._lines)
            self._lines.clear()
            self._length = 0
            self._handlers[self._step](code, text)
