"""Makes the files of a picture with Pillow: each once, kept by the hash of its original and of the encoders.

No metadata survives (Exif, XMP, comments): a phone writes the coordinates of a house into its photographs. Colours are converted to sRGB, the colour space
that the web assumes for an image without a profile. The orientation of the camera (Exif tag 0x0112) is applied to the pixels, since the tag goes too.
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from threading import Lock

import PIL
from PIL import Image, ImageCms, ImageFilter, ImageOps, features

from plugins.files import write_atomically
from plugins.frontmatter.parse.image_files import UnreadableImage, broken, open_picture
from plugins.images import variants
from plugins.inputs import InputFolder

_LARGE = 12_000_000
"""Pixels. A telephone's usual picture is not large."""

_one_large = Lock()

_SAVE_OPTIONS: dict[str, dict[str, int]] = {
    # One thread: with more, the bytes of an AVIF depend on the number of cores.
    "avif": {"quality": 55, "speed": 8, "max_threads": 1},
    "webp": {"quality": 75, "method": 4},
    "jpeg": {"quality": 80, "optimize": True, "progressive": True},
    "png": {"optimize": True},
}


HEAVIEST = 150_000
"""Bytes of a photograph's file. A telephone's upright picture full of leaves or faces has more at the usual quality, and as the lead of the portal, which has
200,000 bytes with everything (`plugins.checks.built.page_weight`), it would hold up the whole site."""

_LIGHTER = ((0.8, 0), (0.6, 0), (0.45, 0), (0.35, 0), (0.35, 1), (0.35, 3), (0.3, 6))
"""What is tried one after the other while a file is too heavy: a part of the quality, and pixels of blur for what no quality makes light."""


@dataclass(frozen=True)
class Original:
    """The original image ``name`` among ``files``. ``digest`` names everything that these encoders make of its content."""

    files: InputFolder
    name: str
    digest: str

    @classmethod
    def of(cls, files: InputFolder, name: str) -> Original:
        """Read the file and compute its digest. Raises `plugins.inputs.UnreadableInput`."""
        tools = f"{variants.VERSION} {PIL.__version__} {features.version('avif')} {features.version('webp')} "
        return cls(files, name, hashlib.sha256(tools.encode() + files.read(name)).hexdigest()[:16])

    def read(self) -> bytes:
        """Return its bytes. Raises `plugins.inputs.UnreadableInput`."""
        return self.files.read(self.name)


@dataclass(frozen=True)
class ImageEncoder:
    """Makes files below ``cache``. The folder may be deleted at any time."""

    cache: Path

    def permanent(self, original: Original, address: str) -> Path:
        """Return the file for the permalink ``address``, PNG or JPEG by its ending. Raises `UnreadableImage`."""
        return self.variant(original, f"{variants.PERMALINK}{Path(address).suffix.lower()}")

    def variant(self, original: Original, name: str) -> Path:
        """Return one file of the responsive set, such as ``480.avif``. Raises `UnreadableImage`."""
        cached = self.cache / original.digest / name
        if not cached.is_file():
            write_atomically(cached, encode(original.read(), name))
        return cached


def encode(data: bytes, name: str) -> bytes:
    """Return the bytes of ``480.avif`` or ``permalink.png``, made of the original's ``data``. Raises `UnreadableImage`.

    A picture of too many pixels is unreadable too (`open_picture`): it would fill the memory of the build.
    """
    stem, extension = name.rsplit(".", 1)
    try:
        with _memory(data):
            return _permalink_file(data, extension) if stem == variants.PERMALINK else _save(_resize(_open(data), int(stem)), extension)
    except UnreadableImage:
        raise
    except Exception as error:  # resizing and encoding a broken picture: errors of many kinds, as in `open_picture`
        raise UnreadableImage(broken(error)) from error


def encode_mail_picture(data: bytes, width: int, extension: str) -> bytes:
    """Return a PNG of 256 colours or a JPEG for mails, ``width`` pixels wide at most. Raises `UnreadableImage`."""
    try:
        with _memory(data):
            image = _open(data)
            resized = _resize(image, min(width, image.width))
            return _save(_quantize(resized, data) if extension == "png" else resized, extension)
    except UnreadableImage:
        raise
    except Exception as error:  # as in `encode`
        raise UnreadableImage(str(error) or type(error).__name__) from error


@contextmanager
def _memory(data: bytes) -> Iterator[None]:
    """Hold back other large pictures: several threads encode, and each copy of a picture of 40 megapixels takes 120 MB."""
    with open_picture(io.BytesIO(data)) as image:
        is_large = image.width * image.height > _LARGE
    with _one_large if is_large else nullcontext():
        yield


