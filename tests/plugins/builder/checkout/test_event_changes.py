"""A published event that is changed has to say so, or the calendars that have it keep the old time or place."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.plugins.events.table_import.test_importer import KOURYU
from tests.plugins.frontmatter.test_advice import warnings
from tests.samples.history import Checkout, make_checkout
from tests.samples.tiny import PUBLICATIONS, TinySite

EVENT = "---\ntitle: 朝の市\ndate: 2021-03-01 10:00\n{updated}start: {start}\nvenue: {venue}\n---\n{body}\n"
FILE = "kouryu/2021/fair.md"


def event(updated: str = "", start: str = "2021-04-10 10:00", venue: str = "港の広場", body: str = "会を開きます。") -> str:
    return EVENT.format(updated=f"updated: {updated}\n" if updated else "", start=start, venue=venue, body=body)


@pytest.fixture
def published(tmp_path: Path) -> Checkout:
    checkout = make_checkout(tmp_path)
    (checkout.root / "publications.toml").write_text(PUBLICATIONS + KOURYU, "utf-8")
    checkout.site.write(FILE, event())
    checkout.commit()
    return checkout


@pytest.mark.parametrize("is_committed", [False, True])
def test_a_change_without_a_later_update_is_told_with_its_line(published: Checkout, is_committed: bool) -> None:
    published.site.write(FILE, event(start="2021-04-11 10:00"))
    if is_committed:
        published.commit()
    (told,) = warnings(published.site, "F723")
    assert told.startswith(f"content/{FILE}:4 ") and "start を変えました" in told


@pytest.mark.parametrize(
    "text",
    [
        event("2021-03-31 11:00", start="2021-04-11 10:00", venue="体育館"),
        event(body="会を開きます。お待ちしています。"),
        event(),
    ],
)
def test_a_change_with_an_update_and_one_of_the_body_are_no_fault(published: Checkout, text: str) -> None:
    published.site.write(FILE, text)
    published.commit()
    assert warnings(published.site, "F723") == []


def test_a_second_change_needs_an_update_of_its_own(published: Checkout) -> None:
    published.site.write(FILE, event("2021-03-30 09:00", venue="体育館"))
    published.commit()
    published.site.write(FILE, event("2021-03-30 9:00", venue="公民館"))
    assert "venue を変えました" in warnings(published.site, "F723")[0]
    published.site.write(FILE, event("2021-03-31 9:00", venue="公民館"))
    assert warnings(published.site, "F723") == []


def test_what_nobody_has_yet_and_what_is_over_may_change_freely(published: Checkout) -> None:
    waiting = event().replace("2021-03-01 10:00", "2021-04-01 10:00")
    over = event(start="2021-03-05 10:00")
    published.site.write("kouryu/2021/waiting.md", waiting)
    published.site.write("kouryu/2021/over.md", over)
    published.commit()
    published.site.write("kouryu/2021/waiting.md", waiting.replace("港の広場", "体育館"))
    published.site.write("kouryu/2021/over.md", over.replace("港の広場", "体育館"))
    assert warnings(published.site, "F723") == []


def test_outside_of_a_repository_nothing_is_told(tiny: TinySite) -> None:
    (tiny.root / "publications.toml").write_text(PUBLICATIONS + KOURYU, "utf-8")
    tiny.write(FILE, event())
    assert warnings(tiny, "F723") == []
