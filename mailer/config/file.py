"""`mailer.toml` → `Config`. Pydantic checks what the operator wrote and reports all bad keys together; no other module of the mailer sees its models."""

from __future__ import annotations

import ipaddress
import logging
import re
import tomllib
from datetime import time, timedelta
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

import regular_file
from mailer import private_files
from mailer.config import mail_domain, relays
from mailer.config.inbound import InboundTable, inbound_settings
from mailer.config.mail_domain import AuthenticationTable, DkimTable, DoctorTable
from mailer.config.relays import QueueTable, RelayTable
from mailer.config.section import DOMAIN, Section, beside, parse_address
from mailer.config.settings import (
    LOOPBACK,
    SOURCE_URL,
    SQLITE,
    Approval,
    ApprovalRules,
    Config,
    Durability,
    Identity,
    UnsubscribeMailto,
    is_loopback,
)
from mailer.model.clock import JAPAN
from mailer.model.digest import DigestMoments
from mailer.model.errors import ConfigError
from mailer.model.expiry import MaximumAge
from mailer.model.readers import addresses
from sending_right import settings
from storage.settings import LocalStorage, S3Storage, SshStorage

LOGGER = logging.getLogger("mailer.config")
PASSWORD_IN_URL = re.compile(r"://[^/?#]*:[^/?#@]+@|[?&]password=", re.IGNORECASE)
"""The two places of a password in the URL of a PostgreSQL server (libpq, section "Connection URIs")."""
TIME = r"^([01]\d|2[0-3]):[0-5]\d$"
UNSAFE_IN_LINK = re.compile(r"[^!-~]|[<>\"'&]")


def load_config(path: Path) -> Config:
    """Read and check the file.

    :raises ConfigError: the file is missing, is not TOML, or has bad keys (all of them are named).
    :raises NotPrivate: `database` holds a password, and other accounts may read the file.
    """
    file = _read(path)
    if PASSWORD_IN_URL.search(file.database):
        private_files.refuse_if_shared(path)
    return _settings(path.resolve(), file)


class _Approval(Section):
    model_config = ConfigDict(extra="allow", strict=True)
    __pydantic_extra__: dict[str, Approval] = Field(init=False)

    default: Approval = "off"
    identity: Identity = "key"
    approvers: str = Field(default="approvers.toml", min_length=1)
    content: str = Field(default="content", min_length=1)
    authors: Literal["git", "stated"] = "git"
    growth: float = Field(default=0.1, ge=0, le=10, strict=False)


class _MaxAge(Section):
    newsletter: float = Field(default=168.0, gt=0, le=8784, strict=False)  # hours; at most a year
    emergency: float = Field(default=24.0, gt=0, le=8784, strict=False)


class _Digests(Section):
    daily: str = Field(default="18:00", pattern=TIME)
    weekly: str = Field(default="18:00", pattern=TIME)
    weekly_day: Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"] = "friday"


class _Retention(Section):
    unconfirmed: int = Field(default=7, ge=1, le=31)  # days
    ended: int = Field(default=28, ge=1, le=366)
    evidence: int = Field(default=31, ge=31, le=3660)  # a month by law


