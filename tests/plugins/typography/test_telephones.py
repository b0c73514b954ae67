from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markupsafe import Markup, escape

from plugins.frontmatter.parse.markdown import parse_markdown
from plugins.typography.bare_links import link_telephones as link_body
from plugins.typography.telephones import find_telephones, has_telephone, link_telephones


@pytest.mark.parametrize(
    ("text", "dialled"),
    [
        ("電話0120-279-338", "0120279338"),
        ("022-211-2375へ", "0222112375"),
        ("０２２−２１１−２３７５（見本）", "0222112375"),
        ("022(211)2375", "0222112375"),
        ("090-1234-5678。", "09012345678"),
        ("電話：0225-97-2111、", "0225972111"),
        ("0800-123-4567", "08001234567"),
    ],
)
def test_a_number_is_found_as_people_write_it(text: str, dialled: str) -> None:
    assert [number for _, _, number in find_telephones(text)] == [dialled] and has_telephone(text)


@pytest.mark.parametrize(
    "text",
    [
        "2021-03-31",
        "〒980-8570",
        "ISBN 978-4-00-310101-8",
        "0022-211-23755",
        "https://a.jp/022-211-2375",
        "100-200-3000",
        "022-211-237",
        "A022-211-2375",
        "090-123-4567",
    ],
)
def test_other_rows_of_digits_are_no_number(text: str) -> None:
    assert list(find_telephones(text)) == []


def test_a_text_is_escaped_and_html_keeps_its_links() -> None:
    assert link_telephones("<b>022-211-2375") == '&lt;b&gt;<a href="tel:0222112375">022-211-2375</a>'
    html = Markup('<a href="https://a.jp/?t=022-211-2375">022-211-2375</a> 022-000-0101')
    assert link_telephones(html) == f'{html[:-12]}<a href="tel:0220000101">022-000-0101</a>'


@given(st.text(alphabet='0123-（)電話<&>" ０２−', max_size=40))
def test_nothing_of_a_text_is_lost(text: str) -> None:
    linked = link_telephones(text)
    assert re.sub(r'<a href="tel:\d+">|</a>', "", linked) == escape(text)


BODY = """電話は022-211-2375か[022-000-0101](tel:0220000101)です。夜は**090-1234-5678**、`022-111-1111`は書き方の例です。022-211-2376、022-211-2377もあります。

| 課 | 電話 |
|---|---|
| 道路 | 0225-97-2111 |
"""


def test_the_numbers_of_a_body_become_links_but_not_those_in_links_and_code() -> None:
    body = parse_markdown(BODY)
    before = body.root.text_content()
    link_body(body.root)
    assert body.root.text_content() == before
    assert [a.get("href") for a in body.links] == [
        "tel:0222112375", "tel:0220000101", "tel:09012345678", "tel:0222112376", "tel:0222112377", "tel:0225972111",
    ]  # fmt: skip
    assert all(a.text_content() for a in body.links)
    link_body(body.root)
    assert len(body.links) == 6
