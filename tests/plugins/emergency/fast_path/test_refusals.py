"""What the fast path refuses: records that no channel takes, and a snapshot that cannot be trusted. Nothing is written then."""

from __future__ import annotations

from pathlib import PurePosixPath

import pytest

from plugins.diagnostics import ContentErrors
from plugins.emergency.fast_path.snapshot import NoSnapshot, load_snapshot
from plugins.emergency.fast_path.snapshot_file import SNAPSHOT
from tests.plugins.emergency.fast_path.test_publish import FLOOD, publish
from tests.plugins.frontmatter.model.test_notices import record
from tests.samples.tiny import TinySite

REFUSED = {
    "an article": ("press/2020/a.md", None, "F805"),
    "a notice that is over": (str(FLOOD), record(expires="2021-03-31 11:00", date="2021-03-31 09:00"), "F805"),
    "a notice of tomorrow": (str(FLOOD), record(date="2021-04-01 09:00", expires="2021-04-02 09:00"), "F805"),
    "a draft": (str(FLOOD), record(draft="true"), "F805"),
    "an address that is taken": (str(FLOOD), record(date="2021-03-31 08:00", slug="rain"), "F805"),
    "a notice that speaks of a drill": (str(FLOOD), record(body="これは訓練です。"), "F802"),
    "a link to nothing": (str(FLOOD), record(body="[ここ](nothing.md)"), "F401"),
    "no front matter": (str(FLOOD), "川があふれます", "F104"),
}


@pytest.mark.parametrize("what", sorted(REFUSED))
def test_a_record_that_no_channel_takes_is_refused_and_nothing_is_written(site: TinySite, what: str) -> None:
    path, text, rule = REFUSED[what]
    if text is not None:
        site.write(path, text)
    before = {file: file.read_bytes() for file in site.output.rglob("*") if file.is_file()}
    with pytest.raises(ContentErrors) as errors:
        publish(site, PurePosixPath(path))
    assert rule in {diagnostic.rule for diagnostic in errors.value.diagnostics}
    assert {file: file.read_bytes() for file in site.output.rglob("*") if file.is_file()} == before


@pytest.mark.parametrize("damage", [b"", b"{}", b'{"format": 1}', b"\xff\xfe", b'{"format": 99}'])
def test_a_damaged_snapshot_is_named_with_what_to_do(site: TinySite, damage: bytes) -> None:
    (site.output / SNAPSHOT).write_bytes(damage)
    with pytest.raises(NoSnapshot, match="todoke build"):
        load_snapshot(site.output)


def test_a_byte_of_the_snapshot_that_is_changed_is_no_traceback(site: TinySite) -> None:
    whole = (site.output / SNAPSHOT).read_bytes()
    for position in range(0, len(whole), len(whole) // 60):
        (site.output / SNAPSHOT).write_bytes(whole[:position] + bytes([whole[position] ^ 1]) + whole[position + 1 :])
        try:
            load_snapshot(site.output)
        except (NoSnapshot, ContentErrors):
            continue
