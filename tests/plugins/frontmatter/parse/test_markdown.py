"""Bodies: what is passed by for speed comes out as Python-Markdown makes it."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from markdown import Markdown

from plugins.frontmatter.parse.markdown import PlainTextExtension

_EXTENSIONS = ["tables", "footnotes", "sane_lists", "def_list"]
_PIECES = ["本文", "駅", "**", "*", "_", "`", "[", "]", "(a.md)", "!", "<", "b>", "&", "amp;", "\\", "  \n", "\n", "\n\n", "## ", "# ", "#", "- ", "1. ", "| ", "|---|", "[^1]", ": ", " ", "://", "@"]  # fmt: skip


@given(st.lists(st.sampled_from(_PIECES), max_size=40).map("".join))
def test_text_without_marks_is_passed_by_and_nothing_comes_out_differently(text: str) -> None:
    plain = Markdown(extensions=_EXTENSIONS, output_format="html").convert(text)
    assert Markdown(extensions=[*_EXTENSIONS, PlainTextExtension()], output_format="html").convert(text) == plain
