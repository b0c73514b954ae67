"""A mirror on a file system, here and behind a real sshd: readers see the old site or the new one, whatever happens on the way."""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import random
import signal
import threading
from pathlib import Path
from typing import Any

import pytest

from publisher.model import manifest
from publisher.model.errors import TargetError
from publisher.release.store import SignedRelease
from publisher.targets import delivery
from publisher.targets.local import LocalFiles
from publisher.targets.sftp.ssh import SftpFiles, SshAddress
from publisher.targets.target import Published
from publisher.targets.tree import TreeTarget
from tests.samples.publishing.releases import PAGES, Publishing
from tests.samples.publishing.tree_mirrors import Mirror, contents


def test_releases_and_rollbacks_show_what_they_hold_and_send_what_is_new_only(publishing: Publishing, mirror: Mirror) -> None:
    first = publishing.release()
    assert mirror.publish(publishing, first).written == len(PAGES)
    assert mirror.shown() == contents(publishing, first)
    publishing.write("index.html", "<h1>二つ目</h1>")
    publishing.write("press/2026/new/index.html", "neu")
    publishing.remove("press/2026/bridge/index.html")
    second = publishing.release()
    published = mirror.publish(publishing, second)
    assert published.length == len("<h1>二つ目</h1>".encode()) + len("neu")  # the rest was linked
    assert mirror.shown() == contents(publishing, second)
    assert not (mirror.root / "current" / "press/2026/bridge").exists()
    publishing.write("index.html", "<h1>三つ目</h1>")
    third = publishing.release()
    assert mirror.publish(publishing, third).written == 2  # against the first, which the hidden slot held
    assert mirror.shown() == contents(publishing, third)
    assert mirror.run(lambda target: target.current()) == 3
    assert mirror.publish(publishing, third) == Published(3, 0, 0, 0)


def test_a_file_takes_the_place_of_a_folder_and_back(publishing: Publishing, mirror: Mirror) -> None:
    releases = [publishing.release()]
    publishing.remove("press/2026/bridge/index.html")
    (publishing.output / "site/press/2026/bridge").rmdir()
    publishing.write("press/2026/bridge", "a file")
    releases.append(publishing.release())
    publishing.remove("press/2026/bridge")
    publishing.write("press/2026/bridge/index.html", "a folder again")
    releases += [publishing.release(), publishing.release()]
    for signed in releases:
        mirror.publish(publishing, signed)
        assert mirror.shown() == contents(publishing, signed)


def test_one_content_has_one_time_on_every_mirror_and_after_a_rollback(publishing: Publishing, mirror: Mirror, tmp_path: Path) -> None:
    first = publishing.release()
    mirror.publish(publishing, first)
    asyncio.run(TreeTarget("other", LocalFiles(tmp_path / "other")).publish(first, publishing.store.object, lambda *_: None))
    times = {path: (mirror.root / "current" / path).stat().st_mtime for path in PAGES}
    assert times == {path: (tmp_path / "other" / "current" / path).stat().st_mtime for path in PAGES}
    publishing.write("index.html", "<h1>悪い版</h1>")
    mirror.publish(publishing, publishing.release())
    publishing.write("index.html", PAGES["index.html"])
    mirror.publish(publishing, publishing.release())
    assert {path: (mirror.root / "current" / path).stat().st_mtime for path in PAGES} == times


def test_damage_in_place_is_mended_and_does_not_come_back_with_the_next_release(publishing: Publishing, mirror: Mirror) -> None:
    for text in ("eins", "zwei"):
        publishing.write("feed.xml", text)
        signed = publishing.release()
        mirror.publish(publishing, signed)
    with (mirror.root / "current" / "index.html").open("r+b") as file:  # the inode is the other slot's too
        file.write(b"DEFACED")
    (mirror.root / "current" / "evil.html").write_text("evil")
    (mirror.root / "current" / manifest.PATH).write_text("# nothing")
    damaged = ["index.html", "evil.html", manifest.PATH]
    mended: Published = mirror.run(lambda target: target.repair(signed, damaged, publishing.store.object))
    assert (mended.written, mended.removed) == (2, 1)
    assert mirror.shown() == contents(publishing, signed)
    assert (mirror.root / "current" / manifest.PATH).read_bytes() == signed.proof[manifest.PATH]
    publishing.write("feed.xml", "drei")
    third = publishing.release()
    mirror.publish(publishing, third)
    assert mirror.shown() == contents(publishing, third)


