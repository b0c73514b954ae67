"""A grey picture of 16 bits comes out of the sandbox's encoder with its shades."""

from __future__ import annotations

import io

from PIL import Image

from plugins.partners.sandbox.reencode import reencode


def test_a_grey_picture_of_16_bits_keeps_its_shades() -> None:
    grey = Image.new("I;16", (256, 16))
    for x in range(256):
        for y in range(16):
            grey.putpixel((x, y), x * 257)
    file = io.BytesIO()
    grey.save(file, "PNG")
    suffix, data = reencode(file.getvalue())
    with Image.open(io.BytesIO(data)) as shown:
        shades = [shown.convert("L").getpixel((x, 8)) for x in range(4, 256, 16)]
    assert suffix == "jpg" and all(abs(shade - x) <= 12 for shade, x in zip(shades, range(4, 256, 16), strict=True)), shades  # type: ignore[operator]
