"""Every code that a diagnostic can have, with its description: what `todoke check --explain` and SARIF print.

| letter | what is wrong |
|---|---|
| T | a source that somebody could not read: ``[checks]`` of ``publications.toml`` decides its level |
| F | front matter, links, images and attachments of a source |
| I, M | composition of a mail issue; the gate that every mail passes |
| R, D | settings and theme; tables below ``content/data`` |
| E | a table of events that is imported |
| H, L | HTML and links of the built site |
| B | the build itself |
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path, PurePosixPath

from plugins.checks import descriptions
from plugins.checks.rules import catalogue
from plugins.diagnostics import Diagnostic, RuleDescription
from plugins.events import locator
from plugins.events.table_import import rules as events
from plugins.frontmatter.model import rules as front_matter
from plugins.magazine.compose import rules as composition
from plugins.magazine.gate import rules as gate
from plugins.progress import table as progress
from plugins.publications import type_templates
from plugins.readings import table as readings
from plugins.search import words as search
from plugins.situation import tables as situation

BUILD = (
    RuleDescription(
        "B101",
        "作れなかったサイト",
        "a build that failed",
        "原稿のほかの理由（重すぎるページ、よそのフォルダーなど）で止まりました。公開中のものは前のままです",
        "a reason other than the sources (a page that is too heavy, a folder of somebody else): what is public stays as it was",
    ),
    RuleDescription(
        "B102",
        "作り直したものとの違い",
        "a difference from a full build",
        "todoke build --verify が、続きから作ったものと、すべて作り直したものとの違いを見つけました",
        "todoke build --verify found a file that the incremental build made in another way than a full build",
    ),
    RuleDescription(
        "B103",
        "重すぎる記事",
        "an article that is too heavy",
        "電波の弱いところでは、重いページは開きません",
        "where the network is bad, a heavy page does not open",
    ),
)


def failure_diagnostics(error: Exception, output: Path) -> tuple[Diagnostic, ...]:
    """Return a diagnostic for each line of what a failed build says; a line is in two languages, or only in English.

    A line that begins with the address of a page (``/mail/press/45/: ``) names the page's file; every other names the folder ``output``.
    """
    matches = [_OF_PAGE.fullmatch(line) for line in str(error).split("\n") if line]
    pairs = [(_file_at(output, match["address"]), match["words"].partition(" / ")) for match in matches if match]
    return tuple(Diagnostic(path, 1, ja, en or ja, "B101") for path, (ja, _, en) in pairs)


_OF_PAGE = re.compile(r"(?:(?P<address>/[^\s:]*): )?(?P<words>.*)")


def _file_at(output: Path, address: str | None) -> PurePosixPath:
    if address is None:
        return PurePosixPath(output.as_posix())
    page = PurePosixPath(output.as_posix(), "site", address.lstrip("/"))
    return page / "index.html" if address.endswith("/") and address != "/theme/" else page


def difference_diagnostics(names: Iterable[str], output: Path) -> tuple[Diagnostic, ...]:
    """Return a diagnostic for each of the files ``names`` below ``output`` that a full build makes differently."""
    ja, en = "作り直したものと違います", "differs from a full build"
    return tuple(Diagnostic(PurePosixPath(output.as_posix(), name), 1, ja, en, "B102") for name in names)


def read_descriptions() -> dict[str, RuleDescription]:
    """Return every description by its code, in the order of the codes."""
    rules = (
        *map(catalogue.describe, catalogue.RULES.values()),
        *descriptions.RULES,
        *front_matter.RULES,
        *composition.RULES,
        *gate.RULES,
        *events.RULES,
        *locator.RULES,
        *progress.RULES,
        *readings.RULES,
        *search.RULES,
        *situation.RULES,
        *type_templates.RULES,
        *BUILD,
    )
    return {rule.code: rule for rule in sorted(rules, key=lambda rule: rule.code)}
