"""Pictures of partners: copied once, drawn anew, shown from beside the entry, so that the copy survives the blog."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import lxml.html
import pytest
from PIL import Image

from plugins.partners.entries.files import read_front
from plugins.partners.feed_import import FeedReport
from plugins.partners.http.client import Limits
from plugins.partners.images.naming import images_to_fetch, show_downloaded
from tests.plugins.partners.http.test_fetch import Answer, hang, page, redirect
from tests.plugins.partners.test_update import LATER, NOW, World
from tests.samples.tiny import TinySite

ITEM = (
    '<rss version="2.0"><channel><title>t</title><item><guid isPermaLink="false">tag:1</guid><title>浜の朝</title>'
    "<link>http://hama.example.com/1</link><pubDate>Sun, 11 Mar 2012 01:00:00 GMT</pubDate><description><![CDATA[{body}]]></description></item></channel></rss>"
)


def encoded(size: tuple[int, int] = (64, 36), kind: str = "JPEG", mode: str = "RGB", **how: object) -> bytes:
    out = io.BytesIO()
    Image.new(mode, size, (30, 120, 140, 90)[: len(mode)]).save(out, kind, **how)
    return out.getvalue()


class Gallery(World):
    """One entry with ``body``, whose pictures are on the same server."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.rehearsal = True

    def show(self, body: str, pages: dict[str, Answer], now: datetime = NOW) -> FeedReport:
        feed = ITEM.format(body=body.replace("HERE", "http://hama.example.com")).encode()
        return self.run({"/hama": page(feed), **pages}, now=now)["hama"]

    @property
    def entry(self) -> Path:
        (path,) = self.options.content.rglob("*.md")
        return path

    @property
    def body(self) -> str:
        return self.entry.read_text("utf-8").split("\n---\n\n", 1)[1]

    def pictures(self) -> list[Path]:
        return sorted(path for path in self.options.content.rglob("*.*") if path.suffix in (".jpg", ".webp"))


@pytest.fixture
def gallery(tmp_path: Path) -> Gallery:
    return Gallery(tmp_path)


def picture(data: bytes) -> Answer:
    return page(data, Content_Type="image/jpeg")


def test_a_picture_is_saved_beside_its_entry_with_its_description(gallery: Gallery) -> None:
    report = gallery.show('<p>朝</p><img src="HERE/a.jpg" alt="夜明けの港">', {"/a.jpg": picture(encoded())})
    (copy,) = gallery.pictures()
    assert copy.parent == gallery.entry.parent and copy.name.startswith(gallery.entry.stem + "-") and copy.suffix == ".jpg"
    assert gallery.body == f'<p>朝</p>\n\n<p><img src="{copy.name}" alt="夜明けの港"></p>\n'
    front = read_front(gallery.entry)
    assert (front["image"], front["image_alt"]) == (copy.name, "夜明けの港")
    assert (report.new, report.pictures) == (1, 1)


def test_a_picture_is_fetched_once(gallery: Gallery) -> None:
    pages = {"/a.jpg": picture(encoded())}
    gallery.show('<img src="HERE/a.jpg" alt="港">', pages)
    before = gallery.files()
    gallery.show('<img src="HERE/a.jpg" alt="港">', pages, now=LATER)
    assert gallery.files() == before and len(gallery.site.asked("/a.jpg")) == 1
    report = gallery.show('<p>朝</p><img src="HERE/a.jpg?utm_source=feed" alt="港">', pages, now=LATER)
    assert report.changed == 1 and len(gallery.site.asked("/a.jpg")) == 1 and len(gallery.pictures()) == 1


def test_the_full_size_behind_a_small_picture_is_taken_and_the_link_goes(gallery: Gallery) -> None:
    pages = {"/s1600/a.jpg": picture(encoded((3000, 1500))), "/s320/a.jpg": picture(encoded((320, 160)))}
    gallery.show('<a href="HERE/s1600/a.jpg"><img src="HERE/s320/a.jpg" alt="港"></a>', pages)
    (copy,) = gallery.pictures()
    with Image.open(copy) as image:
        assert image.size == (1200, 600)
    assert "<a" not in gallery.body and not gallery.site.asked("/s320/a.jpg")


def test_the_small_picture_is_taken_when_the_link_leads_to_a_page(gallery: Gallery) -> None:
    gallery.show('<a href="HERE/big.jpg"><img src="HERE/a.jpg" alt="港"></a>', {"/big.jpg": page(b"<html>"), "/a.jpg": picture(encoded())})
    assert len(gallery.pictures()) == 1 and "<a" not in gallery.body


