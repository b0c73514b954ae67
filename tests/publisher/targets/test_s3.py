"""A mirror in an S3-compatible store: what others link to is there before, what is gone goes a day later, and a cut is gone on from."""

from __future__ import annotations

import asyncio
import concurrent.futures
import contextlib
import datetime as dt
import multiprocessing
import os
import queue
import random
import re
import signal
import threading
from collections.abc import Iterator
from pathlib import Path

import obstore
import pytest
from obstore.exceptions import GenericError
from obstore.store import S3Store

from publisher.model import manifest
from publisher.model.errors import TargetError
from publisher.release.store import ReleaseStore, SignedRelease
from publisher.release.tuf_metadata import FOLDER
from publisher.targets.s3 import S3Target
from publisher.targets.s3_state import RECORD
from publisher.targets.target import Inspection
from tests.samples.publishing.bucket_mirror import BucketMirror
from tests.samples.publishing.releases import NOW, PAGES, Publishing
from tests.samples.publishing.tree_mirrors import contents
from tests.servers.s3 import open_bucket, s3_server

BUCKETS = [f"mirror-{number}" for number in range(24)]


@pytest.fixture(scope="module")
def endpoint(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """An S3-compatible store on loopback, with a bucket for each test."""
    with s3_server(tmp_path_factory.mktemp("s3"), *BUCKETS) as endpoint:
        yield endpoint


@pytest.fixture(scope="module")
def names() -> Iterator[str]:
    return iter(BUCKETS)


@pytest.fixture
def place(endpoint: str, names: Iterator[str]) -> tuple[str, str]:
    """The address of the store, and a bucket."""
    return endpoint, next(names)


@pytest.fixture
def mirror(place: tuple[str, str], publishing: Publishing) -> BucketMirror:
    return BucketMirror(place, publishing)


def test_a_release_is_there_with_types_cache_rules_and_proof(publishing: Publishing, mirror: BucketMirror) -> None:
    signed = publishing.release()
    assert mirror.publish(signed).written == len(PAGES)
    assert mirror.shown() == contents(publishing, signed)
    attributes = obstore.get(mirror.bucket, "pictures/0123456789abcdef/480.webp").attributes
    assert attributes["Content-Type"] == "image/webp" and "immutable" in attributes["Cache-Control"]
    assert obstore.get(mirror.bucket, "index.html").attributes["Cache-Control"] == "no-cache"
    assert bytes(obstore.get(mirror.bucket, manifest.PATH).bytes()) == signed.proof[manifest.PATH]
    assert asyncio.run(mirror.target.current()) == 1


def test_only_what_differs_is_sent_and_what_is_gone_goes_a_day_later(publishing: Publishing, mirror: BucketMirror) -> None:
    mirror.publish(publishing.release())
    publishing.write("index.html", "neu")
    publishing.remove("press/2026/bridge/index.html")
    published = mirror.publish(publishing.release())
    assert (published.number, published.written, published.removed, published.length) == (2, 1, 0, 3)
    assert "press/2026/bridge/index.html" in mirror.shown()
    publishing.now += dt.timedelta(hours=24)
    third = publishing.release()
    assert mirror.publish(third).removed == 1
    assert mirror.shown() == contents(publishing, third)


def test_a_page_that_comes_back_within_the_day_stays(publishing: Publishing, mirror: BucketMirror) -> None:
    mirror.publish(publishing.release())
    publishing.remove("feed.xml")
    mirror.publish(publishing.release())
    publishing.write("feed.xml", "<feed/>")
    mirror.publish(publishing.release())
    publishing.now += dt.timedelta(hours=30)
    signed = publishing.release()
    assert mirror.publish(signed).removed == 0 and mirror.shown() == contents(publishing, signed)


def test_a_cut_delivery_is_gone_on_from_and_no_link_has_led_nowhere(publishing: Publishing, mirror: BucketMirror) -> None:
    mirror.publish(publishing.release())
    publishing.write("images/new.png", "picture")
    publishing.write("press/2026/new/index.html", "<img src=/images/new.png>")
    publishing.write("index.html", "<a href=/press/2026/new/>")
    publishing.write("feed.xml", "<feed>new</feed>")
    signed = publishing.release()

    def stop(_done: int, _total: int) -> None:
        raise TargetError("the line is cut")

    for _ in range(3):
        with pytest.raises(TargetError):
            mirror.publish(signed, stop)
        shown = mirror.shown()
        assert b"/press/2026/new/" not in shown["index.html"] or "press/2026/new/index.html" in shown
        assert "press/2026/new/index.html" not in shown or "images/new.png" in shown
        assert shown["feed.xml"] == PAGES["feed.xml"].encode() or b"/press/2026/new/" in shown["index.html"]
    mirror.publish(signed)
    assert mirror.shown() == contents(publishing, signed)
    assert mirror.publish(signed).written == 0


def test_the_pointer_is_written_last(publishing: Publishing, mirror: BucketMirror) -> None:
    signed = publishing.release()
    mirror.publish(signed)
    times = {item["path"]: item["last_modified"] for page in obstore.list(mirror.bucket) for item in page if item["path"] != RECORD}
    assert times[f"{FOLDER}timestamp.json"] == max(times.values())


def test_damage_is_mended(publishing: Publishing, mirror: BucketMirror) -> None:
    signed = publishing.release()
    mirror.publish(signed)
    obstore.put(mirror.bucket, "index.html", b"DEFACED")
    obstore.put(mirror.bucket, "evil.html", b"evil")
    mended = asyncio.run(mirror.target.repair(signed, ["index.html", "evil.html"], publishing.store.object))
    assert (mended.written, mended.removed) == (1, 1) and mirror.shown() == contents(publishing, signed)


def test_a_bucket_that_is_not_there_is_one_line(endpoint: str, publishing: Publishing) -> None:
    store = open_bucket(endpoint, "nobucket")
    with pytest.raises(TargetError, match=r"^bucket: ") as error:
        asyncio.run(
            S3Target("bucket", store, lambda: publishing.now).publish(publishing.release(), publishing.store.object, lambda *_: None)
        )
    assert "\n" not in str(error.value)


def test_what_was_altered_in_the_bucket_is_mended_by_the_next_delivery(publishing: Publishing, mirror: BucketMirror) -> None:
    mirror.publish(publishing.release())
    obstore.put(mirror.bucket, "index.html", b"DEFACED" + PAGES["index.html"].encode()[7:])  # the same length
    obstore.delete(mirror.bucket, "theme/style.css")
    obstore.put(mirror.bucket, f"{FOLDER}1.targets.json", b"{}")
    publishing.write("feed.xml", "zwei")
    signed = publishing.release()
    assert mirror.publish(signed).mended == 2
    assert mirror.shown() == contents(publishing, signed)
    assert mirror.inspect(signed, reads_all=True) == Inspection(2)


def test_a_bucket_is_compared_on_demand_also_by_type_and_cache_rule(publishing: Publishing, mirror: BucketMirror) -> None:
    signed = publishing.release()
    mirror.publish(signed)
    obstore.put(mirror.bucket, "index.html", PAGES["index.html"].encode(), attributes={"Content-Type": "text/plain"})
    obstore.put(mirror.bucket, "evil.html", b"evil")
    assert mirror.inspect(signed, reads_all=False) == Inspection(1, (), ("evil.html",))
    found = mirror.inspect(signed, reads_all=True)
    assert found == Inspection(1, ("index.html",), ("evil.html",))
    asyncio.run(mirror.target.repair(signed, (*found.altered, *found.strange), publishing.store.object))
    assert mirror.inspect(signed, reads_all=True).is_sound


def _publish_and_die_there(place: tuple[str, str], root: Path, number: int, after: int) -> None:
    """Publish from another process, since threads of the S3 client outlive no fork, and be killed after so many files."""

    def progress(done: int, _total: int) -> None:
        if done > after:
            os.kill(os.getpid(), signal.SIGKILL)

    store = ReleaseStore(root)
    target = S3Target("bucket", open_bucket(*place), lambda: NOW, store.find)
    asyncio.run(target.publish(store.load(number), store.object, progress))


def test_after_ten_kills_no_link_has_led_nowhere_and_the_next_delivery_goes_on(publishing: Publishing, mirror: BucketMirror) -> None:
    """A bucket has no exchange: readers may see some new pages beside old ones, and each page with everything that it needs."""
    rng = random.Random(15)
    processes = multiprocessing.get_context("forkserver")  # forks from a process without threads, which has imported everything
    processes.set_forkserver_preload(["__main__", __name__])
    mirror.publish(publishing.release())
    for round_ in range(10):
        publishing.write(f"images/{round_}.png", f"picture {round_}")
        for number in range(6):
            publishing.write(f"press/{number}/index.html", f"<img src=/images/{round_}.png>{number}")
        publishing.write("index.html", f"<a href=/press/0/>{round_}</a>")
        signed = publishing.release()
        number, after = signed.release.number, rng.randrange(8)
        process = processes.Process(target=_publish_and_die_there, args=(mirror.place, publishing.store.root, number, after))
        process.start()
        process.join()
        assert process.exitcode == -signal.SIGKILL
        require_consistent(mirror.shown(), round_)
        newest = publishing.store.load(number)
        mirror.publish(SignedRelease(newest.release, publishing.store.proof(newest)))
        assert mirror.shown() == contents(publishing, signed)


def require_consistent(shown: dict[str, bytes], round_: int) -> None:
    """Every page of this round has its picture, and the front page of this round has all its pages."""
    new = f"/images/{round_}.png".encode()
    pages = [data for path, data in shown.items() if path.startswith("press/") and new in data]
    assert not pages or f"images/{round_}.png" in shown
    if shown["index.html"] == f"<a href=/press/0/>{round_}</a>".encode():
        assert len(pages) == 6


def _fetch(reader: S3Store, path: str) -> bytes:
    """What the store answers. s3rver cuts or empties an answer while the object is replaced, as no real store does: then once more."""
    while True:
        with contextlib.suppress(GenericError):
            if data := bytes(obstore.get(reader, path).bytes()):
                return data


def test_a_crawler_during_the_switch_finds_what_each_page_needs(publishing: Publishing, mirror: BucketMirror) -> None:
    """It begins at the front page, follows the link, and fetches the picture: always there, never older than the page that leads to it."""

    def write(number: int) -> None:
        publishing.write(f"images/{number}.png", f"{number}")
        publishing.write("press/2026/bridge/index.html", f"<img src=/images/{number}.png>")
        publishing.write("index.html", f"<a href=/press/2026/bridge/>{number}</a>")

    write(0)
    mirror.publish(publishing.release())
    fronts: queue.SimpleQueue[int | None] = queue.SimpleQueue()
    is_done = threading.Event()

    def crawl() -> None:
        reader = open_bucket(*mirror.place)

        try:
            while not is_done.is_set():
                front = int(re.findall(rb"[0-9]+(?=<)", _fetch(reader, "index.html"))[0])
                page = _fetch(reader, "press/2026/bridge/index.html")
                picture = re.search(rb"/(images/.*png)", page)
                assert picture is not None
                assert int(_fetch(reader, picture[1].decode())) >= front
                fronts.put(front)
        finally:
            fronts.put(None)

    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        crawler = pool.submit(crawl)
        for number in range(1, 8):
            write(number)
            publishing.remove(f"images/{number - 1}.png")
            mirror.publish(publishing.release())
            if number not in iter(fronts.get, None):  # each release is seen once before the next, however slow the crawler is
                break
        is_done.set()
        crawler.result()
    assert number == 7
