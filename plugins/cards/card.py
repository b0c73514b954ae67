"""Draws one card: 1200 x 630 pixels (the size that Open Graph readers crop least), sixteen shades from the publication's colour to white."""

from __future__ import annotations

import io
import zlib
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

from plugins.typography.phrases import phrases

SIZE = (1200, 630)
"""Pixels."""

VERSION = "2"
"""Part of every address and cache key. Raise it when a card would look different."""

_MARGIN = 80
_LINES = 4
_HEIGHTS = (88, 80, 72, 64, 56, 48)
_LEADING = 1.35
_FOOT = 470


@dataclass(frozen=True)
class Card:
    """What stands on a card: a title, the line under it, the colour behind both (``#rrggbb``, readable with white)."""

    title: str
    under: str
    colour: str


def draw(card: Card, font: Path | None) -> bytes:
    """Return the PNG. Without a font the words are left out; the same card and font file give the same bytes."""
    image = Image.new("L", SIZE, 0)
    pen = ImageDraw.Draw(image)
    _mark(pen)
    if font:
        _title(pen, card.title, font)
        under = _sized(font, 36)
        pen.text((_MARGIN + 92, _FOOT + 62), _short(card.under, under), 255, under, anchor="lm")
    return _png(image, card.colour)


def _mark(pen: ImageDraw.ImageDraw) -> None:
    """The site's sign, an envelope that is a house, and the rule above it."""
    pen.rectangle((_MARGIN, _FOOT, SIZE[0] - _MARGIN, _FOOT + 3), 255)
    left, top = _MARGIN, _FOOT + 30
    pen.polygon([(left, top + 24), (left + 34, top), (left + 68, top + 24), (left + 68, top + 64), (left, top + 64)], 255)
    pen.line([(left + 3, top + 26), (left + 34, top + 46), (left + 65, top + 26)], 0, 6)


def _title(pen: ImageDraw.ImageDraw, title: str, font: Path) -> None:
    """As large as fits into four lines; the last size takes what it can."""
    for height in _HEIGHTS:
        face = _sized(font, height)
        lines = break_lines(title, face, SIZE[0] - 2 * _MARGIN)
        if len(lines) <= _LINES and len(lines) * height * _LEADING <= _FOOT - _MARGIN:
            break
    if len(lines) > _LINES:
        lines = [*lines[: _LINES - 1], lines[_LINES - 1][:-1] + "…"]
    for number, line in enumerate(lines):
        pen.text((_MARGIN, _MARGIN - 16 + number * height * _LEADING), line, 255, face)


def break_lines(text: str, face: ImageFont.FreeTypeFont, width: int) -> list[str]:
    """Break ``text`` after phrases into lines of at most ``width`` pixels; a phrase that is too long by itself is cut."""
    lines = [""]
    for phrase in phrases(text):
        for piece in [phrase] if face.getlength(phrase.rstrip()) <= width else list(phrase):
            if lines[-1] and face.getlength((lines[-1] + piece).rstrip()) > width:
                lines.append("")
            lines[-1] += piece if lines[-1] else piece.lstrip()
    return [line.rstrip() for line in lines if line.strip()]


def _short(text: str, face: ImageFont.FreeTypeFont) -> str:
    room = SIZE[0] - 2 * _MARGIN - 92
    while face.getlength(text) > room:
        text = text[:-2] + "…"
    return text


@lru_cache(maxsize=16)
def _sized(font: Path, height: int) -> ImageFont.FreeTypeFont:
    # The basic layout needs no library of the system, so that the bytes depend on Pillow and the font alone.
    return ImageFont.truetype(str(font), height, layout_engine=ImageFont.Layout.BASIC)


def _png(image: Image.Image, colour: str) -> bytes:
    """Sixteen shades are enough for smooth edges, and four bits a pixel."""
    shades = image.point([value * 15 // 255 for value in range(256)])
    base = [int(colour[at : at + 2], 16) for at in (1, 3, 5)]
    palette = [round(channel + (255 - channel) * step / 15) for step in range(16) for channel in base]
    small = Image.frombytes("P", image.size, shades.tobytes())
    small.putpalette(palette)
    written = io.BytesIO()
    # Flat areas: runs alone (zlib's Z_RLE) give 3 % more bytes than every effort (level 9) does, in an eighth of the time.
    small.save(written, "PNG", bits=4, compress_type=zlib.Z_RLE)
    return written.getvalue()
