"""One digest covers what lists show of a document, and another all of it: where one left something out, a list would go stale."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from pathlib import PurePosixPath
from typing import Any

import pytest

from plugins.digest import digest
from plugins.frontmatter.library import read_library
from plugins.frontmatter.model.document import HEAD, Document, LoadedText, Picture, document_digests
from tests.samples.tiny import NOW, TinySite


@pytest.fixture
def document(tiny: TinySite) -> Document:
    tiny.article("press/2020/a.md")
    return read_library(tiny.content, tiny.registry(), NOW).documents[PurePosixPath("press/2020/a.md")]


def digests(document: Document) -> dict[str, str]:
    return dict(document_digests(document, digest(document.meta), digest(document.html)))


def change(document: Document, name: str) -> Document:
    """Return ``document`` with another value of what a template reads as ``name``."""
    assert document.publication
    renamed = document.publication.model_copy(update={"title": "新しい名前"})
    vars(renamed).pop("tracking_constant", None)  # that of the other one, which is kept beside the fields
    others: dict[str, dict[str, Any]] = {
        "content_type": {"content_type": "job"},
        "date": {"meta": document.meta.model_copy(update={"date": document.date + dt.timedelta(days=1)})},
        "meta": {"meta": document.meta.model_copy(update={"title": "新しい題"})},
        "picture": {"picture": Picture("/images/other.png", "別の絵", 64, 36)},
        "publication": {"publication": renamed},
        "summary": {"summary": "別の要約"},
        "url": {"url": "/press/2020/05/other/"},
    }
    return replace(document, **others[name])


@pytest.mark.parametrize("name", HEAD)
def test_the_digest_of_the_head_covers_each_attribute_that_lists_show(document: Document, name: str) -> None:
    changed = change(document, name)
    assert getattr(changed, name) != getattr(document, name)
    assert digests(changed)["head"] != digests(document)["head"]
    assert digests(changed)["whole"] != digests(document)["whole"]


def test_another_body_is_not_another_head(document: Document) -> None:
    changed = replace(document, text=LoadedText("<p>別の本文</p>", "別の本文"), body_line=document.body_line + 1)
    assert digests(changed)["head"] == digests(document)["head"]
    assert digests(changed)["whole"] != digests(document)["whole"]


def test_what_no_slot_names_is_read_as_the_whole_document() -> None:
    assert {name for name, slot in Document.tracking_slots.items() if slot == "head"} == set(HEAD)
    assert set(Document.tracking_slots) - set(HEAD) == {"html"}
