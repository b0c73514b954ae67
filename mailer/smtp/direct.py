"""Messages that are in no ledger, such as a test send or the operator's report: each is tried once, and its outcome is returned."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import NamedTuple, cast

from mailer.config.settings import RelaySettings
from mailer.model.errors import RelayError
from mailer.model.outcome import Outcome, Phase
from mailer.model.recipient import Envelope
from mailer.secrets import Secret
from mailer.smtp.connection import SmtpConnection
from mailer.smtp.quoting import RecipientQuoting
from mailer.smtp.transaction import Transaction, dot_stuff, envelope_commands


class DirectMessage(NamedTuple):
    """One message. `content` has CRLF line ends and is not dot-stuffed yet."""

    envelope: Envelope
    content: bytes


async def send_direct(
    connection: SmtpConnection, messages: Sequence[DirectMessage], outcomes: dict[int, Outcome] | None = None
) -> tuple[Outcome, ...]:
    """Send the messages over the connection, opening it as often as needed, and close it. One outcome for each, in their order.

    :param outcomes: filled as they come, by the place of the message: what the relay took before it failed must not be sent again.
    :raises RelayError: the relay cannot be reached or will not have us.
    """
    source = _DirectSource(messages, connection.quoting, {} if outcomes is None else outcomes)
    connection.pipelines = False  # a few messages gain nothing by it, and nobody would try again what a relay throws away
    try:
        while source.has_next:
            await connection.ready()
            source.size_limit = connection.size_limit
            await connection.run(source)
    finally:
        await connection.close()
    return tuple(source.outcomes[number] for number in range(len(messages)))


async def send_by_first_relay(
    relays: Sequence[RelaySettings], password_for: Callable[[RelaySettings], Secret | None], hello: str, message: DirectMessage
) -> bool:
    """Give one message to the first relay that takes it. False: none did."""
    for relay in relays:
        with suppress(RelayError):
            outcomes = await send_direct(SmtpConnection(relay, password_for(relay), hello=hello), [message])
            if outcomes[0].is_accepted:
                return True
    return False


class _DirectSource:
    """See `MessageSource`. The key of a transaction is the place of its message."""

    def __init__(self, messages: Sequence[DirectMessage], quoting: RecipientQuoting, outcomes: dict[int, Outcome]) -> None:
        self._messages = messages
        self._quoting = quoting
        self._waiting = deque(range(len(messages)))
        self.size_limit = 0
        self.outcomes = outcomes

    @property
    def has_next(self) -> bool:
        return bool(self._waiting)

    def next(self) -> Transaction | None:
        while self._waiting:
            transaction = self._transaction(self._waiting.popleft())
            size = sum(map(len, transaction.body))
            if not self.size_limit or size <= self.size_limit:
                return transaction
            self.done(transaction, Outcome(Phase.MAIL, 552, f"{size:,} bytes, and the relay takes {self.size_limit:,}"))  # RFC 1870
        return None

    def _transaction(self, number: int) -> Transaction:
        (return_path, recipient), content = self._messages[number]
        envelope = Envelope(return_path, self._quoting.path(recipient))
        return Transaction(number, envelope_commands(envelope), [dot_stuff(content)])

    def before_body(self, _transaction: Transaction, allow: Callable[[bool], None]) -> None:
        allow(True)  # there is no ledger in which the intent would have to be first

    def done(self, transaction: Transaction, outcome: Outcome) -> None:
        number = cast(int, transaction.key)
        if self._quoting.should_retry(transaction, outcome, self._messages[number].envelope.recipient):
            self._waiting.appendleft(number)
        else:
            self.outcomes[number] = outcome

    def give_back(self, transaction: Transaction) -> None:
        # Not tried again: nobody should wait for a test for ever, and a report has the next relay.
        self.done(transaction, Outcome(Phase.MAIL, None, "the connection was lost"))
