"""Back from a snapshot: on an empty place, from the newest that is whole, with everything as it was, and nobody gets an issue twice."""

from __future__ import annotations

import datetime as dt
import hashlib
import os
import shutil
import sqlite3
import subprocess
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic import command

from continuity import restoring
from continuity.model import ContinuityError
from continuity.restoring import read_identities, restore
from continuity.snapshots import NewSnapshot, make
from mailer.config.file import load_config
from mailer.database.engine import open_database
from tests.mailer.database.test_migrations import alembic
from tests.samples.continuity.two_buildings import Building, building, new_key
from tests.samples.killed import exit_status, with_full_disk
from tests.samples.mail.mail_bundles import SEAL, Installation

NOW = dt.datetime(2026, 11, 29, 6, 0, tzinfo=dt.UTC)
HOUR = dt.timedelta(hours=1)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Building:
    return building(tmp_path_factory.mktemp("home"))


@pytest.fixture(scope="module")
def made(home: Building) -> NewSnapshot:
    return make(home.config, home.settings, NOW)


def restored_site(home: Building, target: Path) -> Installation:
    """The restored installation as its programs see it."""
    config = load_config(target / "mailer.toml")
    return replace(
        home.mail, root=home.mail.root, context=replace(home.mail.context, config=config, database=open_database(config.database, SEAL))
    )


def test_a_bare_machine_has_the_site_the_readers_the_settings_and_the_content_again(
    tmp_path: Path, home: Building, made: NewSnapshot
) -> None:
    restored = restore([made.file], tmp_path / "there", read_identities(home.key))
    there = tmp_path / "there"
    release = home.publishing.store.load(1).release
    served = {file.path: hashlib.sha256((there / "site" / file.path).read_bytes()).hexdigest() for file in release.files}
    assert served == {file.path: file.sha256 for file in release.files}
    assert restored.serving == there / "site" and (there / "site" / ".well-known/todoke/manifest.txt.minisig").is_file()
    site = restored_site(home, there)
    assert site.context.config.database == f"sqlite:///{there}/var/todoke.db"
    with site.database.reading() as connection:
        assert connection.execute(sa.text("SELECT count(*) FROM subscriber")).scalar_one() == 5
    assert (there / "content" / "article.md").read_text("utf-8") == "一つめの記事" and (there / ".git").is_dir()
    assert (there / "var" / "todoke.db").stat().st_mode & 0o077 == 0
    assert [each.name for each in tmp_path.iterdir()] == ["there"], "nothing else is left"


