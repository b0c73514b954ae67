"""The furigana edition: every page has a copy with the right readings, and the page itself stays as it is."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from plugins.diagnostics import ContentErrors
from plugins.frontmatter.model.registry import read_registry
from plugins.furigana import edition
from plugins.furigana.copier import PageCopier
from plugins.furigana.page import add_ruby, stay_in_edition
from plugins.readings.analyser import read_text
from plugins.readings.known import KnownReadings, known_readings
from plugins.readings.ruby import weave
from plugins.readings.table import read_table
from tests.samples.tiny import TinySite


@pytest.fixture(scope="module")
def readings() -> KnownReadings:
    registry = read_registry(Path("publications.toml"), Path("content/data/municipalities.csv"))
    table, diagnostics = read_table(Path("content"), registry)
    assert diagnostics == []
    return known_readings(table, registry.places.values())


PAGE = (
    '<!doctype html><html><head><title>港</title><link rel="canonical" href="https://x/a/"></head><body class="港">'
    '<a class="furi" href="/furigana/a/">ふりがな付きで読む</a><svg viewBox="0 0 1 1"><text>港</text></svg>'
    '<p title="港">港&amp;<a href="/b/#c">港</a><a href="/search/">c</a></p><script>"港"</script></body></html>'
)


def test_a_copy_differs_from_its_page_in_text_robots_and_the_link_back_only(readings: KnownReadings) -> None:
    copy = add_ruby(PAGE, lambda text, tags: weave(text, tags, read_text(text, readings)))
    assert copy.count("<ruby>") == 3  # the paragraph, the link in it, and 外 in the link back
    assert '<svg viewBox="0 0 1 1"><text>港</text></svg>' in copy
    assert 'title="港"' in copy and '<script>"港"</script>' in copy
    assert '<meta name="robots" content="noindex">\n<link rel="canonical" href="https://x/a/">' in copy
    assert '<a class="furi" href="/a/">ふりがなを<ruby>外' in copy


def test_links_of_a_copy_lead_to_copies_but_one_leads_back_to_the_page(readings: KnownReadings) -> None:
    copy = stay_in_edition(add_ruby(PAGE, lambda text, tags: weave(text, tags, read_text(text, readings))))
    assert 'href="/furigana/b/#c"' in copy
    assert 'href="/search/"' in copy
    assert '<a class="furi" href="/a/">' in copy


@pytest.fixture
def built(tiny: TinySite) -> TinySite:
    tiny.article("press/2020/a.md", "閖上の港", lead="閖上の港の話です。")
    tiny.write("data/readings.csv", "表記,読み\n閖上,ゆりあげ\n")
    tiny.build()
    return tiny


def test_every_page_links_to_its_copy_and_has_no_readings_itself(built: TinySite) -> None:
    page, copy = built.page("/press/2020/05/a/"), built.page("/furigana/press/2020/05/a/")
    assert '<a class="furi" href="/furigana/press/2020/05/a/">ふりがな付き</a>' in page
    assert "<ruby>" not in page
    assert "<ruby>閖上<rp>（</rp><rt>ゆりあげ</rt><rp>）</rp></ruby>" in copy
    assert '<link rel="canonical" href="https://site.example.jp/press/2020/05/a/">' in copy
    assert "noindex" in copy
    for path in built.site.rglob("index.html"):
        for address in re.findall(r'class="furi" href="([^"]+)"', path.read_text(encoding="utf-8")):
            assert (built.site / address.strip("/") / "index.html").is_file()


def test_a_changed_table_of_readings_renews_every_copy(built: TinySite) -> None:
    built.write("data/readings.csv", "表記,読み\n閖上,ゆりあげはま\n")
    built.build()
    assert "<rt>ゆりあげはま</rt>" in built.page("/furigana/press/2020/05/a/")


def test_sitemaps_feeds_and_search_do_not_list_the_copies(built: TinySite) -> None:
    for path in (*built.site.rglob("*.xml"), *built.site.rglob("*.json")):
        assert "/furigana/" not in path.read_text(encoding="utf-8")


def test_the_copy_of_an_unchanged_page_is_taken_from_the_cache(tmp_path: Path) -> None:
    copier = PageCopier(tmp_path, KnownReadings({}, {}), "tools")
    first = copier.copy(PAGE)
    (cached,) = tmp_path.iterdir()
    cached.write_text("kept", encoding="utf-8")
    assert copier.copy(PAGE) == "kept"
    assert PageCopier(tmp_path, KnownReadings({}, {}), "other tools").copy(PAGE) == first


def test_without_the_extra_there_is_no_edition_no_link_and_a_warning(
    tiny: TinySite, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(edition, "analyser_version", lambda: None)
    tiny.article("press/2020/a.md")
    tiny.build()
    assert not (tiny.site / "furigana").exists()
    assert "ふりがな付き" not in tiny.page("/press/2020/05/a/")
    assert "todoke[furigana]" in caplog.text


def test_a_row_of_the_table_without_a_reading_is_a_fault_with_its_line(tiny: TinySite) -> None:
    tiny.write("data/readings.csv", "表記,読み\n閖上,ゆりあげ\n亘理,WATARI\n")
    with pytest.raises(ContentErrors) as caught:
        tiny.build()
    (fault,) = caught.value.diagnostics
    assert (str(fault.path), fault.line) == ("content/data/readings.csv", 3)