def test_an_unknown_tree_and_a_broken_record_are_made_anew(publishing: Publishing, mirror: Mirror) -> None:
    for name in ("a", "b"):
        (mirror.root / "slots" / name).mkdir(parents=True)
        (mirror.root / "slots" / name / "old.html").write_text("from elsewhere")
    (mirror.root / "slots" / "a.json").write_text("{")
    signed = publishing.release()
    mirror.publish(publishing, signed)
    assert mirror.shown() == contents(publishing, signed)


def test_an_altered_record_or_manifest_of_a_mirror_removes_nothing_elsewhere(
    publishing: Publishing, mirror: Mirror, tmp_path: Path
) -> None:
    (tmp_path / "precious").write_text("stays")
    for text in ("eins", "zwei"):
        publishing.write("feed.xml", text)
        mirror.publish(publishing, publishing.release())
    hidden = ({"a", "b"} - {(mirror.root / "current").readlink().name}).pop()
    record, proof = mirror.root / "slots" / f"{hidden}.json", mirror.root / "slots" / hidden / manifest.PATH
    record.write_text(record.read_text().replace('"pending": []', '"pending": ["../../../precious"]'))
    proof.write_bytes(proof.read_bytes() + b"#1\n" + b"0" * 64 + b"  ../../../precious\n")
    signed = publishing.release()
    mirror.publish(publishing, signed)
    assert (tmp_path / "precious").read_text() == "stays" and mirror.shown() == contents(publishing, signed)


def test_another_release_of_the_same_number_is_not_taken_for_ours(publishing: Publishing, mirror: Mirror, tmp_path: Path) -> None:
    other = Publishing(tmp_path / "other")
    other.write("index.html", "<h1>another machine</h1>")
    mirror.publish(other, other.release())
    signed = publishing.release()
    mirror.publish(publishing, signed)
    assert mirror.shown() == contents(publishing, signed)


def test_a_fault_of_ours_with_one_mirror_holds_up_no_other(publishing: Publishing, tmp_path: Path) -> None:
    class Broken(LocalFiles):
        async def read_link(self, path: str) -> str | None:
            raise ZeroDivisionError(path)

    targets: Any = {
        "broken": (TreeTarget("broken", Broken(tmp_path / "x")), 30.0),
        "www": (TreeTarget("www", LocalFiles(tmp_path / "www")), 30.0),
    }
    broken, www = asyncio.run(delivery.publish(targets, publishing.release(), publishing.store.object))
    assert "ZeroDivisionError" in broken.failure and www.failure == "" and (tmp_path / "www/current/index.html").exists()


def test_a_folder_in_the_place_of_our_link_is_not_touched(publishing: Publishing, mirror: Mirror) -> None:
    (mirror.root / "current").mkdir(parents=True)
    (mirror.root / "current" / "index.html").write_text("the old site")
    with pytest.raises(TargetError, match="current"):
        mirror.publish(publishing, publishing.release())
    assert mirror.shown() == {"index.html": b"the old site"}


def _publish_and_die(mirror: Mirror, publishing: Publishing, number: int, after: int) -> None:
    """Publish, and be killed after so many files."""
    count = 0

    def progress(_done: int, _total: int) -> None:
        nonlocal count
        count += 1
        if count > after:
            os.kill(os.getpid(), signal.SIGKILL)

    mirror.run(lambda target: target.publish(publishing.store.load(number), publishing.store.object, progress))


