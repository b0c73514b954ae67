"""The tables of `mailer.toml` about the mail domain: signatures, authentication, what `todoke doctor` looks at. Read by `file`."""

from __future__ import annotations

import ipaddress
from pathlib import Path
from typing import Annotated

from pydantic import Field, field_validator

from mailer.config.section import DOMAIN, Section, beside
from mailer.config.settings import Approval, AuthenticationSettings, DkimSettings, DoctorSettings

RECORD_NAME = r"^[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*\._domainkey\.[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*\.?$"


class DkimTable(Section):
    """`[dkim]`."""

    domains: list[Annotated[str, Field(pattern=DOMAIN, max_length=190)]] = Field(default=[], max_length=100)
    selectors: list[Annotated[str, Field(pattern=DOMAIN, max_length=60)]] = Field(
        default=["todoke1", "todoke2"], min_length=2, max_length=2
    )
    folder: str = Field(default="var/dkim", min_length=1)

    @field_validator("selectors")
    @classmethod
    def two_names(cls, value: list[str]) -> list[str]:
        """Check that they differ."""
        if len({each.lower() for each in value}) != len(value):
            raise ValueError("write two different selectors")
        return value


class AuthenticationTable(Section):
    """`[authentication]`."""

    sending: Approval = "required"
    addresses: list[str] = Field(default=[], max_length=50)
    relay_dkim: list[Annotated[str, Field(pattern=RECORD_NAME, max_length=253)]] = Field(default=[], max_length=50)
    nameservers: list[str] = Field(default=[], max_length=10)

    @field_validator("addresses")
    @classmethod
    def are_addresses(cls, value: list[str]) -> list[str]:
        """Return them in their one form (RFC 5952)."""
        return [str(ipaddress.ip_address(each)) for each in value]

    @field_validator("nameservers")
    @classmethod
    def are_servers(cls, value: list[str]) -> list[str]:
        """Check that each is an address, with a port or without."""
        for each in value:
            host, colon, port = each.rpartition(":")
            has_port = colon and port.isdecimal() and (each.startswith("[") or ":" not in host)
            ipaddress.ip_address((host if has_port else each).strip("[]"))
        return value


class DoctorTable(Section):
    """`[doctor]`."""

    snapshot: str | None = Field(default=None, min_length=1)
    snapshot_days: float = Field(default=2.0, gt=0, le=366, strict=False)
    drill: str | None = Field(default=None, min_length=1)
    drill_days: float = Field(default=190.0, gt=0, le=3660, strict=False)


def authentication(table: AuthenticationTable) -> AuthenticationSettings:
    """Return the settings."""
    names = tuple(name.lower().rstrip(".") for name in table.relay_dkim)
    return AuthenticationSettings(table.sending, tuple(table.addresses), names, tuple(table.nameservers))


def dkim(folder: Path, table: DkimTable) -> DkimSettings:
    """Return the settings; the folder of keys is beside mailer.toml."""
    domains = tuple(dict.fromkeys(domain.lower() for domain in table.domains))
    first, second = (selector.lower() for selector in table.selectors)
    return DkimSettings(domains, (first, second), folder / table.folder)


def doctor(folder: Path, table: DoctorTable) -> DoctorSettings:
    """Return the settings; names of files are beside mailer.toml."""
    return DoctorSettings(beside(folder, table.snapshot), table.snapshot_days, beside(folder, table.drill), table.drill_days)
