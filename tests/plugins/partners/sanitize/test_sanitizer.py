"""Loose HTML of blogs → the few elements our pages hold."""

from __future__ import annotations

import re

import lxml.html
import pytest
from markdown import Markdown

from plugins.partners.images.naming import show_downloaded
from plugins.partners.sanitize.elements import BLOCKS, DISSOLVED, KEPT
from plugins.partners.sanitize.image_marks import description
from plugins.partners.sanitize.mend import levels
from plugins.partners.sanitize.normalizer import _MENDERS
from plugins.partners.sanitize.sanitizer import LARGEST, html_from_text, sanitize

ENTRY = "https://blog.example/2012/03/entry.html"
REL = ' rel="nofollow noopener"'


def sanitized(source: str) -> str:
    """The body when no picture could be copied."""
    return show_downloaded(sanitize(source, ENTRY, ENTRY), {}, "題", ENTRY).replace("\n\n", "").replace("\n", "")


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("一<br><br>二<br/>三<br> <br>\u3000<br>四", "<p>一</p><p>二<br>三</p><p>四</p>"),
        ("<div>一</div><div><div>&nbsp;</div></div><div>二<p>三</p>四</div>", "<p>一</p><p>二</p><p>三</p><p>四</p>"),
        ("<p><br></p><p>一<br></p><div><br><br></div>", "<p>一</p>"),
        ("<span style='color:red'>赤</span><font size=7>字</font>", "<p>赤字</p>"),
        ("復興の\n  町 と sea\nside", "<p>復興の町 と sea side</p>"),
        ("<pre>a\n  b</pre>", "<pre>a  b</pre>"),
        ("<b><div>一</div>二</b>", "<p>一</p><p>二</p>"),
        ("<strong>一</strong><em>二</em>", "<p><strong>一</strong><em>二</em></p>"),
        ("<blockquote>一<br><br>二</blockquote>", "<blockquote><p>一</p><p>二</p></blockquote>"),
        ("<ul>一<li>二<ul><li>三</ul><ol><li></ol></ul><li>四", "<ul><li>一</li><li><p>二</p><ul><li>三</li></ul></li></ul><p>四</p>"),
        ("<dl><dt>一<dd>二</dl><dl><dd>三</dl>", "<dl><dt>一</dt><dd>二</dd></dl><p>三</p>"),
        ("<table><tr><td>一<tr><td><p>二</table>", "<p>一</p><p>二</p>"),
        (
            "<table border=1><caption>表</caption><tr><th scope=col>一<th colspan=99999>二<tr><tr><td>三<td colspan=2>四</table>",
            '<table><caption>表</caption><tbody><tr><th scope="col">一</th><th>二</th></tr>'
            '<tr><td>三</td><td colspan="2">四</td></tr></tbody></table>',
        ),
        ("<figure>一<figcaption>二</figcaption>三</figure>", "<figure><p>一</p><p>三</p><figcaption>二</figcaption></figure>"),
        ("<figure>一</figure><figcaption>二</figcaption>", "<p>一</p><p>二</p>"),
        ("<ruby>石巻<rt>いしのまき</rt></ruby><rt>外</rt><ruby>無<rp>(</rp></ruby>", "<p><ruby>石巻<rt>いしのまき</rt></ruby>外無(</p>"),
        ("<hr><p>一</p>", "<hr><p>一</p>"),
        ("<p lang=en>one</p><p lang='x\"y'>two</p>", "<p>one</p><p>two</p>"),
        ("<q lang=en>one</q>", '<p><q lang="en">one</q></p>'),
        ("<style>p{}</style><script>x</script><svg><style>p{}</style></svg>", ""),
        ("<ol start=5 reversed><li value=7>七<li value=x>八</ol>", '<ol start="5" reversed=""><li value="7">七</li><li>八</li></ol>'),
        ("<strike>1000円</strike><del>旧</del><mark>新</mark>", "<p><s>1000円</s><del>旧</del><mark>新</mark></p>"),
        (
            "<figure><img src=a.jpg alt=港><figcaption>夜明け</figcaption></figure>",
            f'<figure><p><a href="{ENTRY}"{REL}>港</a></p><figcaption>夜明け</figcaption></figure>',
        ),
        (
            "<div class=wp-caption><a href=/x><img src=a.jpg alt=港></a><p class=wp-caption-text>夜明け</p></div>",
            f'<p><a href="https://blog.example/x"{REL}>港</a></p><p>夜明け</p>',
        ),
        ("<button onclick=x>申込書</button>", "<p>申込書</p>"),
        ("", ""),
    ],
)
def test_loose_markup_becomes_proper_blocks(source: str, expected: str) -> None:
    assert sanitized(source) == expected


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("<a href='../04/x.html'>x</a>", f'<p><a href="https://blog.example/2012/04/x.html"{REL}>x</a></p>'),
        ("<a href='#note'>x</a>", f'<p><a href="{ENTRY}#note"{REL}>x</a></p>'),
        (
            "<a href='/?a=1&amp;utm_source=f&amp;fbclid=z&amp;b=%20'>x</a>",
            f'<p><a href="https://blog.example/?a=1&amp;b=%20"{REL}>x</a></p>',
        ),
        ("<a href='mailto:a@example.jp'>x</a>", f'<p><a href="mailto:a@example.jp"{REL}>x</a></p>'),
        ("<a href='java\tscript:alert(1)'>x</a><a href='data:text/html,x'>y</a><a href='vbscript:x'>z</a>", "<p>xyz</p>"),
        ("<a href='http://user:secret@a.example/'>x</a><a href='http://[::1'>y</a><a name=top>z</a>", "<p>xyz</p>"),
        ("<a href='{attach}/etc/passwd'>x</a>", f'<p><a href="https://blog.example/2012/03/%7Battach%7D/etc/passwd"{REL}>x</a></p>'),
        ("<a href=\"/?href='{static}/x'\">x</a>", f'<p><a href="https://blog.example/?href=%27%7Bstatic%7D/x%27"{REL}>x</a></p>'),
        ("<a href='|filename|x'>x</a>", f'<p><a href="https://blog.example/2012/03/%7Cfilename%7Cx"{REL}>x</a></p>'),
        (
            "<a href=/x title=\"href='{attach}/etc/passwd'\" onclick=x style=y class=z id=w>x</a>",
            f'<p><a href="https://blog.example/x"{REL}>x</a></p>',
        ),
        ("<a href=/x><h3>一</h3><div>二</div></a>", f'<p><a href="https://blog.example/x"{REL}>一 二 </a></p>'),
        ("<a href=/x></a>", ""),
    ],
)
def test_links_are_absolute_and_lead_only_to_allowed_addresses(source: str, expected: str) -> None:
    assert sanitized(source) == expected


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("<img src=a.jpg alt='港の船'>", f'<p><a href="{ENTRY}"{REL}>港の船</a></p>'),
        ("<img src=a.jpg>", f'<p><a href="{ENTRY}"{REL}>画像（元の記事で見る）</a></p>'),
        ("<img src='data:image/png;base64,AAAA' alt=絵>", f'<p><a href="{ENTRY}"{REL}>絵</a></p>'),
        ("<a href=/big.jpg><img src=a.jpg alt=絵></a>", f'<p><a href="https://blog.example/big.jpg"{REL}>絵</a></p>'),
        ("<img src=a.jpg alt='<script>x</script>'>", f'<p><a href="{ENTRY}"{REL}>&lt;script&gt;x&lt;/script&gt;</a></p>'),
        ("<img src=a.gif width=1 height=1><img src=b.gif height='0'><a href=/x><img src=c.gif width='1px'></a>", ""),
        ("<img src='//b.hatena.ne.jp/entry/image/x'><img src='http://feeds.feedburner.com/~r/x'>", ""),
        ("<img src='http://www.google-analytics.com/x.gif'><img src='/tracker/1'>", ""),
    ],
)
def test_pictures_that_could_not_be_copied_are_links_and_counters_go(source: str, expected: str) -> None:
    assert sanitized(source) == expected


