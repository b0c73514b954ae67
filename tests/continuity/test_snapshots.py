"""Snapshots of a whole installation: what is in them, who can open them, what is written again, what is removed, and what a storage gets."""

from __future__ import annotations

import datetime as dt
import json
import os
import subprocess
import tarfile
from pathlib import Path

import pytest
from filelock import FileLock

from continuity import snapshots
from continuity.model import ContinuityError, SnapshotName
from continuity.restoring import read_identities, restore
from continuity.snapshots import make, too_old
from tests.samples.continuity.two_buildings import Building, building, new_key, write_content
from tests.samples.killed import exit_status, with_full_disk

NOW = dt.datetime(2026, 11, 29, 6, 0, tzinfo=dt.UTC)
HOUR = dt.timedelta(hours=1)


def opened(file: Path, key: Path, folder: Path) -> list[str]:
    """Open a snapshot with Debian's age and tar."""
    tar = folder / "plain.tar"
    subprocess.run(["age", "-d", "-i", str(key), "-o", str(tar), str(file)], check=True)
    with tarfile.open(tar) as archive:
        return archive.getnames()


def test_age_and_tar_open_a_snapshot_and_everything_but_the_keys_is_in_it(tmp_path: Path) -> None:
    home = building(tmp_path)
    made = make(home.config, home.settings, NOW)
    names = opened(made.file, home.key, tmp_path)
    assert names[0] == "snapshot.json"
    wanted = {
        "database/todoke.db",
        "home/mailer.toml",
        "home/continuity.toml",
        "home/publish.toml",
        "content.bundle",
        "release/releases/1/manifest.txt.minisig",
    }
    assert wanted <= set(names)
    assert any(name.startswith("release/objects/") for name in names)
    plain = (tmp_path / "plain.tar").read_bytes()
    for secret in (b"NEVER-IN-A-SNAPSHOT", b"PRIVATE KEY", b"AGE-SECRET-KEY"):
        assert secret not in plain
    assert any("DKIM" in words for words in made.index.left_out)


def test_a_password_in_a_database_s_address_is_not_in_the_snapshot_of_the_settings(tmp_path: Path) -> None:
    home = building(tmp_path)
    extra = home.home / "other.toml"
    extra.write_text('database = "postgresql://todoke:hunter2@db/todoke"\nother = "postgresql:///x?password=hunter2&host=db"\n', "utf-8")
    text = home.config.read_text("utf-8")
    home.config.write_text(f'{text}\n[snapshot]\nextra = ["other.toml"]\n', "utf-8")
    made = make(home.config, home.settings, NOW)
    names = opened(made.file, home.key, tmp_path)
    assert "home/other.toml" in names and b"hunter2" not in (tmp_path / "plain.tar").read_bytes()


def test_a_second_snapshot_repeats_no_content_and_is_restored_with_the_first(tmp_path: Path) -> None:
    home = building(tmp_path)
    first = make(home.config, home.settings, NOW)
    home.publishing.write("index.html", "<h1>新しい知らせ</h1>")
    home.publishing.release()
    write_content(home.home, "二つめの記事")
    second = make(home.config, home.settings, NOW + HOUR)
    assert second.index.name.base == first.index.name.moment
    held = {path for path, file in second.index.files.items() if not file.is_here}
    assert sum(path.startswith("release/objects/") for path in held) == len(home.publishing.store.load(1).release.files) - 1
    restored = restore([first.file, second.file], tmp_path / "there", read_identities(home.key))
    assert restored.index.name == second.index.name and not restored.damaged
    assert (tmp_path / "there" / "site" / "index.html").read_text("utf-8") == "<h1>新しい知らせ</h1>"
    assert (tmp_path / "there" / "content" / "article.md").read_text("utf-8") == "二つめの記事"


def test_after_full_days_and_when_asked_everything_is_written_anew(tmp_path: Path) -> None:
    home = building(tmp_path)
    make(home.config, home.settings, NOW)
    assert make(home.config, home.settings, NOW + HOUR).index.name.base
    assert not make(home.config, home.settings, NOW + 2 * HOUR, full=True).index.name.base
    assert not make(home.config, home.settings, NOW + dt.timedelta(days=8)).index.name.base


