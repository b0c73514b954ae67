"""Whatever is in an entry leaves words or a link: every known element, alone and with every attribute that holds an address."""

from __future__ import annotations

import time

import lxml.html
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from plugins.partners.sanitize.foreign import DRAWING_LABEL, FORMULA_LABEL, without_foreign
from plugins.partners.sanitize.image_marks import LONG_DESCRIPTION_LABEL
from plugins.partners.sanitize.media import FORM_LABEL
from plugins.partners.sanitize.sanitizer import sanitize
from tests.plugins.partners.sanitize.test_media import ENTRY, body, links, pictures

SHOWN = """a abbr acronym address applet area article aside b bdi bdo big blink blockquote button canvas center cite code content data datalist dd del details
    dfn dialog dir div dl dt em fieldset figcaption figure font footer form h1 h2 h3 h4 h5 h6 header hgroup i ins kbd label legend li listing main map mark
    marquee menu meter nav nobr object ol optgroup option output p pre progress q rb rbc rp rt rtc ruby s samp search section slot small span strike strong
    sub summary sup table td tfoot th thead time tr tt u ul var x-card xmp amp-story multicol svg math noscript tbody caption portal""".split()
"""Elements whose words a browser shows (WHATWG HTML, chapters 4 and 16; SVG; MathML; custom elements)."""

REPLACED = "iframe embed object video audio select textarea input img image amp-img amp-iframe amp-video applet frame".split()
"""Elements in whose place something is shown."""

NEVER_SHOWN = "script style template noembed noframes title link meta base param col".split()

ADDRESSES = [
    ("a", "href"), ("area", "href"), ("img", "src"), ("img", "longdesc"), ("image", "src"), ("iframe", "src"), ("iframe", "data-src"), ("frame", "src"),
    ("embed", "src"), ("object", "data"), ("video", "src"), ("video", "poster"), ("audio", "src"), ("amp-img", "src"), ("amp-video", "src"),
    ("amp-iframe", "src"), ("amp-audio", "src"), ("x-player", "src"), ("x-card", "href"), ("x-card", "data-href"), ("div", "data-href"),
    ("blockquote", "data-instgrm-permalink"), ("img", "srcset"), ("img", "data-src"),
]  # fmt: skip
"""Where HTML, AMP and widgets keep an address that a reader would see or follow."""

WORDS = st.text(st.sampled_from("浜海空港市場abc"), min_size=2, max_size=6)


def squeezed(text: str) -> str:
    return "".join(text.split())


def words_of(text: str) -> str:
    return squeezed(lxml.html.fragment_fromstring(text, create_parent="div").text_content())


@pytest.mark.parametrize(
    "around", ["{}", "<p>{}</p>", "<ul><li>{}</li></ul>", "<table><tr><td>x</td><td>{}</td></tr></table>", "<b>{}</b>"]
)
def test_no_element_with_words_goes_without_them_and_none_takes_what_follows(around: str) -> None:
    for tag in SHOWN:
        text = words_of(body(f"<p>前</p>{around.format(f'<{tag}>浜の市場</{tag}>')}<p>後</p>"))
        assert "浜の市場" in text, tag
        assert text.startswith("前") and text.endswith("後"), tag


def test_no_element_that_stands_for_something_goes_without_a_trace() -> None:
    for tag in REPLACED:
        address = f"https://cdn.example/{tag}.bin"
        text = body(f"<p>前</p><{tag} src='{address}' data='{address}' alt='浜の市場'></{tag}><p>後</p>")
        assert address in text or FORM_LABEL in text or (tag == "applet" and ENTRY in text), tag
        assert words_of(text).startswith("前") and words_of(text).endswith("後"), tag
        assert len(body(f"<p>前</p><{tag}></{tag}><p>後</p>")) > len(body("<p>前</p><p>後</p>")) or tag.startswith(
            ("amp-", "im", "frame")
        ), tag


@pytest.mark.parametrize(("tag", "name"), ADDRESSES)
def test_no_address_that_a_reader_would_follow_is_lost(tag: str, name: str) -> None:
    address = "https://cdn.example/a%20b.jpg?x=1&amp;y=2"
    for source in (f"<{tag} {name}='{address}'>言葉</{tag}>", f"<p>前<{tag} class=x {name}={address} title=題>言葉</{tag}>後</p>"):
        assert address in body(source)


def test_what_no_browser_shows_leaves_nothing() -> None:
    for tag in NEVER_SHOWN:
        assert body(f"<p>前</p><{tag} src='https://x.example/a'>浜の市場</{tag}><p>後</p>").replace("<p>浜の市場</p>\n\n", "") == body(
            "<p>前</p><p>後</p>"
        ), tag


PIECE = st.one_of(
    st.tuples(
        st.just("words"),
        st.sampled_from([tag for tag in SHOWN if tag not in ("rp", "table", "tr", "tbody", "thead", "tfoot", "map")]),
        WORDS,
    ),
    st.tuples(st.just("address"), st.sampled_from([tag for tag, name in ADDRESSES if name == "src" and tag not in ("frame",)]), WORDS),
)


