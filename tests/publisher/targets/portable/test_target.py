"""A stick: names that it cannot hold, a stick that is full, pulled out, taken up again, altered; and addresses of every kind."""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import random
import signal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from publisher.model.errors import TargetError
from publisher.release.minisign import sign
from publisher.release.store import SignedRelease
from publisher.targets.portable.links import Site, relative
from publisher.targets.portable.names import unfit
from publisher.targets.portable.target import PortableTarget
from publisher.targets.target import Inspection, Published
from tests.samples.publishing.releases import Publishing

SITE = Site(frozenset({"index.html", "a/index.html", "a/b/index.html", "f/名 前.pdf", "s.css", "p.png", "q.png"}), "https://www.example.jp")


@pytest.mark.parametrize(
    ("source", "copy"),
    [
        ('<a href="/">', '<a href="../index.html">'),
        ('<a href="/a/b/#top">', '<a href="b/index.html#top">'),
        ('<a href="/a/b">', '<a href="b/index.html">'),
        ('<a href="b/?x=1">', '<a href="b/index.html">'),
        ("<a href='../'>", "<a href='../index.html'>"),
        ('<a href="#top">', '<a href="#top">'),
        ('<a href="https://www.example.jp/a/b/">', '<a href="b/index.html">'),
        ('<a href="https://www.example.jp.evil/a/">', '<a href="https://www.example.jp.evil/a/">'),
        ('<a href="https://other.example/">', '<a href="https://other.example/">'),
        ('<a href="mailto:x@example.jp">', '<a href="mailto:x@example.jp">'),
        ('<a href="/f/%E5%90%8D%20%E5%89%8D.pdf">', '<a href="../f/%E5%90%8D%20%E5%89%8D.pdf">'),
        (
            '<img alt="a > b" src="/p.png" srcset="/p.png 1x, /q.png 2x">',
            '<img alt="a > b" src="../p.png" srcset="../p.png 1x, ../q.png 2x">',
        ),
        ('<img src="https://tracker.example/p.png">', "<img>"),
        ('<img src="//tracker.example/p.png" alt="">', '<img alt="">'),
        ('<link rel="preconnect" href="https://fonts.example">', '<link rel="preconnect">'),
        ('<link rel="canonical" href="https://www.example.jp/x/">', '<link rel="canonical" href="https://www.example.jp/x/">'),
        ('<meta http-equiv="refresh" content="0; url=/a/b/">', '<meta http-equiv="refresh" content="0; url=b/index.html">'),
        ('<div style="background:url(/p.png)">', '<div style="background:url(../p.png)">'),
        (
            '<style>@import "/s.css"; a{background:url("/p.png")}</style>',
            '<style>@import "../s.css"; a{background:url("../p.png")}</style>',
        ),
        ('<script src="/x.js"></script>', ""),
        ('<script type="application/ld+json">{"url": "/x"}</script>', '<script type="application/ld+json">{"url": "/x"}</script>'),
        ('<!-- <a href="/"> --><p>href="/"</p>', '<!-- <a href="/"> --><p>href="/"</p>'),
        ('<a href="/gone/">', '<a href="../gone">'),
        ('<a href="../../../../etc/passwd">', '<a href="../etc/passwd">'),
    ],
)
def test_an_address_in_a_page_leads_to_the_same_thing_in_the_copy(source: str, copy: str) -> None:
    assert relative("a/index.html", source.encode(), SITE).decode() == copy


@settings(derandomize=True, max_examples=300, deadline=None)
@given(st.text(st.sampled_from(list("<>\"'/= abhrefsc!-.#?&;url()styl{}")), max_size=80))
def test_any_page_is_rewritten_without_a_traceback_and_a_second_time_changes_nothing(text: str) -> None:
    once = relative("a/index.html", f'<a href="/a/b/">{text}'.encode(), SITE)
    assert once.startswith(b'<a href="b/index.html">')


def test_names_that_fat_cannot_hold_are_told() -> None:
    assert unfit(["a/b.html", "a/c.html", "がぎ.pdf", "a.b/c..d"]) == []
    for path in ("a:b", "x?", "con", "AUX.html", "a/nul.txt", "end.", "space ", "back\\slash", "x" * 256, "あ" * 256):
        assert len(unfit([path])) == 1, path
    assert "the same name as" in unfit(["Press/a.html", "press/b.html"])[0]
    assert unfit(["が.html", "か\u3099.html"]) != []


class Stick:
    def __init__(self, folder: Path, publishing: Publishing) -> None:
        folder.mkdir()
        self.folder, self.publishing = folder, publishing
        self.target = PortableTarget("stick", folder, lambda data, words: sign(data, publishing.keys.targets, words))

    def publish(self, signed: SignedRelease, progress: Any = lambda *_: None) -> Published:
        return asyncio.run(self.target.publish(signed, self.publishing.store.object, progress))

    def inspect(self, signed: SignedRelease) -> Inspection:
        return asyncio.run(self.target.inspect(signed, self.publishing.store.object, reads_all=True))


