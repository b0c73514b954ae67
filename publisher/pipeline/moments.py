"""When the site changes by itself: reads what the build wrote down (``moments.json``, docs/reference/release.md)."""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import dataclass
from pathlib import Path

from publisher.model.errors import PublisherError

FILE = "moments.json"
FORMAT = 1


@dataclass(frozen=True, order=True)
class DueMoment:
    """``at`` has a zone. ``what``: a document ``begins`` or ``ends``, an event is ``over``, a row of a table becomes ``unknown``, a mail is
    ``sent``, or the pages show another ``day``.

    ``document`` is the path of the source below ``content/`` or the name of an issue, empty for a day.
    """

    at: dt.datetime
    what: str
    document: str = ""
    title: str = ""
    address: str = ""


def read_moments(output: Path, after: dt.datetime) -> list[DueMoment]:
    """Return what is due after ``after``, soonest first; nothing without a file. Raises `PublisherError` if the file cannot be read."""
    read = _read(output)
    return sorted(moment for moment in read[1] if moment.at > after) if read else []


def due_moment(output: Path, now: dt.datetime) -> DueMoment | None:
    """Return the first moment since the build at which the site should have changed by now; None if it is as it should be, or there is none.

    Raises `PublisherError` if the file cannot be read.
    """
    read = _read(output)
    return min((moment for moment in read[1] if read[0] < moment.at <= now), default=None) if read else None


def _read(output: Path) -> tuple[dt.datetime, list[DueMoment]] | None:
    """Return when the site was built, and all its moments."""
    file = output / FILE
    try:
        record = json.loads(file.read_bytes())
        _require_format(record["format"])
        built = dt.datetime.fromisoformat(record["built"])
        due = [_moment(each) for each in record["moments"]]
        until = dt.datetime.fromisoformat(record["until"]) if record["until"] else None
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise PublisherError(f"{file}: cannot be read: {error}. Run todoke build / 読めません") from error
    if until is not None and until not in [moment.at for moment in due]:
        due.append(DueMoment(until, "day"))
    return built, due


def _require_format(version: object) -> None:
    if version != FORMAT:
        raise ValueError(f"format {version}, not {FORMAT}")


def _moment(record: dict[str, str]) -> DueMoment:
    at = dt.datetime.fromisoformat(record["at"])
    if at.tzinfo is None:
        raise ValueError(f"{record['at']} names no zone")
    return DueMoment(at, record["what"], record["document"], record["title"], record["address"])
