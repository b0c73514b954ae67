"""An urgent delivery to a folder, and to a folder behind a real sshd: readers see it, and the next delivery finds everything in order."""

from __future__ import annotations

from publisher.model.errors import TargetError
from publisher.release.store import SignedRelease
from publisher.targets import tree
from publisher.targets.target import Published
from tests.samples.publishing.releases import Publishing
from tests.samples.publishing.tree_mirrors import Mirror, contents


def publish_urgently(mirror: Mirror, publishing: Publishing, signed: SignedRelease) -> Published:
    published: Published = mirror.run(lambda target: target.publish_urgently(signed, publishing.store.object, lambda *_: None))
    return published


def test_readers_see_an_urgent_release(mirror: Mirror, publishing: Publishing) -> None:
    mirror.publish(publishing, publishing.release())
    publishing.write("emergency/index.html", "<p>避難指示</p>")
    publishing.remove("press/2026/bridge/index.html")
    signed = publishing.release()
    published = publish_urgently(mirror, publishing, signed)
    assert (published.written, published.removed) == (1, 1)
    assert mirror.shown() == contents(publishing, signed)
    assert mirror.inspect(publishing, signed, reads_all=True).is_sound


def test_the_first_release_of_all_may_be_an_urgent_one(mirror: Mirror, publishing: Publishing) -> None:
    signed = publishing.release()
    publish_urgently(mirror, publishing, signed)
    assert mirror.shown() == contents(publishing, signed)


def test_urgent_and_ordinary_releases_follow_each_other(mirror: Mirror, publishing: Publishing) -> None:
    for number in range(6):
        publishing.write("index.html", f"<h1>{number}</h1>")
        publishing.write(f"emergency/{number}/index.html", "<p>避難指示</p>")
        signed = publishing.release()
        (publish_urgently if number % 3 else Mirror.publish)(*((mirror, publishing, signed)))
        assert mirror.shown() == contents(publishing, signed)
    assert mirror.inspect(publishing, signed, reads_all=True).is_sound


def test_many_files_go_by_way_of_the_tree_that_nobody_sees(mirror: Mirror, publishing: Publishing) -> None:
    for number in (1, 2):
        publishing.write("index.html", f"<h1>{number}</h1>")
        mirror.publish(publishing, publishing.release())
    before = (mirror.root / "current").readlink()
    for number in range(tree.MOST_IN_PLACE + 1):
        publishing.write(f"press/{number}/index.html", f"<p>{number}</p>")
    signed = publishing.release()
    publish_urgently(mirror, publishing, signed)
    assert (mirror.root / "current").readlink() != before
    assert mirror.shown() == contents(publishing, signed)


def test_what_was_altered_before_an_urgent_release_is_mended_by_the_next_delivery(mirror: Mirror, publishing: Publishing) -> None:
    for number in (1, 2):
        publishing.write("index.html", f"<h1>{number}</h1>")
        mirror.publish(publishing, publishing.release())
    stranger = mirror.root / "current" / "press" / "index.html"
    stranger.unlink()
    stranger.write_text("偽の知らせ、ほかの長さ")
    publishing.write("emergency/index.html", "<p>避難指示</p>")
    publish_urgently(mirror, publishing, publishing.release())
    publishing.write("index.html", "<h1>3</h1>")
    signed = publishing.release()
    mirror.publish(publishing, signed)
    assert mirror.shown() == contents(publishing, signed)


def test_an_urgent_delivery_that_was_cut_is_mended_by_the_next_one(mirror: Mirror, publishing: Publishing) -> None:
    mirror.publish(publishing, publishing.release())
    publishing.write("emergency/index.html", "<p>避難指示</p>")
    signed = publishing.release()
    damaged = publishing.store.object(signed.release.by_path["emergency/index.html"].sha256)
    whole = damaged.read_bytes()
    damaged.write_bytes(b"")  # so that it ends after the paths were noted and before a file was written
    try:
        publish_urgently(mirror, publishing, signed)
    except TargetError:
        damaged.write_bytes(whole)
    publish_urgently(mirror, publishing, signed)
    assert mirror.shown() == contents(publishing, signed)
    assert mirror.inspect(publishing, signed, reads_all=True).is_sound