@pytest.fixture
def stick(publishing: Publishing, tmp_path: Path) -> Stick:
    publishing.write("emergency/index.html", "<title>避難所</title>")
    return Stick(tmp_path / "stick", publishing)


def test_a_copy_is_replaced_as_a_whole_and_not_written_twice(publishing: Publishing, stick: Stick) -> None:
    stick.publish(publishing.release())
    publishing.write("index.html", "<h1>新しい</h1>")
    publishing.remove("feed.xml")
    signed = publishing.release()
    stick.publish(signed)
    assert (stick.folder / "site/index.html").read_text() == "<h1>新しい</h1>" and not (stick.folder / "site/feed.xml").exists()
    assert sorted(entry.name for entry in stick.folder.iterdir()) == ["START-HERE.html", "site", "はじめにお読みください.html"]
    assert stick.publish(signed) == Published(2, 0, 0, 0) and asyncio.run(stick.target.current()) == 2


def test_emergency_pages_are_there_first_and_the_page_to_begin_with_leads_to_them(publishing: Publishing, stick: Stick) -> None:
    def pull_out(_done: int, _total: int) -> None:
        raise TargetError("pulled out")

    with pytest.raises(TargetError):
        stick.publish(publishing.release(), pull_out)
    text = (stick.folder / "START-HERE.html").read_text(encoding="utf-8")
    assert '<a href="site.new/emergency/index.html">避難所</a>' in text
    assert (stick.folder / "site.new/emergency/index.html").exists() and not (stick.folder / "site.new/index.html").exists()


def _publish_and_die(stick: Stick, number: int, after: int) -> None:
    def progress(done: int, _total: int) -> None:
        if done > after:
            os.kill(os.getpid(), signal.SIGKILL)

    stick.publish(stick.publishing.store.load(number), progress)


def test_after_ten_kills_the_old_copy_is_whole_and_the_next_try_goes_on(publishing: Publishing, stick: Stick) -> None:
    signed = publishing.release()
    stick.publish(signed)
    rng = random.Random(15)
    for round_ in range(10):
        before = {file: file.read_bytes() for file in (stick.folder / "site").rglob("*") if file.is_file()}
        publishing.write("index.html", f"<h1>{round_}</h1>")
        signed = publishing.release()
        process = multiprocessing.get_context("fork").Process(
            target=_publish_and_die, args=(stick, signed.release.number, rng.randrange(6))
        )
        process.start()
        process.join()
        assert process.exitcode == -signal.SIGKILL
        assert {file: file.read_bytes() for file in (stick.folder / "site").rglob("*") if file.is_file()} == before
        stick.publish(signed)
        assert (stick.folder / "site/index.html").read_text() == f"<h1>{round_}</h1>" and stick.inspect(signed).is_sound


def test_what_has_arrived_is_not_written_again(publishing: Publishing, stick: Stick) -> None:
    def pull_out(done: int, _total: int) -> None:
        if done == 5:
            raise TargetError("pulled out")

    signed = publishing.release()
    with pytest.raises(TargetError):
        stick.publish(signed, pull_out)
    whole = Stick(stick.folder.parent / "other", publishing).publish(signed)
    assert stick.publish(signed).length < whole.length


def test_a_cut_between_the_two_renames_brings_the_old_copy_back(publishing: Publishing, stick: Stick) -> None:
    signed = publishing.release()
    stick.publish(signed)
    (stick.folder / "site").rename(stick.folder / "site.old")
    assert stick.publish(signed) == Published(1, 0, 0, 0) and (stick.folder / "site/index.html").exists()


def test_a_stick_that_is_not_in_and_names_that_it_cannot_hold_are_one_line_and_nothing_is_written(
    publishing: Publishing, stick: Stick, tmp_path: Path
) -> None:
    away = PortableTarget("stick", tmp_path / "nowhere", lambda data, _: data)
    with pytest.raises(TargetError, match="is the stick in"):
        asyncio.run(away.publish(publishing.release(), publishing.store.object, lambda *_: None))
    publishing.write("Press/x.html", "x")
    with pytest.raises(TargetError, match="the same name as"):
        stick.publish(publishing.release())
    assert list(stick.folder.iterdir()) == []


def test_altered_pages_of_a_copy_are_found_and_mended(publishing: Publishing, stick: Stick) -> None:
    signed = publishing.release()
    stick.publish(signed)
    (stick.folder / "site/index.html").write_text("DEFACED")
    (stick.folder / "site/evil.html").write_text("evil")
    found = stick.inspect(signed)
    assert (found.altered, found.strange) == (("index.html",), ("evil.html",))
    asyncio.run(stick.target.repair(signed, (*found.altered, *found.strange), publishing.store.object))
    assert stick.inspect(signed).is_sound
