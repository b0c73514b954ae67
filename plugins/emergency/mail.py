"""The mail of a record: HTML, text and light part, and the bundle that the mailer reads (``docs/reference/bundle.md``).

What to do comes before anything else, and the moment of issue and the end stand at the top. No table of contents. The styles stand in the template
already, so that no style sheet has to be inlined while people wait.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator

from jinja2 import BaseLoader, Environment, StrictUndefined
from jinja2.sandbox import ImmutableSandboxedEnvironment

from plugins.emergency.record import EmergencyRecord, FollowedRecord
from plugins.frontmatter.model.registry import MailList, Publication, Site
from plugins.magazine.compose.safe_text import one_line, strip_controls
from plugins.magazine.render.light import LightPart, choose_charset, fold
from plugins.magazine.render.renderer import PREFERENCES, UNSUBSCRIBE, Alternatives
from plugins.magazine.render.text import paragraph
from plugins.typography.filters import FILTERS
from plugins.typography.unbroken import keep_whole

_LONGEST_NUMBER = 64
"""Characters of an issue's number (`mailer.bundle`)."""


class MailRenderer:
    """Renders the three parts with ``templates``: ``mail.*`` in the folder ``emergency`` of the theme."""

    def __init__(self, templates: BaseLoader, site: Site, publication: Publication, mail_list: MailList) -> None:
        self.publication, self.mail_list = publication, mail_list
        common = {"trim_blocks": True, "lstrip_blocks": True, "undefined": StrictUndefined}
        self._html = ImmutableSandboxedEnvironment(loader=templates, autoescape=True, **common)
        self._text = ImmutableSandboxedEnvironment(loader=templates, autoescape=False, **common)
        self._variables = {
            "site": site,
            "publication": publication,
            "mail_list": mail_list,
            "unsubscribe": UNSUBSCRIBE,
            "preferences": PREFERENCES,
        }
        for environment in (self._html, self._text):
            environment.filters.update(FILTERS, paragraph=paragraph, narrow=fold)

    def render(self, record: EmergencyRecord) -> Alternatives:
        """Return the parts."""
        page, text = keep_whole(self._render(self._html, "mail.html", record)), self._render(self._text, "mail.txt", record)
        light = self._render(self._text, "mail-light.txt", record)
        return Alternatives(page, text, LightPart(light, choose_charset(light)))

    def _render(self, environment: Environment, name: str, record: EmergencyRecord) -> str:
        rendered = environment.get_template(name).render(record=record, m=record.message, **self._variables)
        return strip_controls(rendered).strip() + "\n"


def number_of(record: EmergencyRecord | FollowedRecord) -> str:
    """Return the number of the record's issue: its moment and the name of its file. A long name is cut, and told apart by its digest."""
    number = f"{record.sent:%Y%m%d-%H%M}-{record.path.stem}"
    if len(number) <= _LONGEST_NUMBER:
        return number
    return f"{number[: _LONGEST_NUMBER - 9]}-{hashlib.sha256(number.encode()).hexdigest()[:8]}"


def subject(record: EmergencyRecord) -> str:
    """Return the Subject: the mark, then the title."""
    return one_line(f"{record.mark}{record.message.title}")


def bundle(record: EmergencyRecord, renderer: MailRenderer, source: bytes) -> Iterator[tuple[str, bytes]]:
    """Yield the files of the bundle, relative to ``output/mail``. ``source`` are the bytes of the record's own file."""
    parts = renderer.render(record)
    files = {name: text.encode() for name, text in (("mail.html", parts.html), ("mail.txt", parts.text), ("light.txt", parts.light.text))}
    described: dict[str, dict[str, object]] = {
        name: {"sha256": hashlib.sha256(data).hexdigest(), "bytes": len(data)} for name, data in files.items()
    }
    described["light.txt"]["charset"] = parts.light.charset
    folder = f"{renderer.mail_list.key}/{number_of(record)}"
    issue = {
        "schema": 1,
        "list": renderer.mail_list.key,
        "number": number_of(record),
        "subject": subject(record),
        "preheader": record.message.action[0],
        "date": record.sent.isoformat(),
        "class": renderer.mail_list.list_class,
        "expires": record.expires.isoformat(),
        "archive_url": record.address,
        "parts": described,
        "document": record.path.as_posix(),
        "sources": {record.path.as_posix(): hashlib.sha256(source).hexdigest()},
    }
    if record.followed:
        issue |= {"replaces": number_of(record.followed), "audience": "reached" if record.is_correction else "list"}
    for name, data in files.items():
        yield f"{folder}/{name}", data
    yield f"{folder}/issue.json", (json.dumps(issue, ensure_ascii=False, indent=2, sort_keys=True) + "\n").encode()
