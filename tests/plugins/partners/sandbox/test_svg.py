"""SVG pictures of partners: kept as drawings, without anything that runs, moves, loads or multiplies."""

from __future__ import annotations

import base64
import io
import re
import time

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lxml import etree
from PIL import Image
from playwright.sync_api import Browser

from plugins.frontmatter.parse.image_files import image_size
from plugins.partners.sandbox.reencode import ImageRejected
from plugins.partners.sandbox.svg import MOST_ELEMENTS, clean_svg, is_svg
from tests.plugins.partners.http.test_fetch import page
from tests.plugins.partners.images.test_download import ENTRY, Gallery, encoded, gallery, picture  # noqa: F401 - the fixture
from tests.samples.tiny import TinySite

HEAD = '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" viewBox="0 0 100 50">'
CHART = f'{HEAD}<rect width="60" height="20" fill="#069"/><text x="5" y="40">水揚げ</text></svg>'


def cleaned(content: str, head: str = HEAD) -> str:
    return clean_svg(f"{head}{content}<rect width='1' height='1'/></svg>".encode()).decode()


@pytest.mark.parametrize(
    "content",
    [
        "<script>alert(1)</script>",
        "<rect onclick='alert(1)' width='2' height='2'/>",
        "<a xlink:href='javascript:alert(1)'><rect width='2' height='2'/></a>",
        "<a href='https://evil.example/'><text>押す</text></a>",
        "<image href='https://evil.example/x.png'/><image xlink:href='data:image/svg+xml;base64,PHN2Zy8+'/>",
        "<use href='https://evil.example/x.svg#a'/>",
        "<style>@import url(https://evil.example/x.css); rect{fill:url(https://evil.example/#a)} @font-face{src:url(//evil.example)}</style>",
        "<style>rect{fill:\\75rl(https://evil.example)}</style>",
        "<rect style='fill:url(//evil.example/a)' fill='url( \"https://evil.example\" )' width='2' height='2'/>",
        "<foreignObject><iframe xmlns='http://www.w3.org/1999/xhtml' src='https://evil.example'/></foreignObject>",
        "<animate attributeName='x' href='#a'/><set attributeName='onload' to='alert(1)'/>",
        "<filter id='f'><feImage href='https://evil.example'/></filter><rect filter='url(#f)' width='2' height='2'/>",
        "<x:script xmlns:x='http://www.w3.org/2000/svg'>alert(1)</x:script>",
        "<h:script xmlns:h='http://www.w3.org/1999/xhtml'>alert(1)</h:script>",
        "<!-- evil --><?xml-stylesheet href='https://evil.example'?>",
        "<rect cursor='url(https://evil.example)' class='a' width='2' height='2' xml:base='https://evil.example/'/>",
    ],
)
def test_nothing_that_runs_moves_or_loads_is_left(content: str) -> None:
    drawing = cleaned(content)
    assert not re.search(r"evil|script|alert|onclick|javascript|@import|animate|<set|foreignObject|iframe|filter|\\", drawing), drawing
    assert "<rect" in drawing


def test_shapes_words_colours_and_gradients_stay_and_a_link_becomes_a_group() -> None:
    content = (
        "<style>.a{fill:url(#g);stroke:#036}</style><defs><linearGradient id='g'><stop offset='0' stop-color='#fff'/></linearGradient></defs>"
        "<a href='https://x.example'><path class='a' d='M0 0h9' style='opacity:.5;behavior:x'/></a><text x='1'>浜の<tspan>市場</tspan>です</text>"
    )
    drawing = cleaned(content)
    for part in (".a{fill:url(#g);stroke:#036}", "<g><path", 'style="opacity:.5"', "浜の<tspan>市場</tspan>です", 'stop-color="#fff"'):
        assert part in drawing


def test_a_picture_in_a_drawing_is_encoded_anew() -> None:
    exif = Image.Exif()
    exif[0x010E] = "Ishinomaki, at home"
    data = base64.b64encode(encoded(exif=exif)).decode()
    drawing = cleaned(f"<image width='9' height='9' xlink:href='data:image/jpeg;base64,{data}'/>")
    (kept,) = re.findall(r'href="data:image/jpeg;base64,([^"]+)"', drawing)
    raw = base64.b64decode(kept)
    assert b"Ishinomaki" not in raw and Image.open(io.BytesIO(raw)).size == (64, 36)


@pytest.mark.parametrize(
    ("head", "size"),
    [
        ('<svg xmlns="http://www.w3.org/2000/svg" width="120px" height="60">', ("120", "60")),
        ('<svg xmlns="http://www.w3.org/2000/svg" width="100%" height="10mm" viewBox="0 0 80 40">', ("80", "40")),
        ('<svg width="100%" height="100%">', ("300", "150")),
        ('<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 -5 x">', ("300", "150")),
    ],
)
def test_a_size_is_stated_so_that_the_page_reserves_the_space(head: str, size: tuple[str, str]) -> None:
    root = etree.fromstring(cleaned("", head).encode())
    assert (root.get("width"), root.get("height")) == size


@pytest.mark.parametrize("content", ["<svg/>", "<g/>", "<title>x</title>"])
def test_a_drawing_without_a_shape_is_refused(content: str) -> None:
    with pytest.raises(ValueError, match="nothing to see"):
        clean_svg(f"{HEAD}{content}</svg>".encode())


def test_a_counter_and_a_flood_of_shapes_are_refused() -> None:
    with pytest.raises(ImageRejected):
        cleaned("", '<svg width="1" height="1">')
    with pytest.raises(ValueError, match="too many shapes"):
        cleaned("<g/>" * MOST_ELEMENTS)


