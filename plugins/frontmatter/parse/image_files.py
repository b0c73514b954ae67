"""An image file seen from a page: its size, so that the page can reserve its place, and the address at which everybody can read it."""

from __future__ import annotations

import re
import warnings
from pathlib import Path, PurePosixPath

from lxml import etree
from PIL import ExifTags, Image

_EVERYWHERE = frozenset({".png", ".jpg", ".jpeg", ".gif", ".svg"})
"""Endings that every mail client and feed reader shows; others are shipped as JPEG."""


class UnreadableImage(Exception):
    """The file is no image that a browser shows."""


def image_size(path: Path) -> tuple[int, int]:
    """Return width and height in pixels of a PNG, JPEG, WebP, AVIF, GIF or SVG file. Raises `UnreadableImage`."""
    if path.suffix.lower() == ".svg":
        return _svg_size(path)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(path) as image:
                turned = image.getexif().get(ExifTags.Base.Orientation, 1) >= 5  # the camera was held upright
                return (image.height, image.width) if turned else image.size
    except (OSError, ValueError, Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise UnreadableImage(str(error)) from error


def _svg_size(path: Path) -> tuple[int, int]:
    try:
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
    """Return the address of the picture at ``path`` (below ``content/``): PNG, JPEG, GIF or SVG, the same for ever.

    Mails that were sent ask for it years later. A WebP or AVIF original is shipped as JPEG beside its own name.
    """
    return f"/{path}" if path.suffix.lower() in _EVERYWHERE else f"/{path}.jpg"
