"""Pictures: the right sizes, encoded once, the same bytes every time, and never with the metadata of a camera."""

from __future__ import annotations

import io
import random
import re
import shutil
from pathlib import Path

import pytest
from PIL import Image

from plugins.checks.built.page_weight import PORTAL
from plugins.diagnostics import ContentErrors
from plugins.frontmatter.model.document import Picture
from plugins.frontmatter.parse.image_files import UnreadableImage, image_size
from plugins.images import variants
from plugins.images.encode import HEAVIEST, ImageEncoder, Original, encode
from plugins.images.picture_tag import ImageVariants, PictureTags
from plugins.inputs import InputFolder
from tests.samples.tiny import TinySite, make_site

ARTICLE = (
    "---\ntitle: 絵のある記事\ndate: 2020-05-01\nimage: ../../images/sea.jpg\nimage_alt: 海\n---\n段落。\n\n![港](../../images/port.png)\n"
)


def noise(size: tuple[int, int], mode: str = "RGB") -> Image.Image:
    """Return a picture that does not compress, the same every time."""
    return Image.frombytes(mode, size, random.Random(311).randbytes(size[0] * size[1] * len(mode)))


def photograph(path: Path, size: tuple[int, int] = (2400, 1350), orientation: int = 1) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    exif = Image.Exif()
    exif[0x0112] = orientation
    exif[0x010F] = "camera of somebody"
    Image.linear_gradient("L").resize(size).convert("RGB").save(path, exif=exif)


@pytest.fixture(scope="module")
def built_once(tmp_path_factory: pytest.TempPathFactory) -> TinySite:
    """One article with a photograph of 2400 pixels above it and a drawing in its text; one photograph that no page shows."""
    tiny = make_site(tmp_path_factory.mktemp("built"))
    photograph(tiny.content / "images/sea.jpg")
    noise((300, 200)).quantize(8).save(tiny.content / "images/port.png")
    photograph(tiny.content / "images/unseen.jpg", (600, 400))
    tiny.write("images/drawings/sea.svg", "<svg/>")
    tiny.write("press/2020/a.md", ARTICLE)
    tiny.build()
    return tiny


@pytest.fixture
def site_with_pictures(built_once: TinySite, tmp_path: Path) -> TinySite:
    """A copy of it: to encode the pictures takes longer than most tests."""
    return TinySite(shutil.copytree(built_once.root, tmp_path / "checkout", symlinks=True))


def size_of(path: Path) -> tuple[int, int]:
    with Image.open(path) as image:
        return image.size


@pytest.mark.parametrize(
    ("original", "expected"), [(64, (64,)), (800, (240, 480, 800)), (1200, (240, 480, 800, 1200)), (5000, (240, 480, 800, 1280))]
)
def test_no_width_is_larger_than_the_original_or_than_a_screen_needs(original: int, expected: tuple[int, ...]) -> None:
    assert variants.widths(original) == expected


def test_a_page_offers_avif_webp_and_the_permalink_with_width_and_height(site_with_pictures: TinySite) -> None:
    html = site_with_pictures.page("/press/2020/05/a/")
    assert html.index("image/avif") < html.index("image/webp") < html.index('src="/images/sea.jpg"')
    assert 'src="/images/sea.jpg" alt="海" width="2400" height="1350"' in html
    for address, width in re.findall(r"(/pictures/\S+) (\d+)w", html):
        assert size_of(site_with_pictures.site / address.lstrip("/"))[0] == int(width)


def test_only_the_first_picture_of_a_page_is_loaded_at_once(site_with_pictures: TinySite) -> None:
    images = re.findall(r'<img [^>]*src="/images/[^>]*>', site_with_pictures.page("/press/2020/05/a/"))
    assert ["lazy" in image for image in images] == [False, True]
    site_with_pictures.write("press/2020/b.md", ARTICLE.replace("image: ../../images/sea.jpg\nimage_alt: 海\n", ""))
    site_with_pictures.build()
    (image,) = re.findall(r'<img [^>]*src="/images/[^>]*>', site_with_pictures.page("/press/2020/05/b/"))
    assert "lazy" not in image


def test_neither_the_original_nor_the_metadata_of_the_camera_is_published(site_with_pictures: TinySite) -> None:
    shipped = [path for path in site_with_pictures.site.rglob("*") if path.suffix in (".jpg", ".png", ".webp", ".avif")]
    assert max(size_of(path)[0] for path in shipped) == 1280
    assert not any(b"camera of somebody" in path.read_bytes() for path in shipped)
    assert not (site_with_pictures.site / "images/drawings").exists()


def test_every_picture_of_a_public_page_has_a_permalink_with_a_file_of_at_most_1152_pixels(site_with_pictures: TinySite) -> None:
    assert size_of(site_with_pictures.site / "images/sea.jpg") == (1152, 648)
    assert size_of(site_with_pictures.site / "images/port.png") == (300, 200)
    assert not (site_with_pictures.site / "images/unseen.jpg").exists()
    assert sum(path.is_dir() for path in (site_with_pictures.site / "pictures").iterdir()) == 2


