"""Sound and PDF files of partners: copied where the licence allows it, so that they survive the blog, and links everywhere else."""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from pypdf import PdfReader, PdfWriter
from pypdf.generic import ArrayObject, DictionaryObject, NameObject, TextStringObject

from plugins.partners.entries import takedown
from plugins.partners.entries.files import read_front
from plugins.partners.entries.versions import digest
from plugins.partners.feed_import import FeedReport
from plugins.partners.model.config import FeedConfig, read_settings
from plugins.partners.model.licence import allows_copies
from plugins.partners.sandbox.attachment import AttachmentRejected, check_attachment
from tests.plugins.cli.feeds.test_commands import PUBLICATIONS
from tests.plugins.partners.http.test_fetch import Answer, page
from tests.plugins.partners.test_update import HAMA, LATER, NOW, World
from tests.samples.tiny import TinySite

COPIED = replace(HAMA, copy_files=True)
MP3 = b"ID3\x04\x00\x00\x00\x00\x00\x00" + b"\xff\xfb\x90\x00" * 300
ITEM = (
    '<rss version="2.0"><channel><title>t</title><item><guid isPermaLink="false">tag:1</guid><title>浜の朝</title><link>http://hama.example.com/1</link>'
    "<pubDate>Sun, 11 Mar 2012 01:00:00 GMT</pubDate><description><![CDATA[{body}]]></description>{more}</item></channel></rss>"
)
ENCLOSURE = '<enclosure url="{}" type="{}" length="1"/>'
NOTES = '<p>番組です。<a href="/notes.pdf">お知らせ</a>と<a href="https://www.pref.example/x.pdf">県の資料</a></p>'
SOUND = ENCLOSURE.format("http://hama.example.com/1.mp3", "audio/mpeg")


def pdf(**more: object) -> bytes:
    writer = PdfWriter()
    writer.add_blank_page(100, 100)
    for key, value in more.items():
        writer.root_object[NameObject(f"/{key}")] = value
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


