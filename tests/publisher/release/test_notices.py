"""What a rollback would do to notices in force."""

from __future__ import annotations

import datetime as dt
import json

import pytest

from publisher.model.release import Release, ReleasedFile
from publisher.release.notices import taken_back
from tests.samples.publishing.releases import NOW

PATH = "emergency/2026/11/rain/notice.json"


def content(*, drill: bool = False, hours: int = 6) -> bytes:
    return json.dumps({"schema": 1, "notices": [{"drill": drill, "expires": (NOW + dt.timedelta(hours=hours)).isoformat()}]}).encode()


def release(*files: tuple[str, str]) -> Release:
    return Release(1, NOW, tuple(ReleasedFile(path, sha256, 1, "application/json", "no-cache") for path, sha256 in files))


@pytest.mark.parametrize(
    ("data", "is_in_force"),
    [
        (content(), True),
        (content(drill=True), False),
        (content(hours=-1), False),
        (b"{broken", False),
        (b"[]", False),
        (b'{"notices": [{"drill": false, "expires": "soon"}]}', False),
        (b'{"notices": [{"drill": false, "expires": "2030-01-01"}]}', False),
    ],
)
def test_a_notice_that_goes_counts_while_it_is_in_force_and_is_no_drill(data: bytes, is_in_force: bool) -> None:
    public, older = release((PATH, "a" * 64), ("index.html", "b" * 64)), release(("index.html", "c" * 64))
    assert taken_back(public, older, lambda _: data, NOW) == (["emergency/2026/11/rain/"] if is_in_force else [])


def test_an_older_version_counts_and_the_same_one_does_not() -> None:
    public = release((PATH, "a" * 64))
    assert taken_back(public, release((PATH, "b" * 64)), lambda _: content(), NOW) == ["emergency/2026/11/rain/"]
    assert taken_back(public, release((PATH, "a" * 64)), lambda _: content(), NOW) == []
