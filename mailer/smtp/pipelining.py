"""SMTP with pipelining (RFC 2920), as a state machine on a transport that aiosmtplib has connected and authenticated.

MAIL, RCPT and DATA leave in one write; on 354 the body, its dot and the next envelope leave in one write. So a message
costs one round trip, one read and one write, and at most two messages are on their way: one whose body is with the relay,
and the next one's envelope. `asyncio.BufferedProtocol`: asyncio's usual one allocates 256 KiB a read.
Whoever gives the messages is called back (`MessageSource`), in the event loop, never from another thread.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from mailer.message.compiled import END
from mailer.model.outcome import Outcome, Phase
from mailer.smtp.transaction import MessageSource, StopReason, Transaction

CLOSING = 421  # RFC 5321 section 3.8: the relay hangs up after this
START_INPUT = 354
LONGEST_REPLY = 16_384  # bytes; RFC 5321 section 4.5.3.1.5 says 512 a line
ENDLESS = "the relay's reply has no end"
WATCH = 0.5  # seconds between looks at the deadline
# RFC 5321 section 4.2: a code and what follows it. All that a reply of one line, or the last one of several, may begin with.
ENDS = {b"%d%s" % (code, mark): code for code in range(200, 600) for mark in (b" ", b"", b"\r")}
GOES_ON = {b"%d-" % code: code for code in range(200, 600)}

# What the next reply answers: nothing; a body; RSET, or the dot of a message whose recipient was refused; an envelope's three
# commands. Plain numbers, which find their method in a tuple: an enumeration's members cost more than all else about a reply.
NOTHING, BODY, RESET, MAIL, RCPT, DATA = range(6)
_BODY = Phase.BODY


@dataclass(frozen=True, slots=True)
class Timeouts:
    """RFC 5321 section 4.5.3.2, seconds: the reply to MAIL or RCPT, to DATA, a block of the body, the reply after the body.

    Giving up earlier after the body would turn mail that arrives into "unknown".
    """

    command: float = 300.0
    data: float = 120.0
    block: float = 180.0
    end: float = 600.0


class PipeliningProtocol(asyncio.BufferedProtocol):
    """Sends one message after the other until none is left, its share is sent or the connection is lost.

    :param most: messages that may be begun; `left` counts them down.
    """

    def __init__(
        self,
        transport: asyncio.Transport,
        work: MessageSource,
        *,
        most: int,
        timeouts: Timeouts,
        on_lost: Callable[[Exception | None], None] = lambda _error: None,
    ) -> None:
        self._loop = asyncio.get_running_loop()
        self._transport = transport
        self._work = work
        self.left = most
        self._timeouts = timeouts
        self._on_lost = on_lost
        self._hear = (self._unasked, self._hear_body, self._hear_reset, self._hear_mail, self._hear_rcpt, self._hear_data)
        command, data = timeouts.command, min(timeouts.data, timeouts.command)
        self._patience = (command, timeouts.end, command, command, command, data)
        self._step = NOTHING
        self._sent: Transaction | None = None  # its body is with the relay
        self._letter: Transaction | None = None  # its envelope is with the relay
        self._buffer = bytearray(LONGEST_REPLY)
        self._view = memoryview(self._buffer)
        self._filled = 0
        self._lines: list[bytes] = []
        self._is_paused = False
        self._is_over = False
        self._deadline = 0.0
        self._watch: asyncio.TimerHandle | None = None
        self._ended: asyncio.Future[StopReason] = self._loop.create_future()
        self.sent = 0
        self.why_lost = ""

    async def run(self) -> StopReason:
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
        return self._view[self._filled :] if self._filled else self._view

    def buffer_updated(self, nbytes: int) -> None:
        """Take every whole line out of the buffer."""
        self._filled += nbytes
        filled, buffer = self._filled, self._buffer
        begin = buffer.rfind(b"\n", 0, filled) + 1
        if begin:
            lines = bytes(self._view[: begin - 1]).split(b"\n")
            rest = self._filled = filled - begin
            buffer[:rest] = buffer[begin:filled]
            self._take(lines)
        if self._filled == LONGEST_REPLY:
            self.lose(ENDLESS)

    def pause_writing(self) -> None:
        """The relay takes the body slowly."""
        self._is_paused = True
        self._wait()

    def resume_writing(self) -> None:
        """The whole body is with the system."""
        self._is_paused = False
        self._wait()

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
        if self._is_over:
            return
        self.why_lost = why
        self._transport.abort()
        self._end(StopReason.LOST)
        sent, letter = self._sent, self._letter
        self._sent = self._letter = None
        if sent is not None:
            self._work.done(sent, Outcome(_BODY, None, why))
        if letter is not None and letter.is_answered:
            self._work.done(letter, letter.refusal or Outcome(Phase.DATA, None, why))
        elif letter is not None:
            self._work.give_back(letter)

    def _take(self, lines: list[bytes]) -> None:
        for line in lines:
            if self._is_over:
                return
            code = ENDS.get(line[:4])
            if code is None or self._lines:
                self._odd(code, line)
            else:
                self._hear[self._step](code, line[4:])
        self._wait()

    def _odd(self, code: int | None, line: bytes) -> None:
        """A line of a reply that has several (RFC 5321 section 4.2.1), `code` being there in the last one; or garbage."""
        if code is None and line[:4] not in GOES_ON:
            self.lose(f"not an SMTP reply: {line.rstrip()[:80]!r}")
            return
        self._lines.append(line[4:].rstrip(b"\r"))
        if sum(map(len, self._lines)) > LONGEST_REPLY:
            self.lose(ENDLESS)
        elif code is not None:
            whole = b" ".join(self._lines)
            self._lines.clear()
            self._hear[self._step](code, whole)

    def _unasked(self, code: int, said: bytes) -> None:
        self.lose(f"a reply that nobody asked for: {code} {_text(said)}")

    def _hear_body(self, code: int, said: bytes) -> None:
        letter, self._sent = self._sent, None
        assert letter is not None
        self.sent += 200 <= code < 300
        self._work.done(letter, Outcome(_BODY, code, _text(said)))
        self._hear_reset(code, said)

    def _hear_reset(self, code: int, said: bytes) -> None:
        """One message is over: the replies to the envelope behind it follow, or there is none yet."""
        self._step = NOTHING if self._letter is None else MAIL
        if code == CLOSING:
            self.lose(f"{code} {_text(said)}")
        elif self._letter is None and not self._is_over:
            self._begin(b"")

    def _hear_mail(self, code: int, said: bytes) -> None:
        if code == CLOSING:  # the relay is closing, whoever it would have been for
            self.lose(f"{code} {_text(said)}")
            return
        letter = self._letter
        assert letter is not None
        letter.is_answered = True
        if code >= 300:
            letter.refusal = Outcome(Phase.MAIL, code, _text(said))
        self._step = RCPT

    def _hear_rcpt(self, code: int, said: bytes) -> None:
        self._step = DATA
        if code < 300:
            return
        letter = self._letter
        assert letter is not None
        letter.refusal = letter.refusal or Outcome(Phase.RCPT, code, _text(said))
        if code == CLOSING:
            self.lose(f"{code} {_text(said)}")

    def _hear_data(self, code: int, said: bytes) -> None:
        letter = self._letter
        assert letter is not None
        self._step = NOTHING
        if code != START_INPUT:
            self._letter = None
            self._work.done(letter, letter.refusal or Outcome(Phase.DATA, code, _text(said)))
            self._reset(b"RSET\r\n", code, said)
        elif letter.refusal is not None:
            self._letter = None
            self._work.done(letter, letter.refusal)
            self._withhold(letter.refusal)
        else:
            self._work.before_body(letter, self._go)

    def _withhold(self, refusal: Outcome) -> None:
        """The relay waits for a body that must not reach anybody."""
        if refusal.phase is Phase.MAIL:
            self.lose("the relay waits for a body without a sender")  # even an empty one must not be sent
        else:
            self._reset(END, START_INPUT, b"")  # RFC 2920 section 3.1: no recipient was taken. Send none of the body

    def _reset(self, ending: bytes, code: int, said: bytes) -> None:
        if code == CLOSING:
            self.lose(f"{code} {_text(said)}")
            return
        self._step = RESET
        self._begin(ending)

    def _go(self, may_leave: bool) -> None:
        """Write the body, and behind it the next envelope."""
        letter = self._letter
        if letter is None or self._is_over:
            return
        self._letter = None
        if not may_leave:
            self._work.give_back(letter)
            self.lose("a message was withdrawn")  # after 354 the only way not to send it; nothing of it has left
            return
        self._sent, self._step = letter, BODY
        body, letter.body = letter.body, []
        body.append(self._envelope())
        self._transport.write(b"".join(body))
        self._wait()

    def _begin(self, before: bytes) -> None:
        """Write the next envelope, or end if there is none and nothing is awaited."""
        following = self._envelope()
        if following and self._step == NOTHING:
            self._step = MAIL
        if before or following:
            self._transport.write(before + following)
            self._wait()
        elif self._step == NOTHING and not self._is_over:
            self._end(StopReason.IDLE if self.left > 0 else StopReason.SPENT)

    def _end(self, how: StopReason) -> None:
        self._is_over = True
        if not self._ended.done():  # who waited for it may have been cancelled
            self._ended.set_result(how)

    def _envelope(self) -> bytes:
        self._letter = letter = self._work.next() if self.left > 0 and not self._is_over else None
        if letter is None:
            return b""
        self.left -= 1
        return letter.envelope

    def _wait(self) -> None:
        """From now on, as long as the step allows."""
        seconds = self._timeouts.block if self._is_paused else self._patience[self._step]
        self._deadline = self._loop.time() + seconds

    def _look(self) -> None:
        """Every now and then: has the relay been silent for too long?"""
        is_awaited = self._step != NOTHING or self._letter is not None
        if is_awaited and self._deadline and self._loop.time() > self._deadline:
            self.lose("the relay did not answer in time")
            return
        self._watch = self._loop.call_later(WATCH, self._look)


def _text(said: bytes) -> str:
    return said.decode("utf-8", "replace").strip()
