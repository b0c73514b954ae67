"""Progress of public works: the rules of the table, the arithmetic, the charts and the pages."""

from __future__ import annotations

import csv
import datetime as dt
import json
from pathlib import PurePosixPath
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from plugins.diagnostics import ContentErrors
from plugins.frontmatter.model.registry import Place
from plugins.progress import captions, charts, totals
from plugins.progress.table import read_works
from plugins.progress.totals import Level
from plugins.progress.works import FIELDS, Work, Works
from tests.samples.tiny import NOW, PUBLICATIONS, TinySite

HEADER = "分野,市町村,年度,完成,計画,単位,状態\n"
ROADS, HOUSING = FIELDS["道路"], FIELDS["住宅"]
ISHINOMAKI, ONAGAWA = Place("042021", "石巻市", "いしのまきし", "ishinomaki"), Place("045811", "女川町", "おながわちょう", "onagawa")

DAYORI = """
[publications.dayori]
title = "復興だより"
reading = "ふっこうだより"
kind = "progress"
colour = "#3d6b35"
department = "土木総務課"
contact = "dayori@example.jp"
description = "進み具合"
"""


@pytest.fixture
def works_site(tiny: TinySite) -> TinySite:
    """A site with a publication for progress and two years of two municipalities."""
    (tiny.root / "publications.toml").write_text(PUBLICATIONS + DAYORI, encoding="utf-8")
    tiny.write(
        "data/progress.csv", HEADER + "道路,石巻市,2018,1,4,km,工事中\n道路,石巻市,2019,3,4,km,工事中\n道路,女川町,2018,0,6,km,着手前\n"
    )
    return tiny


# case: (row, Japanese words, English words)
INVALID_ROWS = {
    "over 100 percent": ("道路,石巻市,2019,5,4,km,完成", "完成（5）が計画（4）を超えています（125.0％）", "more than planned"),
    "unknown field": ("橋,石巻市,2019,1,4,km,工事中", "分野「橋」はありません", "no field '橋'"),
    "unknown municipality": ("道路,石巻,2019,1,4,km,工事中", "「石巻」という市町村はありません", "no municipality '石巻'"),
    "year of an era": ("道路,石巻市,R1,1,4,km,工事中", "年度「R1」が読めません", "no fiscal year"),
    "no number": ("道路,石巻市,2019,約3,4,km,工事中", "完成「約3」が数ではありません", "no number"),
    "negative": ("道路,石巻市,2019,-1,4,km,工事中", "完成「-1」が数ではありません", "no number"),
    "nothing planned": ("道路,石巻市,2019,0,0,km,着手前", "計画が0です", "leave the row out"),
    "no unit": ("道路,石巻市,2019,1,4,,工事中", "単位がありません", "unit is missing"),
    "unknown state": ("道路,石巻市,2019,1,4,km,済", "状態「済」はありません", "no state '済'"),
    "complete and not done": ("道路,石巻市,2019,1,4,km,完成", "状態「完成」と合いません", "do not agree"),
    "not begun and done": ("道路,石巻市,2019,1,4,km,着手前", "「着手前」なのに", "not yet begun"),
    "twice": ("道路,石巻市,2018,1,4,km,工事中", "2行目と同じ年度、分野、市町村です", "as line 2"),
    "another unit": ("道路,女川町,2018,1,4,m,工事中", "単位「m」が、2行目の「km」と違います", "keeps one unit"),
    "cells missing": ("道路,石巻市,2019", "計画「」が数ではありません", "no number"),
}


@pytest.mark.parametrize("case", INVALID_ROWS)
def test_a_faulty_row_gives_a_diagnostic_with_its_line_in_both_languages(tiny: TinySite, case: str) -> None:
    row, ja, en = INVALID_ROWS[case]
    tiny.write("data/progress.csv", f"{HEADER}道路,石巻市,2018,1,4,km,工事中\n\n{row}\n")
    _, diagnostics = read_works(tiny.content, tiny.registry())
    assert [(d.path, d.line) for d in diagnostics if ja in d.ja and en in d.en] == [(PurePosixPath("data/progress.csv"), 4)]


def test_one_build_reports_the_faults_of_tables_and_documents_and_leaves_the_last_site(works_site: TinySite) -> None:
    works_site.build()
    before = works_site.page("/dayori/progress/")
    works_site.write("data/progress.csv", HEADER + "道路,石巻市,2019,5,4,km,完成\n道路,どこか市,2019,1,4,km,工事中\n")
    works_site.write("press/2020/a.md", "---\ntitle:\n---\n")
    with pytest.raises(ContentErrors) as caught:
        works_site.build()
    assert [(str(f.path), f.line) for f in caught.value.diagnostics] == [
        ("content/data/progress.csv", 2),
        ("content/data/progress.csv", 3),
        ("content/press/2020/a.md", 1),
        ("content/press/2020/a.md", 2),
    ]
    assert works_site.page("/dayori/progress/") == before


def test_missing_columns_and_another_encoding_than_utf_8_are_faults(tiny: TinySite) -> None:
    tiny.write("data/progress.csv", "分野,市町村\n道路,石巻市\n")
    assert "「年度、完成、計画、単位、状態」" in read_works(tiny.content, tiny.registry())[1][0].ja
    (tiny.content / "data/progress.csv").write_bytes((HEADER + "道路").encode("cp932"))
    assert "UTF-8" in read_works(tiny.content, tiny.registry())[1][0].en


def test_rows_of_a_fiscal_year_that_has_not_begun_are_left_out() -> None:
    works = Works(tuple(Work(ROADS, ISHINOMAKI, year, 1, 2, "km", "工事中") for year in (2018, 2019)))
    assert works.until(dt.datetime(2019, 3, 31, tzinfo=NOW.tzinfo)).years == [2018]
    assert works.until(dt.datetime(2019, 4, 1, tzinfo=NOW.tzinfo)).years == [2018, 2019]


