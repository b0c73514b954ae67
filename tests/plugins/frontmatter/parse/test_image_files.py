"""Hostile pictures: none starts another program, fills the memory, or ends a run in anything but words."""

from __future__ import annotations

import io
import resource
import struct
import subprocess
import sys
import zlib
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import EpsImagePlugin, Image

from plugins.frontmatter.parse.image_files import FORMATS, MOST_PIXELS, UnreadableImage, image_size
from plugins.images.encode import encode
from tests.samples.faults import GOOD
from tests.samples.tiny import TinySite

POSTSCRIPT = b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 10 10\nquit\n"


def png(width: int, height: int) -> bytes:
    """Return a PNG of white pixels, some hundred bytes for each million of them."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    rows = zlib.compressobj(9)
    packed = b"".join(rows.compress(b"\0" + b"\xff" * (width * 3)) for _ in range(height)) + rows.flush()
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", packed) + chunk(b"IEND", b"")


def picture(extension: str) -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (8, 6), "teal").save(buffer, extension)
    return buffer.getvalue()


@pytest.fixture(autouse=True)
def no_ghostscript(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A program in the place of Ghostscript that says when it is started."""
    program, started = tmp_path / "gs", tmp_path / "started"
    program.write_text(f"#!/bin/sh\ntouch {started}\n", encoding="utf-8")
    program.chmod(0o700)
    monkeypatch.setattr(EpsImagePlugin, "gs_binary", str(program))
    return started


@pytest.mark.parametrize("name", ["x.png", "x.jpg", "x.eps", "x.webp", "x.gif"])
def test_postscript_is_never_run_whatever_its_name_says(no_ghostscript: Path, name: str) -> None:
    with pytest.raises(UnreadableImage):
        image_size(POSTSCRIPT, Path(name).suffix)
    with pytest.raises(UnreadableImage):
        encode(POSTSCRIPT, "permalink.png")
    assert not no_ghostscript.exists()


@pytest.mark.parametrize("extension", ["BMP", "TIFF", "PPM", "ICO", "TGA", "PCX"])
def test_formats_that_no_page_shows_are_not_decoded(extension: str) -> None:
    with pytest.raises(UnreadableImage):
        encode(picture(extension), "permalink.png")


@pytest.mark.parametrize("extension", FORMATS)
def test_formats_that_pages_show_are_decoded(extension: str) -> None:
    assert encode(picture(extension), "permalink.jpg")


@pytest.mark.parametrize("size", [(MOST_PIXELS // 1_000 + 1, 1_000), (9_400, 9_500), (60_000, 60_000), (2**31 - 1, 2**31 - 1)])
def test_too_many_pixels_are_refused_before_they_take_any_memory(size: tuple[int, int]) -> None:
    whole = png(8, 8)
    claims = whole.replace(struct.pack(">II", 8, 8), struct.pack(">II", *size), 1)
    header = claims[12:29]
    data = claims[:29] + struct.pack(">I", zlib.crc32(header)) + claims[33:]
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(UnreadableImage, match="more than 40 million pixels"):
        image_size(data, ".png")
    with pytest.raises(UnreadableImage, match="more than 40 million pixels"):
        encode(data, "480.avif")
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 20_000  # kB


def test_the_largest_picture_takes_no_more_than_two_copies_of_its_pixels(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(png(8_000, 4_990))
    program = (
        "import re, sys; from pathlib import Path; from plugins.images.encode import encode; encode(Path(sys.argv[1]).read_bytes(), '480.avif');"
        "print(int(re.search(r'VmHWM:\\s+(\\d+)', Path('/proc/self/status').read_text())[1]) // 1024)"  # `ru_maxrss` begins with the parent's
    )
    megabytes = subprocess.run([sys.executable, "-c", program, str(tmp_path / "a.png")], capture_output=True, text=True, check=True).stdout
    assert int(megabytes) < 400


def test_a_picture_that_cannot_be_read_names_the_document_that_shows_it(tiny: TinySite, no_ghostscript: Path) -> None:
    (tiny.content / "images").mkdir()
    (tiny.content / "images/x.png").write_bytes(POSTSCRIPT)
    tiny.write("press/2020/a.md", f"---\n{GOOD}---\n![海](../../images/x.png)\n")
    with pytest.raises(Exception, match=r"content/press/2020/a\.md:5: .*F404"):
        tiny.library()
    assert not no_ghostscript.exists()


@settings(derandomize=True, max_examples=150, deadline=None)
@given(extension=st.sampled_from(FORMATS), at=st.integers(0, 2_000), change=st.binary(max_size=20), cut=st.booleans())
def test_a_damaged_picture_is_encoded_or_refused_in_words(extension: str, at: int, change: bytes, cut: bool) -> None:
    whole = picture(extension)
    at %= len(whole)
    data = whole[:at] + change + (b"" if cut else whole[at + len(change) :])
    try:
        assert encode(data, "permalink.png")
    except UnreadableImage as error:
        assert str(error)
