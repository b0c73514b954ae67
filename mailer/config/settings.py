"""What the operator decides, as frozen values that are built once and passed in. Secrets are not among them: see `mailer.secrets`."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal
from zoneinfo import ZoneInfo

from mailer.model.clock import JAPAN
from mailer.model.digest import DigestMoments
from mailer.model.expiry import MaximumAge
from mailer.model.issue import MailList
from mailer.model.readers.retention import Retention
from storage.settings import LocalStorage, S3Storage, SshStorage

Approval = Literal["required", "off"]
Identity = Literal["key", "name"]
Tls = Literal["none", "opportunistic", "required", "implicit"]
QuoteLocalPart = Literal["auto", "always", "never"]
Durability = Literal["process", "power"]
Pipelining = Literal["auto", "off"]
SOURCE_URL = "https://todoke.example.jp/todoke.git"
"""The repository, as publiccode.yml has it. AGPL section 13: whoever runs a changed version offers the source of that one."""
LOOPBACK = ("127.0.0.0/8", "::1/128")
"""The networks of this machine alone: where a reverse proxy runs that is not named."""
SQLITE = "sqlite:///"
"""Begins the URL of an SQLite file."""


@dataclass(frozen=True, slots=True)
class ApprovalRules:
    """Which lists need a second person's approval. `default` holds for every list that `lists` does not name.

    `identity`: an approver signs with a key of the file `approvers`, or is taken at a name. `growth`: the share by which a list may grow after
    its approval. `content`: the folder of the sources, whose history says who wrote them; `authors`: Git says it, or the person who approves.
    """

    default: Approval = "off"
    lists: Mapping[str, Approval] = field(default_factory=dict)
    identity: Identity = "key"
    approvers: Path = Path("approvers.toml")
    content: Path = Path("content")
    authors: Literal["git", "stated"] = "git"
    growth: float = 0.1

    def needs(self, key: str) -> bool:
        """Whether an issue of this list must be approved before it is sent."""
        return self.lists.get(key, self.default) == "required"


@dataclass(frozen=True, slots=True)
class UnsubscribeMailto:
    """Which address takes unsubscriptions by mail: `contact` is the list's own contact, `off` none. `default` is for lists not in `lists`."""

    default: str = "contact"
    lists: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def from_table(cls, table: Mapping[str, str]) -> UnsubscribeMailto:
        """Read the table of the file, in which `default` is a key beside those of lists."""
        return cls(table.get("default", "contact"), {key: value for key, value in table.items() if key != "default"})

    def address_for(self, mail_list: MailList) -> str | None:
        """Return the address, or None if the list has none."""
        value = self.lists.get(mail_list.key, self.default)
        return {"contact": mail_list.contact, "off": None}.get(value, value)


@dataclass(frozen=True, slots=True)
class RelaySettings:
    """An SMTP relay. `timeout` is in seconds, for one command; `ca_file` is a PEM file of further trusted roots.

    `rate` is in messages a second, 0 for no limit; the relay with the lowest `priority` number is used first. `quote_local_part` is about
    addresses of Japanese carriers (`mailer.smtp.quoting`).
    """

    host: str
    port: int
    tls: Tls
    username: str | None
    password_file: Path | None
    ca_file: Path | None
    connections: int
    timeout: float
    name: str = "relay"
    priority: int = 1
    rate: float = 0.0
    messages_per_connection: int = 100
    pipelining: Pipelining = "auto"
    quote_local_part: QuoteLocalPart = "auto"


@dataclass(frozen=True, slots=True)
class QueueSettings:
    """The limits of a domain queue: recipients of one domain, or of several that share their servers. `rate` 0: no limit."""

    name: str
    domains: tuple[str, ...]
    connections: int
    rate: float
    messages_per_connection: int


@dataclass(frozen=True, slots=True)
class InboundSettings:
    """How mail comes in. `domain`: of the addresses LIST-subscribe@ and others; `complaints`: the address that feedback loops write to, or empty.

    `announces_complaints`: messages name that address (CFBL-Address, RFC 9477), because the operator has written it down and DKIM signs them.
    `authserv_id`: the name under which our own Postfix writes Authentication-Results (RFC 8601), or empty if nothing checks DMARC; `keep_days`: how long
    messages that were not understood are kept.
    """

    domain: str = ""
    complaints: str = ""
    authserv_id: str = ""
    listen: str = "127.0.0.1:8024"
    announces_complaints: bool = False
    most_bytes: int = 10_000_000
    keep_days: int = 28


