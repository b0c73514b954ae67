"""A file is public only if a public document or the settings name it."""

from __future__ import annotations

import datetime as dt
from urllib.parse import quote

import pytest

from plugins.diagnostics import ContentErrors
from tests.samples.tiny import NOW, TinySite

LATER = "---\ntitle: 先の発表\ndate: 2031-02-01\n---\n[計画（PDF、1kB）](../../files/himitsu.pdf)\n"


def public(tiny: TinySite) -> set[str]:
    """The files of the site below the folders of public files."""
    folders = ("files", "data", "images")
    return {path.relative_to(tiny.site).as_posix() for name in folders for path in (tiny.site / name).rglob("*") if path.is_file()}


def warnings(tiny: TinySite, now: dt.datetime = NOW) -> list[tuple[str, str]]:
    return [(str(warning.path), warning.rule) for warning in tiny.build(now).warnings if warning.rule.startswith("F50")]


def test_a_list_of_names_a_lock_file_and_a_pdf_of_an_article_of_next_year_stay_out_with_a_warning(tiny: TinySite) -> None:
    tiny.write("press/2016/later.md", LATER)
    for name in ("data/meibo.csv", "data/~$x.xlsx", "images/Thumbs.db", "files/himitsu.pdf", "files/.DS_Store"):
        tiny.write(name, "秘密")
    assert warnings(tiny) == [
        ("content/data/meibo.csv", "F505"),
        ("content/data/~$x.xlsx", "F505"),
        ("content/files/himitsu.pdf", "F506"),
        ("content/images/Thumbs.db", "F505"),
    ]
    assert public(tiny) == set()


def test_a_file_becomes_public_with_the_article_that_names_it(tiny: TinySite) -> None:
    tiny.write("press/2016/later.md", LATER)
    tiny.write("files/himitsu.pdf", "計画")
    tiny.build()
    assert public(tiny) == set()
    assert warnings(tiny, dt.datetime(2031, 2, 1, tzinfo=NOW.tzinfo)) == []
    assert public(tiny) == {"files/himitsu.pdf"}


def test_a_file_that_an_article_no_longer_names_leaves_the_site(tiny: TinySite) -> None:
    tiny.article("press/2016/a.md", lead="[計画](../../files/a.txt)")
    tiny.write("files/a.txt", "計画")
    tiny.build()
    assert public(tiny) == {"files/a.txt"}
    tiny.article("press/2016/a.md")
    assert warnings(tiny) == [("content/files/a.txt", "F505")] and public(tiny) == set()


def test_a_file_of_a_document_that_has_ended_leaves_the_site_without_a_warning(tiny: TinySite) -> None:
    tiny.write("press/2016/a.md", LATER.replace("2031-02-01", "2020-01-01\nexpires: 2020-02-01"))
    tiny.write("files/himitsu.pdf", "計画")
    assert warnings(tiny) == [] and public(tiny) == set()


def test_a_draft_makes_nothing_public(tiny: TinySite) -> None:
    tiny.write("press/2016/a.md", LATER.replace("date: 2031-02-01", "date: 2020-01-01\ndraft: true"))
    tiny.write("files/himitsu.pdf", "計画")
    assert warnings(tiny) == [("content/files/himitsu.pdf", "F506")] and public(tiny) == set()


def test_a_picture_stays_as_long_as_a_public_issue_shows_it(tiny: TinySite) -> None:
    tiny.image()
    front = "title: 絵のある記事\ndate: 2020-05-01\nexpires: 2020-07-01\nimage: ../../images/sea.png\nimage_alt: 海\n"
    tiny.write("press/2020/a.md", f"---\n{front}---\n本文です。\n")
    tiny.write("mail/press/1.md", "---\ntitle: 号\ndate: 2020-06-01\npreheader: 話題\n---\n\n## 話題\n\n::記事 ../../press/2020/a.md\n")
    tiny.build()
    assert "images/sea.png" in (tiny.output / "mail/press/1/mail.html").read_text("utf-8")
    assert public(tiny) == {"images/sea.png"}


def declare(tiny: TinySite, *names: str) -> None:
    toml = tiny.root / "publications.toml"
    toml.write_text(toml.read_text("utf-8").replace("sample = true", f"sample = true\npublic_files = {list(names)}"), "utf-8")


def test_the_settings_declare_a_file_for_other_programs(tiny: TinySite) -> None:
    declare(tiny, "data/shelters.csv", "data/municipalities.csv")
    tiny.write("data/shelters.csv", "避難所")
    assert warnings(tiny) == [] and public(tiny) == {"data/shelters.csv", "data/municipalities.csv"}


@pytest.mark.parametrize(
    "name", ["data/none.csv", "../publications.toml", "press/2020/a.md", "data", "images/drawings/a.svg", "files/.hidden"]
)
def test_a_declared_file_that_is_not_there_or_cannot_be_public_is_told_with_its_line(tiny: TinySite, name: str) -> None:
    declare(tiny, name)
    tiny.article("press/2020/a.md")
    tiny.write("images/drawings/a.svg", "<svg/>")
    tiny.write("files/.hidden", "秘密")
    with pytest.raises(ContentErrors, match=r"publications\.toml:10: .* \[R103\]"):
        tiny.build()


@pytest.mark.parametrize(
    "target",
    ["../../files/.hidden", "../../images/drawings/a.txt", "../../LICENSE", "../../press/2020/note.txt", "../../../publications.toml"],
)
def test_a_document_cannot_name_a_file_that_is_never_public(tiny: TinySite, target: str) -> None:
    tiny.article("press/2020/a.md", lead=f"[ファイル]({target})")
    for name in ("files/.hidden", "images/drawings/a.txt", "LICENSE", "press/2020/note.txt"):
        tiny.write(name, "秘密")
    with pytest.raises(ContentErrors, match=r"a\.md:7: .* \[F401\]"):
        tiny.library()


def test_two_pictures_that_would_have_one_address_are_told_by_name(tiny: TinySite) -> None:
    tiny.image("images/sea.webp")
    tiny.image("images/sea.webp.jpg")
    with pytest.raises(ContentErrors, match=r"content/images/sea\.webp\.jpg:1: .*images/sea\.webp.* \[F305\]"):
        tiny.build()


@pytest.mark.parametrize(("first", "second"), [("A.pdf", "a.PDF"), ("か\u3099.pdf", "が.pdf"), ("Ａ.pdf", "ａ.pdf")])
def test_files_that_are_one_file_on_windows_or_macos_stop_a_build(tiny: TinySite, first: str, second: str) -> None:
    for name in (first, second):
        tiny.write(f"files/{name}", "x")
    with pytest.raises(ContentErrors) as caught:
        tiny.build()
    assert [(str(found.path), found.rule) for found in caught.value.diagnostics] == [(f"content/files/{max(first, second)}", "F305")]


@pytest.mark.parametrize(
    "name", ["a?b.txt", "a#b.txt", "a%20b.txt", 'a"b.txt', "a\\b.txt", "a\nb.txt", "a\u200bb.txt", "aux.txt", "a.txt.", "b /a.txt"]
)
def test_a_public_file_whose_name_is_no_address_is_told_with_its_name(tiny: TinySite, name: str) -> None:
    tiny.article("press/2016/a.md", lead=f"[計画](../../files/{quote(name)})")
    tiny.write(f"files/{name}", "計画")
    tiny.write("files/#unnamed#", "自動保存")
    with pytest.raises(ContentErrors) as caught:
        tiny.build()
    assert [(str(found.path), found.rule) for found in caught.value.diagnostics] == [(f"content/files/{name}", "F304")]
