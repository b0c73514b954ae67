"""The text of a mail says in words what a page shows by its look."""

from __future__ import annotations

from itertools import repeat

import pytest

from plugins.frontmatter.parse.markdown import parse_markdown
from plugins.magazine.render.text import prose_text


@pytest.mark.parametrize(
    ("markdown", "text"),
    [
        ("締め切りは~~3月10日~~20日です。", "締め切りは（取り消し：3月10日）20日です。"),
        ("~~**3月**10日~~です。", "（取り消し：3月10日）です。"),
        ("- [ ] 水\n- [x] 毛布", "水\n済み： 毛布"),
        ("```\ntodoke check\n\ntodoke build\n```", "todoke check\n\ntodoke build"),
        ("<details>\n<summary>くわしく</summary>\n\n- 水\n- 毛布\n\n</details>", "くわしく\n\n水\n毛布"),
        ("https://www.example.jp/a をご覧ください。", "https://www.example.jp/a をご覧ください。"),
        ("todoke@example.jp へどうぞ。", "todoke@example.jp へどうぞ。"),
        ("[県のページ](https://www.example.jp/a)です。", "県のページです。\n\n「県のページ」について詳しくは\nhttps://www.example.jp/a"),
    ],
)
def test_what_only_the_look_says_is_said_in_words(markdown: str, text: str) -> None:
    assert prose_text(parse_markdown(markdown).html, "https://site.example.jp", repeat("")) == text
