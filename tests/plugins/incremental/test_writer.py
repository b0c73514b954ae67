"""An incremental build renders only the pages that depend on the change."""

from __future__ import annotations

from pathlib import Path

import pytest

from plugins.builder.options import MANIFEST, BuildOptions, BuildReport
from plugins.builder.run import verify
from tests.samples.tiny import NOW, TinySite


@pytest.fixture
def ten(tiny: TinySite) -> TinySite:
    """Ten articles in ten months, built once."""
    for number in range(1, 11):
        tiny.article(f"press/2020/a{number}.md", f"第{number}話", f"2020-{number:02}-01")
    tiny.write("pages/about.md", "---\ntitle: このサイトについて\n---\n本文です。\n")
    tiny.write("notices/2020/rain.md", "---\ntitle: 大雨です\ndate: 2020-12-01\nexpires: 2022-01-01\nseverity: 注意\n---\n本文です。\n")
    tiny.build()
    return tiny


def rendered(report: BuildReport) -> set[str]:
    return {name.removesuffix("index.html") for name in report.reasons}


def modified(site: TinySite) -> dict[Path, int]:
    return {path: path.stat().st_mtime_ns for path in site.output.rglob("*") if path.is_file() and path.parent != site.output}


def test_a_build_without_a_change_renders_no_page_and_writes_no_file(ten: TinySite) -> None:
    before = modified(ten)
    report = ten.build()
    assert (report.rendered, report.changed, report.removed) == (0, 0, 0)
    assert report.kept > 30
    assert modified(ten) == before


def test_an_edited_body_renders_the_page_of_that_document_alone(ten: TinySite) -> None:
    file = ten.content / "press/2020/a5.md"
    file.write_text(file.read_text(encoding="utf-8").replace("本文です。", "本文を直しました。"), encoding="utf-8")
    report = ten.build()
    assert rendered(report) == {"press/2020/05/a5/"}
    assert report.changed < 40  # the page and its furigana, the four feeds that carry its body, its entry and its shards in the search


def test_a_new_article_renders_its_page_the_pages_that_list_it_and_its_neighbour(ten: TinySite) -> None:
    ten.article("press/2020/a11.md", "第11話", "2020-11-01")
    assert rendered(ten.build()) == {
        "",
        "press/",
        "press/2020/10/",
        "press/2020/10/a10/",
        "press/2020/11/",
        "press/2020/11/a11/",
        "places/ishinomaki/",
        "places/",
        "topics/housing/",
        "topics/",
        "search/",
        "search/titles/2020/",
        "accessibility/results/",
    }


@pytest.mark.parametrize(
    ("old", "new", "lists"),
    [
        ("最初の段落です。", "新しい最初の段落です。", True),  # the summary that a list shows
        ("title: 第5話", "title: 第5話\nslug: another", True),  # the address
        ("title: 第5話", "title: 第5話\nimage: ../../images/sea.png\nimage_alt: 海", True),  # the picture
        ("最初の段落です。", "最初の段落です。\n\n二つめの段落です。", False),
    ],
)
def test_a_list_is_rendered_again_for_what_it_shows_of_a_document_and_not_for_its_body(
    ten: TinySite, old: str, new: str, lists: bool
) -> None:
    ten.image()
    ten.build()
    file = ten.content / "press/2020/a5.md"
    text = file.read_text("utf-8")
    assert old in text
    file.write_text(text.replace(old, new, 1), "utf-8")
    report = ten.build()
    assert ("press/" in rendered(report), "press/2020/05/" in rendered(report)) == (lists, lists)
    options = BuildOptions(NOW, ten.content, ten.root / "publications.toml", ten.output, validate_mail=False)
    assert verify(options, ten.root / "full") == []


def test_a_page_whose_file_somebody_altered_is_rendered_again(ten: TinySite) -> None:
    page = ten.site / "press/2020/05/a5/index.html"
    page.unlink()
    page.write_text("<p>defaced</p>")
    report = ten.build()
    assert rendered(report) == {"press/2020/05/a5/"}
    assert "defaced" not in page.read_text(encoding="utf-8")
    assert "altered" in report.explain("/press/2020/05/a5/")


def test_the_explanation_of_a_rendered_page_names_the_changed_document(ten: TinySite) -> None:
    ten.article("press/2020/a5.md", "題を直した話", "2020-05-01")
    report = ten.build()
    assert "press/2020/a5.md" in report.explain("/press/2020/05/a5/")
    assert "前のまま" in report.explain("/press/2020/01/a1/")
    assert "no such page" in report.explain("/press/2020/01/nothing/")


def test_with_an_unreadable_manifest_every_page_is_rendered_and_comes_out_the_same(ten: TinySite) -> None:
    (ten.output / MANIFEST).write_text('{"format": 1, "pages": 3}')
    report = ten.build()
    assert (report.kept, report.changed) == (0, 0)


def test_the_explanation_says_in_words_what_a_changed_document_means_for_its_own_page_and_for_a_list(ten: TinySite) -> None:
    ten.build()
    file = ten.content / "press/2020/a5.md"
    file.write_text(file.read_text("utf-8") + "\nもう一つの段落です。\n", "utf-8")
    assert "body or front matter of the document" in ten.build().explain("/press/2020/05/a5/")
    file.write_text(file.read_text("utf-8").replace("title: ", "title: 新しい", 1), "utf-8")
    report = ten.build()
    assert "front matter of a document that the page lists" in report.explain("https://site.example.jp/press/")


def test_a_page_of_the_furigana_edition_points_to_its_original(ten: TinySite) -> None:
    ten.build()
    copies = [path.parent.relative_to(ten.site).as_posix() for path in (ten.site / "furigana").rglob("index.html")]
    assert copies, "the edition is missing: SudachiPy is not installed"
    assert "a copy, made anew together with its page" in ten.build().explain(f"/{copies[0]}/")
