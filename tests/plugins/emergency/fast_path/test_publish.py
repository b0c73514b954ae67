"""The fast path: what it writes equals what a full build writes, and nothing but the record has to hold."""

from __future__ import annotations

import datetime as dt
import filecmp
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path, PurePosixPath

import pytest

import todoke
from plugins.builder.options import BuildOptions
from plugins.builder.run import build
from plugins.emergency.fast_path.publish import COUNTING, FastPath, StageDone
from plugins.emergency.fast_path.snapshot import load_snapshot
from plugins.emergency.fast_path.source import read_record
from plugins.typography.phrases import BREAK
from tests.plugins.emergency.test_mail import TOML
from tests.plugins.frontmatter.model.test_notices import record
from tests.samples.tiny import NOW, TinySite

FLOOD = PurePosixPath("notices/2021/flood.md")


def publish(site: TinySite, path: PurePosixPath = FLOOD, now: dt.datetime = NOW) -> list[StageDone]:
    """Publish the source at ``path``, as `todoke emergency write` does."""
    snapshot = load_snapshot(site.output)
    document = read_record(site.content, path, snapshot, now)
    return list(FastPath(snapshot, document, site.content, site.output, site.root / "cache", now).stages())


def full_build(site: TinySite, now: dt.datetime = NOW) -> Path:
    """Build the same checkout elsewhere, from nothing."""
    folder = site.root / "full"
    shutil.rmtree(folder, ignore_errors=True)
    build(BuildOptions(now, site.content, site.root / "publications.toml", folder, fresh=True, validate_mail=False))
    return folder


def differing(first: Path, second: Path) -> set[str]:
    """Return the files below two folders that are not in both with the same bytes."""
    names = {path.relative_to(root).as_posix() for root in (first, second) for path in root.rglob("*") if path.is_file()}
    return {
        n for n in names if not ((first / n).is_file() and (second / n).is_file() and filecmp.cmp(first / n, second / n, shallow=False))
    }


def only_counts(names: set[str]) -> bool:
    """Tell whether all of ``names`` belong to what counts the whole site: search, map of the site, results page; or are cards that no page names any more."""
    return all(name.removeprefix("furigana/") in COUNTING or name.startswith(("search/", "sitemap", "cards/")) for name in names)


CASES: dict[str, Callable[[TinySite], PurePosixPath]] = {}


def case(words: str) -> Callable[[Callable[[TinySite], PurePosixPath]], Callable[[TinySite], PurePosixPath]]:
    """Register a way to write a record into a site."""

    def register(function: Callable[[TinySite], PurePosixPath]) -> Callable[[TinySite], PurePosixPath]:
        CASES[words] = function
        return function

    return register


@case("a graver notice beside one in force")
def _graver(site: TinySite) -> PurePosixPath:
    site.write(str(FLOOD), record(title="川があふれます", level="5", date="2021-03-31 11:50"))
    return FLOOD


@case("a notice that links to an article and names a file")
def _links(site: TinySite) -> PurePosixPath:
    site.write("files/map.csv", "場所,数\n石巻,1\n")
    site.write(
        str(FLOOD), record(title="川があふれます", body="[道の記事](../../press/2020/a.md)と[表](../../files/map.csv)を見てください。")
    )
    return FLOOD


@case("an update, after which the earlier one is replaced")
def _update(site: TinySite) -> PurePosixPath:
    site.write(str(FLOOD), record(title="大雨が強まりました", date="2021-03-31 11:00", updates="rain.md"))
    return FLOOD


@case("the end of the only notice")
def _cancel(site: TinySite) -> PurePosixPath:
    site.write(str(FLOOD), record(title="大雨の警報は終わりました", date="2021-03-31 11:00", cancels="rain.md", level="1"))
    return FLOOD


@case("a notice in a new month, with words in two languages and a former address")
def _languages(site: TinySite) -> PurePosixPath:
    site.write(
        str(FLOOD),
        record(
            title="川があふれます",
            date="2021-02-28 23:00",
            aliases="[/old-flood/]",
            easy="{title: 川の 水が あふれます, what: 川の 水が 多いです。, action: 高い ところへ にげてください。}",
            translations="{en: {title: Flood, what: The river is high., action: Go to high ground.}}",
        ),
    )
    return FLOOD


@case("a drill")
def _drill(site: TinySite) -> PurePosixPath:
    path = PurePosixPath("drills/2021/second.md")
    site.write(str(path), record(title="【訓練】土砂災害", body="訓練です。", date="2021-03-31 11:00"))
    return path


@case("the same notice again, with other words")
def _again(site: TinySite) -> PurePosixPath:
    path = PurePosixPath("notices/2021/rain.md")
    site.write(str(path), record(title="大雨です。川から離れて", date="2021-03-31 08:00"))
    return path


@pytest.mark.parametrize("words", sorted(CASES))
def test_what_it_writes_equals_a_full_build(site: TinySite, words: str) -> None:
    path = CASES[words](site)
    first, rest = publish(site, path)
    full = full_build(site)
    assert (first.name, rest.name) == ("first", "all_pages")
    assert only_counts(differing(site.site, full / "site"))
    assert differing(site.output / "mail", full / "mail") == set()
    assert first.bundles
    site.build()
    assert differing(site.site, full / "site") == set()


def test_the_mail_of_what_is_replaced_is_withdrawn_before_its_update_is_there(site: TinySite) -> None:
    mails = site.output / "mail" / "urgent"
    assert [folder.name for folder in mails.iterdir()] == ["20210331-0800-rain"]
    publish(site, _update(site))
    assert [folder.name for folder in mails.iterdir()] == ["20210331-1100-flood"]


