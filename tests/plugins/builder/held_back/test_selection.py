from __future__ import annotations

from pathlib import Path

import pytest

from plugins.builder.options import BuildFailed, BuildReport
from plugins.diagnostics import ContentErrors
from tests.samples.history import Checkout, make_checkout

BROKEN = "まちがい"
MOVED = "---\ntitle: 題\ndate: 2020-05-01\nslug: {}\n---\n段落です。\n"


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    """A checkout with one article, committed."""
    checkout = make_checkout(tmp_path / "checkout")
    checkout.site.article("press/2020/a.md", "題の一")
    checkout.commit()
    return checkout


def held(report: BuildReport) -> dict[str, str]:
    """Return by path the day of the version that is published in its place; nothing for a file that stays out."""
    return {each.path.removeprefix("content/"): each.date for each in report.held_back}


def test_a_file_at_fault_is_published_as_it_last_held(checkout: Checkout) -> None:
    checkout.site.article("press/2020/a.md", "題の二")
    checkout.commit()
    for text in ("一", "二"):
        checkout.site.write("press/2020/a.md", BROKEN + text)
        checkout.commit()
    checkout.site.article("press/2020/b.md", "別の課の記事")
    assert held(checkout.site.build(strict=False)) == {"press/2020/a.md": "2020-06-02"}
    assert "題の二" in checkout.site.page("/press/2020/05/a/")
    assert "別の課の記事" in checkout.site.page("/press/2020/05/b/")


def test_a_new_file_at_fault_stays_out_and_so_does_what_links_to_it(checkout: Checkout) -> None:
    checkout.site.write("press/2020/new.md", BROKEN)
    checkout.site.article("press/2020/b.md", lead="[新しい記事の題](new.md)を見る。")
    checkout.site.article("press/2020/a.md", "題の二", lead="[つなぐ記事の題](b.md)を見る。")
    report = checkout.site.build(strict=False)
    assert held(report) == {"press/2020/new.md": "", "press/2020/b.md": "", "press/2020/a.md": "2020-06-01"}
    because = {each.path: each.because_of for each in report.held_back}
    assert because["content/press/2020/b.md"] == ("content/press/2020/new.md",)
    assert because["content/press/2020/a.md"] == ("content/press/2020/b.md",)


def test_an_article_that_links_to_a_file_at_fault_goes_out_if_an_older_version_of_that_holds(checkout: Checkout) -> None:
    checkout.site.write("press/2020/a.md", BROKEN)
    checkout.site.article("press/2020/b.md", "別の課の記事", lead="[題の一の記事](a.md)を見る。")
    assert held(checkout.site.build(strict=False)) == {"press/2020/a.md": "2020-06-01"}
    assert "別の課の記事" in checkout.site.page("/press/2020/05/b/")


def test_a_deleted_file_does_not_come_back(checkout: Checkout) -> None:
    (checkout.site.content / "press/2020/a.md").unlink()
    checkout.commit()
    checkout.site.write("press/2020/a.md", BROKEN)
    assert held(checkout.site.build(strict=False)) == {"press/2020/a.md": ""}


def test_a_file_that_was_moved_and_broken_is_published_as_it_was_before_the_move(checkout: Checkout) -> None:
    checkout.git("mv", "content/press/2020/a.md", "content/press/2020/moved.md")
    file = checkout.site.content / "press/2020/moved.md"
    file.write_text(file.read_text("utf-8").replace("date:", "dat:"), "utf-8")
    checkout.commit()
    (entry,) = checkout.site.build(strict=False).held_back
    assert (entry.path, entry.name, entry.date) == ("content/press/2020/moved.md", "content/press/2020/a.md", "2020-06-01")
    assert "題の一" in checkout.site.page("/press/2020/05/moved/")


def test_what_was_only_on_the_way_to_a_merge_is_not_published(checkout: Checkout) -> None:
    checkout.git("checkout", "-q", "-b", "draft")
    checkout.site.article("press/2020/a.md", "途中の題")
    checkout.commit()
    checkout.site.write("press/2020/a.md", BROKEN)
    checkout.commit()
    checkout.git("checkout", "-q", "main")
    checkout.git("merge", "-q", "--no-ff", "draft")
    assert held(checkout.site.build(strict=False)) == {"press/2020/a.md": "2020-06-01"}
    assert "題の一" in checkout.site.page("/press/2020/05/a/")


