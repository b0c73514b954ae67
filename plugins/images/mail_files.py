"""Makes the files that only mails load: a small copy of each picture that an issue shows, and an SVG drawn as a PNG.

Outlook shows no SVG, and neither it nor others show AVIF and WebP, so these are PNG or JPEG. An SVG gets a white ground: its lines would vanish on a dark one.
"""

from __future__ import annotations

import hashlib
import io
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from PIL import ImageFont

from plugins.files import write_atomically
from plugins.frontmatter.parse.image_files import (
    MAIL_WIDTH,
    MOST_PIXELS,
    THUMBNAIL_WIDTH,
    TOO_MANY,
    UnreadableImage,
    image_size,
    mail_picture,
    mail_thumbnail,
    open_picture,
)
from plugins.images.encode import encode_mail_picture
from plugins.inputs import InputFolder

VERSION = "2"
"""Part of every cache key. Raise it when the same original would give another file."""


@dataclass(frozen=True)
class MailFiles:
    """Makes files below ``cache``, which may be deleted at any time. ``font`` draws the words of an SVG; without one they are left out."""

    cache: Path
    font: Path | None

    def addresses(self, permalink: str) -> dict[str, int]:
        """Return the addresses of the files of one picture, and the width of each in pixels. A picture that is no SVG is there already in full width."""
        large = {mail_picture(permalink): MAIL_WIDTH} if mail_picture(permalink) != permalink else {}
        return {mail_thumbnail(permalink): THUMBNAIL_WIDTH} | large

    def file(self, files: InputFolder, path: PurePosixPath, width: int, extension: str) -> Path:
        """Return the file ``width`` pixels wide, or as wide as its original. Raises `UnreadableImage` and `plugins.inputs.UnreadableInput`."""
        data = files.read(str(path))
        cached = self.cache / f"{self._key(data, path, width)}.{extension}"
        if not cached.is_file():
            is_drawing = path.suffix.lower() == ".svg"
            write_atomically(cached, encode_mail_picture(draw(data, width, self.font) if is_drawing else data, width, extension))
        return cached

    def _key(self, data: bytes, path: PurePosixPath, width: int) -> str:
        font = self.font if path.suffix.lower() == ".svg" else None
        return hashlib.sha256(f"{VERSION} {width} {font} ".encode() + data).hexdigest()[:24]


def draw(data: bytes, width: int, font: Path | None) -> bytes:
    """Return an SVG drawn as a PNG ``width`` pixels wide. Raises `UnreadableImage`.

    Only ``font`` is loaded, so that one machine always draws the same words; what an SVG may hold was checked when it was read.
    """
    import resvg_py  # late: most issues show no SVG

    own_width, own_height = image_size(data, ".svg")
    if width * width * own_height > MOST_PIXELS * own_width:  # one that is a hundred times as tall as wide would fill the memory
        raise UnreadableImage(TOO_MANY)
    family = ImageFont.truetype(str(font)).getname()[0] if font else None
    try:
        drawn = resvg_py.svg_to_bytes(
            svg_string=data.decode("utf-8-sig"),
            width=width,
            background="#ffffff",
            skip_system_fonts=True,
            font_files=[str(font)] if font else None,
            font_family=family,
            sans_serif_family=family,
            serif_family=family,
            monospace_family=family,
        )
    except ValueError as error:  # also a text that is not UTF-8
        raise UnreadableImage(str(error)) from error
    opaque = io.BytesIO()
    with open_picture(io.BytesIO(drawn)) as image:
        image.convert("RGB").save(
            opaque, "PNG", compress_level=1
        )  # the ground leaves nothing transparent, and `encode_mail_picture` writes the file
    return opaque.getvalue()
