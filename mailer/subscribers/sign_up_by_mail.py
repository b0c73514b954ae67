"""空メール: an empty mail asks for a list, and an answer with the code of the confirmation in its subject confirms it, for handsets without a browser."""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from mailer import log
from mailer.database.engine import Database
from mailer.database.readers import sign_ups
from mailer.message.sealed import TokenSealer
from mailer.model.errors import DeliveryRefused, TokenError
from mailer.model.issue import MailList
from mailer.model.readers import addresses
from mailer.model.readers.sign_up import SignUpClaim, Way
from mailer.subscribers.sign_up import read_token, request_confirmation
from mailer.subscribers.words import words_of_reply


@dataclass(frozen=True)
class SignUpsByMail:
    """Notes what is asked for; a `SignUpMailer` sends the confirmations, with the code."""

    database: Database
    sealer: TokenSealer
    lists: Mapping[str, MailList]

    def request_confirmation(self, address: str, mail_list: MailList, form: str, now: datetime) -> bool:
        """Note that the address is to be asked. False: its mailbox was asked often enough."""
        return request_confirmation(self.database, address, [mail_list], form, now, Way.MAIL, sealer=self.sealer).is_due

    def confirm_code(self, address: str, code: str, now: datetime) -> str:
        """Subscribe the address if it answers with the code of its last confirmation.

        :returns: the key of the list, or nothing: the code is another's, wrong, used or too old, or mail to the address is forbidden.
        """
        mailbox = self.sealer.hash_address(address)
        token = sign_ups.open_token(self.database, mailbox)
        if token is None or not hmac.compare_digest(self.sealer.code_of(token), code):
            return ""
        claim = self._claim(token)
        if claim is None or not claim.holds(now) or addresses.address_key(claim.address) != addresses.address_key(address):
            return ""
        lists = [each for wish in claim.wishes if (each := self.lists.get(wish.list)) is not None]
        if len(lists) != len(claim.wishes):
            return ""
        try:
            recipient = sign_ups.confirm(self.database, claim, mailbox, token, now, words=words_of_reply(lists))
        except DeliveryRefused:
            log.warning("a sign-up by mail was refused: mail to the address is forbidden", list=lists[0].key)
            return ""
        return "" if recipient is None else lists[0].key

    def _claim(self, token: str) -> SignUpClaim | None:
        try:
            claim = read_token(self.sealer, token)
        except TokenError:
            return None
        return claim if claim.way is Way.MAIL else None
