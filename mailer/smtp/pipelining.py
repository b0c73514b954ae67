"""SMTP with pipelining (RFC 2920), as a state machine on a transport that aiosmtplib has connected and authenticated.

MAIL, RCPT and DATA leave in one write; on 354 the body, its dot and the next envelope leave in one write. So a message costs one
round trip, one read and one write, and at most two messages are on their way: one whose body is with the relay, and the next one's
envelope. `reply_protocol` takes the replies apart.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from mailer.message.compiled import END_OF_DATA
from mailer.model.outcome import Outcome, Phase
from mailer.smtp.replies import CLOSING, START_INPUT, decode
from mailer.smtp.reply_protocol import ReplyProtocol
from mailer.smtp.transaction import MessageSource, StopReason, Timeouts, Transaction

PATIENCE = 30.0  # seconds that replies to commands sent ahead may take; a relay that throws them away never answers
HESITATION = 5.0  # seconds; a relay that hangs up after so long has waited for a command that it threw away
WATCH_INTERVAL = 0.5  # seconds between looks at the deadline, instead of a timer for each reply

# What the next reply answers: nothing; a body; RSET, or the dot of a message whose recipient was refused; one of the envelope's
# three commands. Plain numbers, the places of their handlers in a tuple: looking up a member of an enum costs more than the rest.
NOTHING, BODY, RESET, MAIL, RCPT, DATA = range(6)
_BODY = Phase.BODY


class PipeliningProtocol(ReplyProtocol):
    """Sends one message after the other until none is left, its share is sent or the connection is lost.

    `discards`: the relay has never answered commands that were sent ahead; the message is given back. `is_cut_ahead`: it was lost in
    the middle of an envelope.

    :param most: messages that may be begun; `left` counts them down.
    :param on_lost: is told that the transport is gone, as `asyncio.Protocol.connection_lost`.
    """

    def __init__(
        self,
        transport: asyncio.Transport,
        source: MessageSource,
        *,
        most: int,
        timeouts: Timeouts,
        on_lost: Callable[[Exception | None], None] = lambda _error: None,
    ) -> None:
        super().__init__()
        self._loop = asyncio.get_running_loop()
        self._transport = transport
        self._source = source
        self.left = most
        self._timeouts = timeouts
        self._on_lost = on_lost
        self._handlers = (self._on_unexpected, self._on_body, self._on_reset, self._on_mail, self._on_rcpt, self._on_data)
        command, self._ahead_wait = timeouts.command, min(timeouts.command, PATIENCE)
        self._waits = (command, timeouts.end, command, command, self._ahead_wait, min(timeouts.data, self._ahead_wait))
        self._sent: Transaction | None = None  # its body is with the relay
        self._next: Transaction | None = None  # its envelope is with the relay
        self._is_paused = False
        self._is_envelope_ahead = False  # the next envelope left with the body before it
        self._heard_at = 0.0  # loop time
        self._deadline = 0.0
        self._watch: asyncio.TimerHandle | None = None
        self._ended: asyncio.Future[StopReason] = self._loop.create_future()
        self.sent = 0
        self.why_lost = ""
        self.discards = self.is_cut_ahead = False
        self._raised: Exception | None = None

    async def run(self) -> StopReason:
        """Take over the transport, send, and say why it ended. Unless LOST, the caller may set another protocol now.

        Whatever the source or a callback of the event loop has raised is raised here: asyncio itself would tell of it in a log, or, of an
        `OSError`, nobody. The connection is lost then, and messages on it may not be accounted for.
        """
        self._transport.set_protocol(self)
        self._check_deadline()
        self._begin(b"")
        try:
            reason = await self._ended
        except asyncio.CancelledError:
            self.lose("the run was ended")
            raise
        finally:
            if self._watch is not None:
                self._watch.cancel()
        if self._raised is not None:
            raise self._raised
        return reason

    def pause_writing(self) -> None:
        """The relay takes the body slowly."""
        self._is_paused = True
        self._set_deadline()

    def resume_writing(self) -> None:
        """The rest of the body is with the system."""
        self._is_paused = False
        self._set_deadline()

    def eof_received(self) -> bool:
        """The relay hung up."""
        self.lose("connection closed by the relay")
        return False

    def connection_lost(self, exc: Exception | None) -> None:
        """The connection is gone."""
        self.lose(str(exc) if exc else "connection lost")
        self._on_lost(exc)

    # Replies and their consequences

    def lose(self, why: str, *, is_silent: bool = False, is_closing: bool = False) -> None:
        """Give the connection up and account for each message on it. `is_silent`: the relay has let the time of the step pass. `is_closing`: it has
        said that it closes (421), which answers what was sent ahead.
        """
        if self._is_over:
            return
        self.why_lost = why
        self.is_cut_ahead = not is_closing and self._step in (MAIL, RCPT, DATA)
        self.discards = self._awaits_ahead() and (is_silent or self._loop.time() - self._heard_at >= HESITATION)
        self._transport.abort()
        self._end(StopReason.LOST)
        try:
            self._account(why)
        except Exception as error:
            self._raised = self._raised or error

    def _fail(self, error: Exception) -> None:
        self._raised = self._raised or error
        self.lose(f"{type(error).__name__} in this program")

    def _account(self, why: str) -> None:
        sent, following = self._sent, self._next
        self._sent = self._next = None
        if sent is not None:
            self._source.done(sent, Outcome(_BODY, None, why))
        if following is not None and self.discards and following.refusal is None:
            self._source.give_back(following)
        elif following is not None and following.is_answered:
            self._source.done(following, following.refusal or Outcome(Phase.DATA, None, why))
        elif following is not None:
            self._source.give_back(following)

    def _awaits_ahead(self) -> bool:
        """Whether the reply that is awaited answers a command that was not the first of its write."""
        return self._step in (RCPT, DATA) or (self._step == MAIL and self._is_envelope_ahead)

    def _on_unexpected(self, code: int, text: bytes) -> None:
        self.lose(f"a reply that nobody asked for: {code} {decode(text)}")

    def _on_body(self, code: int, text: bytes) -> None:
        transaction, self._sent = self._sent, None
        assert transaction is not None
        self.sent += 200 <= code < 300
        self._source.done(transaction, Outcome(_BODY, code, decode(text)))
        self._on_reset(code, text)

    def _on_reset(self, code: int, text: bytes) -> None:
        """One message is over: the replies to the envelope behind it follow, or there is none yet."""
        self._step = NOTHING if self._next is None else MAIL
        if code == CLOSING:
            self.lose(f"{code} {decode(text)}", is_closing=True)
        elif self._next is None and not self._is_over:
            self._begin(b"")

    def _on_mail(self, code: int, text: bytes) -> None:
        if code == CLOSING:  # it answers the connection, not this message: the message is given back untried
            self.lose(f"{code} {decode(text)}", is_closing=True)
            return
        transaction = self._next
        assert transaction is not None
        transaction.is_answered = True
        if code >= 300:
            transaction.refusal = Outcome(Phase.MAIL, code, decode(text))
        self._step = RCPT

    def _on_rcpt(self, code: int, text: bytes) -> None:
        self._step = DATA
        if code < 300:
            return
        transaction = self._next
        assert transaction is not None
        transaction.refusal = transaction.refusal or Outcome(Phase.RCPT, code, decode(text))
        if code == CLOSING:
            self.lose(f"{code} {decode(text)}", is_closing=True)

    def _on_data(self, code: int, text: bytes) -> None:
        transaction = self._next
        assert transaction is not None
        self._step = NOTHING
        if code != START_INPUT:
            self._next = None
            self._source.done(transaction, transaction.refusal or Outcome(Phase.DATA, code, decode(text)))
            self._reset(b"RSET\r\n", code, text)
        elif transaction.refusal is not None:
            self._next = None
            self._source.done(transaction, transaction.refusal)
            self._withhold_body(transaction.refusal)
        else:
            self._source.before_body(transaction, self._send_body)

    def _withhold_body(self, refusal: Outcome) -> None:
        """The relay waits for a body that must not reach anybody."""
        if refusal.phase is Phase.MAIL:
            # The relay has refused the sender and asks for a body all the same: not even an empty message may be sent.
            self.lose("the relay waits for a body without a sender")
        else:
            # RFC 2920 section 3.1: 354 although no recipient was taken. A lone dot ends the transaction without a message.
            self._reset(END_OF_DATA, START_INPUT, b"")

    def _reset(self, ending: bytes, code: int, text: bytes) -> None:
        if code == CLOSING:
            self.lose(f"{code} {decode(text)}", is_closing=True)
            return
        self._step = RESET
        self._begin(ending)

    def _send_body(self, may_leave: bool) -> None:
        """Write the body, and behind it the next envelope. Called from the event loop, or from a group's commit that has others to call."""
        try:
            self._write_body(may_leave)
        except Exception as error:
            self._fail(error)

    def _write_body(self, may_leave: bool) -> None:
        transaction = self._next
        if transaction is None or self._is_over:
            return
        self._next = None
        if not may_leave:
            self._source.give_back(transaction)
            # After 354 every byte is taken for the body (RFC 5321 section 4.1.1.4): hanging up is the only way not to send it.
            self.lose("a message was withdrawn")
            return
        self._sent, self._step = transaction, BODY
        body, transaction.body = transaction.body, []
        body.append(self._envelope())
        self._is_envelope_ahead = True
        self._transport.write(b"".join(body))
        self._set_deadline()

    def _begin(self, before: bytes) -> None:
        """Write the next envelope, or end if there is none and no reply is awaited."""
        following = self._envelope()
        self._is_envelope_ahead = before != b""
        if following and self._step == NOTHING:
            self._step = MAIL
        if before or following:
            self._transport.write(before + following)
            self._set_deadline()
        elif self._step == NOTHING and not self._is_over:
            self._end(StopReason.IDLE if self.left > 0 else StopReason.SPENT)

    def _end(self, reason: StopReason) -> None:
        self._is_over = True
        if not self._ended.done():  # the task that waits in `run` may have been cancelled
            self._ended.set_result(reason)

    def _envelope(self) -> bytes:
        self._next = transaction = self._source.next() if self.left > 0 and not self._is_over else None
        if transaction is None:
            return b""
        self.left -= 1
        return transaction.envelope

    def _set_deadline(self) -> None:
        """The relay has as long as the step allows, from now on."""
        seconds = self._timeouts.block if self._is_paused else self._waits[self._step]
        if self._step == MAIL and self._is_envelope_ahead:
            seconds = self._ahead_wait
        self._heard_at = self._loop.time()
        self._deadline = self._heard_at + seconds

    def _check_deadline(self) -> None:
        """Lose the connection if the relay has been silent for too long; otherwise come again."""
        is_awaited = self._step != NOTHING or self._next is not None
        if is_awaited and self._deadline and self._loop.time() > self._deadline:
            self.lose("the relay did not answer in time", is_silent=True)
            return
        self._watch = self._loop.call_later(WATCH_INTERVAL, self._check_deadline)
