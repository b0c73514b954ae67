"""Budgets: how large a page may be, and that a build with a larger one fails."""

from __future__ import annotations

from pathlib import Path

import pytest

from plugins.builder.options import BuildFailed, BuildReport
from plugins.checks.built.page_weight import (
    ARTICLE,
    PORTAL,
    PRINT_SHEET,
    SCRIPT,
    SHEET,
    PageWeight,
    SiteFiles,
    measure_page,
    page_messages,
    pages_over_budget,
    stylesheet_messages,
)
from tests.samples.tiny import TinySite

LIGHT = PageWeight("/a/", is_article=True, text=40_000, packed=12_000, script=0, pictures=0)


@pytest.mark.parametrize(
    ("weight", "count"),
    [
        (LIGHT, 0),
        (PageWeight("/a/", True, 0, ARTICLE, SCRIPT, PORTAL), 0),
        (PageWeight("/a/", True, 0, ARTICLE + 1, 0, 0), 1),
        (PageWeight("/list/", False, 0, ARTICLE + 1, 0, 0), 0),
        (PageWeight("/", False, 0, 0, 0, PORTAL + 1), 1),
        (PageWeight("/", False, 0, 1, SCRIPT + 1, PORTAL), 2),
    ],
)
def test_each_budget_has_its_own_limit(weight: PageWeight, count: int) -> None:
    assert len(page_messages(weight)) == count


def test_the_weight_of_a_page_includes_every_file_that_it_loads(tmp_path: Path) -> None:
    (tmp_path / "theme").mkdir()
    for name, size in (("style.css", 100), ("a.js", 50), ("s.avif", 10), ("l.avif", 30), ("x.png", 20), ("alone.png", 7)):
        (tmp_path / "theme" / name).write_bytes(b"." * size)
    html = (
        '<meta property="og:type" content="article"><link rel="stylesheet" href="/theme/style.css"><script type="application/ld+json">{}</script>'
        '<script src="/theme/a.js" defer></script><script>let b</script>'
        '<picture><source srcset="/theme/s.avif 240w, /theme/l.avif 480w"><img alt="a > b" src="/theme/x.png"></picture><img src="/theme/alone.png" alt="">'
    )
    (tmp_path / "index.html").write_text(html, encoding="utf-8")
    weight = measure_page("index.html", SiteFiles(tmp_path))
    assert (weight.url, weight.is_article, weight.text, weight.script, weight.pictures) == ("/", True, len(html) + 150, 55, 37)


def test_every_page_of_the_sample_keeps_the_budgets_even_without_compression(sample: BuildReport) -> None:
    site = sample.output / "site"
    assert pages_over_budget(site) == []
    files = SiteFiles(site)
    names = [page.relative_to(site).as_posix() for page in site.rglob("*.html")]
    weights = [measure_page(name, files) for name in names if not name.startswith("furigana/")]  # readings are the reader's choice
    assert max(weight.text for weight in weights if weight.is_article) <= ARTICLE
    assert sum(weight.is_article for weight in weights) > 80
    (portal,) = (weight for weight in weights if weight.url == "/")
    assert portal.pictures > 0
    assert portal.text + portal.pictures <= PORTAL
    assert max(weight.script for weight in weights) <= SCRIPT
    assert 0 < files.size("/theme/style.css") <= SHEET
    assert 0 < files.size("/theme/print.css") <= PRINT_SHEET


@pytest.mark.parametrize(
    ("screen", "paper", "lines"),
    [
        (SHEET, PRINT_SHEET, []),
        (SHEET + 100, 0, ["/theme/: スタイルシートが30.1kBあります。"]),
        (0, PRINT_SHEET + 100, ["/theme/: 印刷用のスタイルシートが8.1kBあります。"]),
    ],
)
def test_the_sheets_for_screens_and_for_paper_have_limits_of_their_own(tmp_path: Path, screen: int, paper: int, lines: list[str]) -> None:
    (tmp_path / "theme").mkdir()
    (tmp_path / "theme" / "style.css").write_bytes(b"." * screen)
    (tmp_path / "theme" / "print.css").write_bytes(b"." * paper)
    assert [line.split("。")[0] + "。" for line in stylesheet_messages(SiteFiles(tmp_path))] == lines


def test_a_page_does_not_weigh_the_sheet_for_which_no_screen_waits(tmp_path: Path) -> None:
    (tmp_path / "theme").mkdir()
    (tmp_path / "theme" / "print.css").write_bytes(b"." * 100)
    html = '<link rel="stylesheet" href="/theme/print.css" media="print">'
    (tmp_path / "index.html").write_text(html, encoding="utf-8")
    assert measure_page("index.html", SiteFiles(tmp_path)).text == len(html)


def test_a_build_over_a_budget_fails_and_the_last_good_output_stays(tiny: TinySite) -> None:
    tiny.article("press/2020/a.md")
    tiny.build()
    before = tiny.page("/press/2020/05/a/")
    # Characters in no order, so that no packing helps: about 150 kB.
    long = "".join(chr(0x4E00 + number * 7919 % 20_000) for number in range(50_000))
    tiny.article("press/2020/a.md", lead=long)
    with pytest.raises(BuildFailed, match=r"/press/2020/05/a/: 本文が.*60kBまで.*at most 60 kB"):
        tiny.build()
    assert tiny.page("/press/2020/05/a/") == before