@dataclass(frozen=True, slots=True)
class DkimSettings:
    """Who signs: for each of `domains` (``d=``) there are keys in `folder`/DOMAIN under two selectors. No domains: the relay signs, or nobody."""

    domains: tuple[str, ...] = ()
    selectors: tuple[str, str] = ("todoke1", "todoke2")
    folder: Path = Path("var/dkim")

    def domain_for(self, address: str) -> str | None:
        """The domain that signs for this From: its own, or the nearest one above it. None: none of the settings fits."""
        domain = address.rpartition("@")[2].lower()
        fitting = [each for each in self.domains if domain == each or domain.endswith(f".{each}")]
        return max(fitting, key=len, default=None)


@dataclass(frozen=True, slots=True)
class AuthenticationSettings:
    """How receivers can tell our mail from a forgery. `sending`: whether a `send` needs it; `addresses`: from where the mail reaches receivers;
    `relay_dkim`: names of the records of relays that sign; `nameservers`: who is asked, instead of the system's (``address`` or ``address:port``).
    """

    sending: Approval = "required"
    addresses: tuple[str, ...] = ()
    relay_dkim: tuple[str, ...] = ()
    nameservers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class DoctorSettings:
    """Files whose time says when something was done last: a snapshot, a drill. Ages are in days; None: nobody has said where to look."""

    snapshot: Path | None = None
    snapshot_days: float = 2.0
    drill: Path | None = None
    drill_days: float = 190.0


@dataclass(frozen=True, slots=True)
class Config:
    """All that the operator decides. `service_url` has no trailing slash; every path is absolute; `lease` is in seconds. `right`: the storages
    that keep the right to send, from continuity.toml beside the file.
    """

    path: Path
    service_url: str
    database: str
    message_id_domain: str
    return_path: str
    secret_file: Path | None
    relays: tuple[RelaySettings, ...]
    queues: tuple[QueueSettings, ...] = ()
    verp: bool = True
    durability: Durability = "process"
    lease: float = 60.0
    operator: str | None = None
    metrics_key_file: Path | None = None
    audit_key_file: Path | None = None
    address_key_file: Path | None = None
    test_addresses: int = 10
    test_addresses_per_day: int = 50
    approval: ApprovalRules = field(default_factory=ApprovalRules)
    time_zone: ZoneInfo = JAPAN
    source_url: str = SOURCE_URL
    unsubscribe_mailto: UnsubscribeMailto = field(default_factory=UnsubscribeMailto)
    max_age: MaximumAge = field(default_factory=MaximumAge)
    digests: DigestMoments = field(default_factory=DigestMoments)
    retention: Retention = field(default_factory=Retention)
    inbound: InboundSettings = field(default_factory=InboundSettings)
    trusted_proxies: tuple[str, ...] = LOOPBACK
    dkim: DkimSettings = field(default_factory=DkimSettings)
    authentication: AuthenticationSettings = field(default_factory=AuthenticationSettings)
    doctor: DoctorSettings = field(default_factory=DoctorSettings)
    right: tuple[LocalStorage | SshStorage | S3Storage, ...] = ()

    @property
    def relay(self) -> RelaySettings:
        """The relay that is used first."""
        return self.relays[0]

    @property
    def spool(self) -> Path:
        """The folder of mail that has come in."""
        return self.path.parent / "var" / "inbound"

    @property
    def bounce_rules(self) -> Path:
        """The file of the rules that the operator has taught."""
        return self.spool / "rules.toml"

    @property
    def state(self) -> Path:
        """The folder of journals: beside the database's file, or in `var` for a database server."""
        name = self.database.removeprefix(SQLITE)
        if name and name != self.database:
            file = Path(name)
            return file.with_name(file.name + ".state")
        return self.path.parent / "var" / "mailer.state"


def is_loopback(host: str) -> bool:
    """Whether the host is this machine, by name or by address."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
