"""The size of an image file, so that a page can reserve its place."""

from __future__ import annotations

import re
import warnings
from pathlib import Path

from lxml import etree
from PIL import Image


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
                return image.size
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
