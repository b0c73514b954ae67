"""What an issue shows of its articles: a table of contents, one large picture, what became of an event; SVG as PNG, small copies for the rest."""

from __future__ import annotations

import io
import re
from pathlib import PurePosixPath

import lxml.html
import pytest
from PIL import Image

from plugins.builder.checkout.source_check import check_sources
from plugins.diagnostics import ContentErrors
from plugins.frontmatter.parse.image_files import MAIL_WIDTH, THUMBNAIL_WIDTH, UnreadableImage, mail_picture, mail_thumbnail
from plugins.images.mail_files import draw
from plugins.magazine.compose.blocks import EventTeaser
from plugins.magazine.compose.composition import Composition, ContentsEntry, compose
from tests.samples.tiny import NOW, TinySite

ISSUE = "---\ntitle: 春の号\ndate: 2020-06-10 10:00\npreheader: 春の話題\n---\nこんにちは。\n\n"
PICTURED = "---\ntitle: {title}\ndate: 2020-05-02\nimage: ../../images/{image}\nimage_alt: {alt}\n---\n本文です。\n"
EVENT = "---\ntitle: 朝市\ndate: 2020-05-02\nstart: {start}\nvenue: 港\nfee: 無料\npublication: fair\n{more}---\n魚を売ります。\n"
DRAWING = '<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 640 360"><rect width="640" height="180" fill="#112233"/></svg>'
BASE = "https://site.example.jp"


def issue(site: TinySite, body: str) -> Composition:
    site.write("mail/press/1.md", ISSUE + body)
    library = site.library()
    return compose(library.documents[PurePosixPath("mail/press/1.md")], library)


def pictured(site: TinySite, name: str, image: str = "sea.png", alt: str = "海の絵") -> None:
    site.write(f"press/2020/{name}.md", PICTURED.format(title=f"{name}の記事", image=image, alt=alt))


def test_the_contents_name_each_article_and_each_section_that_has_none(tiny: TinySite) -> None:
    tiny.article("press/2020/station.md", "駅が開きました")
    composed = issue(tiny, "## 話題\n\n::記事 ../../press/2020/station.md\n\n## 後記\n\nまた来月。\n")
    assert composed.contents == (
        ContentsEntry("駅が開きました", "/press/2020/05/station/"),
        ContentsEntry("後記", "/mail/press/1/#corner-2"),
    )


def test_of_two_sections_with_one_name_only_the_first_is_a_link(tiny: TinySite) -> None:
    composed = issue(tiny, "## お知らせ\n\n一つめ。\n\n## お知らせ\n\n二つめ。\n")
    assert [entry.url for entry in composed.contents] == ["/mail/press/1/#corner-1", ""]
    tiny.build()


def test_an_article_that_was_taken_down_stands_in_the_contents_without_a_link(tiny: TinySite) -> None:
    tiny.write("press/2020/gone.md", "---\ntitle: 終わった記事\ndate: 2020-05-02\nexpires: 2020-12-31\n---\n本文です。\n")
    composed = issue(tiny, "## 話題\n\n::記事 ../../press/2020/gone.md\n")
    assert composed.contents == (ContentsEntry("終わった記事"),)


def test_only_the_first_article_is_the_lead_and_only_if_it_has_a_picture(tiny: TinySite) -> None:
    tiny.image()
    pictured(tiny, "one")
    pictured(tiny, "two")
    tiny.article("press/2020/plain.md", "絵のない記事")
    both = "::記事 ../../press/2020/one.md\n::記事 ../../press/2020/two.md\n"
    lead = issue(tiny, f"## 話題\n\n{both}").lead
    assert lead is not None and lead.title == "oneの記事"
    assert issue(tiny, f"## 話題\n\n::記事 ../../press/2020/plain.md\n{both}").lead is None


def test_one_picture_of_two_articles_is_no_link_of_one_name_to_two_places(tiny: TinySite) -> None:
    tiny.image()
    pictured(tiny, "one")
    pictured(tiny, "two")
    composed = issue(tiny, "## 話題\n\n::記事 ../../press/2020/one.md\n::記事 ../../press/2020/two.md\n")
    assert [composed.alternative(teaser) for teaser in composed.teasers] == ["海の絵（oneの記事）", "海の絵（twoの記事）"]
    tiny.build()


