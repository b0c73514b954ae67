"""A release of a few changes, for an emergency: the same as the whole one, and sooner."""

from __future__ import annotations

from publisher.release.make import draft, make_of_changes
from publisher.release.store import SignedRelease
from publisher.release.tuf_metadata import TIMESTAMP
from tests.samples.publishing.releases import Publishing


def of_changes(publishing: Publishing, *paths: str) -> SignedRelease:
    """Plan, and then change nothing but what was named."""
    planned = draft(publishing.store, publishing.output, publishing.now)
    for path in paths:
        publishing.write(path, f"<p>{path}</p>")
    return make_of_changes(publishing.store, publishing.output, planned, paths, publishing.keys, publishing.now)


def test_a_release_of_changes_has_the_files_that_a_whole_one_has(publishing: Publishing) -> None:
    publishing.release()
    signed = of_changes(publishing, "emergency/index.html", "index.html")
    planned = draft(publishing.store, publishing.output, publishing.now)
    assert signed.release.number == 2
    assert planned.release.files == signed.release.files
    assert not planned.is_new  # nothing is left for the next whole release


def test_what_went_away_is_gone_from_a_release_of_changes(publishing: Publishing) -> None:
    publishing.release()
    planned = draft(publishing.store, publishing.output, publishing.now)
    publishing.remove("press/2026/bridge/index.html")
    paths = ["press/2026/bridge/index.html"]
    signed = make_of_changes(publishing.store, publishing.output, planned, paths, publishing.keys, publishing.now)
    assert "press/2026/bridge/index.html" not in signed.release.by_path


def test_metadata_of_a_release_of_changes_name_every_file_with_its_digest(publishing: Publishing) -> None:
    publishing.release()
    signed = of_changes(publishing, "emergency/index.html", "index.html")
    publishing.store.keep_metadata({name: data for name, data in publishing.store.metadata().items() if name != TIMESTAMP})
    whole = publishing.release()  # with no timestamp everything is compared and signed anew
    names = {path.rpartition("/")[2] for path in signed.proof if "bin-" in path}
    assert names == {path.rpartition("/")[2] for path in whole.proof if "bin-" in path}


def test_a_release_of_changes_after_a_killed_one_is_whole(publishing: Publishing) -> None:
    publishing.release()
    before = publishing.store.metadata()
    publishing.write("feed.xml", "<feed>2</feed>")
    publishing.release()
    publishing.store.keep_metadata(before)  # as a program leaves it that was killed between the release and its metadata
    signed = of_changes(publishing, "index.html")
    assert not draft(publishing.store, publishing.output, publishing.now).is_new
    assert signed.release.number == 3


def test_a_commit_that_may_not_have_the_notice_is_marked(publishing: Publishing) -> None:
    publishing.release()
    planned = draft(publishing.store, publishing.output, publishing.now, commit="0" * 40)
    publishing.write("index.html", "<h1>緊急</h1>")
    signed = make_of_changes(publishing.store, publishing.output, planned, ["index.html"], publishing.keys, publishing.now)
    assert signed.release.commit == f"{'0' * 40}+"


def test_nothing_changed_is_the_newest_release_with_its_proof(publishing: Publishing) -> None:
    first = publishing.release()
    planned = draft(publishing.store, publishing.output, publishing.now)
    again = make_of_changes(publishing.store, publishing.output, planned, ["index.html"], publishing.keys, publishing.now)
    assert again.release == first.release
    assert again.proof == first.proof
