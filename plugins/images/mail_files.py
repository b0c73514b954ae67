"""Makes the files that only mails load: a small copy of each picture that an issue shows, and an SVG drawn as a PNG.

Outlook shows no SVG, and neither it nor others show AVIF and WebP, so these are PNG or JPEG. An SVG gets a white ground: its lines would vanish on a dark one.
A few bytes of SVG can ask for hours of computing (a blur over a million pixels, a copy of copies), so each is drawn in a process that may be killed.
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path, PurePosixPath

from PIL import ImageFont

from plugins.files import write_atomically
from plugins.frontmatter.parse.image_files import (
    MAIL_WIDTH,
    MOST_PIXELS,
    THUMBNAIL_WIDTH,
    TOO_MANY,
    UnreadableImage,
    image_permalink,
    image_size,
    mail_picture,
    mail_thumbnail,
    open_picture,
)
from plugins.images.encode import encode_mail_picture
from plugins.inputs import InputFolder
from plugins.watched import Overrun, map_watched

VERSION = "2"
"""Part of every cache key. Raise it when the same original would give another file."""


UNDRAWN = "図形を描けません。形や効果が大きすぎるか、壊れています / it cannot be drawn: a shape or an effect is far too large, or broken"


@dataclass(frozen=True)
class MailFile:
    """One file that mails load: made of the picture at ``path`` below ``content/``, ``width`` pixels wide or as wide as its original."""

    path: PurePosixPath
    address: str
    width: int

    @property
    def is_drawing(self) -> bool:
        return self.path.suffix.lower() == ".svg"


@dataclass(frozen=True)
class MailFiles:
    """Makes files below ``cache``, which may be deleted at any time. ``font`` draws the words of an SVG; without one they are left out."""

    cache: Path
    font: Path | None

    def files_of(self, path: PurePosixPath) -> list[MailFile]:
        """Return the files to make of one picture. One that is no SVG is there already in full width."""
        permalink = image_permalink(path)
        large = {mail_picture(permalink): MAIL_WIDTH} if mail_picture(permalink) != permalink else {}
        return [MailFile(path, address, width) for address, width in ({mail_thumbnail(permalink): THUMBNAIL_WIDTH} | large).items()]

    def make(self, files: InputFolder, requested: Sequence[MailFile]) -> Iterator[tuple[MailFile, Path | UnreadableImage]]:
        """Yield where each file lies in the cache, or why it cannot be made. Raises `plugins.inputs.UnreadableInput`."""
        work = partial(self._file, files)
        missing = [each for each in requested if each.is_drawing and not self._place(each, files.read(str(each.path))).is_file()]
        for drawn, result in map_watched(work, missing):
            yield drawn, UnreadableImage(UNDRAWN) if isinstance(result, Overrun) else result
        yield from ((each, work(each)) for each in requested if each not in missing)

    def _file(self, files: InputFolder, file: MailFile) -> Path | UnreadableImage:
        data = files.read(str(file.path))
        place = self._place(file, data)
        try:
            if not place.is_file():
                picture = draw(data, file.width, self.font) if file.is_drawing else data
                write_atomically(place, encode_mail_picture(picture, file.width, place.suffix.removeprefix(".")))
        except UnreadableImage as error:
            return error
        return place

    def _place(self, file: MailFile, data: bytes) -> Path:
        font = self.font if file.is_drawing else None
        key = hashlib.sha256(f"{VERSION} {file.width} {font} ".encode() + data).hexdigest()[:24]
        return self.cache / f"{key}{PurePosixPath(file.address).suffix.lower()}"


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
    except (KeyboardInterrupt, SystemExit):
        raise
    except BaseException as error:  # resvg's ValueError, a text that is not UTF-8, and a panic of Rust, which is no `Exception` in Python
        raise UnreadableImage(UNDRAWN) from error
    opaque = io.BytesIO()
    with open_picture(io.BytesIO(drawn)) as image:
        image.convert("RGB").save(
            opaque, "PNG", compress_level=1
        )  # the ground leaves nothing transparent, and `encode_mail_picture` writes the file
    return opaque.getvalue()
