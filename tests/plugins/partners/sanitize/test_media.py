"""Nothing of an entry goes without a trace: whatever our pages cannot hold becomes a link that says what it is."""

from __future__ import annotations

import re

import lxml.html
import pytest
from hypothesis import given
from hypothesis import strategies as st
from playwright.sync_api import Browser

from audit.server import serving
from plugins.partners.sanitize.media import CUT_LABEL, Attachment
from plugins.partners.sanitize.sanitizer import LONGEST, html_from_words, sanitize
from tests.samples.tiny import TinySite

ENTRY = "https://blog.example/2012/03/entry.html"


def body(source: str, *attachments: Attachment) -> str:
    return sanitize(source, ENTRY, ENTRY, attachments)


def links(source: str, *attachments: Attachment) -> list[tuple[str, str]]:
    tree = lxml.html.fragment_fromstring(body(source, *attachments), create_parent="div")
    return [(link.get("href"), link.text_content()) for link in tree.iter("a")]


def pictures(source: str, *attachments: Attachment) -> list[tuple[str, str]]:
    tree = lxml.html.fragment_fromstring(body(source, *attachments), create_parent="div")
    return [(image.get("src"), image.get("alt")) for image in tree.iter("img")]


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        (
            '<iframe src="https://www.youtube.com/embed/abc-1?rel=0" title="復興の歌"></iframe>',
            ("https://www.youtube.com/watch?v=abc-1", "動画（YouTube）：復興の歌"),
        ),
        ('<iframe src="//www.youtube-nocookie.com/embed/abc"></iframe>', ("https://www.youtube.com/watch?v=abc", "動画（YouTube）")),
        (
            '<iframe data-src="https://www.google.com/maps/embed?pb=1"></iframe>',
            ("https://www.google.com/maps/embed?pb=1", "地図（Google）"),
        ),
        (
            '<iframe src="https://docs.google.com/forms/d/1" title=""></iframe>',
            ("https://docs.google.com/forms/d/1", "入力フォーム（Google）"),
        ),
        ('<iframe src="https://widget.example/x">読めません</iframe>', ("https://widget.example/x", "埋め込み：widget.example")),
        ('<iframe srcdoc="<p>x"></iframe>', (ENTRY, "埋め込み：blog.example")),
        ('<video src="m.mp4"></video>', ("https://blog.example/2012/03/m.mp4", "動画：m.mp4")),
        (
            '<video title="港の朝"><source src="/a.webm"><source src="/b.mp4">対応していません</video>',
            ("https://blog.example/a.webm", "動画：港の朝"),
        ),
        (
            '<audio controls src="https://cdn.example/%E7%AC%AC1%E5%9B%9E.mp3"></audio>',
            ("https://cdn.example/%E7%AC%AC1%E5%9B%9E.mp3", "音声：第1回.mp3"),
        ),
        ('<object data="/x.pdf" type="application/pdf"></object>', ("https://blog.example/x.pdf", "PDF：x.pdf")),
        ('<object><param name="movie" value="/x.swf"></object>', ("https://blog.example/x.swf", "埋め込み：blog.example")),
        ('<embed src="/song.wav">', ("https://blog.example/song.wav", "音声：song.wav")),
        ('<form action="/send"><input name="a"></form>', (ENTRY, "入力フォーム（元の記事で使う）")),
    ],
)
def test_what_our_pages_cannot_hold_becomes_a_link_with_a_name(source: str, expected: tuple[str, str]) -> None:
    for around in ("{}", "<p>前{}後</p>", "<ul><li>{}</li></ul>", "<b>{}</b>", "<div><center>{}</center></div>"):
        assert expected in links(around.format(source)), around


def test_fallback_links_and_words_stay_beside_the_link_to_the_file() -> None:
    assert links('<audio src="/1.mp3"><a href="/1.mp3">聞く</a></audio>') == [("https://blog.example/1.mp3", "聞く")]
    assert links('<video src="/m.mp4"><a href="/help">助け</a></video>') == [
        ("https://blog.example/m.mp4", "動画：m.mp4"),
        ("https://blog.example/help", "助け"),
    ]
    assert "大切な本文" in body('<object data="/x.pdf"><p>大切な本文</p></object>')
    assert links('<object><a href="/x.pdf">PDF版</a></object>') == [("https://blog.example/x.pdf", "PDF版")]


def test_a_frame_inside_a_link_is_named_there_and_makes_no_second_link() -> None:
    assert links('<a href="/x">見る<iframe src="https://www.youtube.com/embed/a"></iframe></a>') == [
        ("https://blog.example/x", "見る動画（YouTube） ")
    ]


def test_a_form_keeps_its_words_and_none_of_its_controls() -> None:
    text = body(
        "<form><p>大切な本文</p><label>名前 <input name=a></label><select><option>一</select><textarea>二</textarea><button>送る</button></form>"
    )
    assert "大切な本文" in text and "名前" in text and not re.search("一|二|送る|<input|<select", text)
    assert links("<form><p>大切な本文</p></form>") == [], "a form without controls is only a box around words"


def test_frames_of_advertising_and_counters_leave_nothing() -> None:
    assert (
        body('<iframe src="https://x.doubleclick.net/a"></iframe><noscript><img src="https://www.facebook.com/tr?id=1"></noscript>') == ""
    )


