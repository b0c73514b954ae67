"""The files that are made of a picture: widths, formats, names. Pure.

The theme shows a picture 208 or 240 CSS pixels wide in lists and up to 640 in an article. The widths below serve these on screens of one to three device
pixels per CSS pixel.
"""

from __future__ import annotations

from pathlib import PurePosixPath

WIDTHS = (240, 480, 800, 1280)
"""Pixels of the responsive set. No wider file is ever made."""

PERMALINK_WIDTH = 1152
"""Pixels of the file at the permalink, at most: twice the 576 CSS pixels of a mail's column, for screens of double density."""

PERMALINK = "permalink"
"""The name, before its ending, of that file in the cache."""

MODERN = ("avif", "webp")
"""Formats of the responsive set. The browser takes the first that it knows, so the smaller comes first."""

UNCHANGED = frozenset({".svg", ".gif"})
"""Endings of files that are copied as they are: an SVG has no pixels, and a GIF may be an animation."""

VERSION = "2"
"""Part of every cache key and of every address. Raise it when the same original would give other bytes."""


def widths(original_width: int) -> tuple[int, ...]:
    """Return the widths of the responsive set of a picture, ascending: those of `WIDTHS` below its own, and its own if that is not too wide."""
    smaller = tuple(width for width in WIDTHS if width < original_width)
    return (*smaller, original_width) if original_width <= WIDTHS[-1] else smaller


def height(width: int, original: tuple[int, int]) -> int:
    """Return the height for ``width`` that keeps the proportions of ``original`` (width, height in pixels)."""
    return max(1, round(width * original[1] / original[0]))


def permanent_size(original: tuple[int, int]) -> tuple[int, int]:
    """Return width and height of the file at the permalink, in pixels."""
    width = min(PERMALINK_WIDTH, original[0])
    return width, height(width, original)


def names(original_width: int) -> tuple[str, ...]:
    """Return the file names of the responsive set, such as ``480.avif``."""
    return tuple(f"{width}.{extension}" for extension in MODERN for width in widths(original_width))


def is_vector(path: PurePosixPath) -> bool:
    """Return whether a file is copied as it is."""
    return path.suffix.lower() in UNCHANGED
