"""Returned mail of more than forty receivers and servers, each with the address and the class that must be read from it.

Written by us after the formats that receivers publish; no text of a real person's mail is in it.
"""

from __future__ import annotations

from typing import NamedTuple

from mailer.model.returned.bounce import BounceClass as C
from tests.samples.mail import bounce_formats as by


class Case(NamedTuple):
    """A message. `address` is empty where the report names none."""

    name: str
    content: bytes
    address: str
    bounce_class: C


D, A, S = "taro@docomo.ne.jp", "taro@ezweb.ne.jp", "taro@softbank.ne.jp"
DOCOMO, AU, SB = "mfsmax.docomo.ne.jp", "lsean.ezweb.ne.jp", "mx.softbank.ne.jp"

CARRIERS = (
    Case("docomo, unknown, by Postfix", by.postfix(D, DOCOMO, f"550 Unknown user {D}"), D, C.UNKNOWN),
    Case("docomo, filtered, by Postfix", by.postfix(D, DOCOMO, f"550 Unknown user {D}", "BODY"), D, C.FILTERED),
    Case("docomo, unknown, by sendmail", by.sendmail(D, DOCOMO, f"550 Unknown user {D}"), D, C.UNKNOWN),
    Case("docomo, filtered, by sendmail", by.sendmail(D, DOCOMO, f"550 Unknown user {D}", "BODY", "5.2.0"), D, C.FILTERED),
    Case("docomo, unknown, by Exim", by.exim(D, DOCOMO, f"550 Unknown user {D}"), D, C.UNKNOWN),
    Case("docomo, filtered, by Exim", by.exim(D, DOCOMO, f"550 Unknown user {D}", "BODY"), D, C.FILTERED),
    Case("docomo, unknown, by qmail", by.qmail_remote(D, f"550 Unknown user {D}", "does not like recipient"), D, C.UNKNOWN),
    Case("docomo, filtered, by qmail", by.qmail_remote(D, f"550 Unknown user {D}", "failed after I sent the message"), D, C.FILTERED),
    Case("docomo, too many", by.postfix(D, DOCOMO, "552 too many recipients", "RCPT", "5.5.3"), D, C.POLICY),
    Case(
        "docomo, dots that RFC 5321 does not allow",
        by.postfix("ta..ro.@docomo.ne.jp", DOCOMO, "550 Unknown user ta..ro.@docomo.ne.jp"),
        "ta..ro.@docomo.ne.jp",
        C.UNKNOWN,
    ),
    Case("au, unknown", by.postfix(A, AU, f"550 <{A}>: User unknown"), A, C.UNKNOWN),
    Case("au, filtered", by.postfix(A, AU, "550 : User unknown", "BODY"), A, C.FILTERED),
    Case("au, filtered, after RCPT", by.postfix(A, AU, "550 : User unknown"), A, C.FILTERED),
    Case("au.com, unknown", by.sendmail("hanako@au.com", "msmx.au.com", "550 <hanako@au.com>: User unknown"), "hanako@au.com", C.UNKNOWN),
    Case(
        "au, its own words, full",
        by.plain(f"The user(s) account is temporarily over quota.\n\n<{A}>", sender="Postmaster@ezweb.ne.jp"),
        A,
        C.FULL,
    ),
    Case(
        "au, its own words, disabled", by.plain(f"The user(s) account is disabled.\n\n<{A}>", sender="Postmaster@ezweb.ne.jp"), A, C.UNKNOWN
    ),
    Case(
        "au, its own words, filtered",
        by.plain(f"The following recipients did not receive this message:\n\n<{A}>", sender="Postmaster@ezweb.ne.jp"),
        A,
        C.FILTERED,
    ),
    Case(
        "KDDI, mailbox full",
        by.plain(
            f"Your mail sent on: Wed, 11 Mar 2026 14:46\n{A} could not be delivered.\nAs their mailbox is full",
            sender="no-reply@app.auone-net.jp",
        ),
        A,
        C.FULL,
    ),
    Case("SoftBank, unknown", by.postfix(S, SB, f"550 Invalid recipient: <{S}>"), S, C.UNKNOWN),
    Case("SoftBank, filtered", by.postfix(S, SB, "550 Recipient rejected by user", "BODY"), S, C.FILTERED),
    Case("SoftBank, full", by.postfix(S, SB, "552 5.2.2 Mailbox full", "RCPT", "5.2.2"), S, C.FULL),
    Case(
        "Y!mobile, unknown",
        by.postfix("t@ymobile.ne.jp", "mx.ymobile.ne.jp", "550 5.1.1 User unknown", "RCPT", "5.1.1"),
        "t@ymobile.ne.jp",
        C.UNKNOWN,
    ),
    Case(
        "Rakuten Mobile, unknown",
        by.postfix("t@rakumail.jp", "mx.rakumail.jp", "550 5.1.1 Recipient address rejected", "RCPT", "5.1.1"),
        "t@rakumail.jp",
        C.UNKNOWN,
    ),
)
