"""The JSON-LD that built pages carry: who published what, where the page lies, and under which licence its data may be used."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.samples.tiny import PUBLICATIONS, TinySite

PROGRESS = """
[publications.dayori]
title = "復興だより"
reading = "ふっこうだより"
kind = "progress"
colour = "#3d6b35"
department = "土木総務課"
contact = "dayori@example.jp"
description = "進み具合"
"""
LICENCE = """
[site.data_license]
name = "公共データ利用規約（第1.0版）"
url = "https://www.digital.go.jp/resources/open_data/public_data_license_v1.0"
summary = "出典を書けば、だれでも自由に使えます。"
"""
TABLE = "分野,市町村,年度,完成,計画,単位,状態\n道路,石巻市,2018,1,4,km,工事中\n"


def json_ld(site: TinySite, url: str, schema_type: str) -> Any:
    """Return the block of type ``schema_type`` on the page at ``url``."""
    blocks = map(json.loads, site.tree(url).xpath("//script[@type='application/ld+json']/text()"))
    return next(block for block in blocks if block["@type"] == schema_type)


@pytest.fixture
def site_with_a_table(tiny: TinySite) -> TinySite:
    """A site that publishes one table of open data."""
    (tiny.root / "publications.toml").write_text(PUBLICATIONS + PROGRESS, encoding="utf-8")
    tiny.write("data/progress.csv", TABLE)
    return tiny


def test_the_licence_of_a_table_stands_in_its_json_ld_and_in_words_on_its_page(site_with_a_table: TinySite) -> None:
    (site_with_a_table.root / "publications.toml").write_text(PUBLICATIONS + PROGRESS + LICENCE, encoding="utf-8")
    site_with_a_table.build()
    url = "https://www.digital.go.jp/resources/open_data/public_data_license_v1.0"
    assert json_ld(site_with_a_table, "/dayori/progress/", "Dataset")["license"] == {
        "@type": "CreativeWork",
        "name": "公共データ利用規約（第1.0版）",
        "url": url,
    }
    words = site_with_a_table.tree("/dayori/progress/").xpath("//section[@aria-labelledby='data']/header")[0]
    assert "出典を書けば、だれでも自由に使えます。" in words.text_content()
    assert words.xpath(f".//a[@href='{url}']/text()") == ["公共データ利用規約（第1.0版）"]


def test_a_site_without_a_data_licence_states_none(site_with_a_table: TinySite) -> None:
    site_with_a_table.build()
    assert "license" not in json_ld(site_with_a_table, "/dayori/progress/", "Dataset")
    assert "くわしい条件" not in site_with_a_table.page("/dayori/progress/")


def test_a_changed_licence_renders_the_page_of_the_table_again(site_with_a_table: TinySite) -> None:
    toml = site_with_a_table.root / "publications.toml"
    toml.write_text(PUBLICATIONS + PROGRESS + LICENCE, encoding="utf-8")
    site_with_a_table.build()
    toml.write_text(PUBLICATIONS + PROGRESS + LICENCE.replace("第1.0版", "第2.0版"), encoding="utf-8")
    site_with_a_table.build()
    assert json_ld(site_with_a_table, "/dayori/progress/", "Dataset")["license"]["name"] == "公共データ利用規約（第2.0版）"
    assert "公共データ利用規約（第2.0版）</a>" in site_with_a_table.page("/dayori/progress/")


def test_the_licence_note_of_the_content_folder_is_no_page_and_no_file_of_the_site(tiny: TinySite) -> None:
    tiny.write("LICENSE", Path("content/LICENSE").read_text(encoding="utf-8"))
    tiny.article("press/2020/a.md")
    tiny.build()
    assert [path for path in tiny.site.rglob("*") if "license" in path.name.lower()] == []


def test_an_article_states_its_author_its_dates_its_pictures_and_its_place(tiny: TinySite) -> None:
    tiny.image()
    front_matter = (
        "title: 港の知らせ\ndate: 2020-05-01 10:00\nupdated: 2020-06-02 09:00\nimage: ../../images/sea.png\nimage_alt: 海\ntopics: [住まい]\n"
        "municipalities: [石巻市]"
    )
    tiny.write("press/2020/a.md", f"---\n{front_matter}\n---\n要約です。\n")
    tiny.build()
    article = json_ld(tiny, "/press/2020/05/a/", "NewsArticle")
    assert (article["headline"], article["articleSection"], article["author"]["name"]) == ("港の知らせ", "復興プレス", "復興推進課")
    assert article["author"]["parentOrganization"]["name"] == article["publisher"]["name"] == "見本県"
    assert article["author"]["parentOrganization"]["@id"] == article["publisher"]["@id"] == "https://site.example.jp/#organisation"
    assert (article["datePublished"], article["dateModified"]) == ("2020-05-01T10:00:00+09:00", "2020-06-02T09:00:00+09:00")
    assert article["image"][0] == "https://site.example.jp/images/sea.png"
    assert "/cards/" in article["image"][1]
    assert article["contentLocation"][0]["name"] == "石巻市"
    assert article["mainEntityOfPage"] == "https://site.example.jp/press/2020/05/a/"


def test_an_issue_carries_its_number_and_its_periodical(tiny: TinySite) -> None:
    tiny.article("press/2020/a.md", "駅が開きました", "2020-05-01")
    tiny.write("mail/press/7.md", "---\ntitle: 五月の知らせ\ndate: 2020-05-10\n---\nこんにちは。\n\n## 話題\n\n::前号から press\n")
    tiny.build()
    issue = json_ld(tiny, "/mail/press/7/", "Article")
    assert (issue["issueNumber"], issue["isPartOf"]) == ("7", {"@type": "Periodical", "name": "復興プレス メール版"})


def test_the_portal_states_its_publisher_and_its_search(tiny: TinySite) -> None:
    tiny.article("press/2020/a.md")
    tiny.build()
    portal = json_ld(tiny, "/", "WebSite")
    assert portal["publisher"]["@type"] == "GovernmentOrganization"
    assert portal["publisher"]["address"]["streetAddress"].startswith("〒980")
    assert portal["potentialAction"]["target"]["urlTemplate"] == "https://site.example.jp/search/?q={search_term_string}"


def test_the_breadcrumbs_lead_from_the_portal_to_the_page(tiny: TinySite) -> None:
    tiny.article("press/2020/a.md", "駅が開きました", "2020-05-01")
    tiny.build()
    items = json_ld(tiny, "/press/2020/05/a/", "BreadcrumbList")["itemListElement"]
    assert [(item["position"], item["item"]) for item in items] == [
        (1, "https://site.example.jp/"),
        (2, "https://site.example.jp/press/"),
        (3, "https://site.example.jp/press/2020/05/"),
        (4, "https://site.example.jp/press/2020/05/a/"),
    ]


def test_a_title_with_markup_cannot_end_the_json_ld_block(tiny: TinySite) -> None:
    tiny.article("press/2020/a.md", "'</script><b>x'", "2020-05-01")
    tiny.build()
    assert "</script><b>" not in tiny.page("/press/2020/05/a/")
    assert json_ld(tiny, "/press/2020/05/a/", "NewsArticle")["headline"] == "</script><b>x"