def test_the_total_of_the_prefecture_is_its_own_row_or_else_the_sum_of_the_newest_rows() -> None:
    works = Works(
        (
            Work(ROADS, ISHINOMAKI, 2018, 1, 4, "km", "工事中"),
            Work(ROADS, ISHINOMAKI, 2020, 4, 4, "km", "完成"),
            Work(ROADS, ONAGAWA, 2018, 3, 6, "km", "工事中"),
            Work(HOUSING, None, 2018, 15361, 16000, "戸", "工事中"),
            Work(HOUSING, ONAGAWA, 2018, 860, 860, "戸", "完成"),
        )
    )
    assert totals.prefecture(works, ROADS, 2020) == Level("道路", 2020, 7, 10, "km")
    assert totals.prefecture(works, HOUSING, 2020) == Level("住宅", 2020, 15361, 16000, "戸")
    assert totals.prefecture(works, ROADS, 2017) is None
    assert [level.percent for level in totals.over_years(works, ROADS)] == [40, 70]
    assert (totals.finished(works, 2020).done, totals.finished(works, 2020).total) == (2, 4)


def test_a_caption_names_the_full_bars_the_shortest_bar_and_the_direction_of_a_line() -> None:
    levels = [Level("道路", 2020, 99.9, 100, "km"), Level("海岸", 2020, 90, 100, "か所"), Level("空港", 2020, 1, 1, "施設")]
    assert captions.bars(levels, 2020, "分野") == "2020年度末の完成の割合です。3分野のうち1分野が100％です。最も低いのは海岸の90％です。"
    assert "すべてが100％" in captions.bars(levels[2:] * 2, 2020, "分野")
    rising = [Level("道路", 2018, 1, 4, "km"), Level("道路", 2020, 3, 4, "km")]
    assert captions.line(rising, "道路の完成の割合") == "道路の完成の割合は、2018年度末の25％から、2020年度末の75％へ上がりました。"
    assert "下がりました" in captions.line(rising[::-1], "道路")
    assert "変わっていません" in captions.line([rising[0], rising[0]], "道路")


@given(st.lists(st.tuples(st.integers(2011, 2030), st.floats(0, 1)), min_size=1, max_size=20, unique_by=lambda pair: pair[0]))
def test_no_point_and_no_bar_leaves_the_frame_of_its_chart(pairs: list[tuple[int, float]]) -> None:
    levels = [Level("道路", year, share * 10, 10, "km") for year, share in sorted(pairs)]
    svg: Any = etree.fromstring(charts.line("k", levels, "線です"))
    _, _, width, height = map(float, svg.get("viewBox", "").split())
    for circle in svg.iter("circle"):
        assert 0 <= float(circle.get("cx", "nan")) <= width
        assert 0 <= float(circle.get("cy", "nan")) <= height
    bars: Any = etree.fromstring(charts.bars("k", levels, "棒です"))
    tracks = [float(rect.get("width", "nan")) for rect in bars.findall("rect[@class='all']")]
    dones = [float(rect.get("width", "nan")) for rect in bars.findall("rect[@class='done']")]
    assert all(0 <= done <= track for done, track in zip(dones, tracks, strict=True))


def test_each_chart_is_an_image_with_a_text_alternative_and_a_table_beside_it(works_site: TinySite) -> None:
    works_site.build()
    page = works_site.tree("/dayori/progress/")
    images = page.xpath("//*[local-name()='svg'][@role='img']")
    assert len(images) == 3
    for image in images:
        titles = page.xpath(f"//*[@id='{image.get('aria-labelledby')}']")
        assert len(titles) == 1
        assert "年度末" in titles[0].text
        assert image.xpath("ancestor::section//table")
    cells = [cell.text_content() for cell in page.xpath("//section[@aria-labelledby='fields']//tbody/tr[1]/*")]
    assert cells == ["道路", "30％", "3km", "10km"]


def test_fields_and_municipalities_have_pages_that_the_section_and_the_sitemap_list(works_site: TinySite) -> None:
    works_site.article("dayori/2020/a.md")
    works_site.build()
    assert "75％" in works_site.page("/dayori/progress/places/ishinomaki/")
    assert "女川町" in works_site.page("/dayori/progress/fields/roads/")
    assert 'href="/dayori/progress/"' in works_site.page("/dayori/")
    assert 'href="/dayori/progress/places/ishinomaki/"' in works_site.page("/places/ishinomaki/")
    sitemap = (works_site.site / "sitemap-dayori.xml").read_text(encoding="utf-8")
    assert "https://site.example.jp/dayori/progress/fields/roads/" in sitemap


def test_the_page_offers_the_table_explains_its_columns_and_describes_it_as_a_dataset(works_site: TinySite) -> None:
    works_site.build()
    page = works_site.tree("/dayori/progress/")
    href = page.xpath("//a[@download]/@href")[0]
    header = next(csv.reader((works_site.site / href.lstrip("/")).read_text(encoding="utf-8").splitlines()))
    assert page.xpath("//section[@aria-labelledby='data']//tbody//th/text()") == header
    data = json.loads(page.xpath("//script[contains(text(), 'Dataset')]/text()")[0])
    assert data["distribution"][0]["contentUrl"] == "https://site.example.jp/data/progress.csv"
    assert data["temporalCoverage"] == "2018-04-01/2020-03-31"


def test_a_site_without_the_table_has_no_progress_pages(tiny: TinySite) -> None:
    tiny.article("press/2020/a.md")
    tiny.build()
    assert not (tiny.site / "dayori").exists()