@pytest.mark.parametrize(
    ("start", "more", "title", "label"),
    [
        ("2020-06-09 10:00", "", "【終了】朝市", "日時"),
        ("2020-06-10", "", "朝市", "日時"),  # it lasts the whole day
        ("2020-06-11 10:00", "", "朝市", "日時"),
        ("2020-06-09 10:00", "status: 中止\nupdated: 2020-05-03 10:00\n", "【中止】朝市", "もとの日時"),
        ("2020-06-20 10:00", "status: 延期\nupdated: 2020-05-03 10:00\n", "【延期】朝市", "もとの日時"),
        (
            "2020-06-09 10:00",
            "status: 日程変更\nupdated: 2020-05-03 10:00\nprevious_start: 2020-06-01 10:00\n",
            "【終了】【日程変更】朝市",
            "日時",
        ),
    ],
)
def test_an_event_says_in_every_form_when_it_is_and_what_became_of_it(
    fair: TinySite, start: str, more: str, title: str, label: str
) -> None:
    fair.write("fair/2020/market.md", EVENT.format(start=start, more=more))
    composed = issue(fair, "## 催し\n\n::記事 ../../fair/2020/market.md\n")
    (teaser,) = composed.teasers
    assert isinstance(teaser, EventTeaser) and (teaser.title, teaser.facts[0][0]) == (title, label)
    assert composed.contents[0].title == title
    fair.build()
    for name in ("mail.html", "mail.txt", "light.txt"):
        text = re.sub(r"<wbr[^>]*>", "", (fair.output / "mail/press/1" / name).read_text("utf-8"))
        assert title in text and "港" in text, name


@pytest.fixture
def fair(tiny: TinySite) -> TinySite:
    """A site with a publication of events."""
    registry = tiny.root / "publications.toml"
    registry.write_text(
        registry.read_text("utf-8")
        + '\n[publications.fair]\ntitle = "催し"\nreading = "もよおし"\nkind = "event"\ncolour = "#00695c"\ndepartment = "商工課"\n'
        'contact = "fair@example.jp"\ndescription = "催しの知らせ"\n',
        "utf-8",
    )
    return tiny


