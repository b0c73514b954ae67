"""What a link to a PDF has to say before somebody opens it on a phone: pages and size."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from pathlib import Path


class UnreadablePdf(Exception):
    """The file is no PDF that everybody can open."""


@dataclass(frozen=True)
class Pdf:
    """``size`` in bytes."""

    pages: int
    size: int


def read_pdf(path: Path) -> Pdf:
    """Return pages and size of the file at ``path``. Raises `UnreadablePdf` if it is damaged, empty, or locked with a password."""
    from pypdf import PdfReader  # late: few documents have a PDF, and those are read once
    from pypdf.errors import PyPdfError

    logging.getLogger("pypdf").setLevel(logging.ERROR)  # it warns of what it mends; we ask only for the pages
    try:
        reader = PdfReader(path)
        if reader.is_encrypted:
            raise UnreadablePdf("パスワードがかかっています / it is locked with a password")
        pages = len(reader.pages)
    except (PyPdfError, OSError, ValueError, KeyError, AttributeError, TypeError, RecursionError) as error:
        raise UnreadablePdf(str(error)) from error
    if not pages:
        raise UnreadablePdf("ページがありません / it has no pages")
    return Pdf(pages, path.stat().st_size)
