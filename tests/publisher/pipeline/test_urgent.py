"""The publisher's part of an emergency: what is signed first, who gives way, and mirrors that are brought up in order."""

from __future__ import annotations

import asyncio
import json
import os
from pathlib import Path

import pytest

from publisher.config import PublishConfig
from publisher.model.errors import PublisherError
from publisher.pipeline.urgent import MirrorProcess, UrgentSigner
from publisher.release.make import draft
from publisher.release.precedence import Precedence
from publisher.targets import delivery
from publisher.targets.local import LocalFiles
from publisher.targets.target import Progress, Published
from publisher.targets.tree import TreeTarget
from tests.samples.publishing.releases import Publishing


class Dripping(TreeTarget):
    """A mirror that takes for ever. ``on_work`` is called when a delivery has begun."""

    def __init__(self, root: Path, claim: Precedence) -> None:
        super().__init__("slow", LocalFiles(root))
        self._claim = claim.claimed()

    async def publish(self, *_: object) -> Published:
        self._claim.__enter__()  # an emergency begins while the delivery is under way
        await asyncio.Event().wait()
        raise AssertionError("nobody sets it")


class Silent(TreeTarget):
    """A mirror at which nothing arrives."""

    async def publish_urgently(self, _signed: object, _object_of: object, _progress: Progress) -> Published:
        await asyncio.Event().wait()
        raise AssertionError("nobody sets it")


def signer(publishing: Publishing) -> UrgentSigner:
    return UrgentSigner(PublishConfig(), publishing.store, publishing.output, lambda: publishing.keys, lambda: publishing.now)


def test_the_first_release_is_what_is_public_with_the_notice_and_the_second_everything_that_is_built(publishing: Publishing) -> None:
    publishing.release()
    publishing.write("press/index.html", "<p>built, and not released yet</p>")
    publishing.write("emergency/index.html", "<p>避難指示</p>")
    urgent = signer(publishing)
    first = urgent.sign(["emergency/index.html"], 0.0)
    before = publishing.store.load(1).release.by_path
    assert first.release.by_path["press/index.html"] == before["press/index.html"]
    assert "emergency/index.html" in first.release.by_path
    urgent.scan()
    publishing.write("index.html", "<h1>緊急</h1>")
    second = urgent.sign(["index.html"], 0.0)
    assert (second.release.number, second.release.files) == (3, draft(publishing.store, publishing.output, publishing.now).release.files)


def test_without_a_scan_the_second_release_still_has_the_first(publishing: Publishing) -> None:
    publishing.release()
    urgent = signer(publishing)
    for path in ("emergency/index.html", "press/index.html"):
        publishing.write(path, "<p>避難指示</p>")
    urgent.sign(["emergency/index.html"], 0.0)
    (publishing.output / "held-back.json").write_text("[broken", "utf-8")
    assert "emergency/index.html" in urgent.sign(["press/index.html"], 0.0).release.by_path


def test_a_file_that_was_there_during_the_scan_and_is_gone_ends_one_try_and_not_the_next(publishing: Publishing) -> None:
    publishing.release()
    urgent = signer(publishing)
    urgent.sign(["index.html"], 0.0)
    publishing.write("press/index.html.123.part", "<p>half a p")  # somebody writes while the site is scanned
    urgent.scan()
    publishing.remove("press/index.html.123.part")
    publishing.write("press/index.html", "<p>避難指示</p>")
    with pytest.raises((PublisherError, OSError)):
        urgent.sign(["press/index.html"], 0.0)
    signed = urgent.sign(["press/index.html"], 0.0)
    assert signed.release.files == draft(publishing.store, publishing.output, publishing.now).release.files
    assert "press/index.html.123.part" not in signed.release.by_path


def test_the_first_release_of_a_site_may_be_an_urgent_one(publishing: Publishing) -> None:
    publishing.write("emergency/index.html", "<p>避難指示</p>")
    signed = signer(publishing).sign(["emergency/index.html"], 0.0)
    assert {"index.html", "emergency/index.html"} <= signed.release.by_path.keys()


def test_an_ordinary_delivery_that_is_under_way_gives_way(publishing: Publishing, tmp_path: Path) -> None:
    signed, theirs = publishing.release(), Precedence(tmp_path / "locks")
    target = Dripping(tmp_path / "www", Precedence(tmp_path / "locks"))
    [result] = asyncio.run(delivery.publish({"slow": (target, 3600.0)}, signed, publishing.store.object, precedence=theirs))
    assert result.failure == delivery.GAVE_WAY


def test_an_ordinary_delivery_does_not_begin_where_an_emergency_is_on_its_way(publishing: Publishing, tmp_path: Path) -> None:
    signed, ours, theirs = publishing.release(), Precedence(tmp_path / "locks"), Precedence(tmp_path / "locks")
    targets = {name: (TreeTarget(name, LocalFiles(tmp_path / name)), 60.0) for name in ("www", "second")}
    with ours.claimed("www"):
        www, second = asyncio.run(delivery.publish(targets, signed, publishing.store.object, precedence=theirs))
    assert (www.failure, second.failure) == (delivery.GAVE_WAY, "")


def test_an_urgent_delivery_is_given_up_when_nothing_arrives_and_not_when_much_does(publishing: Publishing, tmp_path: Path) -> None:
    signed = publishing.release()
    silent, ours = Silent("www", LocalFiles(tmp_path / "www")), Precedence(tmp_path / "locks")
    limits = delivery.Limits(3600.0, 0.0)
    result = asyncio.run(delivery.publish_urgently(silent, limits, lambda: signed, publishing.store.object, ours))
    assert result.failure == delivery.STALLED


def test_a_mirror_is_brought_each_release_in_its_order(publishing: Publishing, tmp_path: Path) -> None:
    publishing.release()
    reading, writing = os.pipe()
    told: list[dict[str, object]] = []
    target = TreeTarget("www", LocalFiles(tmp_path / "www"), publishing.store.find)
    process = MirrorProcess("www", target, 60.0, publishing.store, reading, float("inf"), lambda record: told.append(dict(record)))

    async def order() -> None:
        running = asyncio.create_task(process.run())
        for number in (2, 3):
            publishing.write("index.html", f"<h1>{number}</h1>")
            os.write(writing, f"{publishing.release().release.number}\n".encode())
            await asyncio.sleep(0)
        os.close(writing)
        await running

    asyncio.run(order())
    assert [record["number"] for record in told] in ([2, 3], [3])
    assert (tmp_path / "www/current/index.html").read_text("utf-8") == "<h1>3</h1>"
    assert json.dumps(told) and not any(record["failure"] for record in told)
