"""A kit on a disk: read from file://, installed and restored without a network, printed; and what is on the disk when it could not be written."""

from __future__ import annotations

import datetime as dt
import io
import os
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from playwright.sync_api import Browser
from pypdf import PdfReader

from continuity.installation import find_installation
from continuity.kit import folder
from continuity.model import ContinuityError
from continuity.restoring import read_identities, restore
from continuity.snapshots import local_snapshots
from tests.continuity.test_commands import todoke
from tests.samples.continuity.kit_office import Office, office
from tests.samples.killed import REFUSED, exit_status, with_full_disk

NOW = dt.datetime(2026, 11, 29, 6, 0, tzinfo=dt.UTC)
WITHOUT_NETWORK = ["unshare", "--map-root-user", "--net"]
WITH_THIS_PYTHON = ("env", f"PYTHON={sys.executable}")
"""A kit is for the Python that made it, and the machine's own may be another."""


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Office:
    """A disk with a kit, as an operator gets it."""
    place = office(tmp_path_factory.mktemp("office"))
    done = todoke(place.building.home, "snapshot", "--kit", str(place.disk))
    assert done.returncode == 0, done.stderr
    assert "STEPS.pdf" in done.stdout and "秘密鍵" in done.stdout
    return place


@pytest.fixture(scope="module")
def planned(written: Office) -> folder.Plan:
    settings = written.building.settings
    return folder.plan(settings, find_installation(written.building.config, settings), local_snapshots(settings.snapshot.folder), NOW)


def write_kit(place: Office, planned: folder.Plan, disk: Path) -> Path:
    """Write what was collected."""
    settings = place.building.settings
    return folder.write(disk, planned, find_installation(place.building.config, settings), settings, lambda *_: None)


def test_everything_is_on_the_disk_and_nothing_else(written: Office) -> None:
    assert [each.name for each in written.disk.iterdir()] == ["todoke-kit"]
    kit = written.disk / "todoke-kit"
    assert {each.name for each in kit.iterdir()} == {
        "START-HERE.html", "はじめにお読みください.html", "site", "STEPS.pdf", "snapshots", "program", "SHA256SUMS",
    }  # fmt: skip
    assert {each.name for each in (kit / "program").iterdir()} == {
        "install.sh",
        "pip",
        "wheels",
        "deploy",
        "requirements.txt",
        "python.txt",
    }
    assert {each.name for each in (kit / "program/deploy").iterdir()} == {each.name for each in (written.program / "deploy").iterdir()}
    assert subprocess.run(["sha256sum", "--check", "--quiet", "--strict", "SHA256SUMS"], cwd=kit, check=False).returncode == 0


def test_a_browser_reads_the_site_from_the_disk_page_by_page_with_its_styles(written: Office, browser: Browser) -> None:
    page, kit = browser.new_page(), written.disk / "todoke-kit"
    failed: list[str] = []
    page.on("requestfailed", lambda request: failed.append(request.url))
    page.goto((kit / "START-HERE.html").as_uri())
    page.click("text=サイトの入口")
    page.goto((kit / "site/press/index.html").as_uri())
    page.click("a")
    assert page.url == (kit / "site/press/2026/bridge/index.html").as_uri() and "橋が通れます" in page.content()
    page.close()
    assert failed == []


def test_the_page_to_print_has_the_steps_and_the_telephone_numbers_on_one_sheet(written: Office) -> None:
    japanese, english = PdfReader(io.BytesIO((written.disk / "todoke-kit" / "STEPS.pdf").read_bytes())).pages
    front, back = ("".join(each.extract_text().replace("\0", "").split()) for each in (japanese, english))
    for words in ("庁舎を失ったとき", "022-211-0000", "髙橋花子", "todoketake-over--fenceN", "まちがいだったとき"):
        assert words in front
    for words in ("Thebuildingislost", "022-211-0000", "todokerestoresnapshots/", "falsealarm"):
        assert words in back


def test_the_program_is_installed_from_the_disk_without_a_network_and_the_snapshot_is_restored(written: Office, tmp_path: Path) -> None:
    kit = written.disk / "todoke-kit"
    install = [*WITHOUT_NETWORK, *WITH_THIS_PYTHON, "sh", str(kit / "program" / "install.sh"), str(tmp_path / "program")]
    done = subprocess.run(install, capture_output=True, text=True, check=False)
    assert done.returncode == 0 and "todoke restore" in done.stdout, done.stderr
    said = subprocess.run([tmp_path / "program/bin/todoke"], capture_output=True, text=True, check=True)
    assert said.stdout == "offline with data\n"
    again = subprocess.run(install, capture_output=True, text=True, check=False)
    assert again.returncode == 1 and "something already" in again.stderr
    restored = restore([kit / "snapshots"], tmp_path / "there", read_identities(written.building.key))
    assert restored.serving and not restored.damaged