@pytest.mark.parametrize("place", ["image", "prose"])
@pytest.mark.parametrize("width", [640, 100])
def test_an_svg_goes_into_a_mail_as_a_png_on_white(tiny: TinySite, place: str, width: int) -> None:
    (tiny.content / "images").mkdir(parents=True, exist_ok=True)
    (tiny.content / "images/map.svg").write_text(DRAWING.format(width=width, height=width * 9 // 16), "utf-8")
    pictured(tiny, "map", "map.svg", "町の地図")
    tiny.write(
        "mail/press/1.md",
        ISSUE + ("## 話題\n\n::記事 ../../press/2020/map.md\n" if place == "image" else "## 地図\n\n![町の地図](../../images/map.svg)\n"),
    )
    tiny.build()
    tree = lxml.html.fromstring((tiny.output / "mail/press/1/mail.html").read_text("utf-8"))
    (image,) = tree.iter("img")
    address = mail_picture("/images/map.svg") if place == "image" else mail_thumbnail("/images/map.svg")
    assert image.get("src") == f"{BASE}{address}" and address.endswith(".png")
    data = (tiny.site / address.lstrip("/")).read_bytes()
    with Image.open(io.BytesIO(data)) as drawn:
        assert drawn.format == "PNG" and drawn.width == (MAIL_WIDTH if place == "image" else THUMBNAIL_WIDTH)
        pixels = drawn.convert("RGB")
        assert pixels.getpixel((5, 5)) == (0x11, 0x22, 0x33) and pixels.getpixel((5, drawn.height - 5)) == (255, 255, 255)
    page = tiny.page("/mail/press/1/")
    assert "/images/map.svg" in page, "a browser gets the drawing itself"


def test_small_copies_are_made_for_the_pictures_of_issues_alone(tiny: TinySite) -> None:
    for name in ("sea.png", "hill.png", "alone.png"):
        tiny.image(f"images/{name}")
    pictured(tiny, "one", "sea.png", "海の絵")
    pictured(tiny, "two", "hill.png", "丘の絵")
    pictured(tiny, "three", "alone.png", "別の絵")
    tiny.write("mail/press/1.md", ISSUE + "## 話題\n\n::記事 ../../press/2020/one.md\n::記事 ../../press/2020/two.md\n")
    tiny.build()
    assert sorted(path.name for path in (tiny.site / "pictures/mail").rglob("*.png")) == ["hill.png", "sea.png"]


UNDRAWABLE = {
    "no XML": "<g></svg>",
    "a shape as large as a town": '<ellipse ry="999999999"/></svg>',
    "a blur for hours": '<filter id="f" x="-1000" y="-1000" width="9000" height="9000" filterUnits="userSpaceOnUse">'
    + '<feTurbulence baseFrequency=".5" numOctaves="99"/><feGaussianBlur stdDeviation="400"/><feMorphology radius="300"/>' * 3
    + '</filter><rect width="100" height="80" filter="url(#f)"/></svg>',
    "copies of copies": "<defs>"
    + "".join(f'<g id="l{n}">' + f'<use href="#l{n - 1}"/>' * 10 + "</g>" for n in range(1, 9))
    + '<rect id="l0" width="1" height="1"/></defs><use href="#l8"/></svg>',
}


@pytest.mark.parametrize("end", UNDRAWABLE.values(), ids=UNDRAWABLE)
def test_a_drawing_that_cannot_be_drawn_is_named_and_ends_neither_the_process_nor_its_patience(end: str, tiny: TinySite) -> None:
    """`resvg` panics over some, which is no `Exception` in Python, and computes over others for hours."""
    (tiny.content / "images").mkdir(parents=True, exist_ok=True)
    (tiny.content / "images/map.svg").write_text(DRAWING.format(width=640, height=360).replace("</svg>", end), "utf-8")
    pictured(tiny, "map", "map.svg", "町の地図")
    tiny.write("mail/press/1.md", ISSUE + "## 話題\n\n::記事 ../../press/2020/map.md\n")
    with pytest.raises(ContentErrors, match=r"map\.(svg|md)") as raised:
        tiny.build()
    assert "Option" not in str(raised.value) and "XML_PARSE" not in str(raised.value)


def test_todoke_check_tells_a_drawing_that_cannot_be_drawn_as_a_build_does(tiny: TinySite) -> None:
    (tiny.content / "images").mkdir(parents=True, exist_ok=True)
    bad = DRAWING.format(width=640, height=360).replace("</svg>", UNDRAWABLE["a shape as large as a town"])
    (tiny.content / "images/map.svg").write_text(bad, "utf-8")
    (tiny.content / "images/plan.svg").write_text(DRAWING.format(width=640, height=360), "utf-8")
    pictured(tiny, "map", "map.svg", "町の地図")
    pictured(tiny, "plan", "plan.svg", "町の計画")
    tiny.write("mail/press/1.md", ISSUE + "## 話題\n\n::記事 ../../press/2020/map.md\n::記事 ../../press/2020/plan.md\n")
    with pytest.raises(ContentErrors) as raised:
        tiny.build()
    checked = check_sources(tiny.content, tiny.root / "publications.toml", NOW)
    assert checked.errors == raised.value.diagnostics
    assert [str(each.cause) for each in checked.errors] == ["content/images/map.svg"]


def test_a_drawing_that_would_have_too_many_pixels_is_refused_before_it_is_drawn() -> None:
    with pytest.raises(UnreadableImage, match="万画素"):
        draw(b'<svg xmlns="http://www.w3.org/2000/svg" width="10" height="900" viewBox="0 0 10 900"></svg>', MAIL_WIDTH, None)


def test_a_picture_that_is_taller_than_wide_takes_no_more_than_half_a_screen(tiny: TinySite) -> None:
    (tiny.content / "images").mkdir(parents=True, exist_ok=True)
    for name in ("one", "two", "words"):
        Image.new("RGB", (300, 900), "navy").save(tiny.content / f"images/{name}.png")
        pictured(tiny, name, f"{name}.png", f"{name}の絵")
    tiny.write(
        "mail/press/1.md",
        ISSUE + "## 話題\n\n![言葉の絵](../../images/words.png)\n\n::記事 ../../press/2020/one.md\n::記事 ../../press/2020/two.md\n",
    )
    tiny.build()
    tree = lxml.html.fromstring((tiny.output / "mail/press/1/mail.html").read_text("utf-8"))
    assert [image.get("width") for image in tree.iter("img")] == ["54", "152", "32"]


@pytest.mark.parametrize(("name", "kind"), [("sea.png", "PNG"), ("sea.jpg", "JPEG"), ("sea.webp", "JPEG"), ("sea.gif", "PNG")])
def test_every_kind_of_picture_has_a_small_copy_that_mail_programs_show(tiny: TinySite, name: str, kind: str) -> None:
    tiny.image(f"images/{name}")
    tiny.article("press/2020/plain.md", "絵のない記事")
    pictured(tiny, "one", name)
    tiny.write("mail/press/1.md", ISSUE + "## 話題\n\n::記事 ../../press/2020/plain.md\n::記事 ../../press/2020/one.md\n")
    tiny.build()
    (image,) = lxml.html.fromstring((tiny.output / "mail/press/1/mail.html").read_text("utf-8")).iter("img")
    with Image.open(tiny.site / str(image.get("src")).removeprefix(f"{BASE}/")) as copy:
        assert copy.format == kind and copy.width <= THUMBNAIL_WIDTH
