"""The mail issues of a checkout, composed, rendered and examined as a build does it, for `todoke check`. Nothing is written."""

from __future__ import annotations

import itertools
from collections import defaultdict
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory

from plugins.diagnostics import Diagnostic, unexpected
from plugins.frontmatter.library import Library
from plugins.frontmatter.parse.image_files import UnreadableImage, image_permalink
from plugins.images.broken import broken_picture
from plugins.images.mail_files import MailFiles
from plugins.images.variants import is_vector
from plugins.inputs import InputFolder
from plugins.magazine.compose.composition import Composition
from plugins.magazine.compose.issues import compose_each

NEWEST = 3
"""Issues of each list that are examined, beside those of the future. Older ones were sent, and were examined then; a build examines all."""

_NOT_KNOWN = frozenset({"F106", "I103"})
"""What cannot be told while some documents are not read: a digest may be empty only for that, or name a document that is at fault."""


def check_mails(library: Library, content: Path, theme: Path, font: Path | None, *, is_partial: bool) -> list[Diagnostic]:
    """Return every error of composition, each drawing below ``content`` that no mail could show, and what the gate has against the next and the newest issues.

    ``font`` draws the words of drawings. With ``is_partial`` some documents are missing because they are at fault; what may follow from that is not told.
    """
    composed, diagnostics = compose_each(library)
    told = [diagnostic for diagnostic in diagnostics if not (is_partial and diagnostic.rule in _NOT_KNOWN)]
    at_fault = {diagnostic.path for diagnostic in diagnostics}
    whole = [issue for issue in _next_and_newest(composed, library) if PurePosixPath("content") / issue.document.path not in at_fault]
    return told + _drawing_errors(composed, library, content, font) + _examined(whole, library, theme, is_partial=is_partial)


def _drawing_errors(composed: list[Composition], library: Library, content: Path, font: Path | None) -> list[Diagnostic]:
    """Draw every SVG that an issue shows, as a build does for its mails, and return a diagnostic for each that cannot be drawn."""
    permalinks = {url for issue in composed for url in issue.pictures}
    shown = {PurePosixPath(name) for document in library.documents.values() for name in document.named_files}
    drawings = sorted(path for path in shown if is_vector(path) and image_permalink(path) in permalinks)
    if not drawings:
        return []
    files = InputFolder(content)
    with TemporaryDirectory() as folder:
        mail_files = MailFiles(Path(folder), font)
        results = list(mail_files.make(files, [file for path in drawings for file in mail_files.files_of(path)]))
    errors = {file.path: error for file, error in results if isinstance(error, UnreadableImage)}
    return [broken_picture(content, library, path, error) for path, error in errors.items()]


def _next_and_newest(composed: list[Composition], library: Library) -> list[Composition]:
    by_list: dict[PurePosixPath, list[Composition]] = defaultdict(list)
    for issue in composed:
        by_list[issue.document.path.parent].append(issue)
    return list(itertools.chain.from_iterable(_of_one_list(issues, library) for issues in by_list.values()))


def _of_one_list(issues: list[Composition], library: Library) -> list[Composition]:
    sent = [issue for issue in issues if issue.document.date <= library.now]
    return [*sent[-NEWEST:], *(issue for issue in issues if issue.document.date > library.now)]


def _examined(issues: list[Composition], library: Library, theme: Path, *, is_partial: bool) -> list[Diagnostic]:
    if not issues:
        return []
    from plugins.magazine.gate.gate import Gate, RenderedIssue  # a site without issues does not load premailer
    from plugins.magazine.render.renderer import IssueRenderer

    site = library.registry.site
    renderer = IssueRenderer(theme / "mail", site, site.url)
    gate = Gate(_anything, renderer.base, site)
    diagnostics: list[Diagnostic] = []
    for issue in issues:
        try:
            diagnostics += gate.examine(RenderedIssue(issue, renderer.render(issue)))
        except Exception as error:  # whatever it is: it belongs to this issue
            diagnostics += [] if is_partial else [unexpected(PurePosixPath("content") / issue.document.path, error)]
    return diagnostics


def _anything(name: str) -> Path:
    """Find every address of the site: there is none yet, and links are checked in the sources."""
    return Path(name)
