"""The HTML forms that need no style sheet, script or picture of the site: light page, やさしい日本語, other languages, the notice to pin up.

Styles stand in attributes: the site's Content-Security-Policy allows no ``<style>``, and the files work from a disk too.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Sequence

from jinja2 import BaseLoader, StrictUndefined
from jinja2.sandbox import ImmutableSandboxedEnvironment
from lxml import etree, html
from markupsafe import Markup

from plugins.emergency.labels import end_of, labels
from plugins.emergency.record import EmergencyRecord, Message
from plugins.frontmatter.model.registry import Publication, Site
from plugins.frontmatter.model.words.languages import LANGUAGES
from plugins.typography.filters import FILTERS
from plugins.typography.phrases import columns
from plugins.typography.qr_code import qr_code

LIGHTEST = 14_000
"""Bytes of the light page at most: what a server sends before the first answer of the reader (ten segments, RFC 6928), one round trip on one bar of signal."""

_NOT_LIGHT = "img, picture, video, audio, iframe, object, svg, source"


class PageRenderer:
    """Renders the pages with ``templates``: those in the folder ``emergency`` of the theme."""

    def __init__(self, templates: BaseLoader, site: Site, base: str) -> None:
        self._site, self._base = site, base
        self._environment = ImmutableSandboxedEnvironment(
            loader=templates, autoescape=True, trim_blocks=True, lstrip_blocks=True, undefined=StrictUndefined
        )
        self._environment.filters.update(FILTERS)
        self._environment.globals.update(site=site, base=base, languages=LANGUAGES, labels=labels, end_of=end_of)

    def light(self, records: Sequence[EmergencyRecord], publication: Publication) -> bytes:
        """Return the light page of one record, or of all in force, in at most `LIGHTEST` bytes.

        Where they have no room, the gravest ones, which come first, keep the most.
        """
        count = len(records)
        fewest = bisect_left(range(3 * count + 1), True, key=lambda left_out: len(self._light(records, publication, left_out)) <= LIGHTEST)
        return self._light(records, publication, min(fewest, 3 * count))

    def _light(self, records: Sequence[EmergencyRecord], publication: Publication, left_out: int) -> bytes:
        """Render the page with so many things left out: first the texts, then the answers but for the titles, then the titles, each from the last record on."""
        count = len(records)
        texts, answers = max(0, count - left_out), count - max(0, min(count, left_out - count))
        shown = count - max(0, left_out - 2 * count)
        bodies = [light_body(record.html, self._base, deeper=count > 1) if number < texts else "" for number, record in enumerate(records)]
        return self._render("light.html", records=records, bodies=bodies, full=answers, shown=shown, publication=publication)

    def language(self, record: EmergencyRecord, message: Message) -> bytes:
        """Return the page of a record in one language; ``message`` is its ``easy``, or one of its translations."""
        return self._render("language.html", record=record, message=message, is_easy=message is record.easy)

    def poster(self, record: EmergencyRecord) -> bytes:
        """Return the notice on one sheet of A4, with a QR code that leads to the record's page."""
        return self._render(
            "poster.html", record=record, code=qr_code(record.address, "この知らせのページのQRコード"), size=poster_size(record)
        )

    def _render(self, name: str, **variables: object) -> bytes:
        return self._environment.get_template(name).render(**variables).encode("utf-8")


def poster_size(record: EmergencyRecord) -> float:
    """Return the size of the letters in points, so that all stand on one sheet: 18 can be read from two metres; the more there is to say, the smaller."""
    messages = (record.message, *record.translations)
    said = sum(2 * columns(m.title) + (2 if m is record.message else 1) * columns("".join(m.action)) for m in messages)
    said += columns(record.message.what + record.message.where) + 40 * len(record.phones)
    return max(6.0, min(18.0, round(16 * math.sqrt(750 / max(said, 1)), 1)))


def light_body(text: str, base: str, *, deeper: bool = True) -> Markup:
    """Return the HTML of a body for a page that makes no request: no pictures, whole addresses; with ``deeper``, headings are one level deeper."""
    if not text.strip():
        return Markup("")
    root = html.fragment_fromstring(text, create_parent="div")
    for element in root.cssselect(_NOT_LIGHT):
        element.drop_tree()
    for element in root.cssselect("div, span, figure, section"):
        if element is not root:
            element.drop_tag()
    for element in root.iter():
        for name in set(element.attrib) - {"href", "scope", "colspan", "rowspan", "lang"}:
            del element.attrib[name]
        if (target := element.get("href", "")).startswith("/"):
            element.set("href", base + target)
        elif target.startswith("#"):
            del element.attrib["href"]
        if element.tag == "a":
            element.set("style", "color: inherit")  # a browser's own blue has too little contrast in a dark scheme
        if deeper and element.tag in ("h2", "h3", "h4", "h5"):
            element.tag = f"h{int(element.tag[1]) + 1}"
    inner = (root.text or "") + "".join(etree.tostring(child, encoding="unicode", method="html") for child in root)
    return Markup(inner.strip())  # noqa: S704 - the build's own HTML, with less in it
