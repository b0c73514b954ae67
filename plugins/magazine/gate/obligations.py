"""What every mail owes its reader, in all three parts: who sends it, where they are, why it came, how to answer, change and end it.

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
from plugins.magazine.render.renderer import PREFERENCES, UNSUBSCRIBE, Alternatives


def check_obligations(root: Any, parts: Alternatives, issue: Composition, site: Site, base: str, report: Report) -> Iterator[Diagnostic]:
    """Yield what one of the parts does not say. ``root`` is the parsed HTML part; ``base`` is the site's public address."""
    html = _flat(root.text_content())
    for name, said in (("issue.html", html), ("issue.txt", _flat(parts.text)), ("light.txt", _flat(parts.light.text))):
        yield from (_missing(report, name, what, words) for what, words in _words(issue, site) if _flat(words) not in said)
    links = [link.get("href") for link in root.iter("a")]
    lines = {"issue.txt": parts.text.split("\n"), "light.txt": parts.light.text.split("\n")}
    for what, address in _ways(issue, base):
        yield from (
            _missing(report, name, what, address) for name, found in (("issue.html", links), *lines.items()) if address not in found
        )
    hidden = [_flat(e.text_content()) for e in root.iter("div") if "display:none" in e.get("style", "").replace(" ", "")]
    if not issue.preheader or _flat(issue.preheader) not in hidden:
        yield report("", "preheader がありません。見どころを一文で書いてください", "no preheader: write one sentence", "M102")


def _words(issue: Composition, office: Site) -> tuple[tuple[str, str], ...]:
    return (
        ("発行者", office.organisation),
        ("住所", office.address),
        ("問い合わせ先", issue.publication.contact),
        ("届く理由", issue.mail_list.reason),
        ("メールの名前", issue.mail_list.title),
    )


def _ways(issue: Composition, base: str) -> tuple[tuple[str, str], ...]:
    return (("ウェブで読むリンク", f"{base}{issue.document.url}"), ("受け取り方のリンク", PREFERENCES), ("配信を止めるリンク", UNSUBSCRIBE))


def _missing(report: Report, name: str, what: str, words: str) -> Diagnostic:
    return report(
        "", f"{what}「{words}」がありません。メールの型（{name}）に書いてください", f"{words!r} is missing: write it in {name}", "M101"
    )


def _flat(text: str) -> str:
    return re.sub(r"\s+", "", text)
