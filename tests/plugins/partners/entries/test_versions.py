"""Later versions of an entry: an editor's change is never undone, a longer text is never replaced by less, and a feed in review asks first."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from plugins.cli.feeds.tables import notes
from plugins.partners.entries import review
from plugins.partners.entries.files import read_entry, read_front, render
from plugins.partners.feed_import import FeedReport
from plugins.partners.model.config import FeedConfig
from tests.plugins.partners.http.test_fetch import page
from tests.plugins.partners.images.test_download import encoded, picture
from tests.plugins.partners.test_update import HAMA, LATER, NOW, World
from tests.samples.tiny import TinySite

LONG = "長い本文。" * 100
ITEM = (
    '<item><title>{title}</title><link>{link}</link><guid isPermaLink="false">g1</guid>'
    "<pubDate>Mon, 06 Jan 2014 09:00:00 +0900</pubDate><description><![CDATA[{body}]]></description></item>"
)
REVIEW = replace(HAMA, mode="review")


def rss(body: str, title: str = "題名1", link: str = "http://hama.example.com/1") -> bytes:
    item = ITEM.format(title=title, link=link, body=body)
    return f'<rss version="2.0"><channel><title>浜の日記</title>{item}</channel></rss>'.encode()


class Blog(World):
    """A blog of one entry, which is imported again and again."""

    def show(self, *arguments: str, feed: FeedConfig = HAMA, **pages: Any) -> FeedReport:
        shown = {f"/{name}.jpg": answer for name, answer in pages.items()}
        return self.run({"/hama": page(rss(*arguments)), **shown}, feed, now=LATER)["hama"]

    @property
    def entry(self) -> Path:
        return next(path for path in self.options.content.rglob("*.md") if not path.name.startswith("edit-"))

    @property
    def edits(self) -> list[Path]:
        return list(self.options.content.rglob("edit-*.md"))

    def edit_by_hand(self, change: Callable[[str], str]) -> None:
        self.entry.write_text(change(self.entry.read_text("utf-8")), "utf-8")

    def waiting(self) -> tuple[review.WaitingEntry, ...]:
        return review.waiting(self.options.content)

    def decide(self, decision: Callable[[Path, str], None]) -> None:
        (draft,) = self.waiting()
        decision(self.options.content, draft.path)


@pytest.fixture
def blog(tmp_path: Path) -> Blog:
    return Blog(tmp_path)


def published(blog: Blog, *arguments: str) -> None:
    """Import an entry of a feed in review, and publish it."""
    blog.show(*arguments, feed=REVIEW)
    blog.decide(review.publish)


def test_an_edit_of_a_published_entry_waits_for_the_editor(blog: Blog) -> None:
    published(blog, "見本の本文です。")
    before = blog.entry.read_bytes()
    report = blog.show('<a href="https://other.example.jp/">別の文</a>', "別の題", feed=REVIEW)
    assert blog.entry.read_bytes() == before and report.waiting == 1
    assert any("1 new versions wait" in line for line in notes(report))
    (draft,) = blog.waiting()
    assert (draft.title, draft.kind, draft.edit_of) == (
        "別の題",
        "edit",
        blog.entry.relative_to(blog.options.content / "partners").as_posix(),
    )
    assert read_front(blog.edits[0])["draft"] is True


def test_a_new_address_of_a_published_entry_waits_too_but_a_takedown_already_reaches_it(blog: Blog) -> None:
    published(blog, "見本の本文です。", "題", "http://hama.example.com/1")
    blog.show("見本の本文です。", "題", "http://evil.example.com/other", feed=REVIEW)
    front = read_front(blog.entry)
    assert front["original"] == "http://hama.example.com/1" and front["also_known_as"] == ["http://evil.example.com/other"]
    assert [draft.original for draft in blog.waiting()] == ["http://evil.example.com/other"]


def test_a_new_version_that_is_published_takes_the_old_ones_place_with_its_pictures(blog: Blog) -> None:
    published(blog, "見本の本文です。")
    blog.edit_by_hand(lambda text: text.replace("hash:", "topics:\n- 水産業\nhash:"))
    blog.rehearsal = True
    blog.show('<p>新しい文</p><img src="http://hama.example.com/a.jpg" alt="港">', "別の題", feed=REVIEW, a=picture(encoded()))
    date = read_front(blog.entry)["date"]
    blog.decide(review.publish)
    front, body = read_entry(blog.entry)
    (image,) = blog.entry.parent.glob("*.jpg")
    assert (front["title"], front["topics"], front["date"], "draft" in front) == ("別の題", ["水産業"], date, False)
    assert front["updated"] == "2016-02-11T10:00:00+09:00"
    assert "新しい文" in body and f'src="{image.name}"' in body and image.name.startswith(blog.entry.stem)
    assert blog.edits == [] and blog.waiting() == ()
    before = blog.files()
    assert blog.show('<p>新しい文</p><img src="http://hama.example.com/a.jpg" alt="港">', "別の題", feed=REVIEW).waiting == 0
    assert blog.files() == before


def test_a_new_version_that_is_refused_is_not_offered_again_and_the_entry_stays(blog: Blog) -> None:
    published(blog, "見本の本文です。")
    blog.show("別の文です。", feed=REVIEW)
    blog.decide(review.refuse)
    assert "見本の本文" in read_entry(blog.entry)[1] and blog.waiting() == ()
    assert blog.show("別の文です。", feed=REVIEW).waiting == 0
    assert blog.show("もう一つの文です。", feed=REVIEW).waiting == 1


@pytest.mark.parametrize("line", ["", "draft: false\n"])
def test_a_new_version_whose_draft_line_an_editor_deleted_takes_the_old_ones_place(blog: Blog, line: str) -> None:
    published(blog, "見本の本文です。")
    blog.show("別の文です。", "別の題", feed=REVIEW)
    (edit,) = blog.edits
    edit.write_text(edit.read_text("utf-8").replace("draft: true\n", line), "utf-8")
    (waiting,) = blog.waiting()
    blog.show("別の文です。", "別の題", feed=REVIEW)
    assert blog.done.published == (waiting.path,) and blog.edits == [] and blog.waiting() == ()
    assert read_front(blog.entry)["title"] == "別の題" and "draft" not in read_front(blog.entry)
    assert blog.show("別の文です。", "別の題", feed=REVIEW).waiting == 0 and not list(blog.done.published)


def test_a_waiting_version_goes_when_the_partner_takes_it_back(blog: Blog) -> None:
    published(blog, "見本の本文です。")
    blog.show("別の文です。", feed=REVIEW)
    blog.show("見本の本文です。", feed=REVIEW)
    assert blog.waiting() == () and blog.edits == []


@pytest.mark.parametrize("less", ["見本の本文です。… 続きを読む", ""])
def test_a_waiting_version_is_not_replaced_by_a_summary_of_it(blog: Blog, less: str) -> None:
    published(blog, "別の文です。")
    blog.show(f"見本の本文です。{LONG}", feed=REVIEW)
    blog.show(less, feed=REVIEW)
    assert [LONG in edit.read_text("utf-8") for edit in blog.edits] == [True]


def test_a_newer_version_replaces_the_one_that_waits_unless_an_editor_is_at_work_on_it(blog: Blog) -> None:
    published(blog, "見本の本文です。")
    blog.show("別の文です。", feed=REVIEW)
    blog.show("三つ目の文です。", feed=REVIEW)
    (edit,) = blog.edits
    assert "三つ目" in edit.read_text("utf-8")
    edit.write_text(edit.read_text("utf-8").replace("三つ目", "仮名"), "utf-8")
    blog.show("四つ目の文です。", feed=REVIEW)
    assert "仮名" in edit.read_text("utf-8") and len(blog.edits) == 1


@pytest.mark.parametrize("feed", [HAMA, REVIEW], ids=["publish", "review"])
def test_an_editors_redaction_is_never_undone(blog: Blog, feed: FeedConfig) -> None:
    blog.show("本名は山田です。" + LONG, feed=feed)
    blog.edit_by_hand(lambda text: text.replace("山田", "仮名").replace("draft: true\n", ""))
    report = blog.show("本名は山田です。直しました。" + LONG, feed=feed)
    assert "仮名" in blog.entry.read_text("utf-8") and "山田" not in blog.entry.read_text("utf-8")
    assert report.waiting == 1 and [draft.kind for draft in blog.waiting()] == ["conflict"]


def test_a_draft_that_an_editor_began_to_mend_is_not_overwritten(blog: Blog) -> None:
    blog.show("本名は山田です。", feed=REVIEW)
    blog.edit_by_hand(lambda text: text.replace("山田", "仮名"))
    blog.show("本名は山田です。追記。", feed=REVIEW)
    assert "仮名" in blog.entry.read_text("utf-8")


def test_an_editors_title_stays_while_the_partners_new_body_comes(blog: Blog) -> None:
    blog.show("見本の本文です。")
    blog.edit_by_hand(lambda text: text.replace("title: 題名1", "title: 分かりやすい題"))
    assert blog.show("直した本文です。").changed == 1
    front, body = read_entry(blog.entry)
    assert front["title"] == "分かりやすい題" and "直した本文" in body and blog.waiting() == ()
    assert blog.show("直した本文です。", "別の題").waiting == 1


def test_an_editors_credit_stays(blog: Blog) -> None:
    blog.show("見本の本文です。")
    blog.edit_by_hand(
        lambda text: text.replace("author: 浜の人", "author: 浜野ひとし").replace("http://hama.example.com/1", "http://hama.example.com/01")
    )
    blog.show("直した本文です。")
    front = read_front(blog.entry)
    assert (front["author"], front["original"]) == ("浜野ひとし", "http://hama.example.com/01")


def test_a_file_of_an_earlier_version_of_todoke_is_told_from_an_edited_one_by_its_hash(blog: Blog) -> None:
    def without_source(mend: Callable[[str], str]) -> None:
        front, body = read_entry(blog.entry)
        blog.entry.write_bytes(render({key: value for key, value in front.items() if key != "source"}, mend(body)))

    blog.show("見本の本文です。")
    without_source(str)
    assert blog.show("直した本文です。").changed == 1
    without_source(lambda body: body.replace("直した", "職員が直した"))
    assert blog.show("また直した本文です。").waiting == 1 and "職員が" in blog.entry.read_text("utf-8")


@pytest.mark.parametrize(
    "less", ["", "<p></p>", "長い本文。…", "長い本文。長い本文。 [...]", "長い本文。 続きを読む", "長い本文。 Continue reading 題名1 →"]
)
def test_a_text_is_never_replaced_by_a_summary_of_it(blog: Blog, less: str) -> None:
    blog.show(LONG)
    before = blog.files()
    report = blog.show(less)
    assert blog.files() == before and report.kept == 1 and any("longer texts were kept" in line for line in notes(report))


def test_a_new_title_comes_although_the_body_is_a_summary(blog: Blog) -> None:
    blog.show(LONG)
    blog.show("長い本文。…", "別の題")
    front, body = read_entry(blog.entry)
    assert front["title"] == "別の題" and LONG in body
    before = blog.files()
    blog.show("長い本文。…", "別の題")
    assert blog.files() == before


@pytest.mark.parametrize("less", ["ちがう要約です。", "長い本文。" * 60])
def test_a_much_shorter_text_waits_for_the_editor(blog: Blog, less: str) -> None:
    blog.show(LONG)
    report = blog.show(less)
    assert LONG in blog.entry.read_text("utf-8") and report.waiting == 1 and less in blog.edits[0].read_text("utf-8")


def test_a_longer_or_equally_long_text_replaces_the_old_one_at_once(blog: Blog) -> None:
    blog.show(LONG)
    assert blog.show(LONG.replace("長い", "短い")).changed == 1 and blog.show(LONG + "追記。").changed == 1
    assert blog.waiting() == ()


def test_a_document_that_was_cut_off_is_refused(blog: Blog) -> None:
    blog.show(LONG)
    before = blog.files()
    whole = rss(LONG)
    for length in (len(whole) // 2, len(whole) - 10, len(whole) - 40):
        report = blog.run({"/hama": page(whole[:length])}, now=LATER)["hama"]
        assert "incomplete" in str(report.failed) and blog.files() == before


def test_the_entrys_own_author_is_credited(blog: Blog) -> None:
    items = [
        {"id": str(number), "content_text": "x", "authors": [{"name": name}]}
        for number, name in enumerate(["港の人", "admin", "a@b.example", ""])
    ]
    feed = {"version": "https://jsonfeed.org/version/1.1", "title": "t", "items": items}
    blog.run({"/hama": page(json.dumps(feed).encode())}, now=NOW)
    authors = {str(front["entry_id"]): front["author"] for front in map(read_front, blog.options.content.rglob("*.md"))}
    assert authors == {"0": "港の人", "1": "浜の人", "2": "浜の人", "3": "浜の人"}


def test_the_site_takes_the_importers_keys_and_shows_no_version_that_waits(blog: Blog, tiny: TinySite) -> None:
    published(blog, "見本の本文です。", "題", "http://hama.example.com/1")
    blog.show("別の文です。", "題", "http://new.example.com/1", feed=REVIEW)
    for line_of_draft in ("draft: true\n", "", "draft: false\n"):
        for path in (blog.entry, *blog.edits):
            text = path.read_text("utf-8").replace("feed: hama", "feed: blog").replace("draft: true\n", line_of_draft)
            tiny.write(f"partners/blog/2014/{path.name}", text)
        tiny.build()
        pages = [path.parent.name for path in (tiny.site / "partners").rglob("index.html")]
        assert blog.entry.stem in pages and not any(name.startswith("edit-") for name in pages)
    assert "見本の本文" in tiny.page(f"/partners/blog/2014/01/{blog.entry.stem}/")
