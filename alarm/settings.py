"""The settings: a TOML file → `Settings`. All bad keys are reported together; paths are relative to the file."""

from __future__ import annotations

import tomllib
from dataclasses import MISSING, dataclass, fields, replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from alarm.words import VerifierError
from verifier.model import Config, Mirror
from verifier.trust import key_of


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
class Settings(Config):
    """What is watched, and how it is told."""

    rdap: str = ""
    evidence_megabytes: int = 100
    restore: bool = False
    restore_command: tuple[str, ...] = ()
    mail: Mail | None = None
    webhook: Webhook | None = None


TABLES: dict[str, type] = {"mirrors": Mirror, "mail": Mail, "webhook": Webhook}
PATHS = ("root", "folder", "secret_file", "password_file")


def load_settings(path: Path) -> Settings:
    """Read the file, to whose folder paths are relative; `check` says whether it is enough. Raises `VerifierError` that names every bad
    key.
    """
    try:
        record, problems = tomllib.loads(path.read_text(encoding="utf-8")), list[str]()
    except (OSError, ValueError) as error:
        raise VerifierError(f"{path}: {error} / 設定が読めません") from error
    config: Settings = _fill(Settings, record, "", path.resolve().parent, problems)
    if problems:
        raise VerifierError(f"{path}: {'; '.join(problems)} / 設定を直してください")
    return config


def _fill(kind: Any, record: Any, where: str, folder: Path, problems: list[str]) -> Any:
    """Make a dataclass of a table; note what does not fit."""
    hints, given = {each.name: str(each.type) for each in fields(kind)}, {}
    for name, value in record.items() if isinstance(record, dict) else [("", record)]:
        if name in TABLES and isinstance(value, list) == (name == "mirrors"):
            rows = [_fill(TABLES[name], row, f"{where}{name}.", folder, problems) for row in ([value], value)[name == "mirrors"]]
            given[name] = tuple(rows) if name == "mirrors" else rows[0]
        elif name not in hints:
            problems.append(f"{where}{name}: there is no such setting")
        elif not _fits(value, hints[name]):
            problems.append(f"{where}{name}: {value!r} is of the wrong kind")
        else:
            given[name] = tuple(value) if isinstance(value, list) else str(folder / value) if value and name in PATHS else value
    needed = [each.name for each in fields(kind) if each.default is MISSING and each.default_factory is MISSING]
    problems += [f"{where}{name}: is needed" for name in needed if name not in given]
    return None if problems else kind(**given)


def _fits(value: Any, hint: str) -> bool:
    """Compare with a type as it is written above."""
    if isinstance(value, list | dict):
        inside = value if isinstance(value, list) else value.values()
        return hint == ("tuple[str, ...]" if isinstance(value, list) else "dict[str, str]") and all(
            isinstance(each, str) for each in inside
        )
    return type(value).__name__ == hint or (type(value) is int and hint == "float")


def check(config: Settings) -> Settings:
    """Return the configuration with a name for each mirror. Raises `VerifierError` if it cannot be used."""
    mirrors = tuple(replace(each, name=each.name or urlsplit(each.url).netloc, url=each.url.rstrip("/")) for each in config.mirrors)
    names = [each.name for each in mirrors]
    problems = [f"families: {each!r} is neither ipv4 nor ipv6" for each in config.families if each not in ("ipv4", "ipv6")]
    problems += [f"{each.url}: no address with http or https" for each in mirrors if urlsplit(each.url).scheme not in ("http", "https")]
    problems += [f"mirrors: two have the name {name}" for name in sorted(set(names)) if names.count(name) > 1]
    problems += [f"{name}: must be more than 0" for name in ("interval", "again", "timeout", "slow") if getattr(config, name) <= 0]
    if not mirrors:
        problems.append("mirrors: none is named 公開先がありません")
    if not (config.root or config.public_key):
        problems.append(
            "root or public_key is needed: what is trusted never comes from the mirror 信頼の元（root か public_key）が要ります"
        )
    try:
        key_of(config.public_key) if config.public_key else None
    except ValueError as error:
        problems.append(f"this is no public key of minisign: {error} / minisign の公開鍵ではありません")
    if config.root and not Path(config.root).is_file():
        problems.append(f"{config.root}: No such file 読めません")
    if problems:
        raise VerifierError("; ".join(problems))
    return replace(config, mirrors=mirrors)
