"""Notices in force, as a release itself tells of them: ``notice.json`` lies beside the page of each notice."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable, Iterator
from contextlib import suppress

from publisher.model.release import Release, ReleasedFile

NAME = "/notice.json"


def taken_back(public: Release, older: Release, read: Callable[[ReleasedFile], bytes], now: dt.datetime) -> list[str]:
    """Return the paths of notices in force that ``older`` lacks, or has in an earlier version; of an update and of an end (解除) too, since what was before would be in force again.

    ``read`` returns the content of a file of ``public``.
    """
    after = older.by_path
    changed = [file for file in public.files if file.path.endswith(NAME) and after.get(file.path) != file]
    return sorted(file.path.removesuffix(NAME[1:]) for file in changed if _is_in_force(read(file), now))


def _is_in_force(data: bytes, now: dt.datetime) -> bool:
    with suppress(ValueError, LookupError, TypeError):
        return any(end > now for end in _ends(data))
    return False


def _ends(data: bytes) -> Iterator[dt.datetime]:
    for record in json.loads(data)["notices"]:
        if not record["drill"]:
            yield dt.datetime.fromisoformat(record["expires"])
