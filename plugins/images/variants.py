"""What is made of a picture: widths, formats, addresses. Pure.

Widths are those that the theme's columns need on screens of one to three device pixels per CSS pixel: 208 and 240 in lists, 640 in an article.
"""

from __future__ import annotations

from pathlib import PurePosixPath

WIDTHS = (240, 480, 800, 1280)
"""Pixels. Nothing wider is ever shipped."""

STANDING_WIDTH = 1152
"""Pixels of the file at the standing address: twice the 576 of a mail's column."""

MODERN = ("avif", "webp")
"""Formats offered before the standing file, the smaller first."""

DRAWN = frozenset({".svg", ".gif"})
"""Shipped as they are: a drawing has no pixels, and a GIF may move."""

VERSION = "1"
"""Part of every cache key. Raise it when a picture would come out differently."""


def widths(original: int) -> tuple[int, ...]:
    """Return the widths to make of a picture ``original`` pixels wide; none is larger than it."""
    smaller = tuple(width for width in WIDTHS if width < original)
    return (*smaller, original) if original <= WIDTHS[-1] else smaller


def height(width: int, original: tuple[int, int]) -> int:
    """Return the height that keeps the shape of ``original`` (width, height)."""
    return max(1, round(width * original[1] / original[0]))


def permanent_size(original: tuple[int, int]) -> tuple[int, int]:
    """Return the size of the file at the standing address."""
    width = min(STANDING_WIDTH, original[0])
    return width, height(width, original)


def names(original: int) -> tuple[str, ...]:
    """Return the file names of the responsive set, ``480.avif`` and so on."""
    return tuple(f"{width}.{form}" for form in MODERN for width in widths(original))


def is_vector(path: PurePosixPath) -> bool:
    """Tell whether a file is shipped as it is."""
    return path.suffix.lower() in DRAWN
