"""The draft of the next issue: its number, and what was published since the last one, section by section. Pure except for `write`."""

from __future__ import annotations

import datetime as dt
import errno
import os
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from plugins.files import write_into
from plugins.frontmatter.library import Library
from plugins.frontmatter.model.content_types import Partner, Progress
from plugins.frontmatter.model.document import Document
from plugins.magazine.compose.issues import PLACEHOLDER, carried_earlier
from plugins.magazine.compose.selection import last_issue, published_between, upcoming_events

WEEKS = 4
"""For how many weeks the draft announces events; the editor may change the directive."""

ENTRIES = 3
"""How many partner entries the draft carries."""


def new_issue(library: Library, key: str, now: dt.datetime) -> tuple[PurePosixPath, str]:
    """Return the path of the next issue of the list ``key`` below ``content/``, and its text."""
    folder = PurePosixPath("mail", key)
    return folder / f"{_next_number(library, folder)}.md", "\n".join(_lines(library, key, folder, now)) + "\n"


def write(content: Path, path: PurePosixPath, text: str) -> Path:
    """Write the file. Raises `FileExistsError`, so that a draft which somebody has begun is never overwritten, and `plugins.files.WriteRefused`."""
    file = content / path
    if os.path.lexists(file):
        raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(file))
    write_into(content, str(path), text.encode("utf-8"))
    return file


def _next_number(library: Library, folder: PurePosixPath) -> int:
    numbers = [int(d.path.stem) for d in library.documents.values() if d.path.parent == folder and d.path.stem.isdecimal()]
    return max(numbers, default=0) + 1


def _lines(library: Library, key: str, folder: PurePosixPath, now: dt.datetime) -> Iterator[str]:
    yield from ("---", f"title: {PLACEHOLDER}題名〕", f"date: {now:%Y-%m-%d %H:%M}", f"preheader: {PLACEHOLDER}見どころを一文で〕")
    yield from ("draft: true  # 書き終えたら、この行を消します", "---")
    yield from (f"{PLACEHOLDER}はじめのあいさつ〕", "")
    carried = carried_earlier(library, folder)
    new = [d for d in published_between(library, last_issue(folder, now, library), now) if d.meta.is_listed and d.path not in carried]
    figures = [d for d in new if isinstance(d.meta, Progress) and d.meta.figures]
    events = [d for d in upcoming_events(library, now, WEEKS) if d.path not in carried]
    for title, documents in _by_publication(library, key, [d for d in new if d not in figures and d not in events]):
        yield from (f"## {title}", "", *(f"::記事 {_from_issue(d)}" for d in documents), "")
    if figures:
        yield from ("## 数字で見る復興", "", *(f"::数字 {_from_issue(d)}" for d in figures), "")
    if events:
        yield from ("## これからの催し", "", f"::催し {WEEKS}週間", "")
    if any(isinstance(d.meta, Partner) and not d.meta.draft and d.path not in carried for d in library.documents.values()):
        yield from ("## 協力ブログから", "", f"::協力ブログ {ENTRIES}件", "")
    yield from ("## 編集後記", "", f"{PLACEHOLDER}編集後記〕")


def _by_publication(library: Library, key: str, documents: list[Document]) -> Iterator[tuple[str, list[Document]]]:
    """Yield title and documents, the list's own publication first, the others in the order of publications.toml."""
    first = library.registry.lists[key].publication
    for publication in sorted(library.registry.publications.values(), key=lambda p: p.key != first):
        own_documents = [d for d in documents if d.publication == publication]
        if own_documents:
            yield publication.title, own_documents


def _from_issue(document: Document) -> str:
    return f"../../{document.path}"