def test_two_notices_one_after_the_other_equal_a_full_build(site: TinySite) -> None:
    _graver(site)
    publish(site)
    second = PurePosixPath("notices/2021/road.md")
    site.write(str(second), record(title="道が通れません", date="2021-03-31 11:55"))
    publish(site, second)
    assert only_counts(differing(site.site, full_build(site) / "site"))


def test_after_the_first_stage_everybody_who_looks_for_it_finds_it(site: TinySite) -> None:
    _graver(site)
    snapshot = load_snapshot(site.output)
    document = read_record(site.content, FLOOD, snapshot, NOW)
    first = next(FastPath(snapshot, document, site.content, site.output, site.root / "cache", NOW).stages())
    for name in ("index.html", "notices/index.html", "notices/light.html", "notices/cap.xml", "feed.xml", "notices/feed.json"):
        assert name in first.paths
        assert "川があふれます" in (site.site / name).read_text("utf-8").replace(BREAK, "")
    assert "川があふれます" not in site.page("/press/2020/05/a/")
    assert (site.output / "mail" / first.bundles[0] / "issue.json").is_file()


BROKEN: dict[str, Callable[[TinySite, Path], object]] = {
    "the theme": lambda site, folder: (folder / "templates" / "base.html").write_text("{% if"),
    "publications.toml": lambda site, _: (site.root / "publications.toml").write_text("[site"),
    "an article": lambda site, _: site.write("press/2020/a.md", "no front matter"),
    "the municipalities": lambda site, _: site.write("data/municipalities.csv", "\0"),
    "the settings": lambda site, _: (site.root / "pelicanconf.py").write_text("raise SystemExit"),
    "another notice": lambda site, _: site.write("notices/2021/rain.md", "---\ntitle: [\n---\n"),
    "the content cache": lambda site, _: (site.output / "content-cache.sqlite").write_bytes(b"x"),
    "the manifest": lambda site, _: (site.output / "manifest").write_bytes(b"x"),
    "the record of the build": lambda site, _: (site.output / "build-record.json").write_bytes(b"x"),
}


@pytest.mark.parametrize("what", sorted(BROKEN))
def test_whatever_else_is_broken_the_notice_goes_out_the_same(site: TinySite, what: str, tmp_path: Path) -> None:
    path = _graver(site)
    theme = tmp_path / "theme"
    shutil.copytree("themes/miyagi", theme)
    whole = site.root / "whole"
    shutil.copytree(site.output, whole)
    BROKEN[what](site, theme)
    publish(site, path)
    broken = {name: (site.site / name).read_bytes() for name in ("index.html", "notices/light.html", "press/2020/05/a/index.html")}
    shutil.rmtree(site.output)
    shutil.copytree(whole, site.output)
    publish(site, path)
    assert broken == {name: (site.site / name).read_bytes() for name in broken}


def test_a_part_that_cannot_be_written_is_named_and_stops_no_other(site: TinySite) -> None:
    path = _graver(site)
    shutil.rmtree(site.site / "notices" / "2021")
    (site.site / "notices" / "2021").write_text("a file where a folder is needed")
    first, rest = publish(site, path)
    assert {"index.html", "notices/index.html", "notices/light.html", "feed.xml"} <= set(first.paths)
    assert first.failed and not rest.failed
    assert all(what.startswith("site: after") and "notices/2021" in why for what, why in first.failed)


def test_a_page_that_cannot_be_read_stops_no_banner(site: TinySite) -> None:
    path = _graver(site)
    page = site.site / "press" / "2020" / "05" / "a" / "index.html"
    page.unlink()
    page.symlink_to(site.root / "publications.toml")
    _, rest = publish(site, path)
    assert "press/2020/06/b/index.html" in rest.paths
    assert (site.root / "publications.toml").read_text("utf-8") == TOML


def test_a_build_that_a_notice_overtakes_begins_anew_and_keeps_it(site: TinySite) -> None:
    site.article("press/2020/c.md", "三つめの話", "2020-07-01 10:00")
    calls: list[int] = []

    def on_page() -> None:
        if not calls:
            _graver(site)
            publish(site)
        calls.append(1)

    build(BuildOptions(NOW, site.content, site.root / "publications.toml", site.output, validate_mail=False), on_page)
    assert "川があふれます" in site.page("/press/2020/07/c/").replace(BREAK, "")
    assert differing(site.site, full_build(site) / "site") == set()


def test_neither_pelican_nor_premailer_nor_the_analyser_is_loaded_before_the_first_stage(site: TinySite) -> None:
    _graver(site)
    script = f"""
import sys
from pathlib import Path, PurePosixPath
from plugins.emergency.fast_path.publish import FastPath
from plugins.emergency.fast_path.snapshot import load_snapshot
from plugins.emergency.fast_path.source import read_record
from tests.plugins.emergency.test_mail import TOML
from tests.samples.tiny import NOW
output, content = Path({str(site.output)!r}), Path({str(site.content)!r})
snapshot = load_snapshot(output)
for module in [name for name in sys.modules if name.split(".")[0] in ("pelican", "premailer")]:
    del sys.modules[module]
document = read_record(content, PurePosixPath({str(FLOOD)!r}), snapshot, NOW)
next(FastPath(snapshot, document, content, output, Path({str(site.root)!r}) / "cache", NOW).stages())
print(sorted(name for name in sys.modules if name.split(".")[0] in ("sudachipy",)))
"""
    root = Path(todoke.__file__).parent
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, cwd=root, env=os.environ, check=True)
    assert done.stdout.strip() == "[]"
