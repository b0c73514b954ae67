"""SVG files: sizes in any legal unit, and nothing that could run or load something."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from plugins.frontmatter.parse.vector_pictures import UnsafeVector, read_vector, vector_size
from tests.samples.tiny import TinySite

XLINK = 'xmlns:xlink="http://www.w3.org/1999/xlink"'


def svg(inside: str = "", attributes: str = 'viewBox="0 0 9 9"', before: str = "") -> str:
    return f'{before}<svg xmlns="http://www.w3.org/2000/svg" {XLINK} {attributes}>{inside}</svg>'


def read(text: str) -> tuple[int, int]:
    return vector_size(read_vector(text.encode()))


@pytest.mark.parametrize(
    ("attributes", "size"),
    [
        ('width="100%" height="100%" viewBox="0 0 9 9"', (9, 9)),
        ('width="64" height="36"', (64, 36)),
        ('width="64px" height="36.4px"', (64, 36)),
        ('width="1in" height="2.54cm"', (96, 96)),
        ('width="25.4mm" height="101.6Q"', (96, 96)),
        ('width="72pt" height="6pc"', (96, 96)),
        ('width="10em" height="2rem"', (160, 32)),
        ('width="10ex" height="10ch"', (80, 80)),
        ('width="50vw" height="auto" viewBox="0,0,16,9"', (16, 9)),
        ('width="160" viewBox="0 0 16 9"', (160, 90)),
        ('height="90" viewBox="0 0 16 9"', (160, 90)),
        ('width=" 6.4e1 " height="+36"', (64, 36)),
        ('viewBox="-5 -5 1e2 .5e2"', (100, 50)),
    ],
)
def test_a_size_in_any_legal_unit_is_read(attributes: str, size: tuple[int, int]) -> None:
    assert read(svg(attributes=attributes)) == size


@pytest.mark.parametrize(
    "attributes",
    [
        "", 'width="0" height="0"', 'width="-5" height="9"', 'width="1e99" height="9"', 'width="nan" height="inf"', 'viewBox="0 0 0 9"', 'viewBox="a b"',
        'viewBox="0 0 9"', f'width="{"9" * 400}" height="9"', 'width="9 9" height="9"', 'viewBox="0 0 1e-9 9"', 'width="100%" height="100%"',
    ],
)  # fmt: skip
def test_a_size_that_says_nothing_is_refused_in_words(attributes: str) -> None:
    with pytest.raises(UnsafeVector):
        read(svg(attributes=attributes))


ACTIVE = {
    "script": "<script>alert(1)</script>",
    "script of another namespace": '<x:script xmlns:x="a">alert(1)</x:script>',
    "handler": '<rect onload="alert(1)"/>',
    "handler in capitals": '<rect ONCLICK="alert(1)"/>',
    "foreign object": "<foreignObject/>",
    "HTML": '<p xmlns="http://www.w3.org/1999/xhtml"/>',
    "HTML in the description": '<desc><img xmlns="http://www.w3.org/1999/xhtml" src="x"/></desc>',
    "frame": "<iframe/>",
    "link to a script": '<a href="javascript:alert(1)"/>',
    "old link to a script": '<a xlink:href=" java&#9;script:alert(1)"/>',
    "link that takes its scheme from the page": '<a href="//example.jp/"/>',
    "use of another file": '<use href="http://example.jp/a.svg#x"/>',
    "use of data": '<use href="data:image/svg+xml;base64,AAAA#x"/>',
    "picture of another site": '<image href="http://example.jp/a.png"/>',
    "picture that is an SVG": '<image href="data:image/svg+xml;base64,AAAA"/>',
    "animated link": '<a><set attributeName="href" to="javascript:alert(1)"/></a>',
    "animated old link": '<a><animate attributeName="xlink:href" values="javascript:alert(1)"/></a>',
    "animated handler": '<set attributeName="onclick" to="alert(1)"/>',
    "style that loads": "<style>@import url(http://example.jp/a.css)</style>",
    "style that loads in the middle": "<style>rect { fill: url('http://example.jp/a') }</style>",
    "style with escapes": "<style>@\\69mport 'http://example.jp/a.css'</style>",
    "attribute that loads": '<rect fill="url(http://example.jp/a.svg#x)"/>',
    "attribute of style that loads": '<rect style="fill: url( &quot;//example.jp/a&quot;)"/>',
    "style that loads without url": "<style>rect { background: image-set('http://example.jp/a' 1x) }</style>",
    "style that loads with src": '<rect style="fill: src(&quot;//example.jp/a&quot;)"/>',
    "link that reports who follows it": '<a href="https://example.jp/" ping="https://example.com/"/>',
    "other base": '<g xml:base="http://example.jp/"/>',
    "instruction inside": "<?xml-stylesheet href='http://example.jp/a.css'?>",
}


@pytest.mark.parametrize("inside", ACTIVE.values(), ids=ACTIVE)
def test_what_could_run_or_load_something_is_refused_and_named(inside: str) -> None:
    with pytest.raises(UnsafeVector, match="save it as plain SVG"):
        read(svg(inside))


@pytest.mark.parametrize(
    "text",
    [
        svg(before="<?xml-stylesheet href='http://example.jp/a.css'?>"),
        svg("&x;", before='<!DOCTYPE svg [<!ENTITY x "<script>alert(1)</script>">]>'),
        svg(before='<!DOCTYPE svg [<!ENTITY x SYSTEM "file:///etc/passwd">]>'),
        svg(before='<!DOCTYPE svg [<!ATTLIST svg onload CDATA "alert(1)">]>'),
        svg("<a><text>x</text></a>", before='<!DOCTYPE svg [<!ATTLIST a href CDATA "javascript:alert(1)">]>'),
        svg(before='<?xml version="1.0" encoding="UTF-7"?>'),
        svg("~{<script>alert(1)</script>~}", before='<?xml version="1.0" encoding="HZ"?>'),
        svg("<a>" * 5_000 + "</a>" * 5_000),
        "<html><script>alert(1)</script></html>",
        "<svg/>",
        "%!PS-Adobe-3.0 EPSF-3.0",
        "",
    ],
)
def test_a_file_that_is_no_picture_is_refused(text: str) -> None:
    with pytest.raises(UnsafeVector):
        read(text)


def test_what_drawing_programs_write_is_a_picture() -> None:
    inside = (
        '<metadata><r:RDF xmlns:r="http://www.w3.org/1999/02/22-rdf-syntax-ns#"/></metadata><n:namedview xmlns:n="http://inkscape" n:zoom="1"/>'
        '<style>/* 図 */ rect { fill: url(#g) } text { font-family: "x" }</style><defs><linearGradient id="g"><stop offset="0"/></linearGradient></defs>'
        '<rect fill="url(#g)" style="mask:url(#m)"/><use xlink:href="#g"/><image href="data:image/png;base64,iVBORw0K"/>'
        '<a href="https://example.jp/">字</a><animate attributeName="x" from="0" to="9"/>'
    )
    doctype = (
        '<?xml version="1.0"?><!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1.1//EN" "http://www.w3.org/Graphics/SVG/1.1/DTD/svg11.dtd"><!-- x -->'
    )
    assert read(svg(inside, before=doctype)) == (9, 9)


@pytest.mark.parametrize("folder", ["images", "images/2020", "files", "data"])
def test_an_svg_file_that_no_document_shows_stops_a_build_all_the_same(tiny: TinySite, folder: str) -> None:
    from plugins.images.vectors import check_vectors

    tiny.write(f"{folder}/a.SVG", svg(ACTIVE["script"]))
    tiny.write("images/drawings/source.svg", svg(ACTIVE["script"]))
    tiny.write("images/good.svg", svg())
    assert [(str(found.path), found.rule) for found in check_vectors(tiny.content)] == [(f"{folder}/a.SVG", "F407")]


@settings(derandomize=True, max_examples=200, deadline=None)
@given(
    data=st.one_of(
        st.binary(max_size=100),
        st.lists(st.sampled_from([*ACTIVE.values(), "<", "&", "<g>", "</g>", "]]>", "\x00"])).map(
            lambda parts: svg("".join(parts)).encode()
        ),
    )
)
def test_any_bytes_are_a_picture_or_refused_in_words(data: bytes) -> None:
    try:
        assert min(vector_size(read_vector(data))) > 0
    except UnsafeVector as error:
        assert str(error)