def test_after_ten_kills_the_next_delivery_goes_on_and_readers_saw_whole_sites_only(publishing: Publishing, mirror: Mirror) -> None:
    rng = random.Random(15)
    signed = publishing.release()
    mirror.publish(publishing, signed)
    for round_ in range(10):
        before = mirror.shown()
        for number in range(8):
            publishing.write(f"press/{number}/index.html", f"{round_}")
        publishing.remove("press/0/index.html")
        signed = publishing.release()
        number = signed.release.number
        process = multiprocessing.get_context("fork").Process(target=_publish_and_die, args=(mirror, publishing, number, rng.randrange(7)))
        process.start()
        process.join()
        assert process.exitcode == -signal.SIGKILL
        assert mirror.shown() == before
        mirror.publish(publishing, publishing_load(publishing, number))
        assert mirror.shown() == contents(publishing, signed)


def publishing_load(publishing: Publishing, number: int) -> SignedRelease:
    signed = publishing.store.load(number)
    return SignedRelease(signed.release, publishing.store.proof(signed))


def test_of_a_first_delivery_that_was_cut_what_has_arrived_is_not_sent_again(publishing: Publishing, mirror: Mirror) -> None:
    signed = publishing.release()

    async def cut(target: TreeTarget) -> None:
        def stop(done: int, _total: int) -> None:
            if done == 4:
                raise TargetError("the line is cut")

        await target.publish(signed, publishing.store.object, stop)

    with pytest.raises(TargetError):
        mirror.run(cut)
    arrived = sorted(file for file in (mirror.root / "slots/a").rglob("*") if file.is_file())
    arrived[0].write_bytes(arrived[0].read_bytes()[:5])  # as if the line had been cut within the file: it has no time of ours yet either
    assert mirror.publish(publishing, signed).written <= len(PAGES) - 3
    assert mirror.shown() == contents(publishing, signed)


def test_a_reader_during_the_switch_gets_the_old_page_or_the_new_one(publishing: Publishing, mirror: Mirror) -> None:
    for path in PAGES:
        publishing.write(path, "release 0")
    mirror.publish(publishing, publishing.release())
    seen: set[tuple[bytes, bytes]] = set()
    visit_ended = threading.Event()

    async def read_all_the_time(target: TreeTarget) -> None:
        is_done = False

        def read() -> None:
            while not is_done:
                folder = os.open(mirror.root / "current", os.O_RDONLY)  # one visit: what it resolves to stays
                try:
                    seen.add(tuple(_read_at(folder, path) for path in ("index.html", "press/2026/bridge/index.html")))  # type: ignore[arg-type]
                finally:
                    os.close(folder)
                    visit_ended.set()

        reader = asyncio.create_task(asyncio.to_thread(read))
        for number in range(1, 6):
            for path in PAGES:
                publishing.write(path, f"release {number}")
            await target.publish(publishing.release(), publishing.store.object, lambda *_: None)
            visit_ended.clear()
            assert await asyncio.to_thread(visit_ended.wait, 60)  # on a busy machine five releases can pass between two visits
        is_done = True
        await reader

    mirror.run(read_all_the_time)
    assert len(seen) > 1 and all(first == second for first, second in seen)


def _read_at(folder: int, path: str) -> bytes:
    descriptor = os.open(path, os.O_RDONLY, dir_fd=folder)
    with os.fdopen(descriptor, "rb") as file:
        return file.read()


def test_another_host_key_ends_the_delivery_before_anything_is_sent(publishing: Publishing, server: SshAddress, tmp_path: Path) -> None:
    other = tmp_path / "known_hosts"
    other.write_text(f"[127.0.0.1]:{server.port} ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\n")
    address = SshAddress(server.host, str(tmp_path / "www"), server.user, server.key_file, other, server.port)
    with pytest.raises(TargetError, match=r"127\.0\.0\.1"):
        asyncio.run(TreeTarget("mirror", SftpFiles(address)).publish(publishing.release(), publishing.store.object, lambda *_: None))
    assert not (tmp_path / "www").exists()


def test_a_server_that_is_away_is_named_in_one_line(publishing: Publishing, server: SshAddress) -> None:
    address = SshAddress(server.host, "/x", server.user, server.key_file, server.known_hosts, 1)
    with pytest.raises(TargetError, match=r"@127\.0\.0\.1:1"):
        asyncio.run(TreeTarget("mirror", SftpFiles(address)).current())
