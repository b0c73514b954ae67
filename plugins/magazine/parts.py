"""An issue's three faces, from one composition: the page's body, the HTML mail, the text mail."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup
from premailer import Premailer

from plugins.frontmatter.body import parse_html
from plugins.frontmatter.registry import Site
from plugins.typography import FILTERS

from .composition import Block, Composition, Corner, Prose
from .text import absolute, paragraph, prose_text

UNSUBSCRIBE = "https://personal.invalid/unsubscribe"
"""The personal place of the seam (docs/architecture.md): the mailer puts each recipient's own link here."""


@dataclass(frozen=True)
class Press:
    """Renders compositions with the templates of one theme. ``base`` is the public address without a trailing slash."""

    templates: Path
    site: Site
    base: str

    def page(self, issue: Composition) -> str:
        """Return the body of the permanent page: same words, the site's own links and styles."""
        return self._render("page.html", issue)

    def html(self, issue: Composition) -> str:
        """Return the HTML part: one file, styles inlined by premailer, media queries kept for clients that know them."""
        rendered = self._render("issue.html", issue)
        inlined = Premailer(
            rendered,
            keep_style_tags=False,
            remove_classes=False,
            strip_important=False,
            disable_validation=True,
            allow_network=False,
            disable_basic_attributes=["bgcolor", "width", "height", "align", "valign"],  # obsolete in HTML; the styles say it
            cssutils_logging_level=logging.CRITICAL,
        ).transform()
        return _squeeze(str(inlined))

    def text(self, issue: Composition) -> str:
        """Return the text part; lines end with a line feed."""
        return re.sub(r"\n{3,}", "\n\n", self._render("issue.txt", issue)).strip() + "\n"

    def _render(self, name: str, issue: Composition) -> str:
        environment = self._environment(escape=not name.endswith(".txt"))
        return environment.get_template(name).render(issue=issue, site=self.site, base=self.base, unsubscribe=UNSUBSCRIBE)

    def _environment(self, *, escape: bool) -> Environment:
        environment = Environment(
            loader=FileSystemLoader(self.templates),
            autoescape=escape,  # noqa: S701 - on for HTML, off for the text part
            trim_blocks=True,
            lstrip_blocks=True,
            undefined=StrictUndefined,
        )
        environment.filters.update(FILTERS)
        environment.filters.update(
            mail=self._mail_prose,
            whole=lambda url: absolute(url, self.base),
            paragraph=paragraph,
            reads=self._text_blocks,
            lines=self._text_corner,
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

    def _text_corner(self, corner: Corner) -> str:
        numbers = (f"{corner.number}-{count}." for count in range(1, 1000))
        return self._text(corner.blocks, numbers)

    def _text_blocks(self, blocks: tuple[Block, ...]) -> str:
        return self._text(blocks, iter([""] * 1000))

    def _text(self, blocks: tuple[Block, ...], numbers: Iterator[str]) -> str:
        return "\n\n".join(self._text_block(block, numbers) for block in blocks)

    def _text_block(self, block: Block, numbers: Iterator[str]) -> str:
        if isinstance(block, Prose):
            return prose_text(block.html, self.base, numbers)
        document = block.document
        head = [paragraph(f"{next(numbers)} {document.meta.title}"), paragraph(document.summary)]
        link = f"詳しくは\n{absolute(document.url, self.base)}" if block.linked else "この記事の掲載は終わりました。"
        return "\n".join([*head, link])


def _mail_image(image: Any, base: str) -> None:
    """Reserve the place, and let a narrow screen shrink it. Old Outlook reads only the width attribute."""
    image.set("src", absolute(image.get("src"), base))
    width, height = int(image.get("width", "576")), int(image.get("height", "324"))
    shown = min(width, 576)
    image.set("width", str(shown))
    image.set("height", str(round(height * shown / width)))
    image.attrib.pop("loading", None)


def _squeeze(html: str) -> str:
    """Take indentation out: it is a fifth of the weight, and clients clip at 102 kB."""
    lines = (line.strip() for line in html.splitlines())
    return "\n".join(line for line in lines if line) + "\n"