def _permalink_file(data: bytes, extension: str) -> bytes:
    """A newly encoded file; or the original itself, if that is no larger and has nothing that must go."""
    image = _open(data)
    width, _ = variants.permanent_size(image.size)
    resized = _resize(image, width)
    encoded = _save(_quantize(resized, data) if extension == "png" else resized, extension)
    return data if len(data) <= len(encoded) and _is_plain(data, width, extension) else encoded


def _is_plain(data: bytes, width: int, extension: str) -> bool:
    """Whether an original has the right format and width, no Exif data and no ICC profile."""
    with open_picture(io.BytesIO(data)) as image:
        expected = {"jpg": "JPEG", "jpeg": "JPEG", "png": "PNG"}[extension]
        return image.format == expected and image.width == width and not image.getexif() and not image.info.get("icc_profile")


def _open(data: bytes) -> Image.Image:
    """Decode to RGB or RGBA, upright, in sRGB."""
    with open_picture(io.BytesIO(data)) as image:
        profile = image.info.get("icc_profile")
        mode = "RGBA" if image.has_transparency_data else "RGB"
        ImageOps.exif_transpose(image, in_place=True)
        image.load()
        upright = _eight_bits(image)
        # CMYK stays until its profile is applied: without the profile, its inks say nothing about colours.
        plain = upright if upright.mode in (mode, "CMYK") else upright.convert(mode)
    # No copy without need: each takes four bytes a pixel.
    return _to_srgb(plain, profile) if profile else plain if plain.mode == mode else plain.convert(mode)


def _eight_bits(image: Image.Image) -> Image.Image:
    """Return a picture of 16 bits a channel with 8. Pillow cuts the shades of a grey one off at 255, so that nearly all of it becomes white.

    It reads pictures of 16 bits in colour with 8, and leaves the transparent colour (PNG, tRNS) with 16.
    """
    clear = image.info.get("transparency")
    if image.mode.startswith("I"):
        grey = image.convert("I").point(lambda shade: shade * (1 / 257) + 0.5).convert("L")
        return grey if clear is None else _with_clear(grey, round(clear / 257))
    if isinstance(clear, tuple) and max(clear) > 255:
        return _with_clear(image, tuple(shade >> 8 for shade in clear))
    return image


def _with_clear(image: Image.Image, colour: int | tuple[int, ...]) -> Image.Image:
    image.info["transparency"] = colour
    return image


def _to_srgb(image: Image.Image, profile: bytes) -> Image.Image:
    try:
        mode = "RGBA" if image.mode == "RGBA" else "RGB"
        converted = ImageCms.profileToProfile(
            image, ImageCms.ImageCmsProfile(io.BytesIO(profile)), ImageCms.createProfile("sRGB"), outputMode=mode
        )
    except (ImageCms.PyCMSError, OSError):  # a profile of another colour space, or a broken one: browsers ignore it, and so do we
        return image.convert("RGB")
    return converted or image


def _resize(image: Image.Image, width: int) -> Image.Image:
    if width == image.width:
        return image
    return image.resize((width, variants.height(width, image.size)), Image.Resampling.LANCZOS)


def _quantize(image: Image.Image, original: bytes) -> Image.Image:
    """An image of 256 colours at most, for PNG; with the palette of the original if it has one, so that a flat drawing stays as light as it was."""
    with open_picture(io.BytesIO(original)) as source:
        if source.mode == "P" and image.mode == "RGB":
            return image.quantize(palette=source, dither=Image.Dither.NONE)
    # Pillow's median cut knows no alpha channel.
    return image.quantize(256, Image.Quantize.FASTOCTREE if image.mode == "RGBA" else Image.Quantize.MEDIANCUT)


def _save(image: Image.Image, extension: str) -> bytes:
    encoding = {"jpg": "jpeg"}.get(extension, extension)
    if encoding == "jpeg" and image.mode == "RGBA":  # JPEG has no alpha channel: what is transparent becomes white
        image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image).convert("RGB")
    bare = image.copy()
    bare.info = {}  # Pillow would write comments and profiles from here
    data = _encoded(bare, encoding)
    for part, blur in _LIGHTER if encoding != "png" else ():
        if len(data) <= HEAVIEST:
            break
        data = _encoded(bare.filter(ImageFilter.BoxBlur(blur)) if blur else bare, encoding, part)
    return data


def _encoded(image: Image.Image, encoding: str, part: float = 1) -> bytes:
    options = dict(_SAVE_OPTIONS[encoding])
    if "quality" in options:
        options["quality"] = round(options["quality"] * part)
    buffer = io.BytesIO()
    image.save(buffer, encoding.upper(), **options)
    return buffer.getvalue()