def test_of_two_that_want_one_address_the_one_that_came_later_is_held_back(checkout: Checkout) -> None:
    checkout.site.write("press/2020/z.md", MOVED.format("same"))
    checkout.commit()
    checkout.site.write("press/2020/b.md", MOVED.format("same"))
    checkout.commit()
    checkout.site.write("press/2020/z.md", MOVED.format("same").replace("段落", "直した文"))  # changed last, but it had the address first
    checkout.commit()
    assert held(checkout.site.build(strict=False)) == {"press/2020/b.md": ""}
    assert "直した文" in checkout.site.page("/press/2020/05/same/")


def test_an_article_that_is_too_heavy_is_held_back_alone(checkout: Checkout) -> None:
    words = "".join(chr(0x4E00 + number * 7919 % 20_000) + ("。" if number % 40 == 39 else "") for number in range(40_000))
    checkout.site.article("press/2020/heavy.md", lead="\n\n".join(words[start : start + 400] for start in range(0, len(words), 400)))
    checkout.site.article("press/2020/b.md", "別の課の記事")
    (entry,) = checkout.site.build(strict=False).held_back
    assert (entry.path, entry.diagnostics[0].rule) == ("content/press/2020/heavy.md", "B103")
    assert "別の課の記事" in checkout.site.page("/press/2020/05/b/")


def test_publications_toml_stops_the_build_as_before(checkout: Checkout) -> None:
    checkout.site.write("press/2020/a.md", BROKEN)
    toml = checkout.root / "publications.toml"
    toml.write_text(toml.read_text("utf-8").replace('kind = "article"', 'kind = "x"'), "utf-8")
    with pytest.raises(ContentErrors, match=r"publications\.toml"):
        checkout.site.build(strict=False)


def test_a_change_that_no_document_outlives_stops_the_build(checkout: Checkout) -> None:
    for number in range(22):
        checkout.site.article(f"press/2020/n{number}.md")
    checkout.commit()
    toml = checkout.root / "publications.toml"
    toml.write_text(toml.read_text("utf-8").replace('housing = "住まい"', 'housing = "家"'), "utf-8")
    with pytest.raises(BuildFailed, match="23 of 23 documents have no version that holds"):
        checkout.site.build(strict=False)


def test_a_strict_build_refuses_everything(checkout: Checkout) -> None:
    checkout.site.write("press/2020/a.md", BROKEN)
    with pytest.raises(ContentErrors, match=r"a\.md"):
        checkout.site.build()


def test_a_history_that_is_cut_off_says_so(checkout: Checkout, tmp_path: Path) -> None:
    checkout.site.write("press/2020/a.md", BROKEN)
    checkout.commit()
    checkout.git("clone", "-q", "--depth=1", f"file://{checkout.root}", str(tmp_path / "clone"))
    shallow = Checkout(type(checkout.site)(tmp_path / "clone"))
    (entry,) = shallow.site.build(strict=False).held_back
    assert entry.is_cut and not entry.is_public
    assert "shallow clone" in entry.as_record()["reason"]
    checkout.git("-C", str(tmp_path / "clone"), "fetch", "-q", "--unshallow")
    assert held(shallow.site.build(strict=False)) == {"press/2020/a.md": "2020-06-01"}


def test_a_repository_that_cannot_be_read_stops_the_build(checkout: Checkout) -> None:
    checkout.site.write("press/2020/a.md", BROKEN)
    (checkout.root / ".git/HEAD").write_text("x", "utf-8")
    with pytest.raises(BuildFailed, match="Git"):
        checkout.site.build(strict=False)


def test_a_build_after_the_fault_is_mended_equals_a_full_one(checkout: Checkout, tmp_path: Path) -> None:
    before = checkout.site.build().pages
    good = (checkout.site.content / "press/2020/a.md").read_text("utf-8")
    checkout.site.write("press/2020/a.md", BROKEN)
    assert checkout.site.build(strict=False).rendered == 0  # the page is that of the last build
    assert held(checkout.site.build(strict=False)) == {"press/2020/a.md": "2020-06-01"}  # nothing has changed, and it is told again
    checkout.site.write("press/2020/a.md", good.replace("段落", "文"))
    report = checkout.site.build(strict=False)
    assert report.held_back == () and report.pages == before
    assert "最初の文です" in checkout.site.page("/press/2020/05/a/")
    assert (checkout.site.output / "held-back.json").read_text("utf-8") == "[]\n"
