"""What the relay answered to one message, and what is recorded of it. Pure."""

from __future__ import annotations

from enum import StrEnum
from json.encoder import encode_basestring_ascii as quoted
from typing import NamedTuple

from mailer.model.ids import SubscriberId


class DeliveryResult(NamedTuple):
    """The result of one try, in plain values as the journal and the ledger store them.

    `state` is one of `state.RESULTS`. Times are texts (`delivery.journal.format_timestamp`); `not_before` is empty if there is none.
    `attempts` counts this try too; `code` is None if the connection was lost.
    """

    subscriber_id: SubscriberId
    state: str
    attempts: int
    code: int | None
    text: str
    first_tried: str
    not_before: str
    at: str
    message_id: str

    def line(self) -> str:
        """The result as a JSON array, as the journal stores it. Written out by hand: `json.dumps` takes six times as long."""
        subscriber_id, state, attempts, code, text, first_tried, not_before, at, message_id = self
        number = "null" if code is None else code
        return f'[{subscriber_id},"{state}",{attempts},{number},{quoted(text)},"{first_tried}","{not_before}","{at}","{message_id}"]'


class Phase(StrEnum):
    """The step of a transaction (RFC 5321 section 3.3) that an outcome belongs to.

    DATA ends before the first byte of the body has left, BODY begins there: only an outcome of BODY can be `unknown`.
    """

    MAIL = "MAIL"
    RCPT = "RCPT"
    DATA = "DATA"
    BODY = "BODY"


COMMANDS = {Phase.MAIL: "MAIL FROM", Phase.RCPT: "RCPT TO", Phase.DATA: "DATA", Phase.BODY: "end of DATA"}
"""As Postfix writes them: whoever reads a report of Postfix reads a refusal in the ledger by the same words (`mailer.bounces`)."""

CONNECTION_LOST = "connection lost after the message was handed over: it may or may not have arrived (RFC 1047)"


class Outcome(NamedTuple):
    """What the relay answered, and to which step. `code` is None if the connection was lost instead."""

    phase: Phase
    code: int | None
    text: str

    @property
    def is_accepted(self) -> bool:
        """Whether the relay has taken the message (2yz after the body, RFC 5321 section 4.2.1)."""
        return self.phase is Phase.BODY and self.code is not None and 200 <= self.code < 300

    @property
    def is_refusal(self) -> bool:
        """Whether a server has said no (RFC 5321 section 4.2.1)."""
        return self.code is not None and 400 <= self.code < 600

    def with_step(self, text: str) -> str:
        """The reply with the step that it answered: "Unknown user" after RCPT and after the body are two things at docomo."""
        return f"{text} (in reply to {COMMANDS[self.phase]} command)" if self.is_refusal else text
