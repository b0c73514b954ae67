"""Cards for Open Graph: size, colour, words, font, cache."""

from __future__ import annotations

import io
import re
from pathlib import Path

import pytest
from PIL import Image, ImageFont

from plugins.builder.options import BuildReport
from plugins.cards.card import _MARGIN, _SUBTITLE_LEFT, SIZE, Card, _shorten, break_lines, draw
from plugins.cards.renderer import CardRenderer
from plugins.typography.font import find_font

CARD = Card("南三陸町の港が開きました", "復興プレス", "#1a6f8f")


@pytest.fixture(scope="module")
def font() -> Path:
    font_file = find_font()
    assert font_file, "the extra `cards` brings a Japanese font"
    return font_file


def test_a_card_is_a_small_png_of_1200_by_630_pixels_in_the_colour_of_its_publication(font: Path) -> None:
    data = draw(CARD, font)
    assert len(data) < 30_000
    with Image.open(io.BytesIO(data)) as image:
        assert (image.format, image.size) == ("PNG", SIZE)
        assert image.convert("RGB").getpixel((5, 5)) == (0x1A, 0x6F, 0x8F)


def test_the_same_card_always_gives_the_same_bytes(font: Path) -> None:
    assert draw(CARD, font) == draw(CARD, font)
    assert draw(CARD, font) != draw(Card("別の題", "復興プレス", "#1a6f8f"), font)


def test_a_card_without_a_font_has_its_colour_and_no_words() -> None:
    with Image.open(io.BytesIO(draw(CARD, None))) as image:
        title = image.convert("RGB").crop((0, 0, SIZE[0], 400))
    assert title.getcolors() == [(SIZE[0] * 400, (0x1A, 0x6F, 0x8F))]


def test_the_text_alternative_of_a_card_without_a_font_does_not_have_the_title(tmp_path: Path) -> None:
    renderer = CardRenderer(tmp_path / "site", tmp_path / "cache", None)
    first, second = renderer.draw_card("一つ目", "復興プレス", "#1a6f8f"), renderer.draw_card("二つ目", "復興プレス", "#1a6f8f")
    assert first.url == second.url
    assert "一つ目" not in first.alt


def test_lines_break_between_phrases_and_stay_inside_the_card(font: Path) -> None:
    face = ImageFont.truetype(str(font), 88)
    lines = break_lines("南三陸町の港が開きました", face, 620)
    assert lines == ["南三陸町の", "港が", "開きました"] or all(face.getlength(line) <= 620 for line in lines)
    assert "".join(lines) == "南三陸町の港が開きました"
    assert all(face.getlength(line) <= 620 for line in break_lines("あ" * 40, face, 620))


def test_titles_of_any_length_can_be_drawn(font: Path) -> None:
    for length in (0, 1, 60, 200):
        assert draw(Card("題" * length, "出版物の名前" * 20, "#1a6f8f"), font)


def test_a_card_font_setting_that_names_no_file_is_an_error() -> None:
    with pytest.raises(FileNotFoundError, match="CARD_FONT"):
        find_font("no/such/font.otf")


def test_a_card_that_was_drawn_before_is_taken_from_the_cache(tmp_path: Path, font: Path) -> None:
    CardRenderer(tmp_path / "one", tmp_path / "cache", font).draw_card("題", "下", "#1a6f8f")
    (cached,) = (tmp_path / "cache").iterdir()
    cached.write_bytes(b"kept")
    card = CardRenderer(tmp_path / "two", tmp_path / "cache", font).draw_card("題", "下", "#1a6f8f")
    assert (tmp_path / "two" / card.url.lstrip("/")).read_bytes() == b"kept"


def test_every_page_of_the_sample_names_a_card_that_exists(sample: BuildReport) -> None:
    site = sample.output / "site"
    for page in site.rglob("*.html"):
        html = page.read_text(encoding="utf-8")
        if '<meta property="og:url"' not in html:
            continue
        image = re.search(r'<meta property="og:image" content="https://todoke\.example\.jp(/cards/[^"]+)"', html)
        assert image, page
        assert (site / image[1].lstrip("/")).is_file()


def test_a_long_title_and_a_long_name_are_measured_a_few_times_only(font: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    measured = list[int]()
    getlength = ImageFont.FreeTypeFont.getlength

    def count(face: ImageFont.FreeTypeFont, text: str) -> float:
        measured.append(len(text))
        return getlength(face, text)

    monkeypatch.setattr(ImageFont.FreeTypeFont, "getlength", count)
    draw(Card("復興の港が開きました" * 20, "震災復興の知らせ" * 25, "#1a6f8f"), font)
    assert sum(measured) < 20_000  # letters; with one letter fewer each time it was 35,000 for the name alone


@pytest.mark.parametrize("length", [1, 20, 26, 27, 28, 29, 60, 200])
def test_a_name_that_is_too_wide_is_cut_at_the_last_letter_that_fits(font: Path, length: int) -> None:
    face, name = ImageFont.truetype(str(font), 36, layout_engine=ImageFont.Layout.BASIC), "ふ" * length
    room = SIZE[0] - _MARGIN - _SUBTITLE_LEFT
    fitting = [name[:end] + "…" for end in range(length) if face.getlength(name[:end] + "…") <= room]
    assert _shorten(name, face) == (name if face.getlength(name) <= room else fitting[-1])