class _File(Section, BaseModel):  # BaseModel is named so that ruff knows the defaults for what they are
    service_url: str
    database: str = "sqlite:///var/todoke.db"
    message_id_domain: str = Field(pattern=DOMAIN)
    return_path: str
    secret_file: str | None = None
    relay: list[RelayTable] = [RelayTable()]
    queues: dict[Annotated[str, Field(pattern=DOMAIN, max_length=120)], QueueTable] = {}
    verp: bool = True
    durability: Durability = "process"
    lease: float = Field(default=60.0, ge=1, le=3600, strict=False)
    operator: str | None = None
    metrics_key_file: str | None = None
    audit_key_file: str | None = None
    address_key_file: str | None = None
    test_addresses: int = Field(default=10, ge=1, le=100)
    test_addresses_per_day: int = Field(default=50, ge=1, le=1000)
    approval: _Approval = _Approval()
    time_zone: str = JAPAN.key
    source_url: str = SOURCE_URL
    unsubscribe_mailto: dict[str, str] = {}
    max_age: _MaxAge = _MaxAge()
    digests: _Digests = _Digests()
    retention: _Retention = _Retention()
    inbound: InboundTable = InboundTable()
    dkim: DkimTable = DkimTable()
    authentication: AuthenticationTable = AuthenticationTable()
    doctor: DoctorTable = DoctorTable()
    trusted_proxies: list[str] = list(LOOPBACK)

    @field_validator("trusted_proxies")
    @classmethod
    def known_networks(cls, value: list[str]) -> list[str]:
        try:
            return [str(ipaddress.ip_network(each)) for each in value]
        except ValueError as error:
            raise ValueError(f"{error}; write networks as 192.0.2.0/24 or 2001:db8::/48") from None

    @field_validator("unsubscribe_mailto")
    @classmethod
    def takes_unsubscriptions(cls, value: dict[str, str]) -> dict[str, str]:
        return {key: each if each in ("contact", "off") else parse_address(each) for key, each in value.items()}

    @field_validator("time_zone")
    @classmethod
    def known_zone(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (ZoneInfoNotFoundError, ValueError, OSError):  # ValueError: a path out of the folder of zones; OSError: one of its folders
            raise ValueError("no such time zone; write it as Asia/Tokyo") from None
        return value

    @field_validator("source_url")
    @classmethod
    def safe_source(cls, value: str) -> str:
        url = urlsplit(value)
        if url.scheme not in ("https", "http") or not url.hostname or UNSAFE_IN_LINK.search(value):
            raise ValueError("write the address of the source as https://git.example.jp/todoke")
        return value

    @field_validator("service_url")
    @classmethod
    def safe_url(cls, value: str) -> str:
        url = urlsplit(value)
        if url.scheme not in ("https", "http") or not url.hostname or url.query or url.fragment or url.username:
            raise ValueError("write it as https://mail.example.jp, without query or password")
        # RFC 8058 section 3.1: the one-click address is HTTPS. http is for the demonstration on one's own machine.
        if url.scheme == "http" and not is_loopback(url.hostname):
            raise ValueError("must begin with https:// (http:// only for 127.0.0.1 and localhost)")
        if UNSAFE_IN_LINK.search(value):
            raise ValueError("has characters that do not belong into a link")
        return value.rstrip("/")

    @field_validator("relay", mode="before")
    @classmethod
    def one_or_several(cls, value: object) -> object:
        return [value] if isinstance(value, dict) else value  # [relay] or [[relay]]

    @field_validator("relay")
    @classmethod
    def named_relays(cls, value: list[RelayTable]) -> list[RelayTable]:
        names = [relay.name or "relay" for relay in value]
        if not value or len(set(names)) != len(names):
            raise ValueError("write at least one relay, and give each a name of its own")
        return value

    @field_validator("return_path", "operator")
    @classmethod
    def safe_address(cls, value: str | None) -> str | None:
        return None if value is None else parse_address(value)

    @field_validator("return_path")
    @classmethod
    def can_be_extended(cls, value: str) -> str:
        if value.startswith('"') or addresses.quoted(value) != value:  # VERP adds to the part before the @
            raise ValueError("write a part before the @ that needs no quotation marks")
        return value


def _read(path: Path) -> _File:
    try:
        return _File.model_validate(_with_new_names(path, tomllib.loads(regular_file.read_bytes(path).decode())))
    except FileNotFoundError:
        raise ConfigError(path, ("no such file; give another with --config",)) from None
    except ValidationError as error:  # a ValueError, too, and so it comes first
        raise ConfigError(path, _diagnostics(error)) from None  # the input is not shown: somebody may have put a password in it
    except (OSError, ValueError, RecursionError) as error:  # ValueError: not UTF-8, not TOML, a number of thousands of digits
        raise ConfigError(path, (f"cannot be read: {getattr(error, 'strerror', None) or error}",)) from error


def _with_new_names(path: Path, values: dict[str, Any]) -> dict[str, Any]:
    """Return the file's values, with `[lanes]` of version 0.1 as `[queues]`, and log one line that says what to write."""
    if "lanes" not in values:
        return values
    if "queues" in values:
        raise ConfigError(path, ("[lanes] is the old name of [queues]: move its tables there",))
    lanes = values["lanes"] if isinstance(values["lanes"], dict) else {}
    example = next((name for name in lanes if re.fullmatch(DOMAIN, name)), "docomo.ne.jp")  # not a name that could break the line
    LOGGER.warning(
        f'{path}: [lanes] is now [queues]: write [queues."{example}"]. Version 0.3 will not read the old name. '
        f'[lanes] は [queues] に変わりました。[queues."{example}"] と書いてください。'
    )
    return {("queues" if name == "lanes" else name): value for name, value in values.items()}


def _diagnostics(error: ValidationError) -> tuple[str, ...]:
    details = error.errors(include_url=False, include_input=False, include_context=False)
    return tuple(f"{'.'.join(map(str, each['loc'])).replace('relay.0', 'relay') or 'file'}: {each['msg']}" for each in details)


def _settings(path: Path, file: _File) -> Config:
    folder = path.parent
    return Config(
        path=path,
        service_url=file.service_url,
        database=_database(folder, file.database),
        message_id_domain=file.message_id_domain,
        return_path=file.return_path,
        secret_file=beside(folder, file.secret_file),
        relays=tuple(sorted((relays.relay(folder, relay) for relay in file.relay), key=lambda relay: relay.priority)),
        queues=tuple(relays.queue(name.lower(), queue) for name, queue in sorted(file.queues.items())),
        verp=file.verp,
        durability=file.durability,
        lease=file.lease,
        operator=file.operator,
        metrics_key_file=beside(folder, file.metrics_key_file),
        audit_key_file=beside(folder, file.audit_key_file),
        address_key_file=beside(folder, file.address_key_file),
        test_addresses=file.test_addresses,
        test_addresses_per_day=file.test_addresses_per_day,
        approval=_approval(folder, file.approval),
        time_zone=ZoneInfo(file.time_zone),
        source_url=file.source_url,
        unsubscribe_mailto=UnsubscribeMailto.from_table(file.unsubscribe_mailto),
        inbound=inbound_settings(folder, file.inbound, file.return_path, is_signed=bool(file.dkim.domains)),
        digests=DigestMoments(time.fromisoformat(file.digests.daily), file.digests.weekly_day, time.fromisoformat(file.digests.weekly)),
        max_age=MaximumAge(timedelta(hours=file.max_age.newsletter), timedelta(hours=file.max_age.emergency)),
        trusted_proxies=tuple(file.trusted_proxies),
        dkim=mail_domain.dkim(folder, file.dkim),
        authentication=mail_domain.authentication(file.authentication),
        doctor=mail_domain.doctor(folder, file.doctor),
        right=_right(folder / settings.FILE),
    )


def _right(path: Path) -> tuple[LocalStorage | SshStorage | S3Storage, ...]:
    try:
        return settings.right_storages(path)
    except settings.BadSettings as error:
        raise ConfigError(path, (str(error).removeprefix(f"{path}: "),)) from error


def _approval(folder: Path, table: _Approval) -> ApprovalRules:
    """Beside its own keys the table has one for each list that differs from the default."""
    files = {"approvers": folder / table.approvers, "content": folder / table.content}
    return ApprovalRules(**table.model_dump(exclude={*(table.model_extra or ())}) | files, lists=table.model_extra or {})


def _database(folder: Path, url: str) -> str:
    """Return the URL; a relative SQLite path is relative to the toml's folder, not to wherever the command was started."""
    if not url.startswith(SQLITE) or url == SQLITE:
        return url
    return SQLITE + (folder / url.removeprefix(SQLITE)).as_posix()
