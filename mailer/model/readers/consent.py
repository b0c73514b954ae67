"""Proof that a reader asked for a list: when, in which way, and after which words. It never holds an IP address."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from mailer.model.ids import SubscriberId
from mailer.model.readers.subscription import Frequency


class ConsentWay(StrEnum):
    """How a reader asked."""

    WEB = "web"
    """The sign-up page; confirmed by mail."""

    MAIL = "mail"
    """An empty mail to the list's address (空メール); confirmed by mail."""

    COUNTER = "counter"
    """At a counter: `proof` is the number of the paper form."""

    IMPORT = "import"
    """Another system had it: `proof` says which file and line."""

    PREFERENCES = "preferences"
    """The reader's own page; joining again is confirmed by mail."""


@dataclass(frozen=True, slots=True)
class Words:
    """What a page or form said to the reader. `digest` is the SHA-256 of the text's UTF-8, in hexadecimal; `version` is the operator's own name for it."""

    digest: str
    version: str
    text: str

    @classmethod
    def of(cls, text: str, version: str = "") -> Words:
        """Compute the digest."""
        return cls(hashlib.sha256(text.encode()).hexdigest(), version, text)


@dataclass(frozen=True, slots=True)
class ConsentRecord:
    """One consent. `words` is the digest of what was shown, or None where nothing was; `confirmation` names the confirmation, or is empty; `frequency`: how often, where the reader was asked."""

    subscriber_id: SubscriberId
    list: str
    at: datetime
    way: ConsentWay
    proof: str = ""
    words: str | None = None
    confirmation: str = ""
    frequency: Frequency | None = None
