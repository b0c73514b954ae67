"""What has to be written when a feed is read again: pure decisions on one entry and its file."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import PurePath
from typing import Any

import pytest

from plugins.partners.entries.entry import Entry, fingerprint
from plugins.partners.entries.reconcile import EntryChange, ImportPlan, plan
from plugins.partners.entries.versions import (
    StoredEntry,
    first_version,
    next_version,
    remembered_version,
    renamed_version,
    waiting_version,
)
from tests.plugins.partners.entries.test_reconcile import FEED, NOW, entry

LATER = NOW + timedelta(days=1)
REVIEW = replace(FEED, mode="review")
SHORT = "<p>浜でわかめの芽が出ました。</p>\n"
LONG = f"<p>{'浜でわかめの芽が出ました。波は静かで、風は北から。' * 12}</p>\n"
SUMMARY = f"<p>{LONG[3:60]}… 続きを読む</p>\n"


def version(title: str = "わかめの芽", body: str = SHORT, number: int = 1, **more: Any) -> Entry:
    of_number = entry(f"tag:{number}", f"http://hama.example/{number}", title)
    return replace(of_number, body=body, fingerprint=fingerprint(title, body), **more)


def written(change: EntryChange, **front: object) -> StoredEntry:
    return StoredEntry(change.path, {**change.front, **front}, change.body or "")


def imported(first: Entry, **front: object) -> StoredEntry:
    """The file of an entry that was imported at NOW and that everybody can read. ``front``: what an editor changed."""
    (change,) = plan([first], [], FEED, NOW).changes
    return written(change, **front)


def waiting(file: StoredEntry, newer: Entry) -> StoredEntry:
    """The file of a new version of ``file`` that an editor has not seen yet."""
    (change,) = plan([newer], [file], REVIEW, NOW).changes
    return written(change)


def kinds(import_plan: ImportPlan) -> list[str]:
    return [change.kind for change in import_plan.changes]


def test_a_new_entry_becomes_a_file_named_after_its_day_and_its_feed() -> None:
    new = version()
    change = EntryChange("new", PurePath("2012/20120301-63b39707.md"), first_version(new, FEED, NOW), SHORT, None)
    assert plan([new], [], FEED, NOW) == ImportPlan((change,), unchanged=0)


def test_only_new_and_changed_entries_are_written_in_the_order_of_the_feed() -> None:
    same, changed, gone = (imported(version(number=number)) for number in (1, 2, 3))
    newer = version(body=LONG, number=2)
    done = plan([version(number=4), newer, version(number=1)], [gone, same, changed], FEED, LATER)
    assert done.changes[1] == EntryChange("changed", changed.path, next_version(newer, changed, FEED, LATER), LONG, None)
    assert (kinds(done), done.unchanged, done.waiting, done.kept) == (["new", "changed"], 1, 0, 0)


def test_a_new_title_alone_leaves_the_text_of_the_file_as_it_is() -> None:
    file = imported(version())
    (change,) = plan([version("わかめの収穫")], [file], FEED, LATER).changes
    assert (change.kind, change.path, change.body, change.front["title"]) == ("changed", file.path, None, "わかめの収穫")


def test_an_editors_title_stays_when_the_partner_changes_the_text() -> None:
    (change,) = plan([version(body=LONG)], [imported(version(), title="編集者の題")], FEED, LATER).changes
    assert (change.kind, change.front["title"], change.body) == ("changed", "編集者の題", LONG)


def test_an_editors_text_stays_when_the_partner_changes_the_title() -> None:
    file = replace(imported(version()), body="<p>編集者の本文。</p>\n")
    (change,) = plan([version("わかめの収穫")], [file], FEED, LATER).changes
    assert (change.kind, change.front["title"], change.body) == ("changed", "わかめの収穫", None)


def test_an_entry_that_left_the_feed_keeps_its_file() -> None:
    assert plan([], [imported(version())], FEED, LATER) == ImportPlan((), unchanged=0)


@pytest.mark.parametrize(
    ("first", "edited_title", "edited_body", "newer"),
    [
        (version(), "編集者の題", SHORT, version("わかめの収穫")),
        (version(), "わかめの芽", "<p>編集者の本文。</p>\n", version(body=LONG)),
        (version(body=LONG), "わかめの芽", LONG, version(body=LONG[:80])),
    ],
    ids=["title", "text", "much-less"],
)
def test_a_new_version_waits_if_it_would_undo_an_editors_change_or_shorten_a_long_text(
    first: Entry, edited_title: str, edited_body: str, newer: Entry
) -> None:
    file = replace(imported(first, title=edited_title), body=edited_body)
    beside = file.path.with_name(f"edit-{file.path.name}")
    change = EntryChange("edit", beside, waiting_version(newer, file, FEED, LATER), newer.body, None)
    assert plan([newer], [file], FEED, LATER) == ImportPlan((change,), unchanged=0, waiting=1)


def test_in_a_feed_in_review_a_new_version_waits_if_the_entry_is_published() -> None:
    file, newer = imported(version()), version(body=LONG)
    assert kinds(plan([newer], [file], REVIEW, LATER)) == ["edit"]
    draft = replace(file, front={**file.front, "draft": True})
    assert kinds(plan([newer], [draft], REVIEW, LATER)) == ["changed"]


def test_three_versions_that_wait_are_counted_apart_from_what_is_unchanged() -> None:
    files = [imported(version(number=number)) for number in range(5)]
    entries = [version(body=LONG if number < 3 else SHORT, number=number) for number in range(5)]
    done = plan(entries, files, REVIEW, LATER)
    assert (kinds(done), done.unchanged, done.waiting) == (["edit"] * 3, 2, 3)


def test_a_new_address_of_an_entry_whose_version_waits_is_remembered_and_not_shown() -> None:
    file, newer = imported(version()), replace(version(body=LONG), original="http://hama.example/moved")
    remembered, edit = plan([newer], [file], REVIEW, LATER).changes
    assert remembered == EntryChange("renamed", file.path, remembered_version(newer, file, REVIEW), None)
    assert remembered.front["original"] == "http://hama.example/1"
    assert remembered.front["also_known_as"] == ["http://hama.example/moved"] and edit.kind == "edit"


def test_a_version_that_waits_already_is_not_written_again() -> None:
    file, newer = imported(version()), version(body=LONG)
    assert plan([newer], [file, waiting(file, newer)], REVIEW, LATER) == ImportPlan((), unchanged=0, waiting=1)


def test_a_version_that_waits_with_pictures_under_other_names_is_not_written_again() -> None:
    file, newer = imported(version()), version(body='<p>芽。<img src="http://hama.example/1.jpg"></p>\n')
    edit = waiting(file, newer)
    assert isinstance(edit.front["source"], dict)
    body = '<p>芽。<img src="copy.jpg"></p>\n'
    (rewritten,) = plan([version(body=body)], [], FEED, NOW).changes
    assert isinstance(rewritten.front["source"], dict)
    source = {**edit.front["source"], "written": rewritten.front["source"]["written"]}
    assert plan([newer], [file, StoredEntry(edit.path, {**edit.front, "source": source}, body)], REVIEW, LATER).changes == ()


def test_the_newest_version_takes_the_place_of_the_one_that_waits() -> None:
    file = imported(version())
    edit = replace(waiting(file, version(body=LONG)), path=PurePath("2012/wakame-new.md"))
    newest = version("わかめの収穫", LONG.replace("北", "南"))
    (change,) = plan([newest], [edit, file], REVIEW, LATER).changes
    assert change == EntryChange("edit", edit.path, waiting_version(newest, file, REVIEW, LATER), newest.body, None)


def test_a_version_on_which_an_editor_is_at_work_is_not_replaced() -> None:
    file = imported(version())
    edit = waiting(file, version(body=LONG))
    at_work = replace(edit, body=LONG + "<p>編集者の一文。</p>\n")
    done = plan([version(body=LONG.replace("北", "南"))], [file, at_work], REVIEW, LATER)
    assert (done.changes, done.waiting) == ((), 1)


def test_a_version_that_waits_is_not_replaced_by_a_summary_of_it() -> None:
    file = imported(version())
    assert plan([version(body=SUMMARY)], [file, waiting(file, version(body=LONG))], REVIEW, LATER).changes == ()


def test_a_version_that_waits_is_removed_when_the_feed_has_the_published_one_again() -> None:
    file = imported(version())
    edit = waiting(file, version(body=LONG))
    removal = EntryChange("obsolete", edit.path, edit.front, None)
    assert plan([version()], [file, edit], REVIEW, LATER) == ImportPlan((removal,), unchanged=1)


def test_a_version_on_which_an_editor_is_at_work_is_not_removed() -> None:
    file = imported(version())
    edit = waiting(file, version(body=LONG))
    assert plan([version()], [file, replace(edit, front={**edit.front, "title": "編集者の題"})], REVIEW, LATER).changes == ()


def test_a_version_that_waits_is_not_removed_when_the_feed_has_its_summary_again() -> None:
    file = imported(version(body=SUMMARY))
    assert plan([version(body=SUMMARY)], [file, waiting(file, version(body=LONG))], REVIEW, LATER).changes == ()


def test_a_version_that_is_published_without_an_editor_waits_no_longer() -> None:
    file, newer = imported(version()), version(body=SUMMARY)
    edit = waiting(file, newer)
    changed, removed = plan([newer], [file, edit], FEED, LATER).changes
    assert (changed.kind, changed.path, changed.body) == ("changed", file.path, SUMMARY)
    assert removed == EntryChange("obsolete", edit.path, edit.front, None)


def test_an_entry_that_moved_gets_its_new_address_and_keeps_its_text() -> None:
    file, moved = imported(version()), replace(version(), original="http://hama.example/moved")
    change = EntryChange("renamed", file.path, renamed_version(moved, file, FEED), None)
    assert plan([moved], [file], FEED, LATER) == ImportPlan((change,), unchanged=1)
    assert change.front["original"] == "http://hama.example/moved"


def test_an_entry_that_moved_back_to_its_published_text_loses_the_version_that_waits() -> None:
    file, moved = imported(version()), replace(version(), original="http://hama.example/moved")
    assert kinds(plan([moved], [file, waiting(file, version(body=LONG))], FEED, LATER)) == ["renamed", "obsolete"]


@pytest.mark.parametrize("nothing", ["", SUMMARY])
def test_a_text_is_kept_when_the_feed_has_only_its_summary_or_nothing(nothing: str) -> None:
    files = [imported(version(body=LONG, number=number)) for number in range(2)]
    done = plan([version(body=nothing, number=number) for number in range(2)], files, FEED, LATER)
    assert done == ImportPlan((), unchanged=2, waiting=0, kept=2)


def test_a_new_title_of_a_summary_is_written_and_the_text_is_kept() -> None:
    file = imported(version(body=LONG))
    done = plan([version("わかめの収穫", SUMMARY)], [file], FEED, LATER)
    assert (kinds(done), done.changes[0].body, done.kept) == (["changed"], None, 1)