@settings(derandomize=True, max_examples=300, deadline=None)
@given(
    st.lists(PIECE, max_size=5),
    st.sampled_from(["{}", "<div>{}</div>", "<blockquote>{}</blockquote>", "<ul><li>{}</li></ul>", "<center>{}</center>"]),
)
def test_nothing_with_words_or_an_address_disappears_from_random_html(pieces: list[tuple[str, str, str]], around: str) -> None:
    source, expected_words, expected_addresses = "", [], []
    for number, (kind, tag, words) in enumerate(pieces):
        if kind == "words":
            source += f"<{tag}>{words}</{tag}>\n"
            expected_words.append(words)
        else:
            address = f"https://cdn.example/{number}/{tag}.bin"
            source += f"<{tag} src='{address}' alt='{words}'></{tag}>\n"
            expected_addresses.append(address)
    text = body(around.format(source))
    for words in expected_words:
        assert words in words_of(text), source
    for address in expected_addresses:
        assert address in text, source


def test_a_drawing_keeps_its_words_its_links_and_its_pictures_and_a_sign_leaves_nothing() -> None:
    drawing = '<svg width="300"><title>港の図</title><style>x{}</style><path d="M0 0"/><a xlink:href="/map"><text>市場</text></a><image href="/p.jpg"/></svg>'
    assert links(drawing) == [(ENTRY, DRAWING_LABEL), ("https://blog.example/map", " 市場 ")]
    assert pictures(drawing) == [("https://blog.example/p.jpg", "")] and "港の図" in body(drawing) and "x{}" not in body(drawing)
    assert links('<svg viewBox="0 0 9 9"><path d="M0 0"/></svg>') == [(ENTRY, DRAWING_LABEL)]
    assert body('<p>前<svg width="16"><path/></svg><svg aria-hidden="true"><path/></svg>後</p>') == "<p>前後</p>\n"
    assert links('<a href="/share" aria-label="広める"><svg width="16"><path/></svg></a>') == [("https://blog.example/share", "広める")]
    assert body("<svg onload=alert(1)>言葉") == "<p>言葉</p>\n"


def test_a_formula_keeps_its_text_and_leads_to_where_it_can_be_seen() -> None:
    formula = "<p>式<math><msup><mi>x</mi><mn>2</mn></msup><annotation encoding='application/x-tex'>x^2</annotation></math>です</p>"
    assert words_of(body(formula)) == f"式x2{FORMULA_LABEL}です" and links(formula) == [(ENTRY, FORMULA_LABEL)]
    assert words_of(body('<math alttext="x の二乗"><mi>x</mi></math>')) == f"xの二乗{FORMULA_LABEL}"


def test_what_follows_a_file_in_the_page_stays() -> None:
    """libxml2 takes ``embed`` for an element with content: all that followed it was lost with it."""
    assert (
        words_of(body('<p>前</p><embed src="/a.swf"><p>中</p><embed src="https://x.doubleclick.net/a"><p>後</p>'))
        == "前埋め込み：blog.example中後"
    )
    assert links('<object><param name="movie" value="/a.swf"><embed src="/a.swf"></object>') == [
        ("https://blog.example/a.swf", "埋め込み：blog.example")
    ]


def test_a_film_keeps_its_still_picture_and_its_captions() -> None:
    film = '<video src="/m.mp4" poster="/m.jpg" title="港"><track src="/m.vtt" label="日本語">古いブラウザです</video>'
    assert pictures(film) == [("https://blog.example/m.jpg", "港")]
    assert links(film) == [("https://blog.example/m.mp4", "動画：港"), ("https://blog.example/m.vtt", "字幕：日本語")]


def test_controls_outside_of_a_form_leave_one_link_and_ticked_boxes_their_sign() -> None:
    assert links("<p>選ぶ</p><select><option>一</select><textarea>二</textarea><input>") == [(ENTRY, FORM_LABEL)]
    assert words_of(body("<ul><li><input type=checkbox checked disabled>済み<li><input type=checkbox disabled>まだ</ul>")) == "☑済み☐まだ"
    assert body("<p>前<input type=hidden name=x>後</p>") == "<p>前後</p>\n"


def test_words_for_readers_without_scripts_stay_unless_they_ask_for_scripts() -> None:
    assert links('<noscript>表は<a href="/t.pdf">PDF</a>で</noscript>') == [("https://blog.example/t.pdf", "PDF")]
    assert body("<noscript>JavaScript を有効にしてください</noscript>") == body("<noscript>Please enable Java Script</noscript>") == ""


def test_a_long_description_of_a_picture_and_a_snippet_of_code_stay_as_links() -> None:
    assert links('<img src="/p.jpg" alt="図" longdesc="/long.html">') == [("https://blog.example/long.html", LONG_DESCRIPTION_LABEL)]
    assert links('<script src="https://gist.github.com/hama/1a2b.js"></script>')[0][0] == "https://gist.github.com/hama/1a2b"
    assert body('<script src="https://ads.example/x.js"></script>') == ""


def test_the_link_of_advertising_goes_with_its_counter() -> None:
    assert body('<p>前</p><a href="https://a8.example/c"><img src="https://pixel.a8.net/1.gif" width="1" height="1"></a>') == "<p>前</p>\n"


@pytest.mark.parametrize("piece", ["<svg ", "<svg>", "<math>", "</svg", "<svg><style>", "<a-b ", "<area ", "<script ", "<svg><a><!--"])
def test_hostile_markup_is_read_in_linear_time(piece: str) -> None:
    source = piece * (200_000 // len(piece))
    start = time.process_time()
    without_foreign(source + "</svg>")
    assert time.process_time() - start < 2


def test_ordinary_entries_pass_through_untouched() -> None:
    assert without_foreign("<p>浜の市場</p>") == "<p>浜の市場</p>" and sanitize("<p>浜</p>", ENTRY, ENTRY) == "<p>浜</p>\n"
