"""An urgent delivery to a bucket of a real S3-compatible server: readers see it, and the next delivery finds everything in order."""

from __future__ import annotations

import asyncio
import datetime as dt
import os
from collections.abc import Iterator

import obstore
import pytest

from publisher.model import manifest
from publisher.model.errors import TargetError
from publisher.pipeline.urgent import MirrorProcess
from tests.samples.publishing.bucket_mirror import BucketMirror
from tests.samples.publishing.releases import Publishing
from tests.samples.publishing.tree_mirrors import contents
from tests.servers.s3 import s3_server

BUCKETS = [f"urgent-{number}" for number in range(8)]
NOTICE = "emergency/index.html"


@pytest.fixture(scope="module")
def places(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Iterator[tuple[str, str]]]:
    with s3_server(tmp_path_factory.mktemp("s3"), *BUCKETS) as endpoint:
        yield iter([(endpoint, bucket) for bucket in BUCKETS])


@pytest.fixture
def mirror(places: Iterator[tuple[str, str]], publishing: Publishing) -> BucketMirror:
    return BucketMirror(next(places), publishing)


def test_a_notice_is_there_with_its_proof_and_only_what_differs_is_sent(publishing: Publishing, mirror: BucketMirror) -> None:
    mirror.publish(publishing.release())
    publishing.write(NOTICE, "<p>避難指示</p>")
    publishing.write("index.html", "<a href='/emergency/'>緊急</a>")
    signed = publishing.release()
    published = mirror.publish_urgently(signed)
    assert (published.number, published.written, published.removed) == (2, 2, 0)
    assert mirror.shown() == contents(publishing, signed)
    assert bytes(obstore.get(mirror.bucket, manifest.PATH).bytes()) == signed.proof[manifest.PATH]
    assert mirror.inspect(signed, reads_all=True).is_sound


def test_the_first_release_of_all_may_be_an_urgent_one(publishing: Publishing, mirror: BucketMirror) -> None:
    signed = publishing.release()
    mirror.publish_urgently(signed)
    assert mirror.shown() == contents(publishing, signed)
    assert asyncio.run(mirror.target.current()) == 1


def test_what_is_gone_stays_a_day_and_is_removed_by_an_ordinary_delivery(publishing: Publishing, mirror: BucketMirror) -> None:
    mirror.publish(publishing.release())
    publishing.remove("press/2026/bridge/index.html")
    publishing.write(NOTICE, "<p>避難指示</p>")
    assert mirror.publish_urgently(publishing.release()).removed == 0
    publishing.now += dt.timedelta(hours=25)
    publishing.write(NOTICE, "<p>解除</p>")
    assert mirror.publish_urgently(publishing.release()).removed == 0
    assert "press/2026/bridge/index.html" in mirror.shown()
    publishing.write("index.html", "neu")
    signed = publishing.release()
    assert mirror.publish(signed).removed == 1
    assert mirror.shown() == contents(publishing, signed)


def test_what_was_altered_in_the_bucket_is_left_for_the_next_delivery_which_mends_it(publishing: Publishing, mirror: BucketMirror) -> None:
    mirror.publish(publishing.release())
    obstore.put(mirror.bucket, "press/index.html", b"<p>other</p>")
    publishing.write(NOTICE, "<p>避難指示</p>")
    mirror.publish_urgently(publishing.release())
    assert mirror.shown()["press/index.html"] == b"<p>other</p>"
    publishing.write("index.html", "neu")
    signed = publishing.release()
    mirror.publish(signed)
    assert mirror.shown() == contents(publishing, signed)


def test_one_that_was_cut_is_gone_on_from_and_pages_come_before_what_leads_to_them(publishing: Publishing, mirror: BucketMirror) -> None:
    mirror.publish(publishing.release())
    publishing.write(NOTICE, "<p>避難指示</p>")
    publishing.write("index.html", f"<a href='/{NOTICE}'>緊急</a>")
    publishing.write("feed.xml", "<feed>避難指示</feed>")
    signed = publishing.release()

    def stop(_done: int, _total: int) -> None:
        raise TargetError("the line is cut")

    for _ in range(2):
        with pytest.raises(TargetError):
            mirror.publish_urgently(signed, stop)
        shown = mirror.shown()
        assert NOTICE in shown or NOTICE.encode() not in shown["index.html"]
    mirror.publish_urgently(signed)
    assert mirror.shown() == contents(publishing, signed)
    assert mirror.publish(signed).written == 0


def test_the_process_of_a_mirror_brings_both_releases_in_their_order(publishing: Publishing, mirror: BucketMirror) -> None:
    mirror.publish(publishing.release())
    records = list[dict[str, object]]()
    reading, writing = os.pipe()
    for text in ("<p>避難指示</p>", "<p>避難指示、すべてのページ</p>"):
        publishing.write(NOTICE, text)
        os.write(writing, f"{publishing.release().release.number}\n".encode())
    os.close(writing)
    process = MirrorProcess(
        "bucket", mirror.target, 60.0, publishing.store, reading, 3600.0, lambda record: records.append(dict(record)), lambda: 0.0
    )
    asyncio.run(process.run())
    assert [(record["number"], record["failure"]) for record in records] == [(2, ""), (3, "")]
    assert "すべてのページ".encode() in mirror.shown()[NOTICE]


def test_a_bucket_that_is_not_there_is_told_in_words(places: Iterator[tuple[str, str]], publishing: Publishing) -> None:
    endpoint, _ = next(places)
    with pytest.raises(TargetError, match="bucket"):
        BucketMirror((endpoint, "no-such-bucket"), publishing).publish_urgently(publishing.release())
