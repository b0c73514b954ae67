"""The table `[inbound]` of `mailer.toml`: where mail to the service comes in. Read by `file`."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field, field_validator

from mailer.config.section import DOMAIN, Section, parse_address
from mailer.config.settings import InboundSettings, is_loopback


class InboundTable(Section):
    """`[inbound]`."""

    domain: str | None = Field(default=None, pattern=DOMAIN)
    complaints: str | None = None
    authserv_id: str = Field(default="", pattern=r"^[!-~]*$", max_length=255)
    listen: str = Field(default="127.0.0.1:8024", min_length=3)
    most_bytes: int = Field(default=10_000_000, ge=100_000, le=100_000_000)
    keep_days: int = Field(default=28, ge=1, le=366)

    @field_validator("complaints")
    @classmethod
    def safe_address(cls, value: str | None) -> str | None:
        """Return it as it is stored."""
        return None if value is None else parse_address(value)

    @field_validator("listen")
    @classmethod
    def on_this_machine(cls, value: str) -> str:
        """Check that no other machine can connect."""
        host, colon, port = value.rpartition(":")
        if "/" not in value and not (colon and port.isdecimal() and is_loopback(host.strip("[]"))):
            raise ValueError("write a port of this machine as 127.0.0.1:8024, or the path of a Unix socket: LMTP has no password")
        return value


def inbound_settings(folder: Path, table: InboundTable, return_path: str, *, is_signed: bool) -> InboundSettings:
    """Return the settings. Addresses of lists and of complaints are below the domain of the return path, unless the table says otherwise.

    :param is_signed: whether we sign our mail: only then is the address for complaints announced in it.
    """
    domain = table.domain or return_path.rpartition("@")[2]
    listen = table.listen if "/" not in table.listen else (folder / table.listen).as_posix()
    complaints = table.complaints or f"complaints@{domain}"
    is_announced = table.complaints is not None and is_signed
    return InboundSettings(domain.lower(), complaints, table.authserv_id, listen, is_announced, table.most_bytes, table.keep_days)