@pytest.mark.parametrize("alt", ["", "  ", "IMG_0123", "DSC01234.JPG", "f:id:minato:20111105134000j:image"])
def test_a_file_name_describes_nothing(alt: str) -> None:
    assert description(alt) == ""


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ([1, 2, 3], [2, 3, 4]),
        ([3, 4, 3], [2, 3, 2]),
        ([4, 2], [2, 2]),
        ([2, 6], [2, 3]),
        ([1, 2, 3, 4, 5, 6], [2, 3, 4, 5, 6, 6]),
        ([], []),
    ],
)
def test_headings_begin_at_h2_and_skip_no_level(given: list[int], expected: list[int]) -> None:
    assert levels(given) == expected


def test_headings_of_an_entry_are_shifted() -> None:
    assert sanitized("<h1>一<br></h1><div><h3> 二 </h3></div><h5></h5>") == "<h2>一<br></h2><h3>二</h3>"


def test_plain_text_becomes_paragraphs() -> None:
    assert sanitized(html_from_text("一 < 二\n\n<b>三</b>\r\n四")) == "<p>一 &lt; 二</p><p>&lt;b&gt;三&lt;/b&gt;<br>四</p>"


def test_the_words_of_markup_nested_deeper_than_any_writer_nests_are_kept() -> None:
    assert sanitized("<div>" * 3000 + "深い<b>海</b>") == "<p>深い 海</p>"


def test_a_long_entry_is_cut_to_what_the_site_takes() -> None:
    body = sanitize("<p>海と<a href=/x>空</a></p>" * 200_000, ENTRY, ENTRY)
    assert 0 < len(body.encode()) <= LARGEST and body.endswith("</p>\n")


def test_markdown_leaves_a_body_as_it_is() -> None:
    source = (
        "*一* _二_ [三](x)<br><br>    四 # 五<ul><li>`六`</ul>::記事 x.md<br>[^1]: 七<pre>a\n\n\n*b*</pre><blockquote>**八**</blockquote>"
    )
    body = sanitize(source, ENTRY, ENTRY)
    rendered = Markdown(extensions=["tables", "footnotes", "sane_lists", "def_list", "attr_list"]).convert(body)
    assert re.sub(r"\n+", "\n", rendered) == re.sub(r"\n+", "\n", body.strip())


def test_every_kept_element_survives_a_second_parser() -> None:
    source = "<h1>a</h1>b<ul><li>c</ul><table><tr><th>d<td>e</table><figure>f<figcaption>g</figcaption></figure><ruby>h<rt>i</rt></ruby>"
    body = sanitize(source, ENTRY, ENTRY)
    tree = lxml.html.fragment_fromstring(body, create_parent="div")
    assert {element.tag for element in tree.iterdescendants()} <= KEPT
    assert [child.tag for child in tree] == ["h2", "p", "ul", "table", "figure", "p"]
    assert not (tree.text or "").strip() and not any((child.tail or "").strip() for child in tree)


def test_every_block_element_has_a_mender() -> None:
    assert set(_MENDERS) | {"h1", "h2", "h3", "h4", "h5", "h6", "pre", "hr"} == BLOCKS
    assert not BLOCKS & DISSOLVED


def test_characters_that_do_not_print_go_however_they_are_written() -> None:
    assert sanitized("港\u202eの\x08&#8238;&#x2028;船&#xfeff;") == "<p>港の船</p>"
