"""What begins and ends next, as the build writes it for whoever publishes."""

from __future__ import annotations

import datetime as dt
import json
from typing import Any

from tests.samples.tiny import NOW, TinySite

NOTICE = "---\ntitle: 断水\ndate: 2021-03-30 09:00\nexpires: {expires}\nseverity: 注意\n---\n水が出ません。\n"
EVENT = "---\nkind: event\ntitle: 朝市\ndate: 2021-03-01\nstart: 2021-04-02 09:00\nend: 2021-04-02 12:00\nvenue: 港\n---\n朝市です。\n"
JOB = "---\ntitle: 事務\ndate: 2021-03-01\nemployer: 町\nplace: 女川町\nemployment: パート\npay: 時給1,000円\ndeadline: 2021-04-10\n---\n求人です。\n"


def moments(site: TinySite) -> dict[str, Any]:
    record = json.loads((site.output / "moments.json").read_bytes())
    assert isinstance(record, dict)
    return record


def test_each_beginning_and_end_to_come_is_listed_with_its_document_soonest_first(tiny: TinySite) -> None:
    tiny.article("press/2021/later.md", "あとの記事", "2021-04-01 10:00")
    tiny.article("press/2021/before.md", "前の記事", "2021-03-01")
    tiny.write("press/2021/draft.md", "---\ntitle: 下書き\ndate: 2021-04-01 09:00\ndraft: true\n---\n本文です。\n")
    tiny.write("notices/2021/water.md", NOTICE.format(expires="2021-03-31 18:00"))
    tiny.write("press/2021/market.md", EVENT)
    tiny.write("jobs/2021/office.md", JOB)
    tiny.build()
    record = moments(tiny)
    assert [(each["at"][:16], each["what"], each["document"]) for each in record["moments"]] == [
        ("2021-03-31T18:00", "ends", "notices/2021/water.md"),
        ("2021-04-01T10:00", "begins", "press/2021/later.md"),
        ("2021-04-02T12:00", "over", "press/2021/market.md"),
        ("2021-04-11T00:00", "ends", "jobs/2021/office.md"),
    ]
    assert record["moments"][1]["title"] == "あとの記事" and record["moments"][1]["address"] == "/press/2021/04/later/"
    assert dt.datetime.fromisoformat(record["until"]) == dt.datetime.fromisoformat(record["moments"][0]["at"])


def test_at_that_moment_the_build_is_another_and_the_list_is_shorter(tiny: TinySite) -> None:
    tiny.article("press/2021/before.md", "前の記事", "2021-03-01")
    tiny.write("notices/2021/water.md", NOTICE.format(expires="2021-03-31 18:00"))
    first = tiny.build()
    end = dt.datetime.fromisoformat(moments(tiny)["moments"][0]["at"])
    assert tiny.build(end - dt.timedelta(seconds=1)).rendered == 0, "nothing changes before"
    changed = tiny.build(end)
    assert changed.pages < first.pages and moments(tiny)["moments"] == []


def test_a_site_in_which_nothing_waits_holds_to_the_end_of_the_day_from_its_first_build_on(tiny: TinySite) -> None:
    """Reading a source for the first time must not read the exact time: a build that holds for a microsecond would be repeated without an end."""
    tiny.three()
    assert moments(tiny) == {"format": 1, "built": NOW.isoformat(), "until": "2021-04-01T00:00:00+09:00", "moments": []}
