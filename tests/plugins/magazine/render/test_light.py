"""The light part of a long issue: it ends between two items, and gives the address of the rest."""

from __future__ import annotations

from pathlib import Path, PurePosixPath

import pytest

from plugins.magazine.compose.composition import Composition, compose
from plugins.magazine.render import light
from plugins.magazine.render.renderer import IssueRenderer
from tests.samples.tiny import TinySite

BASE = "https://site.example.jp"


def long_issue(site: TinySite, count: int, extra: str = "") -> tuple[Composition, IssueRenderer]:
    """An issue of two sections with half of ``count`` articles in each."""
    for number in range(count):
        site.article(f"press/2020/a{number}.md", f"{number}番目の知らせ{extra}", "2020-05-01")
    lines = [f"::記事 ../../press/2020/a{number}.md" for number in range(count)]
    sections = "\n".join(["## はじめの話", "", *lines[: count // 2], "", "## あとの話", "", *lines[count // 2 :]])
    site.write("mail/press/1.md", f"---\ntitle: 長い号\ndate: 2020-05-10\n---\nこんにちは。\n\n{sections}\n")
    library = site.library()
    issue = compose(library.documents[PurePosixPath("mail/press/1.md")], library)
    return issue, IssueRenderer(Path("themes/miyagi/mail"), library.registry.site, BASE)


@pytest.mark.parametrize("extra", ["", "（髙橋）"])
def test_a_long_light_part_ends_between_two_items_and_links_to_the_rest(tiny: TinySite, extra: str) -> None:
    issue, renderer = long_issue(tiny, 120, extra)
    part, items = renderer.light(issue), light.items(issue, BASE)
    fitting = [item for item in items if item.text in part.text]
    assert part.charset == ("utf-8" if extra else "iso-2022-jp")
    assert 0 < len(fitting) < len(items) and fitting == items[: len(fitting)]
    assert len(part.text.encode(part.charset)) <= light.LARGEST - light.RESERVED
    first_left_out = items[len(fitting)]
    assert f"続きは、ウェブでお読みください。\n{BASE}/mail/press/1/#{first_left_out.anchor}\n" in part.text
    assert first_left_out.text.splitlines()[0] not in part.text  # nothing of it, not even its title
    for obligation in ("https://personal.invalid/unsubscribe", "https://personal.invalid/preferences", "〒980-0000", "press@example.jp"):
        assert obligation in part.text


def test_the_light_part_could_not_hold_one_item_more(tiny: TinySite) -> None:
    issue, renderer = long_issue(tiny, 120)
    part, items = renderer.light(issue), light.items(issue, BASE)
    count = sum(item.text in part.text for item in items)
    longer = part.text + items[count].text
    assert len(longer.encode(part.charset)) > light.LARGEST - light.RESERVED


def test_a_short_issue_is_not_cut(tiny: TinySite) -> None:
    issue, renderer = long_issue(tiny, 4)
    assert "続きは" not in renderer.light(issue).text


def test_the_heading_of_a_section_stays_with_its_first_item(tiny: TinySite) -> None:
    issue, _renderer = long_issue(tiny, 4)
    firsts = [item for item in light.items(issue, BASE) if item.text.startswith(("1. ", "2. "))]
    assert [item.anchor for item in firsts] == ["corner-1", "corner-2"]
    assert all("番目の知らせ" in item.text for item in firsts)
