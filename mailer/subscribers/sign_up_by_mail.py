"""空メール: an empty mail asks for a list, and an answer with a code in its subject confirms it."""

from __future__ import annotations

from datetime import datetime

from mailer import log
from mailer.model.issue import MailList


class NoSignUps:
    """Takes no sign-ups by mail."""

    def request_confirmation(self, _address: str, mail_list: MailList, _form: str, _now: datetime) -> bool:
        """Say that nobody is asked."""
        log.warning("no sign-ups by mail", list=mail_list.key)
        return False

    def confirm_code(self, _address: str, _code: str, _now: datetime) -> str:
        """No code holds."""
        return ""
