"""Digests of the sample's own issues: through the gate of the builder, the validator, and Chromium with axe, as an issue itself."""

from __future__ import annotations

from itertools import combinations
from pathlib import Path, PurePosixPath

import lxml.html
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser

from mailer import bundle, site_file
from mailer.digest import composition, gate
from mailer.digest.composition import DigestFrame
from mailer.model.clock import JAPAN
from mailer.model.digest import parse_fragments
from mailer.model.ids import IssueId
from mailer.model.issue import FrozenIssue, Issue, IssueRef, ListClass
from plugins.builder.options import BuildReport
from plugins.checks.built.html import validate
from plugins.diagnostics import Diagnostic
from plugins.magazine.gate.client_support import check_client_support, check_forbidden
from plugins.magazine.gate.contrast import check_contrast
from plugins.magazine.gate.structure import check_structure
from plugins.magazine.gate.text_alternatives import check_text
from plugins.magazine.render.light import LightPart
from tests.samples.mail.mail_bundles import NOW

URL = "https://mail.example.jp"


def sample_issues(root: Path) -> list[FrozenIssue]:
    """What a digest may carry: warnings never wait for one."""
    lists = {key: each for key, each in bundle.read_lists(root).items() if each.list_class is ListClass.NEWSLETTER}
    refs = [IssueRef(key, file.parent.name) for key in lists for file in sorted((root / key).glob("*/issue.json"))]
    return [FrozenIssue(IssueId(place), bundle.read_issue(root, ref), lists[ref.list], NOW) for place, ref in enumerate(refs)]


def digest_of(root: Path, issues: list[FrozenIssue]) -> Issue:
    return composition.compose(issues, DigestFrame(site_file.read_site(root, URL), NOW, JAPAN, "1"))[0]


def report(words: str, ja: str, en: str, rule: str) -> Diagnostic:
    return Diagnostic(PurePosixPath("digest.html"), 1, f"{ja} {words}", en, rule)


def test_each_pair_of_the_samples_issues_passes_the_gates_of_the_mailer_and_of_the_builder(sample: BuildReport, tmp_path: Path) -> None:
    root = sample.output / "mail"
    issues = sample_issues(root)
    assert len(issues) == 5
    for number, pair in enumerate([*combinations(issues, 2), tuple(issues)]):
        digest = digest_of(root, [*pair])
        size = [problem for problem in gate.problems(digest, pair) if "kB" in problem]
        assert list(gate.problems(digest, pair)) == size
        parsed = lxml.html.document_fromstring(digest.html)
        for check in (check_structure, check_client_support, check_forbidden, check_contrast):
            assert [*check(parsed, report)] == [], pair
        assert digest.light is not None
        assert [*check_text(parsed, digest.text, LightPart(digest.light.text, digest.light.charset), report)] == []
        (tmp_path / f"{number}.html").write_text(digest.html, encoding="utf-8")
    assert validate(tmp_path) == []


def test_every_fragment_is_bound_to_the_approved_bytes_and_stands_in_the_digest_as_it_is(sample: BuildReport) -> None:
    root = sample.output / "mail"
    for frozen in sample_issues(root):
        digest, fragments = digest_of(root, [frozen]), parse_fragments(frozen.issue.sections)
        seen = set()
        for section in fragments.sections:
            for fragment in (section.heading, *section.blocks):
                assert fragment.is_intact
                assert fragment.article in seen or (fragment.html in digest.html and fragment.text in digest.text)
                seen |= {fragment.article} - {None}


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [375, 640])
def test_a_digest_is_whole_and_accessible_on_a_screen(
    browser: Browser, sample: BuildReport, tmp_path: Path, width: int, scheme: str
) -> None:
    root = sample.output / "mail"
    file = tmp_path / "digest.html"
    issues = sample_issues(root)
    file.write_text(digest_of(root, [issues[0], issues[-1]]).html, encoding="utf-8")
    context = browser.new_context(viewport={"width": width, "height": 800}, color_scheme="dark" if scheme == "dark" else "light")
    context.route("**/*", lambda request: request.continue_() if request.request.url.startswith("file:") else request.abort())
    page = context.new_page()
    page.goto(file.as_uri())
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    result = Axe().run(page)
    assert result.violations_count == 0, result.generate_report()
    context.close()
