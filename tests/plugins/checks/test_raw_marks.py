"""Marks of Markdown that are left on a page or in a mail are told; what is code, or only looks like a mark, is not."""

from __future__ import annotations

from pathlib import Path

import lxml.html
import pytest

from plugins.checks.built.leftover_marks import check_marks
from plugins.checks.raw_marks import find_raw_marks
from plugins.frontmatter.parse.markdown import parse_markdown


@pytest.mark.parametrize(
    ("html", "marks"),
    [
        ("<p>締め切りは** 3月**です。</p>", ["**", "**"]),
        ("<p>[県](https://a.example.jp/</p>", ["]("]),
        ("<p>［県］（https://a.example.jp/）</p>", ["］（"]),
        ("<p>10日~~です。</p>", ["~~"]),
        ("<p>人口[^1]です。</p>", ["[^"]),
        ("<p>| a | b |<br>|---|---|</p>", ["|---|", "|", "|"]),
        ("<p># 見出し</p>", ["#"]),
        ("<p>文です。\n- 水</p>", ["-"]),
        ("<p>文です。<br>- 水</p>", ["-"]),
        ("<div>\n**本文**\n</div>", ["**", "**"]),
        ("<p>%% メモ</p>", ["%%"]),
        ("<pre><code>**a** | b | # c</code></pre><p><code>](a)</code></p>", []),
        ("<p>2020-2021、A|B、C# と 5*3*2、-5度、#復興</p>", []),
        ("<p>［注］（宮城県）</p>", []),
    ],
)
def test_a_mark_is_seen_where_readers_see_it(html: str, marks: list[str]) -> None:
    assert sorted(raw.mark for raw in find_raw_marks(lxml.html.fromstring(f"<body>{html}</body>"))) == sorted(marks)


def test_what_the_reader_of_markdown_makes_holds_no_mark() -> None:
    text = "＃＃ 見出し\n**太字**と~~取り消し~~と[駅](a.md)\n- [ ] 水\n| a | b |\n|---|---|\n| 1 | 2 |\n\n人口[^1]\n\n[^1]: 注"
    assert list(find_raw_marks(parse_markdown(text).root)) == []


def test_pages_and_mails_are_looked_at_and_those_of_other_authors_are_not(tmp_path: Path) -> None:
    for name in ("site/a/index.html", "site/partners/b/index.html", "mail/press/1/mail.html"):
        file = tmp_path / name
        file.parent.mkdir(parents=True)
        file.write_text("<!doctype html><html><body><p>これは** 太字です。</p></body></html>", "utf-8")
    (tmp_path / "mail/press/1/mail.txt").write_text("[県](https://a.example.jp/) と 1. 受付", "utf-8")
    names = [diagnostic.path.relative_to(tmp_path).as_posix() for diagnostic in check_marks(tmp_path / "site", tmp_path / "mail")]
    assert names == ["mail/press/1/mail.html", "mail/press/1/mail.txt", "site/a/index.html"]
