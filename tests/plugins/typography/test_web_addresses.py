"""An address that stands in a text becomes a link, and what belongs to the sentence stays outside of it."""

from __future__ import annotations

import pytest

from plugins.frontmatter.parse.markdown import parse_markdown
from plugins.typography.web_addresses import find_addresses


@pytest.mark.parametrize(
    ("text", "targets"),
    [
        ("https://www.example.jp/aをご覧ください。", ["https://www.example.jp/a"]),
        ("（https://www.example.jp/a）と「https://www.example.jp/b」", ["https://www.example.jp/a", "https://www.example.jp/b"]),
        ("https://www.example.jp/a(1)、(https://www.example.jp/b)。", ["https://www.example.jp/a(1)", "https://www.example.jp/b"]),
        ("https://www.example.jp/?a=1&b=2#c。", ["https://www.example.jp/?a=1&b=2#c"]),
        ("https://www.example.jp/a, https://www.example.jp/b.", ["https://www.example.jp/a", "https://www.example.jp/b"]),
        (
            "https://www.example.jp/~user/、https://www.example.jp/__init__/",
            ["https://www.example.jp/~user/", "https://www.example.jp/__init__/"],
        ),
        ("www.example.jpへ", ["http://www.example.jp"]),
        ("お問い合わせはtodoke@example.jpまで", ["mailto:todoke@example.jp"]),
        ("a.b+c@mail.example.co.jp。", ["mailto:a.b+c@mail.example.co.jp"]),
        ("http:// と https://（準備中）と www. と a@b", []),
        ("**https://www.example.jp/**です", ["https://www.example.jp/"]),
        ("[駅](https://www.example.jp/)と<https://www.example.jp/b>", ["https://www.example.jp/", "https://www.example.jp/b"]),
        ("[https://www.example.jp/](https://www.example.jp/)", ["https://www.example.jp/"]),
        ('<a href="https://www.example.jp/">www.example.jp</a>', ["https://www.example.jp/"]),
        ("`https://www.example.jp/`", []),
    ],
)
def test_an_address_in_a_body_is_a_link(text: str, targets: list[str]) -> None:
    assert [link.get("href") for link in parse_markdown(text).links] == targets


def test_a_long_row_of_signs_takes_no_time_and_is_no_address() -> None:
    assert list(find_addresses("@" * 100_000 + "www." * 10_000 + "a." * 50_000)) == []
