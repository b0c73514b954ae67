"""Nobody makes anything of the words of a document in silence: a resident build would not bring it up to date."""

from __future__ import annotations

import ast
from pathlib import Path

WORDS = {"html", "markdown", "summary", "tracking_digests", "tracking_whole"}
"""Attributes of `Document` that an edit of words changes."""

HOLDERS = {"document", "d", "article", "other", "page"}
"""What a document is called in the code."""

FOLLOWING = {
    "announcements/records.py": "announcements/plugin.py",
    "publications/feeds.py": "publications/listing_pages.py",
    "search/entries.py": "search/plugin.py",
    "search/plugin.py": "search/plugin.py",
}
"""By module that reads words, the one that gives `EditFollowers.on_edit` a function."""

BY_READS = {
    "publications/document_view.py": "templates read the view, and each read is recorded",
    "structured_data/documents.py": "as above",
}
NEVER_IN_PLACE = {
    "frontmatter": "reads sources",
    "builder": "the build itself",
    "incremental": "as above",
    "magazine": "`refuse_carried`; an issue itself is never edited in place",
    "emergency": "notices are never edited in place; the snapshot follows",
    "events": "`_refuse_spoken`; events are never edited in place",
    "partners": "entries of partners are never edited in place",
    "images": "pictures are the same",
}


def readers_of_words() -> set[str]:
    modules = set[str]()
    for file in Path("plugins").rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if isinstance(node, ast.Attribute) and node.attr in WORDS and isinstance(node.value, ast.Name) and node.value.id in HOLDERS:
                modules.add(file.relative_to("plugins").as_posix())
    return modules


def test_each_module_that_reads_the_words_of_a_document_follows_edits_or_refuses_them() -> None:
    known = {*FOLLOWING, *BY_READS}
    assert {module for module in readers_of_words() if module.split("/")[0] not in NEVER_IN_PLACE} == known


def test_the_modules_that_follow_say_so() -> None:
    silent = [module for module in FOLLOWING.values() if "on_edit(" not in Path("plugins", module).read_text("utf-8")]
    assert silent == []
    assert all(
        len(Path("plugins", module).read_text("utf-8").split(".refuse(")) > 1 for module in ("magazine/plugin.py", "events/plugin.py")
    )
