"""SMTP with pipelining (RFC 2920), as a state machine on a transport that aiosmtplib has connected and authenticated.

MAIL, RCPT and DATA leave in one write; on 354 the body, its dot and the next envelope leave in one write. So a message
costs one round trip, one read and one write. `asyncio.BufferedProtocol`: asyncio's usual one allocates 256 KiB a read.
Whoever gives the messages is called back (`Work`), in the event loop, never from another thread.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from enum import Enum, auto
from functools import partial

from mailer.letter import Ended, Letter, Work
from mailer.mould import END
from mailer.rules import Outcome, Phase

CLOSING = 421  # RFC 5321 section 3.8: the relay hangs up after this
START_INPUT = 354
LONGEST_REPLY = 16_384  # bytes; RFC 5321 section 4.5.3.1.5 says 512 a line
# RFC 5321 section 4.5.3.2, seconds: DATA 2 minutes, a block of the body 3, the reply after the body 10. Giving up earlier
# after the body would turn mail that arrives into "unknown".
DATA_TIMEOUT = 120.0
BLOCK_TIMEOUT = 180.0
END_OF_DATA_TIMEOUT = 600.0
WATCH = 0.5  # seconds between looks at the deadline
# RFC 5321 section 4.2: a code and what follows it. All that a reply of one line, or the last one of several, may begin with.
ENDS = {b"%d%s" % (code, mark): code for code in range(200, 600) for mark in (b" ", b"")}
GOES_ON = {b"%d-" % code: code for code in range(200, 600)}


class _Step(Enum):
    MAIL = auto()
    RCPT = auto()
    DATA = auto()
    END = auto()
    RESET = auto()  # RSET, or the dot of a message whose recipient was refused


_MAIL, _RCPT, _DATA, _END, _RESET = _Step  # looking a member up in its class costs more than all else about a reply
_BODY = Phase.BODY


class Pipe(asyncio.BufferedProtocol):
    """Sends one message after the other until none is left, its share is sent or the connection is lost.

    :param most: messages that may be begun.
    :param timeout: seconds to wait for the reply to MAIL and RCPT.
    """

    def __init__(
        self,
        transport: asyncio.Transport,
        work: Work,
        *,
        most: int,
        timeout: float,
        data_timeout: float = END_OF_DATA_TIMEOUT,
        on_lost: Callable[[Exception | None], None] = lambda _error: None,
    ) -> None:
        self._loop = asyncio.get_running_loop()
        self._transport = transport
        self._work = work
        self._left = self._most = most
        self._timeout = timeout
        self._data_timeout = data_timeout
        self._on_lost = on_lost
        self._awaited: deque[tuple[_Step, Letter]] = deque()
        self._buffer = bytearray(LONGEST_REPLY)
        self._view = memoryview(self._buffer)
        self._filled = 0
        self._lines: list[bytes] = []
        self._going: Letter | None = None
        self._deadline = 0.0
        self._watch: asyncio.TimerHandle | None = None
        self._ended: asyncio.Future[Ended] = self._loop.create_future()
        self.sent = 0
        self.answered = 0
        self.why_lost = ""

    @property
    def begun(self) -> int:
        """Messages begun."""
        return self._most - self._left

    async def run(self) -> Ended:
        """Take over the transport, send, and say why it ended. Unless LOST, the caller may set another protocol now."""
        self._transport.set_protocol(self)
        self._look()
        self._begin(b"")
        try:
            return await self._ended
        except asyncio.CancelledError:
            self.lose("the run was ended")
            raise
        finally:
            if self._watch is not None:
                self._watch.cancel()

    # What asyncio calls

    def get_buffer(self, sizehint: int) -> memoryview:  # noqa: ARG002 - asyncio's signature
        """Where the next bytes go."""
        return self._view[self._filled :]

    def buffer_updated(self, nbytes: int) -> None:
        """Take every whole line out of the buffer."""
        self._filled += nbytes
        filled, buffer = self._filled, self._buffer
        begin = buffer.rfind(b"\n", 0, filled) + 1
        if begin:
            lines = bytes(self._view[: begin - 1]).split(b"\n")
            rest = self._filled = filled - begin
            buffer[:rest] = buffer[begin:filled]
            for line in lines:
                if self._ended.done():
                    break
                self._line(line.rstrip(b"\r"))
            self._deadline = self._loop.time() + self._wait()
        if self._filled == LONGEST_REPLY:
            self.lose("the relay's reply has no end")
        self._work.settle()

    def pause_writing(self) -> None:
        """The relay takes the body slowly."""
        self._deadline = self._loop.time() + BLOCK_TIMEOUT

    def resume_writing(self) -> None:
        """The whole body is with the system."""
        self._deadline = self._loop.time() + self._data_timeout

    def eof_received(self) -> bool:
        """The relay hung up."""
        self.lose("connection closed by the relay")
        return False

    def connection_lost(self, exc: Exception | None) -> None:
        """The connection is gone."""
        self.lose(str(exc) if exc else "connection lost")
        self._on_lost(exc)

    # What happens

    def lose(self, why: str) -> None:
        """Give the connection up and account for each message on it."""
        if self._ended.done():
            return
        self.why_lost = why
        self._transport.abort()
        self._ended.set_result(Ended.LOST)
        going, self._going = self._going, None
        if going is not None:
            self._work.done(going, Outcome(Phase.DATA, None, why))
        seen: set[int] = {id(going)}
        while self._awaited:
            step, letter = self._awaited.popleft()
            if step is _RESET or id(letter) in seen:
                continue
            seen.add(id(letter))
            if step is _END:
                self._work.done(letter, Outcome(Phase.BODY, None, why))
            elif letter.is_answered:
                self._work.done(letter, letter.refusal or Outcome(Phase.DATA, None, why))
            else:
                self._work.give_back(letter)
        self._work.settle()

    def _line(self, line: bytes) -> None:
        code = ENDS.get(line[:4])
        if code is not None and not self._lines:
            self._reply(code, line[4:])
        elif code is not None or line[:4] in GOES_ON:
            self._continued(code, line)
        else:
            self.lose(f"not an SMTP reply: {line[:80]!r}")

    def _continued(self, code: int | None, line: bytes) -> None:
        """A reply of several lines: RFC 5321 section 4.2.1. `code` is there in the last one."""
        self._lines.append(line[4:])
        if sum(map(len, self._lines)) > LONGEST_REPLY:
            self.lose("the relay's reply has no end")
        elif code is not None:
            whole = b" ".join(self._lines)
            self._lines.clear()
            self._reply(code, whole)

    def _reply(self, code: int, said: bytes) -> None:
        if not self._awaited:
            self.lose(f"a reply that nobody asked for: {code} {_text(said)}")
            return
        step, letter = self._awaited.popleft()
        self.answered += 1
        is_ok = 200 <= code < 300
        if step is _END:
            self.sent += is_ok
            self._work.done(letter, Outcome(_BODY, code, _text(said)))
        elif step is _MAIL:
            if code == CLOSING:  # the relay is closing, whoever it would have been for
                self._awaited.appendleft((step, letter))
                self.lose(f"{code} {_text(said)}")
                return
            letter.is_answered = True
            if not is_ok:
                letter.refusal = Outcome(Phase.MAIL, code, _text(said))
        elif step is _RCPT:
            if not is_ok and letter.refusal is None:
                letter.refusal = Outcome(Phase.RCPT, code, _text(said))
        elif step is _DATA:
            self._data(letter, code, _text(said))
        if code == CLOSING:
            self.lose(f"{code} {_text(said)}")
        elif not self._awaited and self._going is None and not self._ended.done():
            self._begin(b"")

    def _data(self, letter: Letter, code: int, text: str) -> None:
        if code == START_INPUT and letter.refusal is None:
            self._going = letter
            if not self._work.leave(letter, partial(self._go, letter)):
                self._going = None
                self._work.give_back(letter)
                self.lose("a message was withdrawn")  # after 354 the only way not to send it; nothing of it has left
            return
        if code == START_INPUT and letter.refusal is not None and letter.refusal.phase is Phase.MAIL:
            self._work.done(letter, letter.refusal)
            self.lose("the relay waits for a body without a sender")  # even an empty one must not reach anybody
            return
        if code == START_INPUT:
            # RFC 2920 section 3.1: no recipient was taken and the relay still waits for a body. Send none.
            self._awaited.append((_RESET, letter))
            ending = END
        else:
            self._awaited.append((_RESET, letter))
            ending = b"RSET\r\n"
        self._work.done(letter, letter.refusal or Outcome(Phase.DATA, code, text))
        if code != CLOSING:
            self._begin(ending)

    def _go(self, letter: Letter) -> None:
        """Write the body, and behind it the next envelope."""
        if self._ended.done() or self._going is not letter:
            return
        self._going = None
        self._awaited.append((_END, letter))
        following = self._envelope()
        self._deadline = self._loop.time() + self._data_timeout
        self._transport.write(b"".join((*letter.body, following)))
        letter.body = ()

    def _begin(self, before: bytes) -> None:
        """Write the next envelope, or end if there is none and nothing is awaited."""
        following = self._envelope()
        if before or following:
            self._deadline = self._loop.time() + self._timeout
            self._transport.write(before + following)
        elif not self._awaited and not self._ended.done():
            self._ended.set_result(Ended.IDLE if self._left > 0 else Ended.SPENT)

    def _envelope(self) -> bytes:
        letter = self._work.next() if self._left > 0 and not self._ended.done() else None
        if letter is None:
            return b""
        self._left -= 1
        self._awaited += ((_MAIL, letter), (_RCPT, letter), (_DATA, letter))
        return letter.envelope

    def _wait(self) -> float:
        if not self._awaited:
            return self._timeout
        step = self._awaited[0][0]
        if step is _END:
            return self._data_timeout
        return min(DATA_TIMEOUT, self._timeout) if step is _DATA else self._timeout

    def _look(self) -> None:
        """Every now and then: has the relay been silent for too long?"""
        if (self._awaited or self._going is not None) and self._deadline and self._loop.time() > self._deadline:
            self.lose("the relay did not answer in time")
            return
        self._watch = self._loop.call_later(WATCH, self._look)


def _text(said: bytes) -> str:
    return said.decode("utf-8", "replace").strip()