class Podcast(World):
    """One entry with files, which are on the same server."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.rehearsal = True

    def show(
        self, pages: Mapping[str, Answer], *, feed: FeedConfig = COPIED, body: str = NOTES, more: str = SOUND, days: int = 0
    ) -> FeedReport:
        document = ITEM.format(body=body, more=more).encode()
        return self.run({"/hama": page(document), **pages}, feed, now=NOW + timedelta(days=days))["hama"]

    @property
    def entry(self) -> Path:
        (path,) = self.options.content.rglob("*.md")
        return path

    @property
    def body(self) -> str:
        return self.entry.read_text("utf-8").split("\n---\n\n", 1)[1]

    def copies(self) -> list[str]:
        return sorted(path.name for path in self.options.content.rglob("*.*") if path.suffix in (".mp3", ".pdf"))


@pytest.fixture
def podcast(tmp_path: Path) -> Podcast:
    return Podcast(tmp_path)


def test_enclosures_and_files_of_the_blog_itself_are_copied_and_the_links_say_kind_and_size(podcast: Podcast) -> None:
    report = podcast.show({"/1.mp3": page(MP3), "/notes.pdf": page(pdf())})
    sound, document = sorted(podcast.copies(), key=lambda name: name.endswith(".pdf"))
    assert report.attachments == 2 and sound.startswith(podcast.entry.stem) and (podcast.entry.parent / sound).read_bytes() == MP3
    assert f'<a href="{document}" rel="nofollow noopener">お知らせ（PDF、1kB）</a>' in podcast.body
    assert f'<a href="{sound}" rel="nofollow noopener">音声：1.mp3（1kB）</a>' in podcast.body
    assert '<a href="https://www.pref.example/x.pdf" rel="nofollow noopener">県の資料</a>' in podcast.body, "not the partner's to give"
    source = read_front(podcast.entry)["source"]
    assert isinstance(source, dict) and source["written"] == digest(podcast.body), "the copies are no edit of an editor"


def test_nothing_is_copied_unless_the_licence_allows_it(podcast: Podcast) -> None:
    report = podcast.show({"/1.mp3": page(MP3), "/notes.pdf": page(pdf())}, feed=HAMA)
    assert report.attachments == 0 and podcast.copies() == []
    assert '<a href="http://hama.example.com/1.mp3" rel="nofollow noopener">音声：1.mp3</a>' in podcast.body


def test_a_second_run_asks_for_nothing_and_changes_no_byte(podcast: Podcast) -> None:
    pages = {"/1.mp3": page(MP3), "/notes.pdf": page(pdf())}
    podcast.show(pages)
    before = podcast.files()
    podcast.show(pages, days=1)
    assert podcast.files() == before and len(podcast.site.asked("/1.mp3")) == 1


def test_a_file_that_could_not_be_had_stays_a_link_and_is_asked_for_during_three_days(podcast: Podcast) -> None:
    podcast.show({})
    assert '<a href="http://hama.example.com/1.mp3" rel="nofollow noopener">音声：1.mp3</a>' in podcast.body and podcast.copies() == []
    podcast.show({"/1.mp3": page(MP3)}, days=2)
    assert [Path(name).suffix for name in podcast.copies()] == [".mp3"] and "notes.pdf" in podcast.body
    podcast.show({"/1.mp3": page(MP3), "/notes.pdf": page(pdf())}, days=4)
    assert len(podcast.copies()) == 1


def test_a_file_that_is_no_sound_and_no_pdf_is_not_copied(podcast: Podcast) -> None:
    podcast.show({"/1.mp3": page(b"<html><script>alert(1)</script>"), "/notes.pdf": page(b"MZ\x90\x00")})
    assert podcast.copies() == [] and "http://hama.example.com/1.mp3" in podcast.body


def test_copies_go_with_their_link_and_with_their_entry(podcast: Podcast) -> None:
    pages = {"/1.mp3": page(MP3), "/notes.pdf": page(pdf())}
    podcast.show(pages)
    podcast.show(pages, body="<p>番組です。資料は、終わりました。</p>", days=1)
    assert [Path(name).suffix for name in podcast.copies()] == [".mp3"]
    takedown.take_down(podcast.options.content, "http://hama.example.com/1")
    assert podcast.copies() == []


def test_a_pdf_is_written_anew_without_what_acts_and_keeps_its_pages_and_links() -> None:
    javascript = DictionaryObject({NameObject("/S"): NameObject("/JavaScript"), NameObject("/JS"): TextStringObject("app.alert(1)")})
    launch = DictionaryObject({NameObject("/S"): NameObject("/Launch"), NameObject("/F"): TextStringObject("evil.exe")})
    link = DictionaryObject({NameObject("/S"): NameObject("/URI"), NameObject("/URI"): TextStringObject("https://hama.example/")})
    files = DictionaryObject({NameObject("/EmbeddedFiles"): DictionaryObject(), NameObject("/JavaScript"): DictionaryObject()})
    writer = PdfWriter(
        clone_from=PdfReader(io.BytesIO(pdf(OpenAction=javascript, AA=javascript, AcroForm=DictionaryObject(), Names=files)))
    )
    annotations = [
        DictionaryObject({NameObject("/Subtype"): NameObject("/Link"), NameObject("/A"): writer._add_object(action)})
        for action in (launch, link, javascript)
    ]
    writer.pages[0][NameObject("/Annots")] = ArrayObject(annotations)
    out = io.BytesIO()
    writer.write(out)
    suffix, cleaned = check_attachment(out.getvalue())
    assert suffix == "pdf" and not any(
        word in cleaned for word in (b"JavaScript", b"Launch", b"evil", b"OpenAction", b"AcroForm", b"EmbeddedFiles")
    )
    assert len(PdfReader(io.BytesIO(cleaned)).pages) == 1 and b"/URI (https" in cleaned


def test_a_pdf_behind_a_password_is_refused() -> None:
    writer = PdfWriter()
    writer.add_blank_page(10, 10)
    writer.encrypt("secret", algorithm="RC4-128")
    out = io.BytesIO()
    writer.write(out)
    with pytest.raises(AttachmentRejected):
        check_attachment(out.getvalue())


@pytest.mark.parametrize(
    ("data", "suffix"),
    [
        (MP3, "mp3"),
        (MP3[10:], "mp3"),
        (b"\xff\xf1\x50\x80" + b"x" * 9, "aac"),
        (b"OggS\x00", "ogg"),
        (b"fLaC\x00", "flac"),
        (b"\x00\x00\x00\x20ftypM4A \x00", "m4a"),
        (b"RIFF\x24\x00\x00\x00WAVEfmt ", "wav"),
    ],
)
def test_sounds_are_known_by_their_bytes(data: bytes, suffix: str) -> None:
    assert check_attachment(data) == (suffix, data)


@pytest.mark.parametrize(
    "data", [b"", b"<svg/>", b"\xff\xd8\xff\xe0JFIF", b"PK\x03\x04", b"\x00\x00\x00\x20ftypisom", b"\xff\xff", b"\xff\xfe<\x00"]
)
def test_other_bytes_are_no_sound(data: bytes) -> None:
    with pytest.raises(AttachmentRejected):
        check_attachment(data)


@pytest.mark.parametrize(
    ("licence", "allows"),
    [
        ("CC BY 4.0", True), ("cc-by-sa", True), ("CC0", True), ("クリエイティブ・コモンズ 表示 4.0", True), ("公共データ利用規約（第1.0版）", True), ("Public Domain", True),
        ("許可を得て転載", False), ("© 浜の人", False), ("All rights reserved", False), ("転載の許可をいただきました（CCB）", False),
    ],
)  # fmt: skip
def test_the_licence_decides_unless_the_editor_does(tmp_path: Path, licence: str, allows: bool) -> None:
    assert allows_copies(licence) is allows
    path = tmp_path / "publications.toml"
    for line, expected in (("", allows), ("copy_files = true\n", True), ("copy_files = false\n", False)):
        path.write_text(PUBLICATIONS.replace('licence = "CC BY 4.0"\nmode', f'licence = "{licence}"\n{line}mode'), "utf-8")
        assert next(feed.copy_files for feed in read_settings(path).feeds if feed.key == "hama") is expected


def test_the_site_publishes_the_files_to_which_a_live_entry_links_and_no_others(tiny: TinySite) -> None:
    text = (
        "---\ntitle: 題\ndate: 2020-05-01 06:00\noriginal: https://blog.example.com/{0}\nauthor: 見本\nlicence: CC\nfeed: blog\nentry_id: x:{0}\n"
        'first_seen: 2020-05-02\nhash: abc\n{1}---\n\n<p><a href="{0}-0a1b2c3d.mp3" rel="nofollow noopener">音声：1.mp3（1kB）</a></p>\n'
    )
    for name, draft in (("20200501-aa", ""), ("20200501-bb", "draft: true\n")):
        tiny.write(f"partners/blog/2020/{name}.md", text.format(name, draft))
        for number in ("0a1b2c3d", "ffffffff"):
            (tiny.content / f"partners/blog/2020/{name}-{number}.mp3").write_bytes(MP3)
    tiny.build()
    assert 'href="/partners/blog/2020/20200501-aa-0a1b2c3d.mp3"' in tiny.page("/partners/blog/2020/05/20200501-aa/")
    assert [path.name for path in (tiny.site / "partners").rglob("*.mp3")] == ["20200501-aa-0a1b2c3d.mp3"]


def test_a_new_version_that_waits_has_its_copies_and_gives_them_to_its_entry(podcast: Podcast) -> None:
    from plugins.partners.entries import review

    pages = {"/1.mp3": page(MP3), "/2.mp3": page(MP3 * 2)}
    podcast.show(pages, feed=replace(COPIED, mode="review"))
    (draft,) = review.waiting(podcast.options.content)
    review.publish(podcast.options.content, draft.path)
    second = ENCLOSURE.format("http://hama.example.com/2.mp3", "audio/mpeg")
    podcast.show(pages, feed=replace(COPIED, mode="review"), more=second, days=(LATER - NOW).days)
    (draft,) = review.waiting(podcast.options.content)
    review.publish(podcast.options.content, draft.path)
    (copy,) = podcast.copies()
    assert (
        copy.startswith(podcast.entry.stem) and f'href="{copy}"' in podcast.body and (podcast.entry.parent / copy).read_bytes() == MP3 * 2
    )
