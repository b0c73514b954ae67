"""What single content types add: lists of jobs and records, PDFs, transcripts, captions, JSON-LD; and a content type that is new."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar

import pytest
from pydantic import Field
from pypdf import PdfWriter

from plugins.builder.checkout.source_check import check_sources
from plugins.diagnostics import ContentErrors
from plugins.frontmatter.model.content_types import CONTENT_TYPES, Dated
from plugins.frontmatter.model.fields import Line
from plugins.frontmatter.parse.attachments import check_captions
from plugins.structured_data.documents import transcript
from tests.samples.tiny import NOW, PUBLICATIONS, TinySite

KIROKU = PUBLICATIONS.split("[publications.jobs]")[1].split("[publications.notices]")[0]
WORD = 'kind = "job"'
MORE = "".join(
    f"[publications.{key}]" + KIROKU.replace(WORD, WORD.replace("job", kind)) for key, kind in (("kiroku", "record"), ("ranger", "video"))
)
JOB = """---
title: 看護師
date: 2021-03-01
municipalities: [石巻市]
employer: 見本病院
place: 石巻市
employment: {employment}
pay: 月給19万8000円から24万円
deadline: {deadline}
---
病棟で働く人を募集します。
"""
RECORD = """---
title: 記録
date: 2020-05-01
school_level: 小学校
record_kind: 対応記録
fiscal_year: 2011
aliases: [/old/kiroku/]
attachments:
  - {file: ../../files/a.pdf, title: 手帳の写し}
