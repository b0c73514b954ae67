"""Cards for sharing, and what machines read on a page."""

from __future__ import annotations

import io
import json
import re
from pathlib import Path
from typing import Any

import pytest
from PIL import Image, ImageFont

from plugins.builder.options import BuildReport
from plugins.cards.card import SIZE, Card, break_lines, draw
from plugins.cards.font import find_font
from plugins.cards.plugin import CardRenderer
from tests.tiny import TinySite

CARD = Card("南三陸町の港が開きました", "復興プレス", "#1a6f8f")


@pytest.fixture(scope="module")
def font() -> Path:
    found = find_font()
    assert found, "the extra `cards` brings a Japanese font"
    return found


def linked(html: str) -> list[dict[str, Any]]:
    return [json.loads(text) for text in re.findall(r'<script type="application/ld\+json">(.*?)</script>', html)]


def test_a_card_is_a_light_picture_of_the_size_that_readers_expect_in_the_publications_colour(font: Path) -> None:
    data = draw(CARD, font)
    assert len(data) < 30_000
    with Image.open(io.BytesIO(data)) as image:
        assert (image.format, image.size) == ("PNG", SIZE)
        assert image.convert("RGB").getpixel((5, 5)) == (0x1A, 0x6F, 0x8F)


def test_the_same_words_and_font_give_the_same_bytes_and_other_words_others(font: Path) -> None:
    assert draw(CARD, font) == draw(CARD, font)
    assert draw(CARD, font) != draw(Card("別の題", "復興プレス", "#1a6f8f"), font)


def test_without_a_font_the_card_has_its_colour_and_no_words() -> None:
    with Image.open(io.BytesIO(draw(CARD, None))) as image:
        title = image.convert("RGB").crop((0, 0, SIZE[0], 400))
    assert title.getcolors() == [(SIZE[0] * 400, (0x1A, 0x6F, 0x8F))]


def test_without_a_font_no_picture_pretends_to_say_the_title(tmp_path: Path) -> None:
    easel = CardRenderer(tmp_path / "site", tmp_path / "cache", None)
    first, second = easel.draw_card("一つ目", "復興プレス", "#1a6f8f"), easel.draw_card("二つ目", "復興プレス", "#1a6f8f")
    assert first.url == second.url
    assert "一つ目" not in first.alt


def test_lines_break_after_phrases_and_stay_inside_the_card(font: Path) -> None:
    face = ImageFont.truetype(str(font), 88)
    lines = break_lines("南三陸町の港が開きました", face, 620)
    assert lines == ["南三陸町の", "港が", "開きました"] or all(face.getlength(line) <= 620 for line in lines)
    assert "".join(lines) == "南三陸町の港が開きました"
    assert all(face.getlength(line) <= 620 for line in break_lines("あ" * 40, face, 620))


def test_a_title_of_any_length_can_be_drawn(font: Path) -> None:
    for length in (0, 1, 60, 200):
        assert draw(Card("題" * length, "出版物の名前" * 20, "#1a6f8f"), font)


def test_a_chosen_font_that_is_missing_is_an_error() -> None:
    with pytest.raises(FileNotFoundError, match="CARD_FONT"):
        find_font("no/such/font.otf")


def test_a_card_that_was_drawn_before_comes_from_the_cache(tmp_path: Path, font: Path) -> None:
    CardRenderer(tmp_path / "one", tmp_path / "cache", font).draw_card("題", "下", "#1a6f8f")
    (kept,) = (tmp_path / "cache").iterdir()
    kept.write_bytes(b"kept")
    card = CardRenderer(tmp_path / "two", tmp_path / "cache", font).draw_card("題", "下", "#1a6f8f")
    assert (tmp_path / "two" / card.url.lstrip("/")).read_bytes() == b"kept"


def test_every_page_with_an_address_has_its_card(sample: BuildReport) -> None:
    site = sample.output / "site"
    for page in site.rglob("*.html"):
        html = page.read_text(encoding="utf-8")
        if '<meta property="og:url"' not in html:
            continue
        found = re.search(r'<meta property="og:image" content="https://todoke\.example\.jp(/cards/[^"]+)"', html)
        assert found, page
        assert (site / found[1].lstrip("/")).is_file()


def test_an_article_says_who_wrote_it_when_and_what_it_shows(tiny: TinySite) -> None:
    tiny.image()
    head = "title: 港の知らせ\ndate: 2020-05-01 10:00\nupdated: 2020-06-02 09:00\nimage: ../../images/sea.png\nimage_alt: 海\ntopics: [住まい]\nmunicipalities: [石巻市]"
    tiny.write("press/2020/a.md", f"---\n{head}\n---\n要約です。\n")
    tiny.build()
    article, trail = linked(tiny.page("/press/2020/05/a/"))
    assert article["@type"] == "NewsArticle"
    assert article["author"]["name"] == "復興推進課"
    assert article["author"]["parentOrganization"]["name"] == article["publisher"]["name"] == "見本県"
    assert (article["datePublished"], article["dateModified"]) == ("2020-05-01T10:00:00+09:00", "2020-06-02T09:00:00+09:00")
    assert article["image"][0] == "https://site.example.jp/images/sea.png"
    assert "/cards/" in article["image"][1]
    assert article["contentLocation"][0]["name"] == "石巻市"
    assert article["mainEntityOfPage"] == "https://site.example.jp/press/2020/05/a/"
    assert [step["item"].removeprefix("https://site.example.jp") for step in trail["itemListElement"]] == [
        "/",
        "/press/",
        "/press/2020/05/",
        "/press/2020/05/a/",
    ]


def test_the_portal_says_whose_it_is_and_how_to_search(tiny: TinySite) -> None:
    tiny.article("press/2020/a.md")
    tiny.build()
    (portal,) = linked(tiny.page("/"))
    assert portal["publisher"]["@type"] == "GovernmentOrganization"
    assert portal["publisher"]["address"]["streetAddress"].startswith("〒980")
    assert portal["potentialAction"]["target"]["urlTemplate"] == "https://site.example.jp/search/?q={search_term_string}"


def test_words_of_an_editor_cannot_end_the_script(tiny: TinySite) -> None:
    tiny.article("press/2020/a.md", "'</script><b>x'")
    tiny.build()
    assert "</script><b>" not in tiny.page("/press/2020/05/a/")
    assert linked(tiny.page("/press/2020/05/a/"))[0]["headline"] == "</script><b>x"