def test_references_do_not_multiply() -> None:
    """A billion laughs of shapes: each level draws the level below ten times."""
    levels = range(1, 10)
    uses = "".join(f"<g id='l{level}'>" + f'<use href="#l{level - 1}"/>' * 10 + "</g>" for level in levels)
    patterns = "".join(f"<pattern id='p{level}'>" + f'<rect fill="url(#p{level - 1})"/>' * 10 + "</pattern>" for level in levels)
    styled = f"<style>.a{{fill:url(#p9)}}</style>{patterns}"
    for content, reference in (
        (f"{uses}<use href='#l9'/>", r'href="#l[0-7]"'),
        (f"{patterns}", r"url\(#p[1-8]"),
        (styled, r"url\(#p[1-9]"),
    ):
        assert not re.search(reference, cleaned(content))
    assert 'href="#l1"' in cleaned("<g id='l1'><path/></g><use href='#l1'/>"), "one level is what signs on maps need"


@pytest.mark.parametrize(
    "before",
    [
        "",
        "\ufeff",
        "<?xml version='1.0'?>\n",
        "<!-- Generator -->",
        "<!DOCTYPE svg PUBLIC 'x' 'y'>",
        "<?xml?><!DOCTYPE svg [<!ENTITY a 'b'>]>",
    ],
)
def test_a_drawing_is_known_by_its_beginning(before: str) -> None:
    assert is_svg(f"{before}{CHART}".encode()) and not is_svg(f"{before}<html>{CHART}".encode()) and not is_svg(encoded())


def test_entities_bring_nothing_in() -> None:
    source = f"<!DOCTYPE svg [<!ENTITY f SYSTEM 'file:///etc/passwd'><!ENTITY a 'aaaa'>]>{HEAD}<text>前&f;後</text><rect width='1' height='1'/></svg>"
    assert "<text>前後</text>" in clean_svg(source.encode()).decode()


def test_a_drawing_is_saved_beside_its_entry_and_shown_and_is_no_picture_for_lists(gallery: Gallery) -> None:  # noqa: F811
    shown = {"/a.svg": page(CHART.encode(), Content_Type="image/svg+xml"), "/b.jpg": picture(encoded())}
    gallery.show('<p>図</p><img src="HERE/a.svg" alt="水揚げの図"><img src="HERE/b.jpg" alt="港">', shown)
    (drawing,) = gallery.entry.parent.glob("*.svg")
    assert f'<img src="{drawing.name}" alt="水揚げの図">' in gallery.body and image_size(drawing.read_bytes(), ".svg") == (100, 50)
    assert "image: " in gallery.entry.read_text("utf-8") and f"image: {drawing.name}" not in gallery.entry.read_text("utf-8")
    gallery.show("<p>図</p><p>図を外しました。</p>", shown)
    assert not drawing.exists()


def test_a_browser_draws_it(browser: Browser) -> None:
    view = browser.new_page()
    data = base64.b64encode(clean_svg(CHART.encode())).decode()
    view.set_content(f'<img id="d" src="data:image/svg+xml;base64,{data}">')
    assert view.evaluate("document.getElementById('d').decode().then(() => document.getElementById('d').naturalWidth)") == 100
    view.close()


PIECE = st.sampled_from(
    [
        "<g>", "</g>", "<path d='M0 0'/>", "<script>", "</script>", "<style>", "</style>", "url(//x)", "fill:url(//x)", "<use href='#a'/>", "<g id='a'>", "<a href='//x'>", "</a>",
        " onload='x' ", "<image href='//x'/>", "<text>", "</text>", "浜", "&x;", "<![CDATA[", "]]>", "@import '//x';", "{", "}", "<rect style='fill:url(//x)'/>", "<defs/>",
    ]
)  # fmt: skip


@settings(derandomize=True, max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much])
@given(st.lists(PIECE, max_size=12))
def test_random_drawings_are_clean_or_refused(pieces: list[str]) -> None:
    try:
        drawing = cleaned("".join(pieces))
    except (ValueError, etree.XMLSyntaxError):
        return
    root = etree.fromstring(drawing.encode())
    for element in root.iter():
        assert etree.QName(element).namespace == "http://www.w3.org/2000/svg" and etree.QName(element).localname not in (
            "script",
            "a",
            "set",
            "animate",
        )
        assert all(not str(name).startswith("on") and "//x" not in str(value) for name, value in element.attrib.items())
        assert "//x" not in (element.text or "") or element.tag.endswith(("text", "}g", "}svg", "}path", "}rect", "}title"))


def test_a_long_style_sheet_takes_no_more_time_than_it_should() -> None:
    start = time.process_time()
    cleaned("<style>" + "a{fill:red}" * 20_000 + "</style>")
    assert time.process_time() - start < 5


def test_the_site_shows_a_drawing_of_a_live_entry_with_its_size(tiny: TinySite) -> None:
    name = "20200501-aa-0a1b2c3d.svg"
    tiny.write("partners/blog/2020/20200501-aa.md", ENTRY.format(more="", picture=name))
    (tiny.content / f"partners/blog/2020/{name}").write_bytes(clean_svg(CHART.encode()))
    tiny.build()
    assert f'src="/partners/blog/2020/{name}" alt="港" width="100" height="50"' in tiny.page("/partners/blog/2020/05/20200501-aa/")
    assert [path.name for path in (tiny.site / "partners").rglob("*.svg")] == [name]