---
記録の本文です。
"""
VIDEO = "---\ntitle: 動画\ndate: 2020-05-01\nvideo: https://video.example.jp/1\nduration: '1:05'\ncaptions: ../../files/a.vtt\n---\n動画です。\n\n"
VTT = "WEBVTT\n\n00:01.000 --> 00:04.000\nこんにちは。\n"


@pytest.fixture
def site(tiny: TinySite) -> TinySite:
    """A site with jobs, records and videos, and the files they need."""
    (tiny.root / "publications.toml").write_text(PUBLICATIONS + MORE, encoding="utf-8")
    tiny.write("files/a.vtt", VTT)
    writer = PdfWriter()
    for _ in range(3):
        writer.add_blank_page(200, 200)
    writer.write(tiny.content / "files/a.pdf")
    return tiny


def described(site: TinySite, url: str, name: str) -> Any:
    texts = site.tree(url).xpath("//script[@type='application/ld+json']/text()")
    return next(data for data in map(json.loads, texts) if data["@type"] == name)


def test_jobs_are_listed_by_municipality_and_employment_nearest_deadline_first(site: TinySite) -> None:
    site.write("jobs/2021/later.md", JOB.format(employment="正社員", deadline="2021-05-31"))
    site.write("jobs/2021/sooner.md", JOB.format(employment="パート", deadline="2021-04-05"))
    site.write("jobs/2021/over.md", JOB.format(employment="正社員", deadline="2021-03-30"))
    site.build()
    links = site.tree("/jobs/place/ishinomaki/").xpath("//h2/a/@href")
    assert links == ["/jobs/2021/03/sooner/", "/jobs/2021/03/later/"]
    assert site.tree("/jobs/employment/part-time/").xpath("//h2/a/@href") == ["/jobs/2021/03/sooner/"]
    assert 'href="/jobs/employment/full-time/"' in site.page("/jobs/")
    assert "jobs/place/ishinomaki/" in (site.site / "sitemap-jobs.xml").read_text(encoding="utf-8")
    posting = described(site, "/jobs/2021/03/later/", "JobPosting")
    assert posting["validThrough"] == "2021-06-01T00:00:00+09:00"
    assert posting["employmentType"] == "FULL_TIME"
    assert posting["baseSalary"]["value"] == {"@type": "QuantitativeValue", "unitText": "MONTH", "minValue": 198000, "maxValue": 240000}
    assert posting["jobLocation"][0]["address"]["addressLocality"] == "石巻市"


def test_a_record_links_its_pdfs_with_pages_and_size_and_keeps_its_former_address(site: TinySite) -> None:
    site.write("kiroku/2020/a.md", RECORD)
    site.build()
    assert "手帳の写し（PDF、3ページ、1 kB）" in site.page("/kiroku/2020/05/a/")
    assert (site.site / "files/a.pdf").is_file()
    for url in ("/kiroku/fiscal/2011/", "/kiroku/level/elementary/", "/kiroku/type/responses/"):
        assert "/kiroku/2020/05/a/" in site.page(url)
    assert "url=/kiroku/2020/05/a/" in site.page("/old/kiroku/")
    report = described(site, "/kiroku/2020/05/a/", "Report")
    assert report["associatedMedia"][0]["contentUrl"] == "https://site.example.jp/files/a.pdf"


@pytest.mark.parametrize(
    ("content", "words"), [(None, "ファイル「../../files/a.pdf」がありません"), (b"%PDF-1.7 broken", "が読めません"), (b"", "が読めません")]
)
def test_a_pdf_that_is_missing_or_damaged_is_refused(site: TinySite, content: bytes | None, words: str) -> None:
    site.write("kiroku/2020/a.md", RECORD)
    (site.content / "files/a.pdf").unlink()
    if content is not None:
        (site.content / "files/a.pdf").write_bytes(content)
    with pytest.raises(ContentErrors, match=rf"content/kiroku/2020/a\.md:9: .*{words}"):
        site.build()


@pytest.mark.parametrize(
    ("body", "words"), [("本文。\n", "書き起こしがありません"), ("## 書き起こし\n\n## ほか\n\n文。\n", "ことばがありません")]
)
def test_a_video_without_a_transcript_is_refused(site: TinySite, body: str, words: str) -> None:
    site.write("ranger/2020/a.md", VIDEO + body)
    with pytest.raises(ContentErrors, match=words):
        site.build()


def test_a_video_is_described_with_its_transcript(site: TinySite) -> None:
    site.write("ranger/2020/a.md", VIDEO + "## 書き起こし\n\n**記者**：港です。\n\n## ほか\n\n文。\n")
    site.build()
    video = described(site, "/ranger/2020/05/a/", "VideoObject")
    assert (video["duration"], video["transcript"]) == ("PT1M5S", "記者：港です。")
    assert video["caption"]["contentUrl"] == "https://site.example.jp/files/a.vtt"
    assert transcript("本文") == ""


@pytest.mark.parametrize(
    ("page", "player"),
    [
        ("https://www.youtube.com/watch?v=abcdefghijk&t=5", "https://www.youtube-nocookie.com/embed/abcdefghijk"),
        ("https://youtu.be/abcdefghijk", "https://www.youtube-nocookie.com/embed/abcdefghijk"),
        ("https://vimeo.com/123456", "https://player.vimeo.com/video/123456"),
        ("https://video.example.jp/075", "https://video.example.jp/075"),
    ],
)
def test_a_film_on_a_platform_is_described_with_the_address_of_its_player(site: TinySite, page: str, player: str) -> None:
    site.write("ranger/2020/a.md", re.sub("(?m)^video: .*$", f"video: {page}", VIDEO) + "## 書き起こし\n\n港です。\n")
    site.build()
    video = described(site, "/ranger/2020/05/a/", "VideoObject")
    assert video["embedUrl"] == player and "contentUrl" not in video


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("字幕\n", 1, "first line"),
        ("WEBVTT\n", 1, "not a single"),
        ("WEBVTT\n\n1 --> 2\n語\n", 3, "cannot read"),
        ("WEBVTT\n\n00:04.000 --> 00:01.000\n語\n", 3, "before it begins"),
        ("WEBVTT\n\n00:01.000 --> 00:02.000\n\n", 3, "no words"),
    ],
)
def test_captions_that_no_player_shows_are_reported_with_their_line(text: str, line: int, words: str) -> None:
    assert [(number, words in en) for number, _, en in check_captions(text)] == [(line, True)]
    assert check_captions(VTT) == []


SHELTER = """---
title: 中央小学校
date: 2021-03-01
address: 石巻市架空町1番
latitude: 38.43
longitude: 141.3
capacity: 300
municipalities: [石巻市]
---
体育館が避難所になります。
"""
SHELTER_TEMPLATE = "<dl class=card><div><dt>所在地</dt><dd>{{ m.address }}</dd></div><div><dt>座標</dt><dd>{{ m.latitude }}, {{ m.longitude }}</dd></div></dl>\n"


class SampleShelter(Dated):
    """A place to flee to."""

    key: ClassVar[str] = "sample-shelter"
    word: ClassVar[str] = "避難所"
    address: Line
    latitude: float = Field(ge=20, le=46)
    longitude: float = Field(ge=122, le=154)
    capacity: int | None = Field(default=None, ge=1)

    @property
    def facts(self) -> tuple[tuple[str, str], ...]:
        return (("収容", f"{self.capacity}人"),) if self.capacity else ()


del CONTENT_TYPES["sample-shelter"]  # only for the tests below


@pytest.fixture
def shelters(tiny: TinySite, tmp_path: Path) -> Iterator[TinySite]:
    """A checkout with a content type of its own: one class, and a theme without its template."""

    CONTENT_TYPES["sample-shelter"] = SampleShelter
    shutil.copytree("themes/miyagi", tiny.root / "theme")
    (tiny.root / "settings.py").write_text(f"from pelicanconf import *\n\nTHEME = {str(tiny.root / 'theme')!r}\n", "utf-8")
    with (tiny.root / "publications.toml").open("a", encoding="utf-8") as toml:
        toml.write(
            '\n[publications.hinan]\ntitle = "避難所一覧"\nreading = "ひなんじょいちらん"\nkind = "sample-shelter"\ncolour = "#1a4f2f"\n'
            'department = "危機対策課"\ncontact = "hinan@example.jp"\ndescription = "避難所です。"\n'
        )
    tiny.write("hinan/2021/chuo.md", SHELTER)
    yield tiny
    del CONTENT_TYPES["sample-shelter"]


def test_a_new_content_type_is_one_class_and_one_template(shelters: TinySite) -> None:
    (shelters.root / "theme" / "templates" / "types" / "sample-shelter.html").write_text(SHELTER_TEMPLATE, "utf-8")
    shelters.build(settings=shelters.root / "settings.py")
    page = shelters.page("/hinan/2021/03/chuo/")
    assert "石巻市架空町1番" in page and "38.43, 141.3" in page and "体育館が避難所になります。" in page
    for url in ("/hinan/", "/places/ishinomaki/", "/"):
        assert 'href="/hinan/2021/03/chuo/"' in shelters.page(url) and "300人" in shelters.page("/hinan/")
    assert "/hinan/2021/03/chuo/" in (shelters.site / "hinan" / "feed.xml").read_text("utf-8")
    assert "/hinan/2021/03/chuo/" in "".join(file.read_text("utf-8") for file in shelters.site.glob("sitemap*.xml"))
    assert any("中央小学校" in file.read_text("utf-8") for file in (shelters.site / "search").rglob("*") if file.is_file())


def test_a_content_type_without_its_template_stops_check_and_build_and_both_name_the_file(shelters: TinySite) -> None:
    settings = shelters.root / "settings.py"
    with pytest.raises(ContentErrors, match=r"templates/types/sample-shelter\.html:1: .*class SampleShelter.*write this file"):
        shelters.build(settings=settings)
    report = check_sources(shelters.content, shelters.root / "publications.toml", NOW, settings)
    assert [diagnostic.path.name for diagnostic in report.errors] == ["sample-shelter.html"]


def test_a_field_that_the_template_forgets_stops_check_and_build_and_both_name_it(shelters: TinySite) -> None:
    template = shelters.root / "theme" / "templates" / "types" / "sample-shelter.html"
    template.write_text(SHELTER_TEMPLATE.replace("{{ m.longitude }}", ""), "utf-8")
    settings = shelters.root / "settings.py"
    with pytest.raises(ContentErrors, match=r"templates/types/sample-shelter\.html:1: .*the field longitude of sample-shelter.*R202"):
        shelters.build(settings=settings)
    report = check_sources(shelters.content, shelters.root / "publications.toml", NOW, settings)
    assert [(diagnostic.rule, "longitude" in diagnostic.ja) for diagnostic in report.errors] == [("R202", True)]


def test_a_class_without_its_key_or_its_word_or_with_the_key_of_another_is_refused() -> None:
    for own, words in (
        ({"word": "避難所"}, "Forgetful has no key"),
        ({"key": "forgetful"}, "Forgetful has no word"),
        ({"key": "job", "word": "仕事"}, "Job and Forgetful have one key"),
    ):
        with pytest.raises(TypeError, match=words):
            type("Forgetful", (Dated,), {"__annotations__": dict.fromkeys(own, "ClassVar[str]"), "__module__": __name__, **own})
    assert "forgetful" not in CONTENT_TYPES and CONTENT_TYPES["job"].__name__ == "Job"


def test_an_unknown_content_type_of_a_publication_is_refused_with_those_that_there_are(tiny: TinySite) -> None:
    toml = tiny.root / "publications.toml"
    toml.write_text(toml.read_text("utf-8").replace('kind = "article"', 'kind = "artikel"', 1), "utf-8")
    with pytest.raises(ContentErrors, match=r"artikel.*article.*partner"):
        tiny.build()
