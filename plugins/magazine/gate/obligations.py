"""What every mail has to say, in all three alternatives: who sends it, where they are, why it came, how to answer, change and end it.

特定電子メール法 (the act on regulation of transmission of specified electronic mail), article 4, asks for sender, address and a way to refuse;
the rest is what a reader looks for.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from plugins.diagnostics import Diagnostic
from plugins.frontmatter.model.registry import Site
from plugins.magazine.compose.composition import Composition
from plugins.magazine.gate.diagnostic import Report
from plugins.magazine.gate.styles import declarations
from plugins.magazine.render.renderer import PREFERENCES, UNSUBSCRIBE, Alternatives

_HTML, _TEXT, _LIGHT = "issue.html", "issue.txt", "light.txt"
"""The templates of the alternatives, in ``themes/*/mail``: what is missing in all issues has to be written there."""


def check_obligations(
    root: Any, alternatives: Alternatives, issue: Composition, site: Site, base: str, report: Report
) -> Iterator[Diagnostic]:
    """Yield what one of the alternatives does not say. ``root`` is the parsed HTML part; ``base`` is the site's public address."""
    texts = {_HTML: root.text_content(), _TEXT: alternatives.text, _LIGHT: alternatives.light.text}
    for template, text in texts.items():
        compact = _without_space(text)
        yield from (
            _missing(report, template, what, words) for what, words in _statements(issue, site) if _without_space(words) not in compact
        )
    links = {
        _HTML: [link.get("href") for link in root.iter("a")],
        _TEXT: alternatives.text.split("\n"),  # in the text parts an address stands on a line of its own
        _LIGHT: alternatives.light.text.split("\n"),
    }
    for what, address in _links(issue, base):
        yield from (_missing(report, template, what, address) for template, addresses in links.items() if address not in addresses)
    yield from _check_preheader(root, issue, report)


def _check_preheader(root: Any, issue: Composition, report: Report) -> Iterator[Diagnostic]:
    """The preheader is in a hidden element, so that a mail program shows it after the subject and nobody reads it twice."""
    divs = root.iter("div")
    hidden = [_without_space(e.text_content()) for e in divs if declarations(e.get("style", "")).get("display") == "none"]
    if not issue.preheader or _without_space(issue.preheader) not in hidden:
        yield report("", "preheader がありません。見どころを一文で書いてください", "no preheader: write one sentence", "M102")


def _statements(issue: Composition, site: Site) -> tuple[tuple[str, str], ...]:
    return (
        ("発行者", site.organisation),
        ("住所", site.address),
        ("問い合わせ先", issue.publication.contact),
        ("届く理由", issue.mail_list.reason),
        ("メールの名前", issue.mail_list.title),
    )


def _links(issue: Composition, base: str) -> tuple[tuple[str, str], ...]:
    return (("ウェブで読むリンク", f"{base}{issue.document.url}"), ("受け取り方のリンク", PREFERENCES), ("配信を止めるリンク", UNSUBSCRIBE))


def _missing(report: Report, template: str, what: str, words: str) -> Diagnostic:
    return report(
        "",
        f"{what}「{words}」がありません。メールの型（{template}）に書いてください",
        f"{words!r} is missing: write it in {template}",
        "M101",
    )


def _without_space(text: str) -> str:
    """Lines are broken inside words, and templates indent: no space in a Japanese text carries meaning."""
    return re.sub(r"\s+", "", text)
