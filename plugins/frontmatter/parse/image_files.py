"""What a page needs to know of an image file: its size, so that the browser can reserve the space, and an address that every reader can show."""

from __future__ import annotations

import io
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import PurePosixPath
from typing import BinaryIO

from PIL import ExifTags, Image, UnidentifiedImageError

from plugins.frontmatter.parse.vector_pictures import UnsafeVector, read_vector, vector_size
from plugins.media_types import file_format

_EVERYWHERE = frozenset({".png", ".jpg", ".jpeg", ".gif", ".svg"})
"""Suffixes of the formats that mail clients and feed readers show. `plugins.images` ships the others as JPEG too."""


FORMATS = ("PNG", "JPEG", "WEBP", "AVIF", "GIF")
"""Nothing else is decoded, whatever the name says: Pillow would hand PostScript to Ghostscript, which runs programs."""

_OTHER_FORMAT = f"{'、'.join(FORMATS)} のどれでもありません / none of {', '.join(FORMATS)}"

_HEAD = 1_000
"""Bytes from which a format is known."""

MOST_PIXELS = 40_000_000
"""Checked before decoding: a PNG of 100 kB may hold 89 million pixels, and take a gigabyte of memory. A camera's picture has 12 to 24 million."""

TOO_MANY = f"{MOST_PIXELS // 1_000_000}00万画素を超えています。小さく縮めてください / more than {MOST_PIXELS // 1_000_000} million pixels: make it smaller"


class UnreadableImage(Exception):
    """The file is not an image that a browser shows."""


@contextmanager
def open_picture(file: BinaryIO) -> Iterator[Image.Image]:
    """Open a picture of one of `FORMATS`; nothing is decoded yet. Raises `UnreadableImage`, also for whatever Pillow raises inside the block.

    The one way in which the site's half opens a picture. Pillow raises errors of many kinds for broken files: `OSError`, `SyntaxError`, `ValueError`,
    `struct.error` and others.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)  # we have a bound of our own
            with Image.open(file, formats=FORMATS) as image:
                _check_pixels(image.size)
                yield image
    except UnreadableImage:
        raise
    except Image.DecompressionBombError as error:  # Pillow's own bound, at 179 million pixels
        raise UnreadableImage(TOO_MANY) from error
    except UnidentifiedImageError as error:  # Pillow's words name an address in memory
        raise UnreadableImage(_other_format(file)) from error
    except Exception as error:
        raise UnreadableImage(broken(error)) from error


def broken(error: Exception) -> str:
    """Return what is told of a picture that ends in the middle, or is damaged: what Pillow says of it is English."""
    return f"途中で切れているか壊れています / cut off or broken: {str(error)[:200] or type(error).__name__}"


def _other_format(file: BinaryIO) -> str:
    """Say which format it is, if that is known. Those of Pillow's that come here are broken right at their beginning."""
    file.seek(0)
    head = file.read(_HEAD)
    name = file_format(head)
    if not head:
        return "空のファイルです / an empty file"
    if name in FORMATS:
        return "途中で切れているか壊れています / cut off or broken"
    return f"{name}のファイルです / a file of the format {name}" if name else _OTHER_FORMAT


def _check_pixels(size: tuple[int, int]) -> None:
    if size[0] * size[1] > MOST_PIXELS:
        raise UnreadableImage(TOO_MANY)


def image_size(data: bytes, suffix: str) -> tuple[int, int]:
    """Return width and height in pixels of the bytes of a PNG, JPEG, WebP, AVIF, GIF or SVG file. Raises `UnreadableImage`."""
    if suffix.lower() == ".svg":
        return _vector_size(data)
    with open_picture(io.BytesIO(data)) as image:
        # Orientations 5 to 8 swap rows and columns (Exif 2.3, tag 0x0112): the camera was held upright, and browsers turn the image.
        is_turned = image.getexif().get(ExifTags.Base.Orientation, 1) >= 5
        return (image.height, image.width) if is_turned else image.size


def _vector_size(data: bytes) -> tuple[int, int]:
    try:
        return vector_size(read_vector(data))
    except UnsafeVector as error:
        raise UnreadableImage(str(error)) from error


def image_permalink(path: PurePosixPath) -> str:
    """Return the permanent address of the image at ``path`` (below ``content/``), in a format that every mail client shows.

    It never changes, since mails that were sent years ago still load it. A WebP or AVIF original has a JPEG beside it: ``sea.webp.jpg``.
    """
    return f"/{path}" if path.suffix.lower() in _EVERYWHERE else f"/{path}.jpg"


MAIL_PICTURES = "/pictures/mail/"
"""Below it are files that only mails load. They stay as long as their original, as permalinks do: a mail that was sent still loads them."""

MAIL_WIDTH, THUMBNAIL_WIDTH = 1152, 320
"""Pixels of these files, at most: twice the CSS pixels at which a mail shows its first picture and, at most, all others."""


def mail_picture(permalink: str) -> str:
    """Return the address of the picture for the width of a mail. Outlook shows no SVG, so that is drawn as a PNG; all others are there already."""
    return f"{MAIL_PICTURES}{MAIL_WIDTH}{permalink}.png" if permalink.lower().endswith(".svg") else permalink


def mail_thumbnail(permalink: str) -> str:
    """Return the address of a small copy, a PNG or JPEG: a mail with ten pictures is opened on the road too."""
    is_kept = permalink.lower().endswith((".png", ".jpg", ".jpeg"))
    return f"{MAIL_PICTURES}{THUMBNAIL_WIDTH}{permalink}{'' if is_kept else '.png'}"
