"""A new issue to begin with: the next number, and what has appeared since the last one, corner by corner. Pure but for `write`."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from plugins.frontmatter.library import Library
from plugins.frontmatter.model.content_types import Partner, Progress
from plugins.frontmatter.model.document import Document
from plugins.magazine.compose.issues import PLACEHOLDER, carried_earlier
from plugins.magazine.compose.selection import last_issue, published_between, upcoming_events

WEEKS = 4
ENTRIES = 3


def new_issue(library: Library, key: str, now: dt.datetime) -> tuple[PurePosixPath, str]:
    """Return where the next issue of the list ``key`` belongs below ``content/``, and its text."""
    folder = PurePosixPath("mail", key)
    return folder / f"{_next_number(library, folder)}.md", "\n".join(_lines(library, key, folder, now)) + "\n"


def write(content: Path, path: PurePosixPath, text: str) -> Path:
    """Write the file. Raises `FileExistsError`: what somebody has begun is never overwritten."""
    file = content / path
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("x", encoding="utf-8", newline="\n") as new:
        new.write(text)
    return file


def _next_number(library: Library, folder: PurePosixPath) -> int:
    return max((int(d.path.stem) for d in library.documents.values() if d.path.parent == folder and d.path.stem.isdecimal()), default=0) + 1


def _lines(library: Library, key: str, folder: PurePosixPath, now: dt.datetime) -> Iterator[str]:
    yield from ("---", f"title: {PLACEHOLDER}題名〕", f"date: {now:%Y-%m-%d %H:%M}", f"preheader: {PLACEHOLDER}見どころを一文で〕")
    yield from ("draft: true  # 書き終えたら、この行を消します", "---")
    yield from (f"{PLACEHOLDER}はじめのあいさつ〕", "")
    carried = carried_earlier(library, folder)
    fresh = [d for d in published_between(library, last_issue(folder, now, library), now) if d.meta.is_listed and d.path not in carried]
    numbers = [d for d in fresh if isinstance(d.meta, Progress) and d.meta.figures]
    events = [d for d in upcoming_events(library, now, WEEKS) if d.path not in carried]
    for title, documents in _by_publication(library, key, [d for d in fresh if d not in numbers and d not in events]):
        yield from (f"## {title}", "", *(f"::記事 {_from_issue(d)}" for d in documents), "")
    if numbers:
        yield from ("## 数字で見る復興", "", *(f"::数字 {_from_issue(d)}" for d in numbers), "")
    if events:
        yield from ("## これからの催し", "", f"::催し {WEEKS}週間", "")
    if any(isinstance(d.meta, Partner) and not d.meta.draft and d.path not in carried for d in library.documents.values()):
        yield from ("## 協力ブログから", "", f"::協力ブログ {ENTRIES}件", "")
    yield from ("## 編集後記", "", f"{PLACEHOLDER}編集後記〕")


def _by_publication(library: Library, key: str, documents: list[Document]) -> Iterator[tuple[str, list[Document]]]:
    """The list's own publication first, the others in the order of publications.toml."""
    own = library.registry.lists[key].publication
    for publication in sorted(library.registry.publications.values(), key=lambda p: p.key != own):
        found = [d for d in documents if d.publication == publication]
        if found:
            yield publication.title, found


def _from_issue(document: Document) -> str:
    return f"../../{document.path}"
