"""What a page needs to know of an image file: its size, so that the browser can reserve the space, and an address that every reader can show."""

from __future__ import annotations

import re
import warnings
from pathlib import Path, PurePosixPath

from lxml import etree
from PIL import ExifTags, Image

_EVERYWHERE = frozenset({".png", ".jpg", ".jpeg", ".gif", ".svg"})
"""Suffixes of the formats that mail clients and feed readers show. `plugins.images` ships the others as JPEG too."""


class UnreadableImage(Exception):
    """The file is not an image that a browser shows."""


def image_size(path: Path) -> tuple[int, int]:
    """Return width and height in pixels of a PNG, JPEG, WebP, AVIF, GIF or SVG file. Raises `UnreadableImage`."""
    if path.suffix.lower() == ".svg":
        return _svg_size(path)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)  # Pillow raises by itself only at twice the limit
            with Image.open(path) as image:
                # Orientations 5 to 8 swap rows and columns (Exif 2.3, tag 0x0112): the camera was held upright, and browsers turn the image.
                is_turned = image.getexif().get(ExifTags.Base.Orientation, 1) >= 5
                return (image.height, image.width) if is_turned else image.size
    except (OSError, ValueError, Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise UnreadableImage(str(error)) from error


def _svg_size(path: Path) -> tuple[int, int]:
    """Return the size that ``width`` and ``height`` state in pixels, or else that of the ``viewBox`` (SVG 2, chapter 8)."""
    try:
        # No entities, no network: an SVG can name files of this machine (XXE).
        root = etree.parse(path, etree.XMLParser(resolve_entities=False, no_network=True)).getroot()
    except etree.XMLSyntaxError as error:
        raise UnreadableImage(str(error)) from error
    box = [float(number) for number in re.findall(r"[-\d.]+", root.get("viewBox", ""))]
    width, height = (float(re.sub(r"px$", "", root.get(name, "0")) or 0) for name in ("width", "height"))
    if width and height:
        return round(width), round(height)
    if len(box) == 4 and box[2] > 0 and box[3] > 0:
        return round(box[2]), round(box[3])
    raise UnreadableImage("no width and height, no viewBox")


def image_permalink(path: PurePosixPath) -> str:
    """Return the permanent address of the image at ``path`` (below ``content/``), in a format that every mail client shows.

    It never changes, since mails that were sent years ago still load it. A WebP or AVIF original has a JPEG beside it: ``sea.webp.jpg``.
    """
    return f"/{path}" if path.suffix.lower() in _EVERYWHERE else f"/{path}.jpg"
