"""The four forms of an issue, from one composition: the body of its page, the HTML part, the text part, the light part."""

from __future__ import annotations

import hashlib
import logging
import math
import re
from dataclasses import dataclass
from functools import cached_property
from importlib.metadata import version
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from plugins.files import write_atomically
from plugins.frontmatter.model.registry import Site
from plugins.frontmatter.parse.image_files import mail_picture, mail_thumbnail
from plugins.frontmatter.parse.markdown import parse_html
from plugins.magazine.compose.composition import Composition
from plugins.magazine.compose.safe_text import strip_controls
from plugins.magazine.render import light
from plugins.magazine.render.light import LightPart
from plugins.magazine.render.sections import IssueFragments, issue_fragments, without_marks
from plugins.magazine.render.text import absolute, paragraph
from plugins.magazine.render.text_blocks import blocks_text, section_text
from plugins.typography.filters import FILTERS
from plugins.typography.unbroken import keep_whole

UNSUBSCRIBE = "https://personal.invalid/unsubscribe"
PREFERENCES = "https://personal.invalid/preferences"
"""The personal places of a bundle (docs/reference/bundle.md): the mailer replaces them by each recipient's own links."""

VERSION = "3"
"""Part of every cache key. Raise it when an HTML part would come out differently."""

PROSE_PICTURE = 160
"""CSS pixels of a picture among the editor's words, at most, in width and height: only the first article's is large, so that all other words are near."""


@dataclass(frozen=True)
class Alternatives:
    """The MIME alternatives of one issue (RFC 2046, 5.1.4): a mail program shows the last that it understands. `fragments` are for digests."""

    html: str
    text: str
    light: LightPart
    fragments: IssueFragments | None = None


@dataclass(frozen=True)
class IssueRenderer:
    """Renders compositions with the templates of one theme. ``base`` is the public address without a trailing slash.

    ``cache`` holds HTML parts by a digest of their input; it may be deleted at any time.
    """

    templates: Path
    site: Site
    base: str
    cache: Path | None = None

    def render(self, issue: Composition) -> Alternatives:
        """Return the three parts of a mail."""
        marked = self._marked_html(issue)
        fragments = issue_fragments(issue, marked, self.base)
        return Alternatives(without_marks(marked), self.text(issue), self.light(issue), fragments)

    def page(self, issue: Composition) -> str:
        """Return the body of the issue's page: the same words with the site's own links and styles."""
        return self._render("page.html", issue)

    def html(self, issue: Composition) -> str:
        """Return the HTML part: one file, styles inlined by premailer, media queries kept for clients that know them."""
        return without_marks(self._marked_html(issue))

    def _marked_html(self, issue: Composition) -> str:
        rendered = keep_whole(self._render("issue.html", issue))
        if self.cache is None:
            return _inlined(rendered)
        key = hashlib.sha256(f"{VERSION} {version('premailer')} {version('cssutils')} {rendered}".encode()).hexdigest()[:24]
        cached = self.cache / f"{key}.html"
        if not cached.is_file():
            write_atomically(cached, _inlined(rendered).encode())
        return cached.read_bytes().decode("utf-8")

    def text(self, issue: Composition) -> str:
        """Return the text part; lines end with a line feed."""
        return re.sub(r"\n{4,}", "\n\n\n", self._render("issue.txt", issue)).strip() + "\n"

    def light(self, issue: Composition) -> LightPart:
        """Return the light part, cut at an item where it would become too large."""
        items = light.items(issue, self.base)
        return light.fit_to_size(
            lambda fitting, first_left_out: self._render("light.txt", issue, items=fitting, first_left_out=first_left_out), items
        )

    def _render(self, name: str, issue: Composition, **variables: object) -> str:
        environment = self._text_environment if name.endswith(".txt") else self._html_environment
        places = {"unsubscribe": UNSUBSCRIBE, "preferences": PREFERENCES}
        return strip_controls(environment.get_template(name).render(issue=issue, site=self.site, base=self.base, **places, **variables))

    @cached_property
    def _html_environment(self) -> Environment:
        """Made once: an environment keeps the templates that it has compiled, which takes longer than to render an issue."""
        return self._environment(escape=True)

    @cached_property
    def _text_environment(self) -> Environment:
        return self._environment(escape=False)

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
            absolute=lambda url: absolute(url, self.base),
            picture=lambda url: absolute(mail_picture(url), self.base),
            thumbnail=lambda url: absolute(mail_thumbnail(url), self.base),
            paragraph=paragraph,
            narrow=light.fold,
            blocks_text=lambda blocks: blocks_text(blocks, self.base),
            section_text=lambda section: section_text(section, self.base),
        )
        return environment

    def _mail_prose(self, html: str, issue: Composition) -> Markup:
        """Return prose as mail clients understand it: absolute addresses, no boxes that scroll, small pictures that lead to the issue's page."""
        body = parse_html(html)
        for box in body.root.xpath(".//div[@class='table']"):
            box.drop_tag()
        for link in body.links:
            link.set("href", absolute(link.get("href"), self.base))
        for image in body.images:
            _mail_image(image, self.base)
            if not any(above.tag == "a" for above in image.iterancestors()):
                _put_link_around(image, absolute(issue.document.url, self.base))
        return Markup(body.html)  # noqa: S704 - the body was checked element by element when it was read


def _mail_image(image: Any, base: str) -> None:
    """Make it small. Outlook reads only the ``width`` attribute; without ``height``, no program keeps an empty box for a picture that it does not load."""
    image.set("src", absolute(mail_thumbnail(image.get("src")), base))
    width, height = (int(image.get(side, PROSE_PICTURE)) for side in ("width", "height"))
    width = min(width, PROSE_PICTURE, math.ceil(PROSE_PICTURE * width / max(height, 1)))
    image.set("width", str(width))
    image.set("style", f"max-width: {width}px")
    for name in ("height", "loading", "sizes"):
        image.attrib.pop(name, None)


def _put_link_around(image: Any, address: str) -> None:
    link = image.makeelement("a", {"href": address})
    link.tail, image.tail = image.tail, None
    image.getparent().replace(image, link)
    link.append(image)


_STYLED_TAG = re.compile(r"""(<[a-z][^<>]* style=)("[^"]*"|'[^']*')""")


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
    """Remove indentation, which is a fifth of the bytes: Gmail clips at 102 kB, and each reader gets them. libxml2 writes ``</wbr>``, which HTML does not know."""
    tight = _STYLED_TAG.sub(lambda tag: tag[1] + tag[2].replace("; ", ";"), html)
    lines = (line.strip() for line in tight.replace("</wbr>", "").splitlines())
    return "\n".join(line for line in lines if line) + "\n"
