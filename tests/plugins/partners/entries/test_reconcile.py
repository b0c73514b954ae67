"""Which entry is which file: pure decisions."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import PurePath

import pytest

from plugins.partners.entries.entry import Entry, fingerprint, identity, slug
from plugins.partners.entries.reconcile import ImportPlan, match_entries, plan
from plugins.partners.entries.versions import OUR_KEYS, StoredEntry
from plugins.partners.model.config import FeedConfig
from plugins.partners.model.dates import JAPAN

NOW = datetime(2016, 2, 10, 10, 0, tzinfo=JAPAN)
FEED = FeedConfig("hama", "浜のたより", "http://hama.example/feed", "http://hama.example/", "浜の人", "CC BY 4.0", "publish")


def entry(entry_id: str = "tag:1", link: str = "http://hama.example/1", title: str = "題", day: int = 1, dated: bool = True) -> Entry:
    published = datetime(2012, 3, day, 10, 0, tzinfo=JAPAN)
    return Entry(identity(entry_id), entry_id, link, title, "<p>本文</p>\n", published, dated, fingerprint(title, "<p>本文</p>\n"))


def files(import_plan: ImportPlan) -> list[StoredEntry]:
    return [StoredEntry(change.path, change.front) for change in import_plan.changes]


def imported(*entries: Entry) -> list[StoredEntry]:
    return files(plan(entries, [], FEED, NOW))


def count_new(entries: list[Entry], stored: list[StoredEntry]) -> int:
    return [change.kind for change in plan(entries, stored, FEED, NOW).changes].count("new")


def test_the_same_entries_again_are_unchanged() -> None:
    entries = [entry(), entry("tag:2", "http://hama.example/2")]
    assert plan(entries, imported(*entries), FEED, NOW) == ImportPlan((), 2)


def test_one_identity_twice_in_a_feed_is_one_file_and_the_first_wins() -> None:
    (change,) = plan([entry(title="新"), entry(title="旧")], [], FEED, NOW).changes
    assert change.front["title"] == "新"


def test_front_matter_is_in_a_fixed_order_with_the_editors_keys_last() -> None:
    stored = imported(entry())
    edited = [replace(stored[0], front={"draft": False, **stored[0].front, "topics": ["食"]})]
    (change,) = plan([entry(title="新")], edited, FEED, NOW + timedelta(days=1)).changes
    assert [*change.front] == [*(key for key in OUR_KEYS if key not in ("also_known_as", "edit_of")), "draft", "topics"]
    assert change.kind == "changed" and change.path == stored[0].path


def test_two_identities_that_begin_alike_get_two_files() -> None:
    first = imported(entry())
    stranger = [StoredEntry(first[0].path, {**first[0].front, "entry_id": "tag:other", "original": "http://hama.example/other"})]
    (change,) = plan([entry()], stranger, FEED, NOW).changes
    assert change.kind == "new" and change.path != first[0].path
    assert change.path.name.startswith(first[0].path.stem)


def test_an_entry_with_another_id_is_recognised_by_path_and_date() -> None:
    assert count_new([entry("tag:other", "https://www.hama.example/1", title="別の題")], imported(entry())) == 0
    assert count_new([entry("tag:other", "https://www.hama.example/1", title="別の題", day=2)], imported(entry())) == 1


def test_an_undated_entry_with_another_id_is_recognised_by_path_and_title() -> None:
    undated = entry(dated=False)
    assert count_new([replace(undated, entry_id="tag:x", identity="tag:x", published=NOW)], imported(undated)) == 0
    assert count_new([entry("tag:x", "https://www.hama.example/1", title="別の題", dated=False)], imported(undated)) == 1


def test_a_new_entry_never_takes_the_file_of_another_entry_in_the_feed() -> None:
    both = [entry("tag:1"), entry("tag:2")]
    stored = imported(both[0])
    assert count_new(both, stored) == 1
    assert [file is not None for _, file in match_entries(both, stored, FEED)] == [True, False]


def test_a_link_that_is_only_the_home_page_identifies_no_entry() -> None:
    home = "http://hama.example/"
    assert count_new([entry("tag:2", home)], imported(entry("tag:1", home))) == 1


def test_two_entries_or_two_files_at_one_place_and_time_stay_apart() -> None:
    blog = "http://hama.example/blog"
    assert count_new([entry("tag:3", blog), entry("tag:4", blog)], imported(entry("tag:1", blog))) == 2
    assert count_new([entry("tag:3", blog)], imported(entry("tag:1", blog), entry("tag:2", blog))) == 1


def test_a_file_that_an_editor_moved_keeps_its_place() -> None:
    moved = [replace(stored, path=PurePath("2012/wakame.md")) for stored in imported(entry())]
    (change,) = plan([entry(title="新")], moved, FEED, NOW).changes
    assert change.path == PurePath("2012/wakame.md")


@pytest.mark.parametrize("dated", [True, False])
def test_names_of_files_that_others_have_are_never_taken(dated: bool) -> None:
    new = entry(dated=dated)
    more = f" http://hama.example/1 題 {'2012-03-01 10:00' if dated else ''}"
    names = [(8, ""), (16, ""), (8, more), (64, more), (64, f"{more} {new.fingerprint}")]
    paths = [PurePath("2012", f"{slug(new, 'hama', digits, of_this)}.md") for digits, of_this in names]
    assert len(set(paths)) == len(names)
    for free, path in enumerate(paths):
        others = [StoredEntry(taken, {"entry_id": f"tag:other-{number}"}) for number, taken in enumerate(paths[:free])]
        assert [change.path for change in plan([new], others, FEED, NOW).changes] == [path]


def test_two_new_entries_with_one_id_on_one_day_get_two_files() -> None:
    both = [entry(title="朝"), replace(entry(title="夕"), original="http://hama.example/2")]
    paths = [change.path for change in plan(both, [], FEED, NOW).changes]
    assert len(set(paths)) == 2


def test_an_entry_that_has_only_its_blogs_home_page_in_a_folder_is_recognised_by_its_text() -> None:
    feed = replace(FEED, site="http://host.example/~hama/")
    home = entry("http://host.example/~hama/", "http://host.example/~hama/")
    stored = files(plan([home], [], feed, NOW))
    again = entry("sha256:" + home.fingerprint, "http://host.example/~hama/")
    assert [file for _, file in match_entries([again], stored, feed)] == stored
