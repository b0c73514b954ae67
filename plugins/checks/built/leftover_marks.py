"""No page and no mail shows marks of Markdown: whatever a source held, this looks at what readers get."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path, PurePosixPath

import lxml.html

from plugins.checks.raw_marks import RawMark, find_raw_marks, marks_in_text
from plugins.diagnostics import Diagnostic

_ANOTHER_AUTHORS = "partners"
"""Pages of partner entries: their words are another author's, and their sources are HTML."""


def check_marks(site: Path, mail: Path) -> tuple[Diagnostic, ...]:
    """Return a diagnostic for each mark of Markdown in the texts of the pages below ``site`` and of the mails below ``mail``."""
    pages = (path for path in sorted(site.rglob("*.html")) if _ANOTHER_AUTHORS not in path.relative_to(site).parts)
    diagnostics = {_diagnostic(path, raw) for path in (*pages, *sorted(mail.rglob("*.html"))) for raw in _marks_of_page(path)}
    diagnostics |= {_diagnostic(path, raw) for path in sorted(mail.rglob("*.txt")) for raw in marks_in_text(path.read_text("utf-8"))}
    return tuple(sorted(diagnostics))


def _marks_of_page(path: Path) -> Iterator[RawMark]:
    text = path.read_text("utf-8")
    body = (
        lxml.html.document_fromstring(text, parser=lxml.html.HTMLParser(encoding="utf-8", remove_comments=True)).find("body")
        if text
        else None
    )
    if body is not None:
        yield from find_raw_marks(body)


def _diagnostic(path: Path, raw: RawMark) -> Diagnostic:
    return Diagnostic(
        PurePosixPath(path.as_posix()),
        1,
        f"「{raw.context}」の「{raw.mark}」が、そのままの字で出ています。元の原稿の書き方を直してください（todoke check）",
        f"{raw.mark!r} in {raw.context!r} is shown as it is: mend the source (todoke check)",
        "L104",
    )
