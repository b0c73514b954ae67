"""The tables of `mailer.toml` about the servers that take our mail: `[relay]`, and `[queues]` of the domains that get connections of their own. Read by `file`."""

from __future__ import annotations

from pathlib import Path
from typing import Self

from pydantic import Field, model_validator

from mailer.config.section import Section, beside
from mailer.config.settings import Pipelining, QueueSettings, QuoteLocalPart, RelaySettings, Tls, is_loopback


class RelayTable(Section):
    """`[relay]`, or one of `[[relay]]`."""

    host: str = Field(default="127.0.0.1", min_length=1, pattern=r"^[!-~]+$")
    port: int = Field(default=25, ge=1, le=65535)
    tls: Tls = "required"
    username: str | None = None
    password_file: str | None = None
    ca_file: str | None = None
    connections: int = Field(default=4, ge=1, le=200)
    timeout: float = Field(default=300.0, gt=0, le=600, strict=False)  # RFC 5321 section 4.5.3.2: five minutes
    name: str | None = Field(default=None, pattern=r"^[0-9A-Za-z-]+$", max_length=40)
    priority: int = Field(default=1, ge=1, le=99)
    rate: float = Field(default=0.0, ge=0, strict=False)
    messages_per_connection: int = Field(default=100, ge=1, le=100_000)
    pipelining: Pipelining = "auto"
    quote_local_part: QuoteLocalPart = "auto"

    @model_validator(mode="after")
    def password_needs_tls(self) -> Self:
        """Check that nobody on the way can read it."""
        if self.username and self.tls in ("none", "opportunistic") and not is_loopback(self.host):
            raise ValueError('a password is sent only over verified TLS: set tls = "required" or "implicit"')
        return self


class QueueTable(Section):
    """`[queues.NAME]`."""

    domains: list[str] = Field(default=[], max_length=50)
    connections: int = Field(default=1, ge=1, le=50)
    rate: float = Field(default=0.0, ge=0, strict=False)
    messages_per_connection: int = Field(default=100, ge=1, le=100_000)


def relay(folder: Path, table: RelayTable) -> RelaySettings:
    """Return the settings; names of files are beside mailer.toml."""
    files = {"password_file": beside(folder, table.password_file), "ca_file": beside(folder, table.ca_file)}
    return RelaySettings(**table.model_dump() | files | {"name": table.name or "relay"})


def queue(name: str, table: QueueTable) -> QueueSettings:
    """Return the settings; a queue without domains is for the domain of its name."""
    domains = tuple(domain.lower() for domain in table.domains) or (name,)
    return QueueSettings(name, domains, table.connections, table.rate, table.messages_per_connection)
