"""The bundle: what the mailer needs of an issue, as files. ``docs/reference/bundle.md`` describes the format."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from pathlib import Path

from plugins.files import write_into
from plugins.frontmatter.model.registry import MailList, Registry
from plugins.inputs import InputFolder
from plugins.magazine.compose.composition import Composition
from plugins.magazine.render.renderer import Alternatives
from plugins.magazine.render.sections import Fragment, IssueFragments

MARK = "static/mark.svg"
"""The publisher's mark, in the folder of the theme. Not every theme has one."""


def write_issue(folder: Path, content: Path, issue: Composition, alternatives: Alternatives, base: str) -> None:
    """Write ``<folder>/<list>/<number>/`` with ``issue.json``, the alternatives and their fragments, UTF-8 with line feeds.

    ``content`` is the folder of the sources: the mailer finds in its history who wrote what the issue carries.
    """
    target = f"{issue.mail_list.key}/{issue.number}"
    encoded = encode(alternatives)
    for name, data in encoded.items():
        write_into(folder, f"{target}/{name}", data)
    parts: dict[str, dict[str, object]] = {
        name: {"sha256": hashlib.sha256(data).hexdigest(), "bytes": len(data)} for name, data in encoded.items()
    }
    parts["light.txt"]["charset"] = alternatives.light.charset
    _write_json(folder, f"{target}/issue.json", _describe(issue, base) | {"parts": parts, "sources": _sources(issue, content)})


def encode(alternatives: Alternatives) -> dict[str, bytes]:
    """Return the files of the alternatives, and of their fragments. All are UTF-8; the mailer writes the light part in the charset that is recorded for it."""
    texts = {"mail.html": alternatives.html, "mail.txt": alternatives.text, "light.txt": alternatives.light.text}
    if alternatives.fragments is not None:
        texts["sections.json"] = _json(_sections(alternatives.fragments))
    return {name: text.encode("utf-8") for name, text in texts.items()}


def _sections(fragments: IssueFragments) -> dict[str, object]:
    sections = [
        {
            "title": each.title,
            "address": each.address,
            "heading": _fragment(each.heading),
            "blocks": [_fragment(block) for block in each.blocks],
        }
        for each in fragments.sections
    ]
    return {"schema": 1, "style": fragments.style, "sections": sections}


def _fragment(fragment: Fragment) -> dict[str, str | None]:
    forms = {"html": fragment.html, "text": fragment.text, "light": fragment.light}
    digest = hashlib.sha256("\0".join(forms.values()).encode("utf-8")).hexdigest()
    headline = {"title": fragment.title, "url": fragment.url} if fragment.title else {}
    return {"article": fragment.article, "sha256": digest} | forms | headline


def hashes(folder: Path, part: str) -> frozenset[str]:
    """Return the SHA-256 of one part of every bundle below ``folder``, as the bytes are now; empty if there is no such folder."""
    return frozenset(hashlib.sha256(file.read_bytes()).hexdigest() for file in folder.glob(f"*/*/{part}"))


def _describe(issue: Composition, base: str) -> dict[str, object]:
    return {
        "schema": 1,
        "list": issue.mail_list.key,
        "number": issue.number,
        "subject": issue.subject,
        "preheader": issue.preheader,
        "date": issue.document.date.isoformat(),
        "class": issue.mail_list.list_class,
        "expires": issue.meta.expires.isoformat() if issue.meta.expires else None,
        "archive_url": f"{base}{issue.document.url}",
    }


def _sources(issue: Composition, content: Path) -> dict[str, str]:
    """Return the path and the SHA-256 of the issue's own file and of every document that it carries."""
    paths = {issue.document.path, *issue.articles}
    folder = InputFolder(content)
    return {path.as_posix(): hashlib.sha256(folder.read(path.as_posix())).hexdigest() for path in paths}


def write_lists(folder: Path, registry: Registry, base: str) -> None:
    """Write ``lists.json``."""
    _write_json(folder, "lists.json", {"schema": 1, "lists": list(_lists(registry, base))})


def _lists(registry: Registry, base: str) -> Iterable[dict[str, object]]:
    return (_list(mail_list, registry, base) for mail_list in registry.lists.values())


def _list(mail_list: MailList, registry: Registry, base: str) -> dict[str, object]:
    publication = registry.publications[mail_list.publication]
    return {
        "key": mail_list.key,
        "title": mail_list.title,
        "from": {"name": mail_list.title, "address": mail_list.sender},
        "reply_to": mail_list.reply_to,
        "list_id": mail_list.list_id,
        "class": mail_list.list_class,
        "contact": publication.contact,
        "organisation": registry.site.organisation,
        "postal_address": registry.site.address,
        "reason": mail_list.reason,
        "archive_url": f"{base}/mail/{mail_list.key}/",
    }


def write_site(folder: Path, registry: Registry, base: str, theme: Path) -> None:
    """Write ``site.json`` and ``mark.svg``: what the subscription service needs to look like the publisher's pages."""
    site = registry.site
    profile = {
        "schema": 1,
        "title": site.title,
        "organisation": site.organisation,
        "postal_address": site.address,
        "contact": site.contact,
        "url": base,
        "phone": site.phone,
        "colour": site.colour,
        "sample": site.sample,
        "service": site.service.rstrip("/") if site.service else None,
        "push_key": site.push_key,
        "lists": {key: _profile(mail_list, registry) for key, mail_list in registry.lists.items()},
    }
    _write_json(folder, "site.json", profile)
    if (theme / MARK).is_file():
        write_into(folder, "mark.svg", InputFolder(theme).read(MARK))


def _profile(mail_list: MailList, registry: Registry) -> dict[str, object]:
    publication = registry.publications[mail_list.publication]
    return {
        "description": publication.description,
        "department": publication.department,
        "colour": publication.colour,
        "open": mail_list.sign_up,
    }


def _write_json(folder: Path, name: str, value: object) -> None:
    write_into(folder, name, _json(value).encode("utf-8"))


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, indent=2, sort_keys=True) + "\n"