@pytest.mark.parametrize(
    "source",
    [
        '<img src="data:image/gif;base64,R0lGODlh" data-src="/p.jpg" alt="港"><noscript><img src="/p.jpg" alt="港"></noscript>',
        '<img data-lazy-src="https://blog.example/p.jpg" alt="港">',
        '<img src="/blank.gif" width="1" height="1" data-original="/p.jpg" alt="港">',
        '<img src="/assets/loading.svg" data-src="/p.jpg" alt="港">',
        '<img src="/spacer.gif?x=1" srcset="/s.jpg 320w, /p.jpg 1600w, /huge.jpg 4000w" alt="港">',
        '<img srcset="https://blog.example/p.jpg 640w" alt="港">',
        '<img srcset="/s.jpg, /p.jpg 2x" alt="港">',
        '<img data-srcset="/p.jpg 1200w" src="data:," alt="港">',
        '<picture><source srcset="/p.jpg 1x" type="image/avif"><img alt="港"></picture>',
        '<noscript><img src="/p.jpg" alt="港"></noscript>',
        '<img src="/p.jpg" data-large="x" alt="港">',
    ],
)
def test_a_lazy_picture_is_found_once(source: str) -> None:
    assert pictures(source) == [("https://blog.example/p.jpg", "港")]


def test_a_source_around_without_a_picture_is_found_and_a_comma_in_an_address_ends_nothing() -> None:
    assert pictures('<picture><source srcset="/a,w_640/p.jpg 640w"></picture>') == [("https://blog.example/a,w_640/p.jpg", "")]


def test_a_picture_in_the_text_itself_does_not_cut_the_entry() -> None:
    source = f'<p>前</p><img alt="絵" src="data:image/png;base64,{"A" * 300_000}"><p>後</p>'
    assert "後" in body(source) and links(source) == [(ENTRY, "絵")] and CUT_LABEL not in body(source)


def test_files_that_the_feed_names_beside_the_entry_are_links_or_pictures() -> None:
    audio, document = Attachment("/1.mp3", "audio/mpeg"), Attachment("https://cdn.example/x", "application/pdf", "申請書")
    picture = Attachment("/a.jpg", "image/jpeg", "港")
    assert links("番組です", audio, document) == [("https://blog.example/1.mp3", "音声：1.mp3"), ("https://cdn.example/x", "PDF：申請書")]
    assert pictures("写真", picture, picture) == [("https://blog.example/a.jpg", "港")]
    assert links('<a href="/1.mp3">聞く</a>', audio) == [("https://blog.example/1.mp3", "聞く")], "the entry has it already"
    assert pictures('<img src="/a.jpg" alt="船">', picture) == [("https://blog.example/a.jpg", "船")]
    assert body("x", Attachment("javascript:alert(1)"), Attachment("https://pixel.example/x.gif", "image/gif")) == "<p>x</p>\n"


def test_a_cut_is_marked_with_a_link_to_the_rest() -> None:
    text = body("<p>海と空</p>" * (LONGEST // 8))
    assert text.endswith(f'<p><a href="{ENTRY}" rel="nofollow noopener">{CUT_LABEL}</a></p>\n')
    assert CUT_LABEL not in body("<p>海と空</p>" * 100)


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("一行目\n二行目\n\n次の段落", "<p>一行目<br>二行目</p><p>次の段落</p>"),
        ("\n一行目\r\n二行目\r\n", "<p>一行目<br>二行目</p>"),
        ("1 &lt; 2\n二行目", "<p>1 &lt; 2<br>二行目</p>"),
        ("一行目\n    字下げされた\n    つづき", "<p>一行目字下げされたつづき</p>"),
        ("<p>一行目\n二行目</p>", "<p>一行目二行目</p>"),
        ("一行目<br>\n二行目", "<p>一行目<br>二行目</p>"),
    ],
)
def test_line_breaks_of_plain_text_stay_and_those_of_markup_do_not(source: str, expected: str) -> None:
    assert body(html_from_words(source)).replace("\n", "") == expected


WORDS = st.text(st.sampled_from("浜海空港abc "), min_size=1, max_size=6).filter(lambda text: bool(text.strip()))
TAGS = st.sampled_from(
    [
        "form",
        "p",
        "div",
        "button",
        "object",
        "fieldset",
        "details",
        "mark",
        "strike",
        "del",
        "center",
        "font",
        "u",
        "marquee",
        "label",
        "article",
        "picture",
        "nobr",
        "big",
    ]
)


@given(st.lists(st.tuples(TAGS, WORDS), max_size=6))
def test_words_in_any_harmless_element_stay(parts: list[tuple[str, str]]) -> None:
    source = "".join(f"<{tag}>{words}</{tag}>" for tag, words in parts)
    kept = re.sub(r"\s", "", lxml.html.fragment_fromstring(body(source), create_parent="div").text_content())
    for tag, words in parts:
        if tag != "button":
            assert re.sub(r"\s", "", words) in kept


def test_a_long_line_that_keeps_its_layout_does_not_widen_the_page(tiny: TinySite, browser: Browser) -> None:
    """WCAG 2.2, success criterion 1.4.10: no scrolling in two directions at 320 CSS pixels."""
    tiny.write(
        "partners/blog/2020/20200501-aa.md",
        "---\ntitle: 題\ndate: 2020-05-01 06:00\noriginal: https://blog.example.com/1\nauthor: 見本太郎\nlicence: CC\nfeed: blog\nentry_id: x:1\n"
        f"first_seen: 2020-05-02\nhash: abc\n---\n\n{body('<pre>' + 'x' * 400 + '</pre>')}",
    )
    tiny.build()
    with serving(tiny.site) as address:
        page = browser.new_page(viewport={"width": 320, "height": 640})
        page.goto(f"{address}/partners/blog/2020/05/20200501-aa/")
        window_width, page_width = page.evaluate("[document.documentElement.clientWidth, document.documentElement.scrollWidth]")
        page.close()
    assert page_width <= window_width