def test_a_mail_loads_the_file_at_the_permalink(site_with_pictures: TinySite) -> None:
    site_with_pictures.write(
        "mail/press/1.md", "---\ntitle: 号\ndate: 2020-06-01\npreheader: 話題を一つ\n---\n\n## 話題\n\n::記事 ../../press/2020/a.md\n"
    )
    site_with_pictures.build()
    mail = (site_with_pictures.output / "mail/press/1/mail.html").read_text(encoding="utf-8")
    assert "https://site.example.jp/images/sea.jpg" in mail
    assert "/pictures/" not in mail
    assert "image/avif" in site_with_pictures.page("/mail/press/1/")


def test_a_webp_original_has_a_jpeg_at_its_permalink_for_old_readers(tiny: TinySite) -> None:
    (tiny.content / "images").mkdir(exist_ok=True)
    noise((80, 40)).save(tiny.content / "images/sea.webp")
    tiny.write("press/2020/a.md", "---\ntitle: 題\ndate: 2020-05-01\n---\n![海](../../images/sea.webp)\n")
    tiny.build()
    assert 'src="/images/sea.webp.jpg"' in tiny.page("/press/2020/05/a/")
    with Image.open(tiny.site / "images/sea.webp.jpg") as image:
        assert image.format == "JPEG"


def test_a_photograph_that_was_taken_upright_is_encoded_upright(tmp_path: Path) -> None:
    photograph(tmp_path / "tall.jpg", (400, 300), orientation=6)
    assert image_size((tmp_path / "tall.jpg").read_bytes(), ".jpg") == (300, 400)
    with Image.open(io.BytesIO(encode((tmp_path / "tall.jpg").read_bytes(), "240.webp"))) as image:
        assert image.size == (240, 320)


@pytest.mark.parametrize("name", ["48.avif", "48.webp", "permalink.png", "permalink.jpg"])
@pytest.mark.parametrize("mode", ["RGB", "RGBA", "L"])
def test_the_same_original_always_gives_the_same_bytes(name: str, mode: str) -> None:
    written = io.BytesIO()
    noise((96, 60), mode).save(written, "PNG")
    assert encode(written.getvalue(), name) == encode(written.getvalue(), name)


@pytest.mark.parametrize("name", ["800.webp", "permalink.jpg"])
def test_a_photograph_full_of_leaves_is_never_so_heavy_that_it_holds_up_the_portal(name: str) -> None:
    buffer = io.BytesIO()
    noise((900, 1200)).save(buffer, "JPEG", quality=90)
    assert len(encode(buffer.getvalue(), name)) <= HEAVIEST < PORTAL


def test_an_encoded_file_comes_from_the_cache_until_its_original_changes(tmp_path: Path) -> None:
    photograph(tmp_path / "sea.jpg", (300, 200))
    encoder = ImageEncoder(tmp_path / "cache")
    cached = encoder.variant(Original.of(InputFolder(tmp_path), "sea.jpg"), "240.webp")
    cached.write_bytes(b"kept")
    assert encoder.variant(Original.of(InputFolder(tmp_path), "sea.jpg"), "240.webp").read_bytes() == b"kept"
    photograph(tmp_path / "sea.jpg", (301, 200))
    assert encoder.variant(Original.of(InputFolder(tmp_path), "sea.jpg"), "240.webp").read_bytes() != b"kept"


def test_a_damaged_picture_stops_the_build_with_the_line_that_names_it(tiny: TinySite) -> None:
    photograph(tiny.content / "images/sea.jpg")
    whole = (tiny.content / "images/sea.jpg").read_bytes()
    (tiny.content / "images/sea.jpg").write_bytes(whole[: len(whole) // 2])
    tiny.write("press/2020/a.md", ARTICLE.replace("![港](../../images/port.png)", ""))
    with pytest.raises(ContentErrors) as caught:
        tiny.build()
    (fault,) = caught.value.diagnostics
    assert (str(fault.path), fault.line) == ("content/press/2020/a.md", 4)
    assert "壊れています" in fault.ja


def test_bytes_that_are_no_picture_are_unreadable() -> None:
    with pytest.raises(UnreadableImage):
        encode(b"not a picture", "240.avif")


def test_an_alternative_text_cannot_leave_its_attribute() -> None:
    markup = PictureTags({}).show(Picture("/images/a.png", 'a" onerror="x', 4, 3), eager=True)
    assert 'alt="a&#34; onerror=&#34;x"' in markup


def test_a_greater_than_sign_in_an_alternative_text_does_not_break_the_markup() -> None:
    body = '<p><img alt="a > b" src="/images/a.png" width="4" height="3" loading="lazy"> x</p>'
    markup = PictureTags({"/images/a.png": ImageVariants("/pictures/0/", 4, 3)}).add_sources(body, first_eager=False)
    assert markup.startswith("<p><picture><source") and markup.endswith("</picture> x</p>")


def test_a_grey_picture_of_16_bits_keeps_its_shades() -> None:
    grey = Image.new("I;16", (256, 2))
    for x in range(256):
        for y in range(2):
            grey.putpixel((x, y), x * 257)
    file = io.BytesIO()
    grey.save(file, "PNG")
    with Image.open(io.BytesIO(encode(file.getvalue(), "256.webp"))) as shown:
        shades = [shown.convert("L").getpixel((x, 0)) for x in range(0, 256, 15)]
    assert all(abs(shade - x) <= 12 for shade, x in zip(shades, range(0, 256, 15), strict=True)), shades  # type: ignore[operator]