@pytest.mark.parametrize(
    ("names", "keep", "gone"),
    [
        ([("1", ""), ("2", "1"), ("3", "1")], 2, []),
        ([("1", ""), ("2", "1"), ("3", ""), ("4", "3")], 2, ["1", "2"]),
        ([("1", ""), ("2", ""), ("3", "1")], 1, ["2"]),
    ],
)
def test_what_a_kept_snapshot_builds_on_is_kept(names: list[tuple[str, str]], keep: int, gone: list[str]) -> None:
    def moment(day: str) -> str:
        return f"2026110{day}T000000Z" if day else ""

    every = [str(SnapshotName(moment(day), moment(base))) for day, base in names]
    removed = too_old([*every, "another-file.txt"], keep)
    assert [name.removeprefix("todoke-2026110")[0] for name in removed] == gone


def test_each_storage_gets_the_snapshot_and_its_base_and_one_that_is_away_holds_up_no_other(tmp_path: Path) -> None:
    tables = [f'[[targets]]\nname = "disk{number}"\nkind = "local"\nfolder = "{tmp_path}/disk{number}"\n' for number in (1, 2)]
    home = building(tmp_path, storages=["[snapshot]\nkeep = 2\n", *tables])
    (tmp_path / "disk1").mkdir()
    first = make(home.config, home.settings, NOW)
    assert first.failures["disk1"] == "" and "is the disk mounted" in first.failures["disk2"]
    (tmp_path / "disk2").mkdir()
    second = make(home.config, home.settings, NOW + HOUR)
    assert {*second.failures.values()} == {""}
    for disk in ("disk1", "disk2"):
        assert {file.name for file in (tmp_path / disk / "snapshots").iterdir()} == {first.file.name, second.file.name}
    restore([tmp_path / "disk2" / "snapshots"], tmp_path / "there", read_identities(home.key))
    for hours in (2, 3):
        make(home.config, home.settings, NOW + hours * HOUR)
    assert len([*(tmp_path / "disk1" / "snapshots").iterdir()]) == 3, "two, and the one that they build on"


@pytest.mark.parametrize("step", ["database.copy", "gather", "archive.write", "_list_of", "_bring", "drill_exchange.fetch", "too_old"])
def test_a_snapshot_that_is_killed_leaves_no_half_file_and_the_next_one_is_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    home = building(tmp_path, storages=[f'[[targets]]\nname = "disk"\nkind = "local"\nfolder = "{tmp_path}/disk"\n'])
    (tmp_path / "disk").mkdir()

    def killed() -> None:
        def kill(*_arguments: object, **_options: object) -> None:
            os.kill(os.getpid(), 9)

        monkeypatch.setattr(f"continuity.{step}" if "." in step else f"continuity.snapshots.{step}", kill)
        make(home.config, home.settings, NOW)

    assert exit_status(killed) == -9
    made = make(home.config, home.settings, NOW + HOUR)
    restore([tmp_path / "disk" / "snapshots"], tmp_path / "there", read_identities(home.key))
    assert not (home.settings.snapshot.folder / ".work").exists() and made.file.is_file()


def test_a_full_disk_ends_a_snapshot_with_one_line_and_leaves_nothing(tmp_path: Path) -> None:
    home = building(tmp_path)
    for most in (1_000, 300_000):  # already the copy of the database does not find room, or only the encrypted file
        assert exit_status(lambda most=most: with_full_disk(most, lambda: make(home.config, home.settings, NOW))) == 3  # type: ignore[misc]
    assert [file.name for file in home.settings.snapshot.folder.iterdir() if file.name != ".lock"] == []


def test_two_snapshots_at_once_are_one_and_an_error(tmp_path: Path) -> None:
    home = building(tmp_path)
    folder = home.settings.snapshot.folder
    folder.mkdir(parents=True)
    with FileLock(folder / ".lock"), pytest.raises(ContinuityError, match="another snapshot"):
        make(home.config, home.settings, NOW)


def test_every_bad_key_of_the_settings_is_named(tmp_path: Path) -> None:
    home: Building = building(tmp_path)
    home.config.write_text("recipients = []\nwrong = 1\n[snapshot]\nkeep = 0\n", "utf-8")
    with pytest.raises(ContinuityError) as caught:
        _ = home.settings
    assert all(key in str(caught.value) for key in ("recipients", "wrong", "snapshot.keep"))


def test_a_recipient_that_is_no_public_key_is_refused_before_anything_is_written(tmp_path: Path) -> None:
    home = building(tmp_path)
    home.config.write_text(f'recipients = ["{new_key(tmp_path / "other.txt")[:-3]}xyz"]\n', "utf-8")
    with pytest.raises(ContinuityError, match="no public key"):
        make(home.config, home.settings, NOW)
    assert json.dumps(snapshots.local_snapshots(home.settings.snapshot.folder)) == "[]"
