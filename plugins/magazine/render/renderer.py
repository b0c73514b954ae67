"""An issue's four faces, from one composition: the page's body, the HTML mail, the text mail, the light mail."""

from __future__ import annotations

import hashlib
import logging
import re
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from plugins.files import write_atomically
from plugins.frontmatter.model.registry import Site
from plugins.frontmatter.parse.markdown import parse_html
from plugins.magazine.compose.composition import Composition
from plugins.magazine.compose.safe_text import strip_controls
from plugins.magazine.render import light
from plugins.magazine.render.light import LightPart
from plugins.magazine.render.text import absolute, paragraph
from plugins.magazine.render.text_blocks import blocks_text, section_text
from plugins.typography.filters import FILTERS

UNSUBSCRIBE = "https://personal.invalid/unsubscribe"
PREFERENCES = "https://personal.invalid/preferences"
"""The personal places of the seam (docs/reference/bundle.md): the mailer puts each recipient's own links here."""

VERSION = "1"
"""Part of every cache key. Raise it when an HTML part would come out differently."""

WIDEST = 576
"""CSS pixels of an image: the sheet is 640 wide and leaves 32 on both sides."""


@dataclass(frozen=True)
class Alternatives:
    """What one issue is sent as."""

    html: str
    text: str
    light: LightPart


@dataclass(frozen=True)
class IssueRenderer:
    """Renders compositions with the templates of one theme. ``base`` is the public address without a trailing slash.

    ``cache`` holds HTML parts by what they were made of; it may be thrown away at any time.
    """

    templates: Path
    site: Site
    base: str
    cache: Path | None = None

    def render(self, issue: Composition) -> Alternatives:
        """Return the three parts of a mail."""
        return Alternatives(self.html(issue), self.text(issue), self.light(issue))

    def page(self, issue: Composition) -> str:
        """Return the body of the permanent page: same words, the site's own links and styles."""
        return self._render("page.html", issue)

    def html(self, issue: Composition) -> str:
        """Return the HTML part: one file, styles inlined by premailer, media queries kept for clients that know them."""
        rendered = self._render("issue.html", issue)
        if self.cache is None:
            return _inlined(rendered)
        key = hashlib.sha256(f"{VERSION} {version('premailer')} {version('cssutils')} {rendered}".encode()).hexdigest()[:24]
        kept = self.cache / f"{key}.html"
        if not kept.is_file():
            write_atomically(kept, _inlined(rendered).encode())
        return kept.read_bytes().decode("utf-8")

    def text(self, issue: Composition) -> str:
        """Return the text part; lines end with a line feed."""
        return re.sub(r"\n{4,}", "\n\n\n", self._render("issue.txt", issue)).strip() + "\n"

    def light(self, issue: Composition) -> LightPart:
        """Return the light part, cut at an item where it would become too heavy."""
        items = light.items(issue, self.base)
        return light.fit_to_size(lambda taken, rest: self._render("light.txt", issue, items=taken, rest=rest), items)

    def _render(self, name: str, issue: Composition, **more: object) -> str:
        environment = self._environment(escape=not name.endswith(".txt"))
        places = {"unsubscribe": UNSUBSCRIBE, "preferences": PREFERENCES}
        return strip_controls(environment.get_template(name).render(issue=issue, site=self.site, base=self.base, **places, **more))

    def _environment(self, *, escape: bool) -> Environment:
        environment = Environment(
            loader=FileSystemLoader(self.templates),
            autoescape=escape,  # noqa: S701 - on for HTML, off for the text parts
            trim_blocks=True,
            lstrip_blocks=True,
            undefined=StrictUndefined,
        )
        environment.filters.update(FILTERS)
        environment.filters.update(
            mail=self._mail_prose,
            whole=lambda url: absolute(url, self.base),
            paragraph=paragraph,
            short=light.fold,
            reads=lambda blocks: blocks_text(blocks, self.base),
            lines=lambda corner: section_text(corner, self.base),
        )
        return environment

    def _mail_prose(self, html: str) -> Markup:
        """Prose as a mail client takes it: whole addresses, no scroll boxes, presentational width on images."""
        body = parse_html(html)
        for box in body.root.xpath(".//div[@class='table']"):
            box.drop_tag()
        for link in body.links:
            link.set("href", absolute(link.get("href"), self.base))
        for image in body.images:
            _mail_image(image, self.base)
        return Markup(body.html)  # noqa: S704 - the body was checked element by element when it was read


def _mail_image(image: Any, base: str) -> None:
    """Reserve the place, and let a narrow screen shrink it. Old Outlook reads only the width attribute."""
    image.set("src", absolute(image.get("src"), base))
    width, height = int(image.get("width", "576")), int(image.get("height", "324"))
    shown = min(width, WIDEST)
    image.set("width", str(shown))
    image.set("height", str(round(height * shown / width)))
    image.attrib.pop("loading", None)


def _inlined(html: str) -> str:
    from premailer import Premailer  # late: it brings an HTTP client along, and most builds have no new issue

    inlined = Premailer(
        html,
        keep_style_tags=False,
        remove_classes=False,
        strip_important=False,
        disable_validation=True,
        allow_network=False,
        disable_basic_attributes=["bgcolor", "width", "height", "align", "valign"],  # obsolete in HTML; the styles say it
        cssutils_logging_level=logging.CRITICAL,
    ).transform()
    return _squeeze(str(inlined))


def _squeeze(html: str) -> str:
    """Take indentation out: it is a fifth of the weight, and clients clip at 102 kB. libxml2 closes ``wbr``, which HTML does not."""
    lines = (line.strip() for line in html.replace("</wbr>", "").splitlines())
    return "\n".join(line for line in lines if line) + "\n"
