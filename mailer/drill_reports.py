"""What the newest report of `todoke drill` says. Another half writes the files; nothing of it is imported."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path


@dataclass(frozen=True)
class LastDrill:
    """The newest report: its file, when the drill was, and whether it was passed. A report that cannot be read was not."""

    file: Path
    moment: datetime
    passed: bool


def last_drill(path: Path) -> LastDrill | None:
    """Return the newest report in a folder; None if there is none, or ``path`` is no folder."""
    reports = sorted(path.glob("drill-*.json")) if path.is_dir() else []
    if not reports:
        return None
    file = reports[-1]
    try:
        record = json.loads(file.read_bytes())
        return LastDrill(file, datetime.fromisoformat(record["moment"]).astimezone(UTC), record["passed"] is True)
    except (OSError, ValueError, KeyError, TypeError, AttributeError, OverflowError):
        return LastDrill(file, datetime.fromtimestamp(file.stat().st_mtime, UTC), False)


@dataclass(frozen=True)
class LateDrill:
    """What is wrong with the last drill: where, in English, in Japanese."""

    subject: str
    en: str
    ja: str


def late_drill(path: Path | None, days: float, now: datetime) -> LateDrill | None:
    """Return what is wrong: there was none, it was not passed, or it is long ago. None if all is well, or nobody has said where to look.

    :param path: a folder of reports, or any file or folder whose time says when restoring was practised.
    """
    if path is None:
        return None
    if not path.exists():
        return LateDrill(str(path), "there is none", "ありません")
    last = last_drill(path)
    if last is not None and not last.passed:
        return LateDrill(str(last.file), "the last drill was not passed: read its report", "前回の訓練は不合格です")
    age = now - (datetime.fromtimestamp(newest_time(path), UTC) if last is None else last.moment)
    if age > timedelta(days=days):
        return LateDrill(str(path), age_in_english(age, days), f"{age / timedelta(days=1):.1f}日前")
    return None


def age_in_english(age: timedelta, days: float) -> str:
    """Say how old something is, and may be."""
    return f"{age / timedelta(days=1):.1f} days old; at most {days:g}"


def newest_time(path: Path) -> float:
    """Seconds since 1970 of a file, or of the newest one in a folder."""
    times = [each.stat().st_mtime for each in path.iterdir()] if path.is_dir() else []
    return max(times, default=path.stat().st_mtime)
