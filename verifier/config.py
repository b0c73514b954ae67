"""The TOML file → `Config`. All bad keys are reported together; paths are relative to the file."""

from __future__ import annotations

import tomllib
from collections import Counter
from collections.abc import Mapping
from dataclasses import MISSING, dataclass, field, fields, is_dataclass, replace
from pathlib import Path
from typing import Any, cast, get_args, get_origin, get_type_hints
from urllib.parse import urlsplit

from verifier.fetch import FAMILIES
from verifier.manifest import check_key
from verifier.model import VerifierError
from verifier.trust import Keys

PATHS = ("root", "folder", "ca_file", "secret_file", "password_file")


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
    folder: str = "verifier"
    critical: tuple[str, ...] = ()
    ignored: tuple[str, ...] = ()
    families: tuple[str, ...] = ("ipv4", "ipv6")
    controls: tuple[str, ...] = ()
    interval: float = 30.0
    again: float = 10.0
    timeout: float = 10.0
    slow: float = 5.0
    grace: float = 60.0
    frozen: float = 10800.0
    remind: float = 3600.0
    certificate_days: int = 21
    domain_days: int = 60
    rdap: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    agents: tuple[str, ...] = ("Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0",)
    ca_file: str = ""
    evidence_megabytes: int = 100
    restore: bool = False
    restore_command: tuple[str, ...] = ()
    mail: Mail | None = None
    webhook: Webhook | None = None

    def keys(self) -> Keys:
        """Read the trust. Raises `VerifierError`."""
        try:
            return Keys(Path(self.root).read_bytes() if self.root else b"", check_key(self.public_key) if self.public_key else "")
        except OSError as error:
            raise VerifierError(f"{self.root}: {error.strerror} / 読めません") from error


def load_config(path: Path) -> Config:
    """Read the file; `check` says whether it is enough. Raises `VerifierError` that names every bad key."""
    try:
        record = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise VerifierError(f"{path}: {getattr(error, 'strerror', None) or error} / 設定が読めません") from error
    faults: list[str] = []
    config = _build(Config, record, "", faults, path.resolve().parent)
    if faults:
        raise VerifierError(f"{path}: {'; '.join(faults)} / 設定を直してください")
    return cast(Config, config)


def check(config: Config) -> Config:
    """Return the configuration with a name for each mirror. Raises `VerifierError` if it cannot be used."""
    mirrors = tuple(replace(each, name=each.name or urlsplit(each.url).netloc, url=each.url.rstrip("/")) for each in config.mirrors)
    faults = [f"families: {each!r} is neither ipv4 nor ipv6" for each in config.families if each not in FAMILIES]
    faults += [f"{each.url}: no address with http or https" for each in mirrors if urlsplit(each.url).scheme not in ("http", "https")]
    faults += [f"mirrors: two have the name {name}" for name, number in Counter(each.name for each in mirrors).items() if number > 1]
    faults += [f"{name}: must be more than 0" for name in ("interval", "again", "timeout", "slow") if getattr(config, name) <= 0]
    if not mirrors:
        faults.append("mirrors: none is named 公開先がありません")
    if not (config.root or config.public_key):
        faults.append("root or public_key is needed: what is trusted never comes from the mirror 信頼の元（root か public_key）が要ります")
    if faults:
        raise VerifierError("; ".join(faults))
    return replace(config, mirrors=mirrors)


def _build(kind: Any, record: Mapping[str, Any], where: str, faults: list[str], folder: Path) -> Any:
    hints, given = get_type_hints(kind), {}
    for name, value in record.items():
        if name not in hints:
            faults.append(f"{where}{name}: there is no such setting")
        else:
            given[name] = _convert(hints[name], value, f"{where}{name}", faults, folder)
            if name in PATHS and given[name]:
                given[name] = str(folder / given[name])
    missing = [each.name for each in fields(kind) if each.default is MISSING and each.default_factory is MISSING and each.name not in given]
    faults += [f"{where}{name}: is needed" for name in missing]
    return None if missing else kind(**given)


def _convert(hint: Any, value: Any, where: str, faults: list[str], folder: Path) -> Any:
    inner = next((each for each in get_args(hint) if each not in (Ellipsis, type(None))), None)
    if isinstance(value, list) and get_origin(hint) is tuple:
        return tuple(_convert(inner, each, where, faults, folder) for each in value)
    if isinstance(value, dict) and is_dataclass(inner or hint):
        return _build(inner or hint, value, f"{where}.", faults, folder)
    if isinstance(value, dict) and get_origin(hint) is Mapping:
        return {name: _convert(str, each, where, faults, folder) for name, each in value.items()}
    if type(value) is hint or (hint is float and type(value) is int):
        return value
    faults.append(f"{where}: {value!r} is of the wrong kind")
    return ""
