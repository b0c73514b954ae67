"""The pages have what GitHub and VS Code show: markdown-it reads the same text, and headings, lists, tables, links, images and code are compared."""

from __future__ import annotations

from pathlib import Path

import pytest

from plugins.frontmatter.normalise.normaliser import normalise
from plugins.frontmatter.parse.markdown import parse_markdown
from tests.samples.markdown.documents import documents
from tests.samples.markdown.outline import other_html, outline

GENERATED = 600
WRITTEN = [text.strip("\n") + "\n" for text in Path("tests/data/markdown/written.md").read_text("utf-8").split("\n=====\n")]


def test_generated_documents_have_the_same_outline_or_a_remark_that_says_why_not() -> None:
    silent, told = list[str](), 0
    for text in documents(GENERATED):
        if outline(parse_markdown(text).html) != outline(other_html(text)):
            remarks = {remark.kind for remark in normalise(text).remarks}
            told += "close" in remarks
            silent += [] if "close" in remarks else [text]
    assert silent == []
    assert told < GENERATED / 10, "what is told is the exception"


@pytest.mark.parametrize("number", range(len(WRITTEN)))
def test_a_written_document_has_the_same_outline(number: int) -> None:
    text = WRITTEN[number]
    assert outline(parse_markdown(text).html) == outline(other_html(text))


def test_a_normalised_document_means_the_same_to_other_programs_and_is_not_normalised_again() -> None:
    for text in (*WRITTEN, *documents(200, seed=21)):
        result = normalise(text)
        assert normalise(result.text).text == result.text
        assert len(result.lines) == result.text.count("\n") + 1
        if not any(remark.kind in ("close", "nesting") for remark in result.remarks):
            assert outline(other_html(result.text)) == outline(other_html(text))