@pytest.mark.parametrize("part", [*range(12)])
def test_a_damaged_byte_in_any_part_of_the_file_is_noticed_and_an_older_snapshot_is_taken(
    tmp_path: Path, home: Building, made: NewSnapshot, part: int
) -> None:
    """From the first byte of the envelope over its header and every piece of the content to the last byte."""
    data = bytearray(made.file.read_bytes())
    data[min(part * len(data) // 11, len(data) - 1)] ^= 0x20
    newer = tmp_path / "todoke-20261129T070000Z.tar.age"
    newer.write_bytes(data)
    shutil.copy(made.file, tmp_path)
    restored = restore([tmp_path], tmp_path / "there", read_identities(home.key), dry_run=True)
    assert restored.index.name.moment == "20261129T060000Z"
    assert len(restored.damaged) == 1 and str(newer) in restored.damaged[0]


def test_a_damaged_base_takes_the_snapshots_that_build_on_it_with_it_and_an_older_full_one_is_taken(tmp_path: Path) -> None:
    home = building(tmp_path / "home")
    older = make(home.config, home.settings, NOW)
    base = make(home.config, home.settings, NOW + HOUR, full=True)
    newest = make(home.config, home.settings, NOW + 2 * HOUR)
    assert newest.index.name.base == base.index.name.moment
    data = bytearray(base.file.read_bytes())
    data[len(data) // 2] ^= 1
    base.file.write_bytes(data)
    restored = restore([home.settings.snapshot.folder], tmp_path / "there", read_identities(home.key))
    assert restored.index.name == older.index.name and restored.serving
    assert [str(newest.file) in restored.damaged[0], str(base.file) in restored.damaged[1]] == [True, True]


@pytest.mark.parametrize("length", [0, 1, 100, 100_000, -1])
def test_a_file_that_was_cut_is_no_snapshot_and_nothing_is_left_of_it(
    tmp_path: Path, home: Building, made: NewSnapshot, length: int
) -> None:
    cut = tmp_path / made.file.name
    cut.write_bytes(made.file.read_bytes()[:length])
    with pytest.raises(ContinuityError, match="no snapshot is whole"):
        restore([cut], tmp_path / "there", read_identities(home.key))
    assert [*tmp_path.iterdir()] == [cut]


@pytest.mark.parametrize("name", ["mailer.toml", "publish.toml", "var", "site", "content/elsewhere"])
def test_a_link_in_the_content_leads_nothing_out_of_the_restored_folder_and_stops_nothing(tmp_path: Path, name: str) -> None:
    outside = tmp_path / "outside"
    (outside / "folder").mkdir(parents=True)
    (outside / "file").write_text("untouched", "utf-8")
    home = building(tmp_path / "home")
    git = ["git", "-C", str(home.home), "-c", "user.name=t", "-c", "user.email=t@example.jp"]
    target = outside / ("file" if name.endswith(".toml") else "folder")
    blob = subprocess.run(
        [*git, "hash-object", "-w", "--stdin"], input=str(target), check=True, capture_output=True, text=True
    ).stdout.strip()
    subprocess.run([*git, "update-index", "--add", "--cacheinfo", f"120000,{blob},{name}"], check=True)
    subprocess.run([*git, "commit", "--quiet", "-m", "link"], check=True)
    made = make(home.config, home.settings, NOW)
    there = tmp_path / "there"
    restore([made.file], there, read_identities(home.key))
    assert (outside / "file").read_text("utf-8") == "untouched" and not any((outside / "folder").iterdir())
    assert [path for path in there.rglob("*") if path.is_symlink()] == []
    assert "database" in (there / "mailer.toml").read_text("utf-8")
    assert (there / "var" / "todoke.db").is_file() and (there / "site").is_dir()


def test_a_snapshot_under_another_name_and_one_without_its_base_are_left_aside(tmp_path: Path, home: Building, made: NewSnapshot) -> None:
    shutil.copy(made.file, tmp_path / "todoke-20261129T080000Z.tar.age")
    second = make(home.config, home.settings, NOW + HOUR)
    shutil.copy(second.file, tmp_path)
    with pytest.raises(ContinuityError) as caught:
        restore([tmp_path], tmp_path / "there", read_identities(home.key))
    assert "its name is not" in str(caught.value) and f"builds on {made.file.name}" in str(caught.value)


def test_a_wrong_key_and_a_file_without_a_key_are_told(tmp_path: Path, made: NewSnapshot) -> None:
    new_key(tmp_path / "other.txt")
    with pytest.raises(ContinuityError, match="not for this key"):
        restore([made.file], tmp_path / "there", read_identities(tmp_path / "other.txt"))
    (tmp_path / "none.txt").write_text("age1xyz")
    with pytest.raises(ContinuityError, match="no private key"):
        read_identities(tmp_path / "none.txt")


def test_what_is_there_already_is_never_written_over_also_by_two_restores_at_once(
    tmp_path: Path, home: Building, made: NewSnapshot, monkeypatch: pytest.MonkeyPatch
) -> None:
    there = tmp_path / "there"
    there.mkdir()
    (there / "own.txt").touch()
    with pytest.raises(ContinuityError, match="something already"):
        restore([made.file], there, read_identities(home.key))
    second, keys, give_name = tmp_path / "second", read_identities(home.key), restoring._give_name

    def meanwhile(home_folder: Path, target: Path) -> None:
        monkeypatch.setattr(restoring, "_give_name", give_name)
        restore([made.file], second, keys)
        give_name(home_folder, target)

    monkeypatch.setattr(restoring, "_give_name", meanwhile)
    with pytest.raises(ContinuityError, match="meanwhile"):
        restore([made.file], second, keys)
    assert (second / "var" / "todoke.db").is_file()
    assert sorted(each.name for each in tmp_path.iterdir()) == ["second", "there"]


@pytest.mark.parametrize(
    "step", ["unpack_newest", "_unpack_base", "_put_together", "_clone", "site_files", "_set_database", "_filled_database", "_give_name"]
)
def test_a_restore_that_is_killed_gives_nothing_its_place_and_can_be_repeated(
    tmp_path: Path, home: Building, made: NewSnapshot, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    there, keys = tmp_path / "there", read_identities(home.key)

    def killed() -> None:
        monkeypatch.setattr(restoring, step, lambda *_arguments: os.kill(os.getpid(), 9))
        restore([made.file], there, keys)

    assert exit_status(killed) == -9
    assert not there.exists()
    assert restore([made.file], there, keys).serving


def test_a_disk_that_is_full_ends_a_restore_with_one_line_and_leaves_nothing(tmp_path: Path, home: Building, made: NewSnapshot) -> None:
    there, keys = tmp_path / "there", read_identities(home.key)
    assert exit_status(lambda: with_full_disk(100_000, lambda: restore([made.file], there, keys))) == 3
    assert [*tmp_path.iterdir()] == []


def test_a_snapshot_of_an_older_version_is_restored_and_migrated_when_it_is_opened(tmp_path: Path) -> None:
    home = building(tmp_path)
    home.mail.database.close()
    file = home.home / "var" / "todoke.db"
    for each in file.parent.glob("todoke.db*"):
        if each.is_file():
            each.unlink()
    engine = sa.create_engine(f"sqlite:///{file}")
    with engine.begin() as connection:
        command.upgrade(alembic(connection), "0012")
        words = "INSERT INTO subscriber (email, email_key, name, created_at) VALUES ('a@example.jp', 'a@example.jp', 'A', '2026-01-01 00:00:00.000000')"
        connection.execute(sa.text(words))
    engine.dispose()
    made = make(home.config, home.settings, NOW)
    restore([made.file], tmp_path / "there", read_identities(home.key))
    with closing(sqlite3.connect(tmp_path / "there" / "var" / "todoke.db")) as connection:
        assert connection.execute("SELECT version_num FROM alembic_version").fetchone() == ("0012",)
    site = restored_site(home, tmp_path / "there")
    with site.database.reading() as reading:
        assert reading.execute(sa.text("SELECT email FROM subscriber")).scalar_one() == "a@example.jp"
        assert reading.execute(sa.text("SELECT fence FROM sending_right")).scalar_one() == 0
