"""Recipients whose part before the @ has dots where RFC 5321 section 4.1.2 allows none, as Japanese carriers gave them out.

Some relays take them only as they are, others only in quotation marks, and no reply says which beforehand.
"""

from __future__ import annotations

import re

from mailer.config.settings import QuoteLocalPart
from mailer.model.outcome import Outcome, Phase
from mailer.model.readers import addresses
from mailer.smtp.transaction import Transaction

SYNTAX_CODES = frozenset({500, 501, 553, 555})
"""Replies to RCPT that may mean its syntax (RFC 5321 section 4.3.2)."""
SYNTAX_STATUS = re.compile(r"\s*5\.(?:1\.[37]|5\.[24])\b")
"""Enhanced status codes that mean it (RFC 3463 sections 3.2 and 3.6)."""
QUOTED_RECIPIENT = b'\r\nRCPT TO:<"'


class RecipientQuoting:
    """How one relay wants them. It begins with the address as written, and changes to quotation marks when the relay refuses that.

    `is_on`: such addresses are written in quotation marks.
    """

    __slots__ = ("_may_learn", "is_on")

    def __init__(self, setting: QuoteLocalPart) -> None:
        self.is_on = setting == "always"
        self._may_learn = setting == "auto"

    def path(self, address: str) -> str:
        """The address as it stands in RCPT."""
        return addresses.quoted(address) if self.is_on else address

    def should_retry(self, transaction: Transaction, outcome: Outcome, address: str) -> bool:
        """Whether the relay has refused the form of the address: then the message is to be sent again at once, in the other form."""
        if not self._may_learn or outcome.phase is not Phase.RCPT or outcome.is_accepted or not _is_syntax(outcome):
            return False
        if QUOTED_RECIPIENT in transaction.envelope or addresses.quoted(address) == address:
            return False
        self.is_on = True
        return True


def _is_syntax(outcome: Outcome) -> bool:
    code = outcome.code or 0
    return code in SYNTAX_CODES or (500 <= code < 600 and SYNTAX_STATUS.match(outcome.text) is not None)
