"""A mirror in an S3-compatible store: what others link to is there before, what is gone goes a day later, and a cut is gone on from."""

from __future__ import annotations

import asyncio
import datetime as dt
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import obstore
import pytest
from obstore.store import S3Store

from demo.servers import free_port
from publisher.model import manifest
from publisher.model.errors import TargetError
from publisher.release.store import SignedRelease
from publisher.release.tuf_metadata import FOLDER
from publisher.targets.s3 import S3Target
from publisher.targets.s3_state import RECORD
from publisher.targets.target import Inspection, Published
from tests.mirrors import contents
from tests.releases import PAGES, Publishing

BUCKETS = [f"mirror-{number}" for number in range(24)]


@pytest.fixture(scope="module")
def endpoint(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """An S3-compatible store on loopback, with a bucket for each test."""
    port = free_port()
    program = Path("tests/node/node_modules/.bin/s3rver")
    assert program.exists(), "npm ci --prefix tests/node"
    command = [str(program), "-d", str(tmp_path_factory.mktemp("s3")), "-a", "127.0.0.1", "-p", str(port), "--silent"]
    with subprocess.Popen([*command, *(word for name in BUCKETS for word in ("--configure-bucket", name))]) as process:
        try:
            while not is_listening(port):
                assert process.poll() is None
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()


def is_listening(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


@pytest.fixture(scope="module")
def names() -> Iterator[str]:
    return iter(BUCKETS)


@pytest.fixture
def bucket(endpoint: str, names: Iterator[str]) -> S3Store:
    return open_bucket(endpoint, next(names))


def open_bucket(endpoint: str, name: str) -> S3Store:
    """Return a bucket; s3rver has one account of these names."""
    return S3Store(
        name,
        endpoint=endpoint,
        region="us-east-1",
        access_key_id="S3RVER",
        secret_access_key="S3RVER",
        client_options={"allow_http": True},
    )


class Mirror:
    def __init__(self, bucket: S3Store, publishing: Publishing) -> None:
        self.bucket, self.publishing = bucket, publishing
        self.target = S3Target("bucket", bucket, lambda: publishing.now, publishing.store.find)

    def publish(self, signed: SignedRelease, progress: Any = lambda *_: None) -> Published:
        return asyncio.run(self.target.publish(signed, self.publishing.store.object, progress))

    def inspect(self, signed: SignedRelease, *, reads_all: bool) -> Inspection:
        return asyncio.run(self.target.inspect(signed, self.publishing.store.object, reads_all=reads_all))

    def shown(self) -> dict[str, bytes]:
        names = [item["path"] for page in obstore.list(self.bucket) for item in page]
        return {name: bytes(obstore.get(self.bucket, name).bytes()) for name in names if not name.startswith((".well-known/", ".todoke/"))}


@pytest.fixture
def mirror(bucket: S3Store, publishing: Publishing) -> Mirror:
    return Mirror(bucket, publishing)


def test_a_release_is_there_with_types_cache_rules_and_proof(publishing: Publishing, mirror: Mirror) -> None:
    signed = publishing.release()
    assert mirror.publish(signed).written == len(PAGES)
    assert mirror.shown() == contents(publishing, signed)
    attributes = obstore.get(mirror.bucket, "pictures/0123456789abcdef/480.webp").attributes
    assert attributes["Content-Type"] == "image/webp" and "immutable" in attributes["Cache-Control"]
    assert obstore.get(mirror.bucket, "index.html").attributes["Cache-Control"] == "no-cache"
    assert bytes(obstore.get(mirror.bucket, manifest.PATH).bytes()) == signed.proof[manifest.PATH]
    assert asyncio.run(mirror.target.current()) == 1


def test_only_what_differs_is_sent_and_what_is_gone_goes_a_day_later(publishing: Publishing, mirror: Mirror) -> None:
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


def test_a_page_that_comes_back_within_the_day_stays(publishing: Publishing, mirror: Mirror) -> None:
    mirror.publish(publishing.release())
    publishing.remove("feed.xml")
    mirror.publish(publishing.release())
    publishing.write("feed.xml", "<feed/>")
    mirror.publish(publishing.release())
    publishing.now += dt.timedelta(hours=30)
    signed = publishing.release()
    assert mirror.publish(signed).removed == 0 and mirror.shown() == contents(publishing, signed)


def test_a_cut_delivery_is_gone_on_from_and_no_link_has_led_nowhere(publishing: Publishing, mirror: Mirror) -> None:
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


def test_the_pointer_is_written_last(publishing: Publishing, mirror: Mirror) -> None:
    signed = publishing.release()
    mirror.publish(signed)
    times = {item["path"]: item["last_modified"] for page in obstore.list(mirror.bucket) for item in page if item["path"] != RECORD}
    assert times[f"{FOLDER}timestamp.json"] == max(times.values())


def test_damage_is_mended(publishing: Publishing, mirror: Mirror) -> None:
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


def test_what_was_altered_in_the_bucket_is_mended_by_the_next_delivery(publishing: Publishing, mirror: Mirror) -> None:
    mirror.publish(publishing.release())
    obstore.put(mirror.bucket, "index.html", b"DEFACED" + PAGES["index.html"].encode()[7:])  # the same length
    obstore.delete(mirror.bucket, "theme/style.css")
    obstore.put(mirror.bucket, f"{FOLDER}1.targets.json", b"{}")
    publishing.write("feed.xml", "zwei")
    signed = publishing.release()
    assert mirror.publish(signed).mended == 2
    assert mirror.shown() == contents(publishing, signed)
    assert mirror.inspect(signed, reads_all=True) == Inspection(2)


def test_a_bucket_is_compared_on_demand_also_by_type_and_cache_rule(publishing: Publishing, mirror: Mirror) -> None:
    signed = publishing.release()
    mirror.publish(signed)
    obstore.put(mirror.bucket, "index.html", PAGES["index.html"].encode(), attributes={"Content-Type": "text/plain"})
    obstore.put(mirror.bucket, "evil.html", b"evil")
    assert mirror.inspect(signed, reads_all=False) == Inspection(1, (), ("evil.html",))
    found = mirror.inspect(signed, reads_all=True)
    assert found == Inspection(1, ("index.html",), ("evil.html",))
    asyncio.run(mirror.target.repair(signed, (*found.altered, *found.strange), publishing.store.object))
    assert mirror.inspect(signed, reads_all=True).is_sound