@pytest.mark.parametrize("path", ["program/wheels/tiny_letters-1.0-py3-none-any.whl", "program/requirements.txt", "STEPS.pdf"])
def test_a_damaged_disk_and_another_kind_of_python_install_nothing(written: Office, tmp_path: Path, path: str) -> None:
    kit = tmp_path / "todoke-kit"
    shutil.copytree(written.disk / "todoke-kit", kit)
    data = bytearray((kit / path).read_bytes())
    data[len(data) // 2] ^= 1
    (kit / path).write_bytes(data)
    install = [*WITH_THIS_PYTHON, "sh", str(kit / "program" / "install.sh"), str(tmp_path / "program")]
    done = subprocess.run(install, capture_output=True, text=True, check=False)
    assert done.returncode == 1 and "damaged" in done.stderr and not (tmp_path / "program").exists()
    (kit / "program" / "python.txt").write_text("2.7 Linux x86_64\n")
    done = subprocess.run(install, capture_output=True, text=True, check=False)
    assert done.returncode == 1 and "is for Python 2.7" in done.stderr and not (tmp_path / "program").exists()


def test_a_dry_run_says_how_much_it_takes_and_writes_nothing(written: Office, tmp_path: Path) -> None:
    (tmp_path / folder.OLD).mkdir()
    (tmp_path / folder.NEW).mkdir()
    done = todoke(written.building.home, "snapshot", "--kit", str(tmp_path), "--dry-run")
    assert done.returncode == 0 and "bytes at most" in done.stdout, done.stderr
    assert {each.name for each in tmp_path.iterdir()} == {folder.OLD, folder.NEW}


@pytest.mark.parametrize("step", ["_write_files", "_write_site", "sync", "between the renames"])
def test_a_kit_that_is_killed_leaves_the_old_one_whole_and_the_next_is_whole(
    written: Office, planned: folder.Plan, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    planned = planned if step == "_write_site" else replace(planned, site=None)  # the site takes a second
    kit, rename = write_kit(written, planned, tmp_path), Path.rename
    (kit / "mark-of-the-old-one").touch()

    def kill(*_arguments: object) -> None:
        os.kill(os.getpid(), 9)

    def rename_once(source: Path, target: Path) -> None:
        rename(source, target)
        kill()

    def killed() -> None:
        if step == "between the renames":
            monkeypatch.setattr(Path, "rename", rename_once)
        else:
            monkeypatch.setattr(os if step == "sync" else folder, step, kill)
        write_kit(written, planned, tmp_path)

    assert exit_status(killed) == -9
    old = tmp_path / (folder.KIT if (tmp_path / folder.KIT).exists() else folder.OLD)
    assert (old / "mark-of-the-old-one").is_file()
    assert subprocess.run(["sha256sum", "--check", "--quiet", "SHA256SUMS"], cwd=old, check=False).returncode == 0
    write_kit(written, planned, tmp_path)
    assert [each.name for each in tmp_path.iterdir()] == ["todoke-kit"] and not (kit / "mark-of-the-old-one").exists()


def test_a_full_disk_ends_it_with_one_line_and_leaves_the_old_kit(
    written: Office, planned: folder.Plan, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kit = write_kit(written, planned, tmp_path)
    before = sorted(each.relative_to(kit).as_posix() for each in kit.rglob("*"))
    assert exit_status(lambda: with_full_disk(30_000, lambda: write_kit(written, planned, tmp_path))) == REFUSED
    with monkeypatch.context() as patch:
        patch.setattr(shutil, "disk_usage", lambda _folder: shutil._ntuple_diskusage(10**12, 10**12, 100_000))
        with pytest.raises(ContinuityError, match="100,000 bytes are free"):
            write_kit(written, planned, tmp_path)
    assert sorted(each.relative_to(kit).as_posix() for each in kit.rglob("*")) == before
    assert [each.name for each in tmp_path.iterdir()] == ["todoke-kit"]


def test_what_is_missing_is_told_before_anything_is_written(written: Office, planned: folder.Plan, tmp_path: Path) -> None:
    home = written.building.home
    with pytest.raises(ContinuityError, match="is the disk in"):
        write_kit(written, planned, tmp_path / "away")
    with (
        folder.locked(written.building.settings),
        pytest.raises(ContinuityError, match="another kit"),
        folder.locked(written.building.settings),
    ):
        pass
    (home / "publishing" / "keys").rename(home / "publishing" / "away")
    with pytest.raises(ContinuityError, match="todoke portable"):
        write_kit(written, planned, tmp_path)
    (home / "publishing" / "away").rename(home / "publishing" / "keys")
    assert [*tmp_path.iterdir()] == []
    without_site = write_kit(written, replace(planned, site=None), tmp_path)
    assert (without_site / "program").is_dir() and not (without_site / "site").exists(), "without a release the rest is a kit all the same"