def test_a_picture_is_encoded_anew_without_hidden_data(gallery: Gallery) -> None:
    exif = Image.Exif()
    exif[0x0112], exif[0x010F] = 6, "GPS and <script>alert(1)</script>"
    data = encoded((60, 20), exif=exif) + b"PK\x03\x04 a second file"
    gallery.show('<img src="HERE/a.jpg" alt="港">', {"/a.jpg": picture(data)})
    copy = gallery.pictures()[0].read_bytes()
    assert b"script" not in copy and b"PK" not in copy and b"Exif" not in copy
    with Image.open(io.BytesIO(copy)) as image:
        assert image.size == (20, 60), "turned as its writer saw it"


@pytest.mark.parametrize(
    ("kind", "mode", "suffix"),
    [
        ("PNG", "RGBA", ".webp"),
        ("PNG", "RGB", ".jpg"),
        ("GIF", "RGB", ".jpg"),
        ("WEBP", "RGBA", ".webp"),
        ("AVIF", "RGB", ".jpg"),
        ("AVIF", "RGBA", ".webp"),
    ],
)
def test_each_format_becomes_jpeg_or_webp(gallery: Gallery, kind: str, mode: str, suffix: str) -> None:
    gallery.show('<img src="HERE/x" alt="港">', {"/x": picture(encoded(kind=kind, mode=mode))})
    assert [copy.suffix for copy in gallery.pictures()] == [suffix]


def huge() -> bytes:
    """A PNG of a few hundred bytes that says it is 60,000 pixels wide and high."""
    data = bytearray(encoded(kind="PNG"))
    data[16:24] = (60_000).to_bytes(4, "big") * 2
    return bytes(data)


