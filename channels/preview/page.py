"""Drafts → one HTML page that needs nothing else: no network, no script, no other file. Pure."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import segno
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from channels.composer.compose import Draft

QR_BYTES = 1_800
"""Of a text in a QR code: more make points that the camera of an old telephone does not tell apart (ISO/IEC 18004 allows 2,953)."""
COLOURS = {
    "line": "#06c755",
    "mastodon": "#6364ff",
    "bluesky": "#0f73ff",
    "x": "#000000",
    "webhook": "#6b4f2a",
    "web-push": "#8a4b08",
    "websub": "#4a5568",
}


@dataclass(frozen=True, slots=True)
class ShownPost:
    """One post: the channel, its kind, whether it is for drills, and the draft, or why there is none."""

    channel: str
    kind: str
    is_drill: bool
    draft: Draft | None
    why: str = ""

    @property
    def colour(self) -> str:
        """The colour by which people know the network; the name stands beside it."""
        return COLOURS[self.kind]

    @property
    def rows(self) -> int:
        """Lines of the field with the text."""
        text = self.draft.text if self.draft else ""
        return min(14, 1 + sum(1 + len(line) // 34 for line in text.split("\n")))


def page(title: str, address: str, posts: Sequence[ShownPost], *, is_sample: bool = False) -> str:
    """Return the page for one announcement."""
    template = _environment().get_template("preview.html")
    return template.render(title=title, address=address, posts=posts, qr=qr, qr_of_text=qr_of_text, is_sample=is_sample)


def qr(text: str) -> Markup:
    """A QR code as SVG; the words beside it say what it holds."""
    stream = io.BytesIO()
    segno.make(text, micro=False, error="m").save(stream, kind="svg", border=4, xmldecl=False, svgns=True, omitsize=True, nl=False)
    return Markup(stream.getvalue().decode())  # noqa: S704 - segno's own markup; the text is in its points


def qr_of_text(text: str) -> Markup | None:
    """The text of a post as a QR code, so that a telephone can take it over and post it; None if it is too long for one."""
    return qr(text) if len(text.encode()) <= QR_BYTES else None


@cache
def _environment() -> Environment:
    return Environment(
        loader=PackageLoader("channels.preview"), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
