"""Whatever somebody does to the staging tree or to the site, the next site is the one that a full build makes."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from plugins.builder.options import BuildOptions
from plugins.builder.run import build, verify
from tests.samples.tiny import NOW, TinySite


@pytest.fixture
def three(tiny: TinySite) -> TinySite:
    """A site that was edited once: the first build makes no staging tree."""
    site = tiny.three()
    site.article("press/2020/a0.md", "第0話", "2020-01-15")
    site.build()
    return site


def inodes(folder: Path) -> dict[str, int]:
    return {path.relative_to(folder).as_posix(): path.stat().st_ino for path in folder.rglob("*") if path.is_file()}


def differing(site: TinySite) -> list[str]:
    options = BuildOptions(NOW, site.content, site.root / "publications.toml", site.output, validate_mail=False)
    return verify(options, site.root / "full")


def alter_a_page(staging: Path) -> None:
    page = staging / "site/press/2020/01/a1/index.html"
    page.unlink()
    page.write_text("<p>defaced</p>")


def add_a_file(staging: Path) -> None:
    (staging / "site/press/2020/01/a1/added.html").write_text("not of the site")


def remove_all(staging: Path) -> None:
    shutil.rmtree(staging)


def replace_a_folder_by_a_link(staging: Path) -> None:
    shutil.rmtree(staging / "site/press")
    (staging / "site/press").symlink_to(staging.parent.parent / "content")


DAMAGES = (alter_a_page, add_a_file, remove_all, replace_a_folder_by_a_link)


def test_a_whole_new_site_has_no_staging_tree_and_the_next_edit_makes_it(tiny: TinySite) -> None:
    site = tiny.three()
    assert not (site.output / "staging").exists()
    site.article("press/2020/a4.md", "第4話", "2020-04-01")
    assert site.build().kept > 10
    assert inodes(site.output / "staging/site") == inodes(site.site)
    build(BuildOptions(NOW, site.content, site.root / "publications.toml", site.output, validate_mail=False, fresh=True))
    assert not (site.output / "staging/site").exists()
    site.article("press/2020/a5.md", "第5話", "2020-05-01")
    assert site.build().kept > 10
    assert differing(site) == []


def test_the_staging_tree_holds_links_to_the_files_of_the_site_and_no_copies(three: TinySite) -> None:
    assert inodes(three.output / "staging/site") == inodes(three.site)
    three.article("press/2020/a4.md", "第4話", "2020-04-01")
    three.build()
    assert inodes(three.output / "staging/site") == inodes(three.site)


@pytest.mark.parametrize("damage", DAMAGES)
def test_damage_to_the_staging_tree_never_reaches_the_site(three: TinySite, damage: Callable[[Path], None]) -> None:
    before = inodes(three.content)
    damage(three.output / "staging")
    three.article("press/2020/a4.md", "第4話", "2020-04-01")
    assert three.build().kept > 10
    assert differing(three) == []
    assert set(inodes(three.content)) == {*before, "press/2020/a4.md"}  # nothing beyond the output was touched


def test_a_symbolic_link_in_the_site_is_removed_and_the_files_behind_it_stay(three: TinySite) -> None:
    before = inodes(three.content)
    shutil.rmtree(three.site / "press")
    (three.site / "press").symlink_to(three.content)
    three.build()
    assert differing(three) == []
    assert inodes(three.content) == before


def test_without_hard_links_the_staging_tree_is_a_copy_and_every_build_is_right(three: TinySite, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise OSError("this file system has no links")

    monkeypatch.setattr("plugins.files._hard_link", refuse)
    three.article("press/2020/a4.md", "第4話", "2020-04-01")
    three.build()
    three.article("press/2020/a5.md", "第5話", "2020-05-01")
    assert three.build().kept > 10
    assert differing(three) == []
    assert three.build().changed == 0


@pytest.mark.parametrize("name", ["theme/style.css", "search/d/0.json", "robots.txt", "feed.xml"])
def test_an_altered_file_that_no_template_made_is_mended_too(three: TinySite, name: str) -> None:
    (three.site / name).write_text("altered in place, and so in every tree that shares it")
    three.build()
    assert differing(three) == []


def test_a_second_build_without_a_change_does_not_run_pelican(three: TinySite, monkeypatch: pytest.MonkeyPatch) -> None:
    three.article("press/2020/a4.md", "第4話", "2020-04-01")
    three.build()
    monkeypatch.setattr("plugins.builder.pelican_run.PelicanRun.run", None)  # calling it would fail
    assert (three.build().rendered, three.build().changed) == (0, 0)