BAD: dict[str, Callable[[], Answer]] = {
    "html": lambda: page(b"<html>not found</html>"),
    "svg": lambda: page(b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>'),
    "cut": lambda: picture(encoded()[:80]),
    "huge": lambda: picture(huge()),
    "elsewhere": lambda: redirect("http://169.254.169.254/latest/a.jpg"),
    "postscript": lambda: picture(b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n"),
}


@pytest.mark.parametrize("name", BAD)
def test_a_file_that_is_no_picture_stays_a_link_to_the_original(gallery: Gallery, name: str) -> None:
    report = gallery.show('<p>朝</p><img src="HERE/a.jpg" alt="港">', {"/a.jpg": BAD[name]()})
    assert report.new == 1 and gallery.pictures() == []
    assert '<a href="http://hama.example.com/1" rel="nofollow noopener">港</a>' in gallery.body
    assert "image" not in read_front(gallery.entry)


def test_a_tracking_picture_that_hid_its_size_leaves_nothing(gallery: Gallery) -> None:
    gallery.show('<p>朝</p><p><img src="HERE/t.gif"></p>', {"/t.gif": picture(encoded((1, 1), "GIF"))})
    assert gallery.body == "<p>朝</p>\n" and gallery.pictures() == []


def test_a_picture_without_description_gets_the_title_and_is_not_shown_in_lists(gallery: Gallery) -> None:
    gallery.show('<img src="HERE/a.jpg" alt="DSC0001.JPG">', {"/a.jpg": picture(encoded())})
    assert 'alt="「浜の朝」の画像"' in gallery.body and "image" not in read_front(gallery.entry)


def test_a_missing_picture_is_asked_for_during_three_days(gallery: Gallery) -> None:
    body = '<img src="HERE/a.jpg" alt="DSC1">'
    gallery.show(body, {})
    first = gallery.entry.read_bytes()
    assert gallery.show(body, {}, now=LATER).changed == 0 and gallery.entry.read_bytes() == first
    gallery.show(body, {"/a.jpg": picture(encoded())}, now=NOW + timedelta(days=4))
    assert gallery.entry.read_bytes() == first and len(gallery.site.asked("/a.jpg")) == 2
    report = gallery.show(body, {"/a.jpg": picture(encoded())}, now=NOW + timedelta(days=2))
    assert (report.changed, report.unchanged, report.pictures) == (0, 1, 1)
    assert f'src="{gallery.pictures()[0].name}"' in gallery.body and "updated" not in read_front(gallery.entry)


def test_late_pictures_do_not_undo_an_editors_change(gallery: Gallery) -> None:
    body = '<p>本名</p><img src="HERE/a.jpg" alt="港">'
    gallery.show(body, {})
    gallery.entry.write_text(gallery.entry.read_text("utf-8").replace("本名", "仮名"), "utf-8")
    before = gallery.files()
    gallery.show(body, {"/a.jpg": picture(encoded())}, now=LATER)
    assert gallery.files() == before


def test_a_dead_host_does_not_keep_the_pictures_of_the_others_away(gallery: Gallery) -> None:
    dead = "".join(f'<img src="http://gone{number % 2}.example.com/{number}.png" alt="{number}">' for number in range(12))
    missing = "".join(f'<img src="HERE/missing{number}.jpg" alt="{number}">' for number in range(12))
    good = "".join(f'<img src="/{number}.jpg" alt="良い{number}">' for number in range(6))
    pages = {f"/{number}.jpg": picture(encoded()) for number in range(6)}
    report = gallery.show(dead + missing + good.replace('src="', 'src="HERE'), pages)
    assert report.pictures == 6


def test_a_host_that_never_answers_is_asked_three_times_in_a_run(gallery: Gallery) -> None:
    gallery.options = replace(gallery.options, limits=Limits(first_byte=0.1, total=0.2))
    slow = "".join(f'<img src="HERE/slow{number}.jpg" alt="{number}">' for number in range(8))
    gallery.show(slow, {f"/slow{number}.jpg": hang for number in range(8)})
    assert sum(request.path.startswith("/slow") for request in gallery.site.requests) == 3


def test_pictures_that_an_edit_took_out_are_removed(gallery: Gallery) -> None:
    gallery.show('<img src="HERE/a.jpg" alt="DSC1">', {"/a.jpg": picture(encoded())})
    assert len(gallery.pictures()) == 1
    gallery.show("<p>朝</p>", {}, now=LATER)
    assert gallery.pictures() == [] and gallery.body == "<p>朝</p>\n"


def test_pictures_obey_robots_txt(gallery: Gallery) -> None:
    robots = page(b"User-agent: *\nDisallow: /private/\n")
    pages = {"/robots.txt": robots, "/private/a.jpg": picture(encoded()), "/b.jpg": picture(encoded())}
    gallery.show('<img src="/private/a.jpg" alt="一"><img src="/b.jpg" alt="二">', pages)
    assert len(gallery.pictures()) == 1 and gallery.site.asked("/private/a.jpg") == []


def test_a_rehearsal_asks_no_host_but_the_override_server(gallery: Gallery) -> None:
    body = '<img src="/a.jpg" alt="一"><img src="http://cdn.example.net/b.jpg" alt="二">'
    gallery.show(body, {"/a.jpg": picture(encoded())})
    assert len(gallery.pictures()) == 1 and gallery.resolver.asked == []
    gallery.rehearsal = False
    gallery.show(body + "<p>夕</p>", {}, now=LATER)
    assert set(gallery.resolver.asked) == {"cdn.example.net"}


def test_the_final_body_shows_only_file_names_that_we_made() -> None:
    body = '<p><a href="http://a.example/big.png" rel="nofollow noopener"><img src="http://a.example/s.png" alt=""></a>と</p>\n'
    (image,) = images_to_fetch(body)
    assert image.candidates == ("http://a.example/big.png", "http://a.example/s.png")
    final = show_downloaded(body, {image.src: image.name("20120311-aa", "webp")}, "href='{attach}'", "http://a.example/1")
    (element,) = lxml.html.fromstring(final).iter("img")
    assert element.get("alt") == "「href='｛attach｝'」の画像" and element.get("src") == image.name("20120311-aa", "webp")
    assert image.name("x", "jpg") == images_to_fetch(body.replace("http://a.example/s.png", "https://A.example/s.png"))[0].name("x", "jpg")


ENTRY = (
    "---\ntitle: 浜の朝\ndate: 2020-05-01 06:00\noriginal: https://blog.example.com/1\nauthor: 見本太郎\nlicence: CC BY 4.0\nfeed: blog\n"
    'entry_id: x:1\nfirst_seen: 2020-05-02\nhash: abc\n{more}---\n\n<p>朝</p>\n\n<p><img src="{picture}" alt="港"></p>\n'
)


def test_the_site_publishes_what_a_page_shows_and_not_what_a_draft_would(tiny: TinySite) -> None:
    for name, more in (("20200501-aa", "image: 20200501-aa-2.jpg\nimage_alt: 船\n"), ("20200501-bb", "draft: true\n")):
        tiny.write(f"partners/blog/2020/{name}.md", ENTRY.format(more=more, picture=f"{name}-1.jpg"))
        for number in (1, 2):
            (tiny.content / f"partners/blog/2020/{name}-{number}.jpg").write_bytes(encoded())
    tiny.write("partners/takedown.txt", "https://blog.example.com/9\n")
    tiny.build()
    assert 'src="/partners/blog/2020/20200501-aa-1.jpg" alt="港" width="64" height="36"' in tiny.page("/partners/blog/2020/05/20200501-aa/")
    published = sorted(path.name for path in (tiny.site / "partners").rglob("*.*") if path.suffix not in (".html", ".xml", ".json"))
    assert published == ["20200501-aa-1.jpg", "20200501-aa-2.jpg"]
