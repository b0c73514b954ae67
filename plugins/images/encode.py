"""Pillow at work: from one original to the files that are shipped, each made once and kept by the hash of what it was made from.

No metadata survives: a phone writes the place of a house into its pictures. Colours are brought to sRGB, the turn of the camera is applied.
"""

from __future__ import annotations

import hashlib
import io
import warnings
from dataclasses import dataclass
from pathlib import Path

import PIL
from PIL import Image, ImageCms, ImageOps, features

from plugins.files import write_atomically
from plugins.frontmatter.parse.image_files import UnreadableImage
from plugins.images import variants

_QUALITY: dict[str, dict[str, object]] = {
    # One thread: the bytes must not depend on the machine.
    "avif": {"quality": 55, "speed": 8, "max_threads": 1},
    "webp": {"quality": 75, "method": 4},
    "jpeg": {"quality": 80, "optimize": True, "progressive": True},
    "png": {"optimize": True},
}


@dataclass(frozen=True)
class Original:
    """An original and the name of everything that these encoders make from its content."""

    file: Path
    digest: str

    @classmethod
    def of(cls, file: Path) -> Original:
        """Read ``file`` once."""
        tools = f"{variants.VERSION} {PIL.__version__} {features.version('avif')} {features.version('webp')} "
        return cls(file, hashlib.sha256(tools.encode() + file.read_bytes()).hexdigest()[:16])


@dataclass(frozen=True)
class ImageEncoder:
    """Makes files below ``cache``, which may be thrown away at any time."""

    cache: Path

    def permanent(self, negative: Original, address: str) -> Path:
        """Return the file for the standing address, PNG or JPEG by the ending of ``address``. Raises `UnreadableImage`."""
        return self.variant(negative, f"standing{Path(address).suffix.lower()}")

    def variant(self, negative: Original, name: str) -> Path:
        """Return one file of the responsive set, such as ``480.avif``. Raises `UnreadableImage`."""
        kept = self.cache / negative.digest / name
        if not kept.is_file():
            write_atomically(kept, encode(negative.file.read_bytes(), name))
        return kept


def encode(data: bytes, name: str) -> bytes:
    """Return the bytes of ``480.avif`` or ``standing.png`` made from the original's ``data``. Raises `UnreadableImage`."""
    stem, form = name.rsplit(".", 1)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            return _standing(data, form) if stem == "standing" else _encode(_fit(_open(data), int(stem)), form)
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise UnreadableImage(str(error)) from error


def _standing(data: bytes, form: str) -> bytes:
    """The smaller of the original itself and a new file, where the original may be shown as it is."""
    image = _open(data)
    width, _ = variants.permanent_size(image.size)
    fitted = _encode(_few_colours(_fit(image, width), data) if form == "png" else _fit(image, width), form)
    return data if len(data) <= len(fitted) and _is_plain(data, width, form) else fitted


def _is_plain(data: bytes, width: int, form: str) -> bool:
    with Image.open(io.BytesIO(data)) as image:
        wanted = {"jpg": "JPEG", "jpeg": "JPEG", "png": "PNG"}[form]
        return image.format == wanted and image.width == width and not image.getexif() and not image.info.get("icc_profile")


def _open(data: bytes) -> Image.Image:
    """Decode to RGB or RGBA, upright, in sRGB."""
    with Image.open(io.BytesIO(data)) as image:
        profile = image.info.get("icc_profile")
        clear = image.has_transparency_data
        turned: Image.Image = ImageOps.exif_transpose(image)
        plain = turned.convert("RGBA" if clear else "RGB") if turned.mode != "CMYK" else turned
    return _to_srgb(plain, profile) if profile else plain.convert("RGBA" if clear else "RGB")


def _to_srgb(image: Image.Image, profile: bytes) -> Image.Image:
    try:
        mode = "RGBA" if image.mode == "RGBA" else "RGB"
        turned = ImageCms.profileToProfile(
            image, ImageCms.ImageCmsProfile(io.BytesIO(profile)), ImageCms.createProfile("sRGB"), outputMode=mode
        )
    except ImageCms.PyCMSError:  # a profile of another colour space, or a broken one: what browsers do is to ignore it
        return image.convert("RGB")
    return turned or image


def _fit(image: Image.Image, width: int) -> Image.Image:
    if width == image.width:
        return image
    return image.resize((width, variants.height(width, image.size)), Image.Resampling.LANCZOS)


def _few_colours(image: Image.Image, original: bytes) -> Image.Image:
    """A PNG with a palette: that of the original if it has one, so that a flat drawing stays as light as it was."""
    with Image.open(io.BytesIO(original)) as source:
        if source.mode == "P" and image.mode == "RGB":
            return image.quantize(palette=source, dither=Image.Dither.NONE)
    return image.quantize(256, Image.Quantize.FASTOCTREE if image.mode == "RGBA" else Image.Quantize.MEDIANCUT)


def _encode(image: Image.Image, form: str) -> bytes:
    form = {"jpg": "jpeg"}.get(form, form)
    if form == "jpeg" and image.mode == "RGBA":
        image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image).convert("RGB")
    clean = image.copy()
    clean.info = {}
    written = io.BytesIO()
    clean.save(written, form.upper(), **_QUALITY[form])
    return written.getvalue()
