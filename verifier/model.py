"""What crosses the files of this package."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

WELL_KNOWN = ".well-known/todoke/"

KINDS = {  # kind → words in Japanese and English, seconds for which it must last, whether a delivery of the release mends it
    "altered": ("公開したものと違います", "not what was released", 0, True),
    "added": ("公開していないファイルがあります", "a file that no release has", 0, True),
    "missing": ("あるはずのファイルがありません", "a released file is missing", 0, True),
    "rolled-back": ("古い版が出ています", "an old release is served again", 0, True),
    "forged": ("署名が合いません", "the signed metadata is another's or gone", 0, True),
    "stale": ("署名の期限が切れました", "the signed time is over", 0, True),
    "frozen": ("更新が止まっています", "the signed time stands still", 0, True),
    "header": ("ヘッダーが決まりと違います", "wrong media type or header", 0, True),
    "differ": ("公開先どうしが違います", "mirrors show different releases", 300, True),
    "dns": ("名前が別の場所を指しています", "the name leads to another address", 0, False),
    "certificate": ("証明書に問題があります", "the certificate ends soon or is not valid", 0, False),
    "domain": ("ドメインの期限が近づいています", "the domain ends soon", 0, False),
    "slow": ("応答が遅いです", "answers are slow", 300, False),
    "unreachable": ("応答がありません", "no answer", 300, False),
    "blind": ("この機械からは何も確かめられません", "nothing can be judged from this machine", 1800, False),
}


class VerifierError(Exception):
    """Something that the operator has to mend. English first, Japanese after."""


class FetchError(Exception):
    """No whole answer. ``is_absent``: no address or no route of this family. ``certificate``: why TLS refused it, else empty."""

    def __init__(self, words: str, *, is_absent: bool = False, certificate: str = "") -> None:
        super().__init__(words)
        self.is_absent, self.certificate = is_absent, certificate


@dataclass(frozen=True)
class SignedFile:
    """One released file. ``length`` in bytes; the last two are the values that its headers must have."""

    path: str
    sha256: str
    length: int
    media_type: str
    cache_control: str


@dataclass(frozen=True)
class Release:
    """What the signatures say. ``expires`` is None without TUF."""

    number: int
    files: Mapping[str, SignedFile]
    expires: dt.datetime | None = None


@dataclass(frozen=True)
class Answer:
    """One whole HTTP answer. Names of ``headers`` are in lower case. ``is_proven``: TLS says that it came from the holder of the name."""

    url: str
    status: int
    headers: Mapping[str, str]
    body: bytes
    seconds: float
    address: str = ""
    is_proven: bool = False
    certificate_ends: dt.datetime | None = None


Fetch = Callable[[str, str, int], Answer]
"""Called with address, family (``ipv4``, ``ipv6``) and the most bytes of the body. Raises `FetchError`."""


@dataclass(frozen=True, order=True)
class Key:
    """What a finding is about. ``subject`` is a path of the release, or empty for the mirror as a whole."""

    mirror: str
    family: str
    subject: str
    kind: str


@dataclass
class Suspicion:
    """How often, since when and when last (seconds since 1970) it was seen; it is a finding as soon as it was ``announced``."""

    words: str
    first: float
    last: float
    count: int = 0
    announced: float = 0.0
    answer: Answer | None = field(default=None, repr=False)
