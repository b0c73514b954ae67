"""What servers told us to send next time: ``var/feeds.json``. A cache: when it is lost, feeds are simply read in full."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

SCHEMA = 1


@dataclass(frozen=True)
class Validators:
    """ETag and Last-Modified of one address: opaque, quotes and weakness marks included (RFC 9110, 8.8)."""

    url: str
    etag: str | None = None
    last_modified: str | None = None

    def headers(self) -> dict[str, str]:
        """Return the headers of a conditional request (RFC 9110, 13.1)."""
        wanted = {"If-None-Match": self.etag, "If-Modified-Since": self.last_modified}
        return {name: value for name, value in wanted.items() if value}


def load(path: Path) -> dict[str, Validators]:
    """Read the validators by feed key. A missing or broken file is an empty one."""
    try:
        stored = json.loads(path.read_text("utf-8"))
        feeds = stored["feeds"] if stored["schema"] == SCHEMA else {}
        return {str(key): _validators(value) for key, value in feeds.items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return {}


def _validators(value: Mapping[str, object]) -> Validators:
    return Validators(str(value["url"]), sendable(value.get("etag")), sendable(value.get("last_modified")))


def sendable(value: object) -> str | None:
    """Return a header's value if it can be sent back unchanged, else None."""
    usable = isinstance(value, str) and value.isascii() and value.isprintable() and 0 < len(value) <= 1000
    return str(value) if usable else None


def save(path: Path, feeds: Mapping[str, Validators]) -> None:
    """Write the validators; an interrupted write leaves the old file."""
    text = json.dumps({"schema": SCHEMA, "feeds": {key: asdict(value) for key, value in feeds.items()}}, indent=2, sort_keys=True)
    replace_file(path, f"{text}\n".encode())


def replace_file(path: Path, data: bytes) -> None:
    """Write ``data`` beside ``path`` and move it there, so that readers see the old bytes or the new, never half."""
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".{path.name}.tmp")
    beside.write_bytes(data)
    os.replace(beside, path)  # noqa: PTH105 - the same call on every system, over an existing file
