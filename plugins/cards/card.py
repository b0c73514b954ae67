"""Draws one card as a PNG of 1200 × 630 pixels, in sixteen shades from the publication's colour to white.

The size is that which Facebook recommends for ``og:image`` (1.91 : 1); other readers of Open Graph show it without cropping, or crop it least.
"""

from __future__ import annotations

import io
import zlib
from bisect import bisect_left
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

from plugins.typography.phrases import phrases

SIZE = (1200, 630)
"""Width and height in pixels."""

VERSION = "2"
"""Part of every address and cache key. Raise it when a card would look different."""

_MARGIN = 80
_MAX_LINES = 4
_FONT_SIZES = (88, 80, 72, 64, 56, 48)
"""Pixels. The largest is taken in which the title has four lines at most; readers show a card small, so there is no size below 48."""
_LINE_HEIGHT = 1.35
_FOOTER_TOP = 470
_SUBTITLE_LEFT, _SUBTITLE_SIZE = _MARGIN + 92, 36
"""The left end of the line under the title, beside the site's mark, and its size in pixels."""


@dataclass(frozen=True)
class Card:
    """The contents of a card. ``colour`` is the background (``#rrggbb``, with a contrast of 4.5 to 1 to the white letters)."""

    title: str
    subtitle: str
    colour: str


def draw(card: Card, font: Path | None) -> bytes:
    """Return the PNG. Without a font it has no words. The same card, font file and Pillow give the same bytes."""
    image = Image.new("L", SIZE, 0)  # 0 becomes the colour, 255 white
    canvas = ImageDraw.Draw(image)
    _draw_mark(canvas)
    if font:
        _draw_title(canvas, card.title, font)
        face = _load_font(font, _SUBTITLE_SIZE)
        canvas.text((_SUBTITLE_LEFT, _FOOTER_TOP + 62), _shorten(card.subtitle, face), 255, face, anchor="lm")
    return _encode_png(image, card.colour)


def _draw_mark(canvas: ImageDraw.ImageDraw) -> None:
    """The site's mark, an envelope in the shape of a house, and the line above it."""
    canvas.rectangle((_MARGIN, _FOOTER_TOP, SIZE[0] - _MARGIN, _FOOTER_TOP + 3), 255)
    left, top = _MARGIN, _FOOTER_TOP + 30
    canvas.polygon([(left, top + 24), (left + 34, top), (left + 68, top + 24), (left + 68, top + 64), (left, top + 64)], 255)
    canvas.line([(left + 3, top + 26), (left + 34, top + 46), (left + 65, top + 26)], 0, 6)


def _draw_title(canvas: ImageDraw.ImageDraw, title: str, font: Path) -> None:
    """The title in the largest size that fits. In the smallest, a title that is still too long ends with "…"."""
    for size in _FONT_SIZES:
        face = _load_font(font, size)
        lines = break_lines(title, face, SIZE[0] - 2 * _MARGIN, _MAX_LINES)
        if len(lines) <= _MAX_LINES and len(lines) * size * _LINE_HEIGHT <= _FOOTER_TOP - _MARGIN:
            break
    if len(lines) > _MAX_LINES:
        lines = [*lines[: _MAX_LINES - 1], lines[_MAX_LINES - 1][:-1] + "…"]
    for index, line in enumerate(lines):
        canvas.text((_MARGIN, _MARGIN - 16 + index * size * _LINE_HEIGHT), line, 255, face)


def break_lines(text: str, face: ImageFont.FreeTypeFont, width: int, most: int = -1) -> list[str]:
    """Break ``text`` between phrases into lines of at most ``width`` pixels. A phrase that is wider than a line is broken between characters.

    After ``most`` lines nothing is measured any more: what is left begins one more, which is not whole.
    """
    lines = [""]
    for phrase in phrases(text):
        for part in [phrase] if face.getlength(phrase.rstrip()) <= width else list(phrase):
            if lines[-1] and face.getlength((lines[-1] + part).rstrip()) > width:
                if len(lines) == most:
                    return [*(line.rstrip() for line in lines), part]
                lines.append("")
            lines[-1] += part if lines[-1] else part.lstrip()
    return [line.rstrip() for line in lines if line.strip()]


def _shorten(text: str, face: ImageFont.FreeTypeFont) -> str:
    """``text``, cut with "…" if it is wider than the space beside the mark."""
    width = SIZE[0] - _MARGIN - _SUBTITLE_LEFT
    if face.getlength(text) <= width:
        return text
    # The first length that is too wide, by bisection: each measure takes time for every letter.
    too_long = bisect_left(range(len(text)), 1, key=lambda length: face.getlength(text[:length] + "…") > width)
    return text[: max(too_long - 1, 0)] + "…"


@lru_cache(maxsize=16)
def _load_font(font: Path, size: int) -> ImageFont.FreeTypeFont:
    # The basic layout needs no library of the system (Raqm would), so the bytes depend on Pillow and the font alone.
    return ImageFont.truetype(str(font), size, layout_engine=ImageFont.Layout.BASIC)


def _encode_png(image: Image.Image, colour: str) -> bytes:
    """A PNG with a palette of sixteen shades: enough for smooth edges of letters, with four bits a pixel (PNG, colour type 3)."""
    shades = image.point([value * 15 // 255 for value in range(256)])
    base = [int(colour[start : start + 2], 16) for start in (1, 3, 5)]
    palette = [round(channel + (255 - channel) * step / 15) for step in range(16) for channel in base]
    indexed = Image.frombytes("P", image.size, shades.tobytes())
    indexed.putpalette(palette)
    buffer = io.BytesIO()
    # The areas are flat. Run lengths alone (zlib's Z_RLE) make 3 % more bytes than level 9, in an eighth of the time.
    indexed.save(buffer, "PNG", bits=4, compress_type=zlib.Z_RLE)
    return buffer.getvalue()
