"""The store keeps releases by content; nothing of it changes when the site or a mirror is altered."""

from __future__ import annotations

import gc
import os
import subprocess
import sys
import weakref
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from publisher.model import manifest
from publisher.model.errors import PublisherError
from publisher.release.make import commit_of, draft, make, republish
from publisher.release.scan import digest
from publisher.release.store import REMEMBERED
from tests.samples.publishing.releases import PAGES, Publishing


def test_only_what_is_new_is_stored_and_each_content_once(publishing: Publishing) -> None:
    publishing.write("copy/index.html", PAGES["index.html"])
    publishing.release()
    objects = sorted((publishing.store.root / "objects").rglob("??*"))
    files = {path: path.stat().st_mtime_ns for path in objects if path.is_file()}
    assert len(files) == len(PAGES)
    publishing.write("index.html", "<h1>二つ目</h1>")
    second = publishing.release()
    assert second.release.number == 2 and publishing.store.numbers() == [1, 2]
    assert {path: path.stat().st_mtime_ns for path in files} == files
    assert sum(1 for path in (publishing.store.root / "objects").rglob("*") if path.is_file()) == len(PAGES) + 1


def test_an_altered_site_alters_no_object(publishing: Publishing) -> None:
    signed = publishing.release()
    for file in (publishing.output / "site").rglob("*"):
        if file.is_file():
            file.write_text("defaced", encoding="utf-8")  # in place: the inode stays
    assert publishing.store.missing_or_damaged(signed.release.files) == []


def test_an_unchanged_file_is_not_read_again(publishing: Publishing) -> None:
    publishing.release()
    file = publishing.output / "site" / "index.html"
    status = file.stat()
    with file.open("r+b") as stream:
        stream.write(b"X")
    os.utime(file, ns=(status.st_atime_ns, status.st_mtime_ns))
    again = publishing.release().release.by_path["index.html"]
    assert again.sha256 != digest(file)  # the stamp was believed: no build writes into a published tree


def test_a_file_that_changes_between_scan_and_copy_stops_the_release(publishing: Publishing) -> None:
    planned = draft(publishing.store, publishing.output, publishing.now)
    publishing.write("index.html", "written meanwhile")
    with pytest.raises(PublisherError, match=r"index\.html: changed while"):
        make(publishing.store, publishing.output, planned, publishing.keys)
    assert publishing.store.numbers() == [] and publishing.store.newest() is None
    assert publishing.release().release.number == 1


@pytest.mark.parametrize("kind", ["link", "pipe", "newline", "well-known"])
def test_what_no_web_server_should_show_stops_the_release_with_its_name(publishing: Publishing, kind: str) -> None:
    site = publishing.output / "site"
    match kind:
        case "link":
            (site / "bad").symlink_to("/etc/passwd")
        case "pipe":
            os.mkfifo(site / "bad")
        case "newline":
            (site / "bad\nname").write_text("x", encoding="utf-8")
        case "well-known":
            publishing.write(".well-known/todoke/bad", "x")
    with pytest.raises(PublisherError, match="bad"):
        publishing.release()


def test_a_second_release_at_the_same_time_is_refused_in_words(publishing: Publishing) -> None:
    code = (
        "import sys; from pathlib import Path; from publisher.release.store import ReleaseStore\n"
        "with ReleaseStore(Path(sys.argv[1])).locked(): print('locked', flush=True); sys.stdin.read()"
    )
    with subprocess.Popen([sys.executable, "-c", code, str(publishing.store.root)], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other:
        assert other.stdout is not None and other.stdin is not None and other.stdout.readline() == b"locked\n"
        with pytest.raises(PublisherError, match="another program is releasing"), publishing.store.locked():
            pass
        other.stdin.close()
    assert publishing.release().release.number == 1


def test_a_rollback_is_a_new_release_with_old_files(publishing: Publishing) -> None:
    first = publishing.release()
    publishing.write("index.html", "<h1>悪い版</h1>")
    publishing.remove("feed.xml")
    publishing.release()
    back = republish(publishing.store, 1, publishing.keys, publishing.now)
    assert back.release.number == 3 and back.release.files == first.release.files


def test_a_rollback_from_a_damaged_store_is_refused(publishing: Publishing) -> None:
    signed = publishing.release()
    publishing.write("index.html", "neu")
    publishing.release()
    publishing.store.object(signed.release.by_path["index.html"].sha256).write_text("damaged", encoding="utf-8")
    with pytest.raises(PublisherError, match=r"release 1: 1 files are missing or damaged in the store: index\.html"):
        republish(publishing.store, 1, publishing.keys, publishing.now)


def test_a_rollback_needs_only_the_objects_of_what_it_changes(publishing: Publishing) -> None:
    publishing.release()
    publishing.write("index.html", "<h1>neu</h1>")
    second = publishing.release()
    publishing.store.object(second.release.by_path["theme/style.css"].sha256).unlink()  # every mirror has it
    assert republish(publishing.store, 1, publishing.keys, publishing.now).release.restores == 1


def test_a_publishing_machine_that_runs_for_months_keeps_only_a_few_releases_in_memory(publishing: Publishing) -> None:
    first = weakref.ref(publishing.release().release)
    for _ in range(REMEMBERED):
        newest = publishing.release()
    gc.collect()
    remembered = publishing.store.newest()
    assert first() is None and remembered and remembered.release is newest.release


def test_what_was_held_back_stands_in_the_signed_manifest(publishing: Publishing) -> None:
    (publishing.output / "held-back.json").write_text('[{"path": "press/a.md", "reason": "題名が\\nありません"}]', encoding="utf-8")
    signed = publishing.release()
    assert signed.release.held_back == ("press/a.md 題名が ありません",)
    assert "# held-back: press/a.md 題名が ありません" in signed.proof[manifest.PATH].decode()


def test_the_commit_of_a_changed_checkout_is_marked(tmp_path: Path) -> None:
    run = ["git", "-C", str(tmp_path), "-c", "user.name=a", "-c", "user.email=a@example.jp"]
    assert commit_of(tmp_path) == ""
    for command in (["init", "-q"], ["commit", "-q", "--allow-empty", "-m", "x"]):
        subprocess.run([*run, *command], check=True)
    assert len(commit_of(tmp_path)) == 40
    (tmp_path / "new").write_text("x", encoding="utf-8")
    assert commit_of(tmp_path).endswith("+")


def test_who_waits_for_the_store_gets_it_when_it_is_free(publishing: Publishing) -> None:
    def wait() -> list[int]:
        with publishing.store.locked(60):
            return publishing.store.numbers()

    with ThreadPoolExecutor(1) as threads:
        with publishing.store.locked():
            waiting = threads.submit(wait)
            make(publishing.store, publishing.output, draft(publishing.store, publishing.output, publishing.now), publishing.keys)
            assert not waiting.done()
        assert waiting.result() == [1]
