"""Issue Markdown → page, HTML mail, text mail, bundle.

1. When Pelican asks for generators, every live issue is composed, and its document gets the page's body.
2. Pelican renders the page like any other, so the page exists before its mail can be sent.
3. `BundleGenerator` writes the mail parts to ``output/mail/``, beside the site.
"""

from __future__ import annotations

from pathlib import Path, PurePosixPath
from typing import Any

from pelican import Pelican, signals
from pelican.generators import Generator
from pelican.writers import Writer

from plugins.frontmatter.faults import ContentFaults, Fault
from plugins.frontmatter.library import Library
from plugins.frontmatter.reader import SETTING

from .bundle import LARGEST, write_issue, write_lists
from .composition import Composition, compose
from .parts import Press

_COMPOSED = "TODOKE_ISSUES"


class BundleGenerator(Generator):  # type: ignore[misc]
    """Writes one bundle per live issue. Raises `ContentFaults` for an issue that would be clipped."""

    def generate_output(self, _writer: Writer) -> None:
        """Write ``lists.json`` and the issues to the folder ``mail`` beside the site."""
        folder = Path(self.output_path).parent / "mail"
        library: Library = self.settings[SETTING]
        press: Press = _press(self.settings, library)
        write_lists(folder, library.registry, press.base)
        for issue in self.settings[_COMPOSED]:
            parts = {"mail.html": press.html(issue), "mail.txt": press.text(issue)}
            _refuse_heavy(issue, parts["mail.html"])
            write_issue(folder, issue, parts, press.base)


def compose_issues(pelican: Pelican) -> type[BundleGenerator]:
    """Compose all live issues; sent when every plugin is loaded and before any document is read."""
    settings = pelican.settings
    library: Library = settings[SETTING]
    press = _press(settings, library)
    issues = [compose(document, library) for document in library.live("issue")]
    _refuse_empty(issues)
    settings[_COMPOSED] = issues
    settings[SETTING] = library.with_html({issue.document.path: press.page(issue) for issue in issues})
    return BundleGenerator


def _press(settings: dict[str, Any], library: Library) -> Press:
    return Press(Path(settings["THEME"]) / "mail", library.registry.site, settings["SITE_ADDRESS"])


def _refuse_empty(issues: list[Composition]) -> None:
    faults = [
        _fault(
            issue,
            "載せるものがありません。コーナー（##）に文章か ::記事 を書いてください",
            "nothing to send: write a corner (##) with words or ::article",
        )
        for issue in issues
        if not issue.corners
    ]
    if faults:
        raise ContentFaults(faults)


def _refuse_heavy(issue: Composition, html: str) -> None:
    size = len(html.encode("utf-8"))
    if size <= LARGEST:
        return
    longest = max(issue.corners, key=lambda corner: len(corner.blocks)).title
    raise ContentFaults(
        [
            _fault(
                issue,
                f"メールが{size // 1000}kBあります。100kBまでにしてください。いちばん長いコーナーは「{longest}」です",
                f"the mail has {size // 1000} kB, at most 100 kB: shorten the longest corner, {longest!r}",
            )
        ]
    )


def _fault(issue: Composition, ja: str, en: str) -> Fault:
    return Fault(PurePosixPath("content") / issue.document.path, issue.document.body_line, ja, en)


def register() -> None:
    """Register with Pelican."""
    signals.get_generators.connect(compose_issues)
