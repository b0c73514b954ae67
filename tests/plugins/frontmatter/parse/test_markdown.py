"""Markdown: the short cuts for plain Japanese text give the same HTML as Python-Markdown without them."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from markdown import Markdown

from plugins.frontmatter.parse.markdown import PlainTextExtension

_EXTENSIONS = ["tables", "footnotes", "sane_lists", "def_list"]
_FRAGMENTS = ["本文", "駅", "**", "*", "_", "`", "[", "]", "(a.md)", "!", "<", "b>", "&", "amp;", "\\", "  \n", "\n", "\n\n", "## ", "# ", "#", "- ", "1. ", "| ", "|---|", "[^1]", ": ", " ", "://", "@"]  # fmt: skip


@given(st.lists(st.sampled_from(_FRAGMENTS), max_size=40).map("".join))
def test_the_short_cuts_change_nothing_in_the_html(text: str) -> None:
    expected = Markdown(extensions=_EXTENSIONS, output_format="html").convert(text)
    assert Markdown(extensions=[*_EXTENSIONS, PlainTextExtension()], output_format="html").convert(text) == expected
