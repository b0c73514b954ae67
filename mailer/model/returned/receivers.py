"""Who runs the mailboxes behind a domain: Japanese carriers and the large providers. Pure.

A reader's domain says which rules a message meets: what docomo refuses, au takes. Lanes, the classes of refusals and the report by receiver go
by this one table. It knows only domains that the receivers themselves publish for their customers; a company's own domain that is
hosted at one of them is `OTHER`, because only a look into the DNS could tell.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum


class Receiver(StrEnum):
    """Whose servers take the mail. The value is what the ledger's reports, metrics and `mailer.toml` call it."""

    DOCOMO = "docomo"
    AU = "au"
    SOFTBANK = "softbank"
    YMOBILE = "ymobile"
    RAKUTEN = "rakuten"
    GMAIL = "gmail"
    YAHOO_JAPAN = "yahoo-japan"
    OUTLOOK = "outlook"
    ICLOUD = "icloud"
    YAHOO = "yahoo"
    OTHER = "other"

    @property
    def label(self) -> str:
        """The name as the receiver writes it."""
        return _LABELS[self]

    @property
    def is_carrier(self) -> bool:
        """Whether it is a Japanese mobile carrier. Carriers give the addresses of people who left to new owners."""
        return self in CARRIERS


CARRIERS = frozenset({Receiver.DOCOMO, Receiver.AU, Receiver.SOFTBANK, Receiver.YMOBILE, Receiver.RAKUTEN})

_LABELS = {
    Receiver.DOCOMO: "docomo",
    Receiver.AU: "au / UQ mobile",
    Receiver.SOFTBANK: "SoftBank",
    Receiver.YMOBILE: "Y!mobile",
    Receiver.RAKUTEN: "Rakuten Mobile",
    Receiver.GMAIL: "Gmail",
    Receiver.YAHOO_JAPAN: "Yahoo! JAPAN",
    Receiver.OUTLOOK: "Outlook.com",
    Receiver.ICLOUD: "iCloud",
    Receiver.YAHOO: "Yahoo / AOL",
    Receiver.OTHER: "others その他",
}

DOMAINS: Mapping[Receiver, tuple[str, ...]] = {
    Receiver.DOCOMO: ("docomo.ne.jp", "docomo-camera.ne.jp", "dwmail.jp", "mopera.net", "mopera.ne.jp"),
    Receiver.AU: ("ezweb.ne.jp", "au.com", "uqmobile.jp", "ido.ne.jp", "tu-ka.ne.jp", "tkk.ne.jp", "tkc.ne.jp"),
    Receiver.SOFTBANK: (
        *("softbank.ne.jp", "softbank.jp", "vodafone.ne.jp", "disney.ne.jp", "disneymobile.ne.jp"),
        *("jp-c.ne.jp", "jp-d.ne.jp", "jp-h.ne.jp", "jp-k.ne.jp", "jp-n.ne.jp", "jp-q.ne.jp", "jp-r.ne.jp", "jp-s.ne.jp", "jp-t.ne.jp"),
    ),
    Receiver.YMOBILE: (
        *("ymobile.ne.jp", "ymobile1.ne.jp", "y-mobile.ne.jp", "willcom.com", "pdx.ne.jp"),
        *("emnet.ne.jp", "emobile.ne.jp", "emobile-s.ne.jp"),
    ),
    Receiver.RAKUTEN: ("rakumail.jp",),
    Receiver.GMAIL: ("gmail.com", "googlemail.com"),
    Receiver.YAHOO_JAPAN: ("yahoo.co.jp", "ymail.ne.jp", "ybb.ne.jp"),
    Receiver.OUTLOOK: (
        *("outlook.com", "outlook.jp", "hotmail.com", "hotmail.co.jp", "live.com", "live.jp", "msn.com"),
        *("outlook.fr", "outlook.de", "outlook.es", "outlook.it", "outlook.kr", "hotmail.co.uk", "hotmail.fr", "hotmail.de", "hotmail.it"),
    ),
    Receiver.ICLOUD: ("icloud.com", "me.com", "mac.com"),
    Receiver.YAHOO: (
        *("yahoo.com", "ymail.com", "rocketmail.com", "aol.com", "aol.jp", "yahoo.co.uk", "yahoo.fr", "yahoo.de"),
        *("yahoo.co.kr", "yahoo.com.tw", "yahoo.com.hk", "yahoo.com.br", "yahoo.co.in"),
    ),
}
"""Each domain with all below it: SoftBank's i.softbank.jp, the regional domains of PHS (di.pdx.ne.jp)."""

_BY_DOMAIN = {domain: receiver for receiver, domains in DOMAINS.items() for domain in domains}


def receiver_of(domain: str) -> Receiver:
    """The receiver of a domain, or of the address's domain if it is an address. In any case; `OTHER` for what is not in the table."""
    labels = domain.rpartition("@")[2].lower().rstrip(".").split(".")
    for at in range(len(labels)):
        receiver = _BY_DOMAIN.get(".".join(labels[at:]))
        if receiver is not None:
            return receiver
    return Receiver.OTHER
