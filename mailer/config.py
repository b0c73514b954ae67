"""`mailer.toml` → one frozen object, built once and passed in.

Pydantic looks at what the operator wrote and reports all bad keys together; behind this room there are only plain
dataclasses. Secrets are not part of it: see `secret`.
"""

from __future__ import annotations

import ipaddress
import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, Self
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from mailer import addresses
from mailer.approval_rules import Approval, ApprovalRules
from mailer.errors import AddressError, ConfigError

Tls = Literal["none", "opportunistic", "required", "implicit"]
DOMAIN = r"^[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?)*$"


@dataclass(frozen=True, slots=True)
class RelaySettings:
    """The SMTP relay. `timeout` in seconds, for one command; `ca_file` is a PEM file of further trusted roots."""

    host: str
    port: int
    tls: Tls
    username: str | None
    password_file: Path | None
    ca_file: Path | None
    connections: int
    timeout: float


@dataclass(frozen=True, slots=True)
class Config:
    """All that the operator decides. `service_url` has no trailing slash; every path is absolute."""

    path: Path
    service_url: str
    database: str
    message_id_domain: str
    return_path: str
    secret_file: Path | None
    relay: RelaySettings
    approval: ApprovalRules = field(default_factory=ApprovalRules)

    @classmethod
    def load(cls, path: Path) -> Config:
        """Read and check the file.

        :raises ConfigError: the file is missing, is not TOML, or has bad keys (all of them are named).
        """
        return _freeze(path.resolve(), _parse(path))


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class _Relay(_Section):
    host: str = Field(default="127.0.0.1", min_length=1, pattern=r"^[!-~]+$")
    port: int = Field(default=25, ge=1, le=65535)
    tls: Tls = "required"
    username: str | None = None
    password_file: str | None = None
    ca_file: str | None = None
    connections: int = Field(default=4, ge=1, le=50)
    timeout: float = Field(default=60.0, gt=0, le=600, strict=False)

    @model_validator(mode="after")
    def password_needs_tls(self) -> Self:
        if self.username and self.tls in ("none", "opportunistic") and not is_loopback(self.host):
            raise ValueError('a password is sent only over verified TLS: set tls = "required" or "implicit"')
        return self


class _File(_Section):
    service_url: str
    database: str = "sqlite:///var/todoke.db"
    message_id_domain: str = Field(pattern=DOMAIN)
    return_path: str
    secret_file: str | None = None
    relay: _Relay = _Relay()
    approval: dict[str, Approval] = {}

    @field_validator("service_url")
    @classmethod
    def safe_url(cls, value: str) -> str:
        parts = urlsplit(value)
        if parts.scheme not in ("https", "http") or not parts.hostname or parts.query or parts.fragment or parts.username:
            raise ValueError("write it as https://mail.example.jp, without query or password")
        # RFC 8058 section 3.1: the one-click address is HTTPS. http is for the demonstration on one's own machine.
        if parts.scheme == "http" and not is_loopback(parts.hostname):
            raise ValueError("must begin with https:// (http:// only for 127.0.0.1 and localhost)")
        if not value.isascii() or any(sign in value for sign in " <>\"'&\r\n\t"):
            raise ValueError("has characters that do not belong into a link")
        return value.rstrip("/")

    @field_validator("return_path")
    @classmethod
    def safe_address(cls, value: str) -> str:
        try:
            return addresses.parse(value)
        except AddressError as error:
            raise ValueError(error.reason) from None


def is_loopback(host: str) -> bool:
    """Whether the host is this machine, by name or by address."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _parse(path: Path) -> _File:
    try:
        return _File.model_validate(tomllib.loads(path.read_text("utf-8")))
    except FileNotFoundError:
        raise ConfigError(path, ("no such file; give another with --config",)) from None
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigError(path, (f"cannot be read: {error}",)) from error
    except ValidationError as error:
        raise ConfigError(path, _faults(error)) from None  # the input is not shown: somebody may have put a password in it


def _faults(error: ValidationError) -> tuple[str, ...]:
    found = error.errors(include_url=False, include_input=False, include_context=False)
    return tuple(f"{'.'.join(map(str, fault['loc'])) or 'file'}: {fault['msg']}" for fault in found)


def _freeze(path: Path, file: _File) -> Config:
    home = path.parent
    relay = file.relay.model_dump() | {
        "password_file": _beside(home, file.relay.password_file),
        "ca_file": _beside(home, file.relay.ca_file),
    }
    return Config(
        path=path,
        service_url=file.service_url,
        database=_database(home, file.database),
        message_id_domain=file.message_id_domain,
        return_path=file.return_path,
        secret_file=_beside(home, file.secret_file),
        relay=RelaySettings(**relay),
        approval=ApprovalRules.read(file.approval),
    )


def _beside(home: Path, name: str | None) -> Path | None:
    return home / name if name else None


def _database(home: Path, url: str) -> str:
    """A relative SQLite path is relative to the toml's folder, not to wherever the command was started."""
    prefix = "sqlite:///"
    if not url.startswith(prefix) or url == prefix:
        return url
    return prefix + (home / url.removeprefix(prefix)).as_posix()
