"""What crosses the files of this package."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from tuf.api.exceptions import DownloadError

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

Judgement = dict[str, str]
"""What is wrong: kind → words. Empty if all is well."""


class VerifierError(Exception):
    """Something that the operator has to mend. English first, Japanese after."""


class FetchError(DownloadError):
    """No whole answer. It is one of python-tuf's errors, so that it comes through python-tuf's client as it is."""


class AbsentError(FetchError):
    """No address or no route of this family."""


class CertificateError(FetchError):
    """TLS refused the certificate; the words are ``expired``, or why."""


class SignedFile(NamedTuple):
    """One released file. ``length`` in bytes; the last two are the values that its headers must have."""

    sha256: str
    length: int
    media_type: str
    cache_control: str


class Release(NamedTuple):
    """What the signatures say, by path. Number 0: nothing so far. ``expires`` is None without TUF."""

    number: int
    files: Mapping[str, SignedFile]
    expires: dt.datetime | None = None


@dataclass(frozen=True)
class Answer:
    """One whole HTTP answer, or with status 0 why there is none (``failure``). Names of ``headers`` are in lower case.

    With ``certificate_ends``, TLS has proven that it came from the holder of the name.
    """

    url: str
    status: int
    headers: Mapping[str, str]
    body: bytes
    seconds: float
    address: str = ""
    certificate_ends: dt.datetime | None = None
    failure: str = ""

    @property
    def is_up(self) -> bool:
        """Whether the server is neither gone nor busy nor failing: then the answer says something about the file."""
        return 0 < self.status < 500 and self.status not in (408, 429)


Fetch = Callable[[str, str, int], Answer]
"""Called with address, family (``ipv4``, ``ipv6``) and the most bytes of the body. Raises `FetchError`."""


@dataclass
class Finding:
    """Something wrong on a mirror: a suspicion until it was ``announced``. ``subject`` is a path of the release, or empty for the mirror as a whole.

    ``first``, ``last`` and ``announced`` are seconds since 1970; ``count`` says how often it was seen.
    """

    mirror: str
    family: str
    subject: str
    kind: str
    words: str
    first: float
    last: float
    count: int = 0
    announced: float = 0.0
    is_over: bool = False
    answer: Answer | None = None
