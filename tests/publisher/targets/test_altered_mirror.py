"""No altered byte survives a delivery: each way in which somebody can alter a mirror, then a release, and the mirror shows that release and nothing else."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from publisher.model import manifest
from publisher.model.errors import TargetError
from publisher.release.store import SignedRelease
from publisher.release.tuf_metadata import FOLDER
from tests.samples.publishing.releases import Publishing
from tests.samples.publishing.tree_mirrors import Mirror, contents

PAGE = "press/2026/bridge/index.html"


def in_place(www: Path) -> None:
    file = www / "current" / PAGE  # a hard link: the hidden tree has it too
    file.write_bytes(b"DEFACED" + file.read_bytes()[7:])


def in_place_with_the_old_time(www: Path) -> None:
    status = (www / "current" / PAGE).stat()
    in_place(www)
    os.utime(www / "current" / PAGE, ns=(status.st_atime_ns, status.st_mtime_ns))


def replaced(www: Path) -> None:
    (www / "new").write_bytes(b"DEFACED")
    (www / "new").replace(www / "current" / PAGE)


def removed(www: Path) -> None:
    (www / hidden(www) / PAGE).unlink()


def a_link(www: Path) -> None:
    (www / "elsewhere").write_bytes(b"DEFACED")
    (www / hidden(www) / PAGE).unlink()
    (www / hidden(www) / PAGE).symlink_to(www / "elsewhere")


def a_folder_that_leads_elsewhere(www: Path) -> None:
    (www / hidden(www) / "press").rename(www / "moved")
    (www / "moved" / "2026/bridge/index.html").write_bytes(b"DEFACED")
    (www / hidden(www) / "press").symlink_to(www / "moved")


def added_where_readers_see_it(www: Path) -> None:
    (www / "current" / "evil").mkdir()
    (www / "current" / "evil" / "index.html").write_bytes(b"DEFACED")


def added_out_of_sight(www: Path) -> None:
    (www / hidden(www) / os.fsdecode(b"evil\xff\n.html")).write_bytes(b"DEFACED")


def the_proof(www: Path) -> None:
    for tree in (hidden(www), "current"):
        for file in (www / tree / ".well-known").rglob("*"):
            if file.is_file():
                file.write_bytes(b"{}")


def the_record_and_the_manifest(www: Path) -> None:
    for name in ("a", "b"):
        record = json.loads((www / f"slots/{name}.json").read_bytes())
        (www / f"slots/{name}.json").write_text(json.dumps(record | {"number": 99}))
        (www / f"slots/{name}" / manifest.PATH).write_text("# number: 99")
    in_place(www)


def the_exchange_itself(www: Path) -> None:
    (www / "evil" / "slots" / "a").mkdir(parents=True)
    (www / "evil" / "slots" / "a" / "index.html").write_bytes(b"DEFACED")
    (www / "current").unlink()
    (www / "current").symlink_to("evil/slots/a")


def hidden(www: Path) -> str:
    return "slots/" + ({"a", "b"} - {(www / "current").readlink().name}).pop()


WAYS = [
    in_place,
    in_place_with_the_old_time,
    replaced,
    removed,
    a_link,
    a_folder_that_leads_elsewhere,
    added_where_readers_see_it,
    added_out_of_sight,
    the_proof,
    the_record_and_the_manifest,
    the_exchange_itself,
]


def three_releases(publishing: Publishing, mirror: Mirror) -> SignedRelease:
    for text in ("eins", "zwei", "drei"):
        publishing.write("feed.xml", text)
        signed = publishing.release()
        mirror.publish(publishing, signed)
    return signed


def require_released(publishing: Publishing, mirror: Mirror, signed: SignedRelease) -> None:
    assert mirror.shown() == contents(publishing, signed)
    current = mirror.root / "current"
    assert not any(entry.is_symlink() for entry in current.rglob("*"))
    proof = {path: (current / path).read_bytes() for path in signed.proof if path != f"{FOLDER}timestamp.json"}
    assert proof == {path: signed.proof[path] for path in proof}


@pytest.mark.parametrize("mirror", ["local"], indirect=True)
@pytest.mark.parametrize("alter", WAYS)
def test_what_was_altered_is_not_in_the_next_two_releases(publishing: Publishing, mirror: Mirror, alter: Callable[[Path], None]) -> None:
    three_releases(publishing, mirror)
    alter(mirror.root)
    for text in ("vier", "fünf"):
        publishing.write("feed.xml", text)
        signed = publishing.release()
        mirror.publish(publishing, signed)
        require_released(publishing, mirror, signed)


ON_DEMAND = [way for way in WAYS if way not in (the_exchange_itself, the_record_and_the_manifest)]


def many_ways_at_once(www: Path) -> None:
    for alter in (in_place_with_the_old_time, a_link, added_where_readers_see_it, added_out_of_sight, the_proof):
        alter(www)


@pytest.mark.parametrize(("mirror", "alter"), [*(("local", alter) for alter in ON_DEMAND), ("ssh", many_ways_at_once)], indirect=["mirror"])
def test_what_was_altered_is_found_and_mended_on_demand_in_both_trees(
    publishing: Publishing, mirror: Mirror, alter: Callable[[Path], None]
) -> None:
    signed = three_releases(publishing, mirror)
    assert mirror.inspect(publishing, signed, reads_all=True).is_sound
    alter(mirror.root)
    found = mirror.inspect(publishing, signed, reads_all=mirror.address is not None)
    assert not found.is_sound
    mirror.run(lambda target: target.repair(signed, (*found.altered, *found.strange), publishing.store.object))
    require_released(publishing, mirror, signed)
    assert mirror.inspect(publishing, signed, reads_all=True).is_sound
    publishing.write("feed.xml", "vier")
    fourth = publishing.release()
    mirror.publish(publishing, fourth)
    require_released(publishing, mirror, fourth)


@pytest.mark.parametrize("mirror", ["local"], indirect=True)
def test_the_tree_that_readers_saw_is_compared_after_the_exchange_and_what_differs_is_told_once(
    publishing: Publishing, mirror: Mirror
) -> None:
    three_releases(publishing, mirror)
    added_where_readers_see_it(mirror.root)
    told = []
    for text in ("vier", "fünf"):
        publishing.write("feed.xml", text)
        published = mirror.publish(publishing, publishing.release())
        told.append((published.mended, (mirror.root / hidden(mirror.root) / "evil/index.html").exists()))
    assert told == [(1, True), (0, False)] and published.afterwards > 0


@pytest.mark.parametrize("mirror", ["local"], indirect=True)
def test_a_restored_mirror_is_not_told_again_as_altered_by_the_next_release(publishing: Publishing, mirror: Mirror) -> None:
    """A restore writes the whole proof anew; only the page that somebody altered was altered, and was told then."""
    signed = three_releases(publishing, mirror)
    replaced(mirror.root)
    mirror.run(lambda target: target.repair(signed, {PAGE, *signed.proof}, publishing.store.object))
    publishing.write("feed.xml", "vier")
    fourth = publishing.release()
    assert mirror.publish(publishing, fourth).mended == 0
    require_released(publishing, mirror, fourth)


def test_a_mirror_that_shows_another_release_is_not_mended_with_this_one(publishing: Publishing, mirror: Mirror) -> None:
    three_releases(publishing, mirror)
    publishing.write("feed.xml", "vier")
    with pytest.raises(TargetError, match="shows release 3, not 4"):
        mirror.inspect(publishing, publishing.release(), reads_all=False)


def test_a_page_that_comes_back_is_not_linked_from_one_that_was_altered(publishing: Publishing, mirror: Mirror) -> None:
    """By SFTP too: what is linked is compared by length and time."""
    three_releases(publishing, mirror)
    in_place(mirror.root)
    publishing.write("copy/index.html", "<p>橋が通れます</p>")  # the content of the page that was altered
    signed = publishing.release()
    mirror.publish(publishing, signed)
    assert mirror.shown()["copy/index.html"] == contents(publishing, signed)["copy/index.html"]


def test_an_altered_object_of_the_store_goes_to_no_mirror_and_is_named(publishing: Publishing, mirror: Mirror) -> None:
    three_releases(publishing, mirror)
    publishing.write("index.html", "neu")
    signed = publishing.release()
    publishing.store.object(signed.release.by_path["index.html"].sha256).write_text("DEFACED")
    before = mirror.shown()
    with pytest.raises(TargetError, match=r"stored content of index\.html is missing or damaged: todoke release --force"):
        mirror.publish(publishing, signed)
    assert mirror.shown() == before


def test_the_files_of_a_certificate_renewal_stay(publishing: Publishing, mirror: Mirror) -> None:
    signed = three_releases(publishing, mirror)
    challenge = mirror.root / "current/.well-known/acme-challenge/token"
    challenge.parent.mkdir()
    challenge.write_text("answer")
    assert mirror.inspect(publishing, signed, reads_all=False).is_sound
    assert mirror.publish(publishing, signed).mended == 0


def test_a_broken_record_of_what_readers_see_takes_nothing_away_from_them(publishing: Publishing, mirror: Mirror) -> None:
    signed = three_releases(publishing, mirror)
    shown = (mirror.root / "current").readlink().name
    (mirror.root / f"slots/{shown}.json").write_text("{")
    publishing.write("feed.xml", "vier")
    fourth = publishing.release()

    def cut(_done: int, _total: int) -> None:
        raise TargetError("the line is cut")

    with pytest.raises(TargetError):
        mirror.run(lambda target: target.publish(fourth, publishing.store.object, cut))
    assert mirror.shown() == contents(publishing, signed)
    mirror.publish(publishing, fourth)
    require_released(publishing, mirror, fourth)


def test_another_machine_goes_on_where_this_one_ended(publishing: Publishing, mirror: Mirror) -> None:
    """It does not have the releases: it reads from the mirror what that holds, and believes no file of the proof."""
    three_releases(publishing, mirror)
    publishing.write("index.html", "neu")
    signed = publishing.release()
    other = Mirror(mirror.root, mirror.address, lambda _number, _sha256: None)
    assert other.run(lambda target: target.current()) == 3
    published = other.publish(publishing, signed)
    assert published.written <= 2 and published.mended == 0
    require_released(publishing, mirror, signed)
