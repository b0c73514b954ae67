"""What one document alone cannot show: links to documents that are not public yet, changes dated ahead of time, job postings that say too little."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from plugins.clock import compare_all
from plugins.diagnostics import Diagnostic
from plugins.frontmatter.library import Library
from plugins.frontmatter.model.content.job import TERMS, Job
from plugins.frontmatter.model.document import Document
from plugins.frontmatter.model.notices import Alert
from plugins.frontmatter.parse.source import read_source

_ASKED_SINCE = (
    ("contract", dt.date.min),
    ("hours", dt.date.min),
    ("holidays", dt.date.min),
    ("insurance", dt.date.min),
    ("probation", dt.date(2018, 1, 1)),
    ("smoking", dt.date(2020, 4, 1)),
    ("duties_change", dt.date(2024, 4, 1)),
    ("place_change", dt.date(2024, 4, 1)),
    ("renewal", dt.date(2024, 4, 1)),
)
"""Which conditions a posting has to state, and since when (職業安定法5条の3, 同施行規則4条の2). Those of the work, the place and the pay are refused by their fields."""

_WITHOUT_END = ("期間の定めなし", "期間の定めのない", "無期")


def future_updates(library: Library, content: Path) -> list[Diagnostic]:
    """Return an error for each ``updated`` that lies ahead, with paths relative to ``content/``: the page would say that it was changed tomorrow.

    For a notice or a drill it is a warning: a wrong digit holds up no warning to the public.
    """
    dated = [(document.meta.updated, document) for document in library.documents.values() if document.meta.updated]
    now = compare_all(library.now, (updated for updated, _ in dated))
    return [_ahead(content, document, updated) for updated, document in dated if updated > now]


def early_links(library: Library) -> list[Diagnostic]:
    """Return a warning for each link that is text until its target is public, with paths relative to ``content/``.

    A link of a document that becomes public after its target needs none: it is a link from its first day.
    """
    waiting = (document for document in library.documents.values() if document.early_links and not document.has_ended(library.now))
    return [
        _early(document, line, target)
        for document in waiting
        for line, path in document.early_links
        if not document.meta.draft and (target := library.documents.get(PurePosixPath(path))) and _is_later(target, document)
    ]


def incomplete_postings(library: Library) -> list[Diagnostic]:
    """Return a warning for each job posting that lacks what the law of its day asks, with paths relative to ``content/``. One that has ended has none."""
    return [
        Diagnostic(
            document.path,
            1,
            f"求人に足りない項目があります。書き足してください：{'、'.join(f'{name}（{key}）' for key, name in missing)}",
            f"the posting lacks {', '.join(key for key, _ in missing)}",
            "F722",
            "warning",
        )
        for document in library.documents.values()
        if isinstance(document.meta, Job)
        and not document.meta.draft
        and (missing := list(_missing(document.meta)))
        and not document.has_ended(library.now)
    ]


def _missing(job: Job) -> Iterator[tuple[str, str]]:
    for key, since in _ASKED_SINCE:
        if job.date.date() >= since and not getattr(job, key) and (key != "renewal" or _ends(job)):
            yield key, TERMS[key]
    if not (job.apply_url or job.apply_email or job.phone):
        yield "apply_url, apply_email, phone", "応募の窓口"


def _ends(job: Job) -> bool:
    return job.contract is not None and not any(words in job.contract for words in _WITHOUT_END)


def _is_later(target: Document, document: Document) -> bool:
    if target.meta.draft or not target.meta.date:
        return True
    return document.meta.date is None or target.meta.date > document.meta.date


def _ahead(content: Path, document: Document, updated: dt.datetime) -> Diagnostic:
    source = read_source(content, document.path)
    return Diagnostic(
        document.path,
        1 if isinstance(source, Diagnostic) else source.line_of(("updated",)),
        f"updated（直した日時）が先の日時です（{updated:%Y-%m-%d %H:%M}）。直したときの日時を書いてください。先に公開するなら date に書きます",
        f"updated lies ahead ({updated:%Y-%m-%d %H:%M}): write when it was changed; what is to appear later has its moment in date",
        "F720",
        "warning" if isinstance(document.meta, Alert) else "error",
    )


def _early(document: Document, line: int, target: Document) -> Diagnostic:
    date = "" if target.meta.draft or not target.meta.date else f"{target.meta.date:%Y-%m-%d %H:%M}"
    return Diagnostic(
        document.path,
        line,
        f"リンク先 {target.path} は{f' {date} に公開されます。それまで' if date else '下書きです。公開されるまで'}、リンクではなく文字だけが出ます（号は送ったときのままです）",
        f"{target.path} {f'becomes public at {date}' if date else 'is a draft'}: until then the page shows the words without a link, and so does a mail that is sent before",
        "F721",
        "warning",
    )
