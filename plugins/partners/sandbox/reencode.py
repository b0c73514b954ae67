"""A stranger's picture → one of ours. Runs in the child process, since decoders of pictures are a favourite target of attackers.

Encoding it anew leaves behind whatever was hidden in the file: the place where it was taken, scripts, a second file behind the first.
"""

from __future__ import annotations

import io
import warnings

from PIL import Image, ImageOps

FORMATS = ("JPEG", "PNG", "GIF", "WEBP", "AVIF")
"""Nothing else is decoded: Pillow would hand PostScript to Ghostscript, which runs programs."""

LARGEST_EDGE = 1200
"""Pixels: twice the width of our text column."""

MOST_PIXELS = 40_000_000
"""Checked before decoding: a PNG of some hundred bytes may claim 60,000 by 60,000 pixels."""

SMALLEST_EDGE = 3
"""Pixels. A smaller picture was put there to count readers."""


class ImageRejected(Exception):
    """A picture that no page should show."""


def reencode(data: bytes) -> tuple[str, bytes]:
    """Return suffix and bytes: JPEG, or WebP for a picture with transparency. Raises ImageRejected, and whatever Pillow raises."""
    Image.MAX_IMAGE_PIXELS = MOST_PIXELS
    warnings.simplefilter("error", Image.DecompressionBombWarning)
    with Image.open(io.BytesIO(data), formats=FORMATS) as opened:
        if min(opened.size) < SMALLEST_EDGE:
            raise ImageRejected("a counter")
        opened.draft("RGB", (LARGEST_EDGE, LARGEST_EDGE))  # a large JPEG is decoded at a fraction of its size
        picture = ImageOps.exif_transpose(opened)
        if picture.mode.startswith("I"):  # a grey of 16 bits (PNG): Pillow would cut it off at 255, and nearly all of it would be white
            picture = picture.convert("I").point(lambda shade: shade * (1 / 257) + 0.5).convert("L")
        picture.thumbnail((LARGEST_EDGE, LARGEST_EDGE))
        return _encoded(picture)


def _encoded(picture: Image.Image) -> tuple[str, bytes]:
    """Encode without any metadata."""
    out = io.BytesIO()
    if picture.has_transparency_data:
        picture.convert("RGBA").save(out, "WEBP", quality=82, method=4)
        return "webp", out.getvalue()
    picture.convert("RGB").save(out, "JPEG", quality=82, optimize=True, progressive=True)
    return "jpg", out.getvalue()
