"""What a snapshot is: its name, the list of what is in it, and what can be wrong with it."""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

FORMAT = 1
INDEX = "snapshot.json"
"""The first file of a snapshot: the list of all others."""
_MOMENT = "%Y%m%dT%H%M%SZ"
_NAME = re.compile(r"todoke-(\d{8}T\d{6}Z)(?:-since-(\d{8}T\d{6}Z))?\.tar\.age")


class ContinuityError(Exception):
    """Something that the operator has to mend, in English and Japanese."""


class SnapshotDamaged(ContinuityError):
    """A file is no snapshot, is damaged, or is not for this key. Another one may be whole."""


@dataclass(frozen=True, order=True)
class SnapshotName:
    """The name of a snapshot's file: its moment, and that of the one whose contents it does not repeat, or empty."""

    moment: str
    base: str = ""

    @classmethod
    def at(cls, moment: dt.datetime, base: str = "") -> SnapshotName:
        """Return the name of a snapshot of this moment."""
        return cls(moment.astimezone(dt.UTC).strftime(_MOMENT), base)

    @classmethod
    def parse(cls, text: str) -> SnapshotName | None:
        """Read the name of a file; None if it is another file's."""
        match = _NAME.fullmatch(text)
        return cls(match[1], match[2] or "") if match else None

    @property
    def time(self) -> dt.datetime:
        """The moment, in UTC."""
        return dt.datetime.strptime(self.moment, _MOMENT).replace(tzinfo=dt.UTC)

    def __str__(self) -> str:
        """Return the name of the file."""
        return f"todoke-{self.moment}{f'-since-{self.base}' if self.base else ''}.tar.age"


@dataclass(frozen=True)
class StoredFile:
    """A file in a snapshot. ``is_here``: its content is in this snapshot's own file, and not in that of its base."""

    sha256: str
    length: int
    is_here: bool = True


@dataclass(frozen=True)
class SnapshotIndex:
    """The list of a snapshot: files by path, rows by table as they were counted, and what is left out on purpose, each with how to bring it."""

    name: SnapshotName
    files: Mapping[str, StoredFile]
    rows: Mapping[str, int] = field(default_factory=dict)
    database: str = ""
    left_out: tuple[str, ...] = ()

    def render(self) -> bytes:
        """Return it as JSON."""
        record = {"format": FORMAT, "moment": self.name.moment, "base": self.name.base, "database": self.database}
        files = {path: asdict(file) for path, file in sorted(self.files.items())}
        return json.dumps(
            record | {"rows": dict(self.rows), "left_out": self.left_out, "files": files}, ensure_ascii=False, indent=1
        ).encode()

    @classmethod
    def parse(cls, data: bytes) -> SnapshotIndex:
        """Read it. Raises `SnapshotDamaged`."""
        try:
            record: dict[str, Any] = json.loads(data)
            if record["format"] != FORMAT:
                raise SnapshotDamaged(f"a snapshot of format {record['format']}: use a newer version of Todoke / 新しい版で開いてください")
            files = {path: StoredFile(**each) for path, each in record["files"].items()}
            if wrong := [path for path in files if path.startswith("/") or ".." in path.split("/")]:
                raise SnapshotDamaged(f"a path leads out of the snapshot: {wrong[0]} / 外へ出るパスがあります")
            return cls(SnapshotName(record["moment"], record["base"]), files, record["rows"], record["database"], tuple(record["left_out"]))
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise SnapshotDamaged(f"its list cannot be read ({type(error).__name__}) / 目録が読めません") from error
