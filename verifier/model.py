"""What crosses the files of this package: what is watched, what is signed, what came, what was found."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from tuf.api.exceptions import DownloadError

WELL_KNOWN = ".well-known/todoke/"

LASTS = {"differ": 300.0, "slow": 300.0, "unreachable": 300.0, "blind": 1800.0}
"""Kind of a finding → seconds for which it must last; the others need two tries."""

MENDED = ("altered", "added", "missing", "rolled-back", "forged", "stale", "frozen", "header", "differ")
"""Kinds that a delivery of the release mends. The others: ``dns``, ``certificate``, ``domain``, ``slow``, ``unreachable``, ``blind``."""

Judgement = dict[str, str]
"""What is wrong: kind → words. Empty if all is well."""

About = tuple[str, str, str]
"""Mirror, family and subject: a path of the release, or empty for the mirror as a whole."""


class FetchError(DownloadError):
    """No whole answer. It is one of python-tuf's errors, so that it comes through python-tuf's client as it is."""


class AbsentError(FetchError):
    """No address or no route of this family."""


class TlsError(FetchError):
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


class Answer(NamedTuple):
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
    """Something wrong on a mirror: a suspicion until it was ``announced``. ``subject`` is a path of the release, or empty for the mirror
    as a whole.

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


def plain(words: str) -> str:
    """Return one line that no terminal and no mail reader takes for a command: paths and headers are a stranger's words."""
    return "".join(sign if sign.isprintable() else f"\\u{ord(sign):04x}" for sign in " ".join(words.split()))


@dataclass(frozen=True)
class Mirror:
    """Its address without a last slash, and a name that no other has.

    ``patience``: seconds that one delivery may take where pages are not exchanged as a whole (S3). ``domain`` is what `alarm` asks an
    RDAP server for.
    """

    url: str
    name: str = ""
    addresses: tuple[str, ...] = ()
    domain: str = ""
    patience: float = 0.0


@dataclass(frozen=True)
class Config:
    """What is watched. Times in seconds. The trust: ``root``, a file of TUF's root metadata, and ``public_key``, the line of a public key
    of minisign.
    """

    mirrors: tuple[Mirror, ...] = ()
    root: str = ""
    public_key: str = ""
    folder: str = "var/verifier"
    critical: tuple[str, ...] = ()
    ignored: tuple[str, ...] = ()
    families: tuple[str, ...] = ("ipv4", "ipv6")
    controls: tuple[str, ...] = ()
    interval: float = 30.0
    again: float = 10.0
    timeout: float = 10.0
    slow: float = 5.0
    frozen: float = 10800.0
    headers: dict[str, str] = field(default_factory=dict)
    agents: tuple[str, ...] = ("Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0",)
