"""Media types of the pictures that the site holds, by their ending. Python's own table differs from machine to machine, and the same input gives the same bytes."""

from __future__ import annotations

PICTURES = {
    "avif": "image/avif",
    "gif": "image/gif",
    "jpeg": "image/jpeg",
    "jpg": "image/jpeg",
    "png": "image/png",
    "svg": "image/svg+xml",
    "webp": "image/webp",
}
"""IANA's registry of media types."""


def picture_type(path: str) -> str:
    """Return the media type of the picture at ``path``; empty for an ending that is none of a picture."""
    return PICTURES.get(path.rpartition(".")[2].lower(), "")
