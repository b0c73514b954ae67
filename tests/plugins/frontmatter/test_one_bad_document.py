"""One document can neither stop, stall nor kill a run: whatever it holds, it becomes a diagnostic with its name, and all others are read."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from plugins.diagnostics import ContentErrors, Diagnostic
from plugins.frontmatter.load.parallel_reader import ShareReader
from plugins.frontmatter.model.content_types import CONTENT_TYPES
from plugins.frontmatter.parse.references import ReferenceResolver
from plugins.watched import NoWatch
from tests.samples.faults import GOOD
from tests.samples.tiny import NOW, TinySite, make_site

HEAD = f"---\n{GOOD}---\n"
PICTURE = 'image: "../../images/a\\0.png"\nimage_alt: 列車の写真です\n'


@pytest.fixture(autouse=True)
def _depth_of_a_process() -> Iterator[None]:
    """The depth that a process begins with: Hypothesis changes it for its tests, and how deep a list may lie depends on it."""
    before = sys.getrecursionlimit()
    sys.setrecursionlimit(1_000)
    yield
    sys.setrecursionlimit(before)


def diagnostics_of(site: TinySite) -> list[Diagnostic]:
    with pytest.raises(ContentErrors) as caught:
        site.library()
    return list(caught.value.diagnostics)


# name: (text of press/2020/a.md, line, rule)
CASES = {
    "brackets in YAML that would end the process": (f"---\nsummary: {'[' * 60_000}\n---\n本文\n", 2, "F108"),
    "brackets in YAML that would end the stack": (f"---\nsummary: {'[' * 500}\n---\n本文\n", 2, "F108"),
    "deep lists in YAML, closed": (f"---\ntitle: {'[' * 3_000}{']' * 3_000}\n---\n本文\n", 2, "F108"),
    "deep tables in YAML": ("---\na:\n" + "".join(f"{' ' * depth}b:\n" for depth in range(1, 900)) + "---\n本文\n", 10, "F108"),
    "braces as keys in YAML": (f"---\n{'{' * 60_000}\n---\n本文\n", 2, "F105"),
    "question marks in YAML": (f"---\n{'? ' * 60_000}\n---\n本文\n", 2, "F105"),
    "a list of ten thousand": (f"---\n{GOOD}topics: [{'住まい, ' * 10_000}]\n---\n本文\n", 4, "F108"),
    "one value of megabytes": (f"---\n{GOOD}summary: {'あ' * 20_000}\n---\n本文\n", 4, "F108"),
    "escape in a title": ('---\ntitle: "A\\e]0;PWN\\aB"\ndate: 2020-05-01\n---\n段落です。\n', 2, "F103"),
    "backspace in a title": ('---\ntitle: "C:\\build の題"\ndate: 2020-05-01\n---\n本文です。\n', 2, "F103"),
    "escape in a summary": (f'---\n{GOOD}summary: "あ\\eい"\n---\n本文です。\n', 4, "F103"),
    "next line in a key": (f'---\n{GOOD}"a\\Nb": い\n---\n本文です。\n', 4, "F103"),
    "NUL in a picture's name": (f"---\n{GOOD}{PICTURE}---\n本文\n", 4, "F103"),
    "entity of a backspace": (f"{HEAD}一行目\n\n本文&#8;です。\n", 7, "F103"),
    "entity of a form feed": (f"{HEAD}文字&#12;です。\n", 5, "F103"),
    "entity of an escape, in hexadecimal": (f"{HEAD}文字&#x1b;です。\n", 5, "F103"),
    "entity in alternative text": (f"{HEAD}![海&#8;の写真](../../images/sea.png)\n", 5, "F103"),
    "entity of a line separator in a link's title": (f'{HEAD}[海](a.md "あ&#8232;い")\n', 5, "F103"),
    "entity beside a broken line": (f"{HEAD}海の\n音&#27;で\nす。\n", 6, "F103"),
    "NUL in a link": (f"{HEAD}[海](a%00.md)\n", 5, "F401"),
    "a name too long for any file": (f"{HEAD}[海]({'a' * 300}.md)\n", 5, "F401"),
    "a picture's name too long for any file": (f"{HEAD}![海]({'a' * 300}.png)\n", 5, "F403"),
    "a host in brackets": (f"{HEAD}[申込先のページ](https://[ここにアドレス])\n", 5, "F406"),
    "a port that is none": (f"{HEAD}[申込先のページ](https://example.jp:99999/)\n", 5, "F406"),
    "no host": (f"{HEAD}[申込先のページ](https:///a)\n", 5, "F406"),
    "a link to another host without scheme": (f"{HEAD}[外](//example.jp/)\n", 5, "F702"),
    "a link to another host with backslashes": (f'{HEAD}<a href="/\\example.jp">外</a>\n', 5, "F702"),
    "a script as link": (f"{HEAD}[外](javascript:alert(1))\n", 5, "F702"),
    "a script behind a tab": (f'{HEAD}<a href="java&#9;script:alert(1)">外</a>\n', 5, "F702"),
    "brackets that are never closed": (f"{HEAD}{'[' * 4_000}\n", 5, "F108"),
    "pictures that are never closed": (f"{HEAD}{'![a](' * 4_000}\n", 5, "F108"),
    "tags that are never closed": (f"{HEAD}一行目\n\n{'<div ' * 4_000}\n", 7, "F108"),
    "marked sections": (f"{HEAD}{'<![CDATA[' * 4_000}\n", 5, "F108"),
    "brackets, closed before they open": (f"{HEAD}{']' * 4_000}{'[' * 4_000}\n", 5, "F108"),
    "one footnote, marked again and again": (f"{HEAD}{'語[^1] ' * 4_000}\n\n[^1]: 注。\n", 5, "F108"),
    "lists inside lists on one line": (f"{HEAD}{'- ' * 4_000}a\n", 1, "F106"),
    "definitions without an empty line": (HEAD + "語\n: 説明\n" * 1_000, 1, "F106"),
    "elements inside elements": (f"{HEAD}{'<b>' * 200}深い{'</b>' * 200}\n", 5, "F108"),
    "a table of cells without end": (f"{HEAD}|a|b|\n|-|-|\n" + "|a|b|\n" * 12_000, 5, "F108"),
    "a year before records began": ("---\ntitle: 題\ndate: 1867-12-31\n---\n本文\n", 3, "F208"),
    "a year of the next century": ("---\ntitle: 題\ndate: 2020-01-01\nupdated: 2120-01-01\n---\n本文\n", 4, "F208"),
    "the year 9999 for a date": ("---\ntitle: 題\ndate: 9999-12-31\n---\n本文\n", 3, "F208"),
    "a script as a film": (f"---\n{GOOD}kind: video\nvideo: javascript://x%0aalert(1)\nduration: '4:30'\ncaptions: a.vtt\n---\n本文\n", 5, "F208"),
    "a film whose scheme is that of the page": (f"---\n{GOOD}kind: video\nvideo: //example.jp/\nduration: '4:30'\ncaptions: a.vtt\n---\n本文\n", 5, "F208"),
    "a length of thousands of digits": (f"---\n{GOOD}kind: video\nvideo: a.mp4\nduration: '{'9' * 5_000}:00:00'\ncaptions: a.vtt\n---\n本文\n", 6, "F208"),
    "an event of a thousand years": (f"---\n{GOOD}kind: event\nvenue: 港\nstart: 2020-05-01\nend: 9999-12-31\n---\n本文\n", 7, "F208"),
    "an event of three years": (f"---\n{GOOD}kind: event\nvenue: 港\nstart: 2020-05-01\nend: 2023-05-01\n---\n本文\n", 7, "F208"),
    "an event whose page is a script": (f"---\n{GOOD}kind: event\nvenue: 港\nstart: 2020-05-01\nurl: javascript:alert(1)\n---\n本文\n", 7, "F208"),
    "an event whose page has no host": (f"---\n{GOOD}kind: event\nvenue: 港\nstart: 2020-05-01\nurl: https://[ここ]/\n---\n本文\n", 7, "F208"),
    "a date of thousands of digits": (f"---\ntitle: 題\ndate: {'9' * 5_000}-01-01\n---\n本文\n", 3, "F208"),
    "a key of thousands of letters": (f"---\n{GOOD}{'あ' * 900}: い\n---\n本文\n", 4, "F202"),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_what_a_document_holds_becomes_one_diagnostic_with_file_and_line_and_the_others_are_read(case: str, tiny: TinySite) -> None:
    text, line, rule = CASES[case]
    tiny.image()
    tiny.write("press/2020/a.md", text)
    tiny.write("press/2020/b.md", "---\ntitel: 題\ndate: 2020-01-02\n---\n本文\n")  # its mistake is told in the same run
    found = dict.fromkeys((str(each.path), each.line, each.rule) for each in diagnostics_of(tiny))
    others = [("content/press/2020/b.md", 2, "F202")]
    assert list(found) == [("content/press/2020/a.md", line, rule), *others]


def test_after_a_document_that_broke_the_parser_the_next_one_is_read_as_ever(tiny: TinySite) -> None:
    tiny.write("press/2020/a.md", f"{HEAD}{'- ' * 4_000}a\n")
    tiny.article("press/2020/b.md", lead="**太い**字。")
    share = ShareReader(tiny.content, tiny.registry(), NOW)
    share.read_headers(["press/2020/a.md", "press/2020/b.md"], NoWatch())
    broken, good = share.read_bodies(ReferenceResolver(tiny.content, tiny.registry(), {}, NOW), NoWatch())
    assert [diagnostic.rule for diagnostic in broken.diagnostics] == ["F106"]
    assert good.html.startswith("<p><strong>太い</strong>字。</p>")


def test_an_end_on_the_last_day_of_9999_is_no_end(tiny: TinySite) -> None:
    tiny.write("press/2020/a.md", f"---\nexpires: 9999-12-31\n{GOOD}---\n本文です。\n")
    (document,) = tiny.library().documents.values()
    assert document.meta.ends is None
    assert document.is_live(NOW)


def test_a_notice_has_an_end(tiny: TinySite) -> None:
    tiny.write("notices/2020/a.md", f"---\n{GOOD}severity: 警報\nexpires: 9999-12-31\n---\n本文です。\n")
    (found,) = diagnostics_of(tiny)
    assert (found.line, found.rule) == (5, "F208")
    assert "an end is needed" in found.en


def test_a_comment_of_an_editor_reaches_neither_page_nor_issue(tiny: TinySite) -> None:
    tiny.write("mail/press/001.md", f"{HEAD}こんにちは。\n\n<!-- メモ -->\n\n## 知らせ\n\n文<!-- 内緒 -->です。\n")
    tiny.build()
    built = [path.read_text(encoding="utf-8") for path in tiny.output.rglob("*") if path.suffix in (".html", ".txt", ".xml", ".json")]
    assert any("こんにちは。" in text for text in built)
    assert not any("メモ" in text or "内緒" in text for text in built)


@pytest.fixture(scope="module")
def reading(tmp_path_factory: pytest.TempPathFactory) -> TinySite:
    """A checkout that the fuzzing below writes into again and again."""
    site = make_site(tmp_path_factory.mktemp("fuzz"))
    site.image()
    return site


SIGNS = st.sampled_from([
    "[", "]", "(", ")", "<", ">", "<div ", "<a href='", "![", "](", "[^1]", "[^1]: ", "- ", "1. ", "> ", "    ", "\n", "\n\n", "|", "|-|", "`", "```\n",
    "&#", "8;", "&amp;", "::記事 ", "::催し ", "{数 ", "{割合 1/", "}", "99999999999", "javascript:", "https://[", "//", "\\", '"', "'", "{", ": ", "#",
    "%00", "data:", "海", "title", "date: ", "2020-01-02", "9999-12-31", "\x00", "\x1b", "\ud7ff", "\u2028", "🗾", "!!x ", "&a ", "*a", "---\n", "\t",
])  # fmt: skip
TEXTS = st.lists(st.one_of(SIGNS, st.text(max_size=8)), max_size=40).map("".join)


@settings(derandomize=True, max_examples=150, deadline=None)
@given(front=TEXTS, body=TEXTS, valid=st.booleans(), folder=st.sampled_from(["press/2020", "mail/press", "pages", "partners/x/2020"]))
def test_any_front_matter_and_body_are_a_document_or_diagnostics_with_the_name(
    reading: TinySite, front: str, body: str, valid: bool, folder: str
) -> None:
    text = f"---\n{GOOD if valid else front}\n---\n{body}\n".encode("utf-8", "surrogatepass")
    check_reading(reading, f"{folder}/a.md", text)


KEYS = sorted({name for model in CONTENT_TYPES.values() for name in model.model_fields} | {"kind", "x"})
VALUES = st.one_of(
    TEXTS.filter(lambda text: "\n" not in text),
    st.sampled_from([
        "9999-12-31", "0001-01-01", "1868-01-01", "2071-12-31 23:59", "2020-02-30", "1e999", "nan", "-1", "4:30", "9" * 5_000, "true", "[]", "{}",
        "[[a], {b: c}]", "{file: a.pdf, title: b}", "[{label: a, done: 1, total: 1e-320, unit: 戸}]", "javascript:alert(1)", "//example.jp/", "https://[",
        "https://example.jp:0/", "../../../etc/passwd", "../../images/sea.png", "../../images", "/", ".", "a" * 250, "石巻市", "[石巻市, 石巻市]", "警報", "小学校",
    ]),
)  # fmt: skip


@settings(derandomize=True, max_examples=200, deadline=None)
@given(fields=st.dictionaries(st.sampled_from(KEYS), VALUES, max_size=12), kind=st.sampled_from([*CONTENT_TYPES, "x"]))
def test_any_values_of_any_fields_are_a_document_or_diagnostics_with_the_name(reading: TinySite, fields: dict[str, str], kind: str) -> None:
    lines = "".join(f"{key}: {value}\n" for key, value in {"title": "題", "date": "2020-01-02", **fields, "kind": kind}.items())
    check_reading(reading, "press/2020/a.md", f"---\n{lines}---\n本文\n".encode("utf-8", "surrogatepass"))


@settings(derandomize=True, max_examples=100, deadline=None)
@given(data=st.binary(max_size=300), valid=st.booleans())
def test_any_bytes_are_a_document_or_diagnostics_with_the_name(reading: TinySite, data: bytes, valid: bool) -> None:
    check_reading(reading, "press/2020/a.md", HEAD.encode() + data if valid else data)


def check_reading(site: TinySite, path: str, data: bytes) -> None:
    """Read one source and expect a document or diagnostics, none of them an error that nobody foresaw."""
    file = Path(site.content, path)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(data)
    share = ShareReader(site.content, site.registry(), NOW)
    batch = share.read_headers([path], NoWatch())
    (result,) = share.read_bodies(ReferenceResolver(site.content, share.registry, {}, NOW), NoWatch())
    found = [*batch.diagnostics, *result.diagnostics]
    file.unlink()
    assert found or result.document
    assert {each.path for each in found} <= {PurePosixPath(path)}
    assert [str(each) for each in found if each.rule == "F106"] == []
