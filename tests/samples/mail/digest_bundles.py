"""Issues that come in fragments, as the site builder writes them, for the tests of digests."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from mailer.model.issue import IssueRef
from tests.samples.mail.mail_bundles import HTML, TEXT, issue_json, write_json

STYLE = "<style>@media (prefers-color-scheme: dark) { p { color: #e6e9ec !important; } }</style>"


def fragment(words: str, article: str | None = None, *, tag: str = "p") -> dict[str, str | None]:
    html = f"<{tag}>{words}</{tag}>\n"
    digest = hashlib.sha256("\0".join((html, words, words)).encode()).hexdigest()
    return {"article": article, "html": html, "text": words, "light": words, "sha256": digest}


def section(title: str, address: str, blocks: Sequence[dict[str, str | None]], *, tag: str = "h3") -> dict[str, Any]:
    return {"title": title, "address": address, "heading": fragment(title, tag=tag), "blocks": list(blocks)}


def fragments(ref: IssueRef, articles: Mapping[str, str] | Sequence[str], *, style: str = STYLE, greeting: str = "") -> dict[str, Any]:
    """`articles`: path → words, each in a section of its own; of a sequence the path is the words."""
    named = articles if isinstance(articles, Mapping) else {article: f"記事 {article} の本文" for article in articles}
    address = f"https://todoke.example.jp/mail/{ref.list}/{ref.number}/"
    opening = section(f"{ref.list} 第{ref.number}号", address, [fragment(greeting)] if greeting else [], tag="h2")
    sections = [
        section(f"コーナー {path}", f"{address}#corner-{number}", [fragment(words, path)])
        for number, (path, words) in enumerate(named.items(), 1)
    ]
    return {"schema": 1, "style": style, "sections": [opening, *sections]}


def write_mergeable(
    root: Path, ref: IssueRef, articles: Mapping[str, str] | Sequence[str], *, style: str = STYLE, greeting: str = "", **changes: Any
) -> Path:
    """Write an issue with its parts and its fragments."""
    folder = root / ref.list / ref.number
    folder.mkdir(parents=True, exist_ok=True)
    sections = json.dumps(fragments(ref, articles, style=style, greeting=greeting), ensure_ascii=False).encode()
    parts = {"mail.html": HTML.encode(), "mail.txt": TEXT.encode(), "sections.json": sections}
    for name, raw in parts.items():
        (folder / name).write_bytes(raw)
    write_json(folder / "issue.json", issue_json(ref, parts) | {"subject": f"{ref.list}の知らせ 第{ref.number}号"} | changes)
    return folder
