"""Edits that move nothing: a document has other words, and the same place, date, address and kin as before.

A resident build puts the new words into the document that all lists and views hold. Pages follow by their recorded reads (`plugins.incremental.page_readers`).
A package that makes anything else of the words of documents provides a function here, which brings its files up to date, or raises `NeedsWholeBuild`:

    edits.on_edit(self._update)

or a function that refuses edits of some documents beforehand (``edits.refuse``).

`tests/plugins/builder/resident/test_followers.py` lists the modules that read the words of a document, so that none is forgotten.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, fields
from pathlib import Path, PurePosixPath

from plugins.context import Key
from plugins.frontmatter.model.document import Document

_WORDS = frozenset({"summary", "text", "body_line", "tracking_digests", "meta"})
"""The attributes of a document that may be other ones; of ``meta``, only the title and the summary."""

_KINDS = frozenset({"article", "job", "video", "record", "progress", "page"})
"""Content types of which nothing but pages, lists, feeds, search and announcements is made."""


class NeedsWholeBuild(Exception):
    """Only a build that looks at everything can tell what a change leads to. The message says why, for the log."""


@dataclass(frozen=True)
class TextEdits:
    """What was edited: the ``documents``, changed in place already, those with another title, and the ``pages`` that were rendered again."""

    documents: tuple[Document, ...]
    retitled: tuple[Document, ...]
    pages: tuple[str, ...]

    @property
    def paths(self) -> frozenset[PurePosixPath]:
        """The paths of the sources."""
        return frozenset(document.path for document in self.documents)


@dataclass
class EditFollowers:
    """What follows an edit besides pages. ``savers`` write, into the folder of the output, what only the next build reads."""

    refusals: list[Callable[[frozenset[PurePosixPath]], None]] = field(default_factory=list)
    updates: list[Callable[[TextEdits], None]] = field(default_factory=list)
    savers: list[Callable[[Path], None]] = field(default_factory=list)

    def refuse(self, refusal: Callable[[frozenset[PurePosixPath]], None]) -> None:
        """Call ``refusal`` with the paths of the sources before they are edited. It raises `NeedsWholeBuild` for what is made of more than their pages."""
        self.refusals.append(refusal)

    def on_edit(self, update: Callable[[TextEdits], None]) -> None:
        """Call ``update`` after each edit. It writes into the folder of the site as a generator does, and raises `NeedsWholeBuild` if it cannot."""
        self.updates.append(update)


EDITS = Key[EditFollowers]("followers of edits", __name__)
"""Provided by whoever starts Pelican (`plugins.builder.pelican_run`)."""


def require_same_place(before: Document, after: Document) -> None:
    """Raises `NeedsWholeBuild` unless ``after`` differs from ``before`` in its words alone."""
    if before.content_type not in _KINDS:
        raise NeedsWholeBuild(f"{before.path}: {before.content_type}")
    if before.publication and before.publication.content_type not in _KINDS:
        raise NeedsWholeBuild(f"{before.path}: in a publication of {before.publication.content_type}")
    moved = [each.name for each in fields(Document) if each.name not in _WORDS and getattr(before, each.name) != getattr(after, each.name)]
    words = {} if before.content_type == "page" else {"title": after.meta.title, "summary": after.meta.summary}
    if moved or type(before.meta) is not type(after.meta) or before.meta.model_copy(update=words) != after.meta:
        raise NeedsWholeBuild(f"{before.path}: {', '.join(moved) or 'front matter'}")


def put_in_place(document: Document, after: Document) -> None:
    """Let ``document`` hold what ``after`` holds. It is frozen for everybody else: nothing else runs while this happens."""
    vars(document).clear()
    vars(document).update(vars(after))
