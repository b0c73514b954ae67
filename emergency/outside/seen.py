"""When something was first seen to be live: a mirror's ``Last-Modified`` is what it says of itself, this is what we saw."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from contextlib import suppress
from pathlib import Path


class FirstSeen:
    """A file of moments by what was seen. It may be lost: then what is seen next is the first."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._moments: dict[str, str] = {}
        with suppress(OSError, ValueError, AttributeError):
            self._moments = {str(name): str(moment) for name, moment in json.loads(file.read_bytes()).items()}

    def see(self, mirror: str, path: str, data: bytes, now: dt.datetime) -> dt.datetime:
        """Return since when these bytes have been seen there; now, if they were not."""
        name = f"{mirror} {path} {hashlib.sha256(data).hexdigest()[:16]}"
        with suppress(ValueError):
            return dt.datetime.fromisoformat(self._moments.setdefault(name, now.isoformat(timespec="seconds")))
        self._moments[name] = now.isoformat(timespec="seconds")
        return now

    def save(self) -> None:
        """Keep it, whole or not at all. Where nothing can be written, nothing is kept."""
        with suppress(OSError):
            self._file.parent.mkdir(parents=True, exist_ok=True)
            temporary = self._file.with_suffix(".part")
            temporary.write_text(json.dumps(self._moments, ensure_ascii=False, indent=0), encoding="utf-8")
            temporary.replace(self._file)
