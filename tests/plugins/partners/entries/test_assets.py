"""Pictures, sounds and PDF of an entry: which are copied, and for how long missing ones are asked for again. Pure decisions."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from plugins.partners.entries.file_copies import copy_name
from plugins.partners.entries.reconcile import RETRY_PERIOD, EntryChange, ImportPlan, plan
from plugins.partners.entries.versions import StoredEntry
from tests.plugins.partners.entries.test_changes import LATER, LONG, REVIEW, SUMMARY, imported, kinds, version, waiting
from tests.plugins.partners.entries.test_reconcile import FEED, NOW

COPYING = replace(FEED, copy_files=True)
SOUND = ("http://hama.example/nami.mp3",)
PICTURE = '<p>芽。<img src="http://hama.example/me.jpg"></p>\n'
PDF = "http://hama.example/annai.pdf"
LINKED = f'<p><a href="{PDF}">案内</a></p>\n'


ILLUSTRATED = version(body=PICTURE, files=SOUND)


@pytest.fixture
def bare() -> StoredEntry:
    """The file of ILLUSTRATED if its picture could not be had. This is no editor's change: the digest of the written body is that of this text."""
    file, body = imported(ILLUSTRATED), "<p>芽。</p>\n"
    written = imported(version(body=body)).source["written"]
    return StoredEntry(file.path, {**file.front, "source": {**file.source, "written": written}}, body)


@pytest.mark.parametrize(("copies", "files"), [(True, SOUND), (False, None)])
def test_sounds_and_files_are_copied_if_the_feed_says_so_whatever_is_written(
    copies: bool, files: tuple[str, ...] | None, bare: StoredEntry
) -> None:
    feed = replace(FEED, copy_files=copies)
    newer = version(body=LONG, files=SOUND)
    plans = [
        plan([newer], [], feed, LATER),
        plan([newer], [imported(version())], feed, LATER),
        plan([newer], [imported(version())], replace(feed, mode="review"), LATER),
        plan([ILLUSTRATED], [bare], feed, LATER),
    ]
    assert [(change.kind, change.files) for one in plans for change in one.changes] == [
        ("new", files),
        ("changed", files),
        ("edit", files),
        ("pictures", files),
    ]


def test_a_missing_picture_is_asked_for_again_and_the_text_is_written_anew(bare: StoredEntry) -> None:
    change = EntryChange("pictures", bare.path, bare.front, PICTURE, None)
    assert plan([ILLUSTRATED], [bare], FEED, LATER) == ImportPlan((change,), unchanged=1)


@pytest.mark.parametrize(("age", "asked"), [(timedelta(0), True), (RETRY_PERIOD - timedelta(seconds=1), True), (RETRY_PERIOD, False)])
def test_missing_pictures_are_asked_for_during_three_days(age: timedelta, asked: bool, bare: StoredEntry) -> None:
    assert kinds(plan([ILLUSTRATED], [bare], FEED, NOW + age)) == ["pictures"] * asked


@pytest.mark.parametrize("first_seen", ["", "昨日", None])
def test_a_file_whose_first_sight_cannot_be_read_stays_as_it_is(first_seen: str | None, bare: StoredEntry) -> None:
    front = {**bare.front, "first_seen": first_seen}
    if first_seen is None:
        del front["first_seen"]
    assert plan([ILLUSTRATED], [replace(bare, front=front)], FEED, LATER).changes == ()


def test_a_file_that_has_all_its_pictures_stays_as_it_is() -> None:
    assert plan([ILLUSTRATED], [imported(ILLUSTRATED)], FEED, LATER).changes == ()


def test_the_pictures_of_a_summary_are_not_asked_for_since_its_text_is_not_taken() -> None:
    summary = version(body=f'<p><img src="http://hama.example/me.jpg"></p>\n{SUMMARY}')
    done = plan([summary], [imported(version(body=LONG))], FEED, LATER)
    assert (done.changes, done.kept) == ((), 1)


def test_missing_pictures_are_asked_for_while_an_obsolete_version_is_removed(bare: StoredEntry) -> None:
    edit = waiting(imported(ILLUSTRATED), version(body=LONG))
    assert kinds(plan([ILLUSTRATED], [bare, edit], REVIEW, LATER)) == ["pictures", "obsolete"]


def test_a_linked_pdf_that_could_not_be_copied_is_asked_for_again() -> None:
    linked = version(body=LINKED)
    file = imported(linked)
    assert plan([linked], [file], COPYING, LATER).changes == (EntryChange("pictures", file.path, file.front, LINKED, ()),)
    assert plan([linked], [file], FEED, LATER).changes == (), "this feed's files are not copied"


def test_a_linked_pdf_that_was_copied_is_not_asked_for_again() -> None:
    linked = version(body=LINKED)
    file = imported(linked)
    copied = replace(file, body=LINKED.replace(PDF, copy_name(file.path.stem, PDF, "pdf")))
    assert plan([linked], [copied], COPYING, LATER).changes == ()


def test_a_pdf_on_another_host_than_the_entrys_is_not_asked_for() -> None:
    elsewhere = version(body=LINKED.replace("hama.example", "umi.example"))
    assert plan([elsewhere], [imported(elsewhere)], COPYING, LATER).changes == ()
