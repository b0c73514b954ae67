"""How long data about readers is kept. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True, slots=True)
class Retention:
    """`unconfirmed`: a sign-up that nobody confirms; `ended`: a subscription that has ended.

    `evidence`: the proof of a consent, after the last mail to the reader: 特定電子メールの送信の適正化等に関する法律施行規則 wants a month.
    """

    unconfirmed: timedelta = timedelta(days=7)
    ended: timedelta = timedelta(days=28)
    evidence: timedelta = timedelta(days=31)
