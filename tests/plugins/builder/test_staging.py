"""The tree that is kept beside the site: whatever was done to it, the next site is the one that a full build makes."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from plugins.builder.options import BuildOptions
from plugins.builder.run import verify
from tests.tiny import NOW, TinySite


@pytest.fixture
def three(tiny: TinySite) -> TinySite:
    return tiny.three()


def numbers(folder: Path) -> dict[str, int]:
    return {path.relative_to(folder).as_posix(): path.stat().st_ino for path in folder.rglob("*") if path.is_file()}


def differing(site: TinySite) -> list[str]:
    order = BuildOptions(NOW, site.content, site.root / "publications.toml", site.output, validate_mail=False)
    return verify(order, site.root / "full")


def spoil_the_words(twin: Path) -> None:
    page = twin / "site/press/2020/01/a1/index.html"
    page.unlink()
    page.write_text("<p>defaced</p>")


def leave_a_stranger(twin: Path) -> None:
    (twin / "site/press/2020/01/a1/stranger.html").write_text("not of the site")


def take_it_away(twin: Path) -> None:
    shutil.rmtree(twin)


def lead_astray(twin: Path) -> None:
    shutil.rmtree(twin / "site/press")
    (twin / "site/press").symlink_to(twin.parent.parent / "content")


SPOILT = (spoil_the_words, leave_a_stranger, take_it_away, lead_astray)


def test_the_twin_is_the_same_files_and_no_second_copy(three: TinySite) -> None:
    assert numbers(three.output / "twin/site") == numbers(three.site)
    three.article("press/2020/a4.md", "第4話", "2020-04-01")
    three.build()
    assert numbers(three.output / "twin/site") == numbers(three.site)


@pytest.mark.parametrize("spoil", SPOILT)
def test_what_was_done_to_the_twin_never_comes_into_the_site(three: TinySite, spoil: Callable[[Path], None]) -> None:
    before = numbers(three.content)
    spoil(three.output / "twin")
    three.article("press/2020/a4.md", "第4話", "2020-04-01")
    assert three.build().kept > 10
    assert differing(three) == []
    assert set(numbers(three.content)) == {*before, "press/2020/a4.md"}  # nothing beyond the output was touched


def test_a_link_that_somebody_laid_into_the_site_is_removed_and_nothing_behind_it(three: TinySite) -> None:
    before = numbers(three.content)
    shutil.rmtree(three.site / "press")
    (three.site / "press").symlink_to(three.content)
    three.build()
    assert differing(three) == []
    assert numbers(three.content) == before


def test_a_site_without_links_is_copied_and_kept_in_step(three: TinySite, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise OSError("this file system has no links")

    monkeypatch.setattr("plugins.files._hard_link", refuse)
    three.article("press/2020/a4.md", "第4話", "2020-04-01")
    three.build()
    three.article("press/2020/a5.md", "第5話", "2020-05-01")
    assert three.build().kept > 10
    assert differing(three) == []
    assert three.build().written == 0


@pytest.mark.parametrize("name", ["theme/style.css", "search/d/0.json", "robots.txt", "feed.xml"])
def test_a_file_that_no_template_made_is_mended_too(three: TinySite, name: str) -> None:
    (three.site / name).write_text("altered in place, and so in every tree that shares it")
    three.build()
    assert differing(three) == []


def test_a_site_that_was_built_is_not_looked_at_a_second_time(three: TinySite, monkeypatch: pytest.MonkeyPatch) -> None:
    three.article("press/2020/a4.md", "第4話", "2020-04-01")
    three.build()
    monkeypatch.setattr("plugins.builder.pelican_run.PelicanRun.run", None)  # nothing is made
    assert (three.build().rendered, three.build().written) == (0, 0)
