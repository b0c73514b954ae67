"""The settings: a TOML file → `Config`. All bad keys are reported together; paths are relative to the file."""

from __future__ import annotations

import tomllib
from dataclasses import MISSING, dataclass, field, fields, replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from verifier.model import VerifierError


@dataclass(frozen=True)
class Mirror:
    """``name`` is that of ``publish.toml`` if `restore` is to find it. ``patience``: seconds that one delivery may take where pages are not exchanged as a whole (S3)."""

    url: str
    name: str = ""
    addresses: tuple[str, ...] = ()
    domain: str = ""
    patience: float = 0.0


@dataclass(frozen=True)
class Mail:
    """``security`` is ``tls``, ``starttls`` or ``none``."""

    host: str
    sender: str
    to: tuple[str, ...]
    port: int = 587
    security: str = "starttls"
    user: str = ""
    password_file: str = ""


@dataclass(frozen=True)
class Webhook:
    """The secret signs what is posted (Standard Webhooks)."""

    url: str
    secret_file: str


@dataclass(frozen=True)
class Config:
    """Times in seconds. ``root`` and ``public_key`` are the trust: a file of TUF's root metadata, the line of a public key of minisign."""

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
    rdap: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    agents: tuple[str, ...] = ("Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0",)
    evidence_megabytes: int = 100
    restore: bool = False
    restore_command: tuple[str, ...] = ()
    mail: Mail | None = None
    webhook: Webhook | None = None


TABLES: dict[str, type] = {"mirrors": Mirror, "mail": Mail, "webhook": Webhook}
PATHS = ("root", "folder", "secret_file", "password_file")


def load_config(path: Path) -> Config:
    """Read the file, to whose folder paths are relative; `check` says whether it is enough. Raises `VerifierError` that names every bad key."""
    try:
        record, faults = tomllib.loads(path.read_text(encoding="utf-8")), list[str]()
    except (OSError, ValueError) as error:
        raise VerifierError(f"{path}: {error} / 設定が読めません") from error
    config: Config = _fill(Config, record, "", path.resolve().parent, faults)
    if faults:
        raise VerifierError(f"{path}: {'; '.join(faults)} / 設定を直してください")
    return config


def _fill(kind: Any, record: Any, where: str, folder: Path, faults: list[str]) -> Any:
    """Make a dataclass of a table; note what does not fit."""
    hints, given = {each.name: str(each.type) for each in fields(kind)}, {}
    for name, value in record.items() if isinstance(record, dict) else [("", record)]:
        if name in TABLES and isinstance(value, list) == (name == "mirrors"):
            rows = [_fill(TABLES[name], row, f"{where}{name}.", folder, faults) for row in ([value], value)[name == "mirrors"]]
            given[name] = tuple(rows) if name == "mirrors" else rows[0]
        elif name not in hints:
            faults.append(f"{where}{name}: there is no such setting")
        elif not _fits(value, hints[name]):
            faults.append(f"{where}{name}: {value!r} is of the wrong kind")
        else:
            given[name] = tuple(value) if isinstance(value, list) else str(folder / value) if value and name in PATHS else value
    needed = [each.name for each in fields(kind) if each.default is MISSING and each.default_factory is MISSING]
    faults += [f"{where}{name}: is needed" for name in needed if name not in given]
    return None if faults else kind(**given)


def _fits(value: Any, hint: str) -> bool:
    """Compare with a type as it is written above."""
    if isinstance(value, list | dict):
        inside = value if isinstance(value, list) else value.values()
        return hint == ("tuple[str, ...]" if isinstance(value, list) else "dict[str, str]") and all(
            isinstance(each, str) for each in inside
        )
    return type(value).__name__ == hint or (type(value) is int and hint == "float")


def check(config: Config) -> Config:
    """Return the configuration with a name for each mirror. Raises `VerifierError` if it cannot be used."""
    mirrors = tuple(replace(each, name=each.name or urlsplit(each.url).netloc, url=each.url.rstrip("/")) for each in config.mirrors)
    names = [each.name for each in mirrors]
    faults = [f"families: {each!r} is neither ipv4 nor ipv6" for each in config.families if each not in ("ipv4", "ipv6")]
    faults += [f"{each.url}: no address with http or https" for each in mirrors if urlsplit(each.url).scheme not in ("http", "https")]
    faults += [f"mirrors: two have the name {name}" for name in sorted(set(names)) if names.count(name) > 1]
    faults += [f"{name}: must be more than 0" for name in ("interval", "again", "timeout", "slow") if getattr(config, name) <= 0]
    if not mirrors:
        faults.append("mirrors: none is named 公開先がありません")
    if not (config.root or config.public_key):
        faults.append("root or public_key is needed: what is trusted never comes from the mirror 信頼の元（root か public_key）が要ります")
    if faults:
        raise VerifierError("; ".join(faults))
    return replace(config, mirrors=mirrors)
