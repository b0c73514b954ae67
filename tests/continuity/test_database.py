"""Snapshots of PostgreSQL: rows are counted in the moment of the dump; a restore takes an empty database, fills it as a whole, and leaves it empty if it fails."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest
import sqlalchemy as sa

from continuity import database, restoring
from continuity.model import ContinuityError
from continuity.restoring import read_identities, restore
from continuity.snapshots import make
from mailer.database.readers import subscriptions
from tests.continuity.test_commands import todoke
from tests.continuity.test_restoring import NOW, restored_site
from tests.samples.continuity.two_buildings import Building, building
from tests.samples.killed import exit_status
from tests.samples.mail.mail_bundles import people


@pytest.fixture
def home(tmp_path: Path, database_url_postgres: str) -> Building:
    return building(tmp_path, head=f'database = "{database_url_postgres}"\n')


def tables(url: str) -> int:
    engine = sa.create_engine(url)
    with engine.connect() as connection:
        number = connection.execute(sa.text("SELECT count(*) FROM pg_class WHERE relnamespace = 'public'::regnamespace")).scalar_one()
    engine.dispose()
    return int(number)


def test_a_snapshot_is_restored_into_an_empty_database_only(tmp_path: Path, home: Building, empty_database_url_postgres: str) -> None:
    made = make(home.config, home.settings, NOW)
    assert made.index.rows["subscriber"] == 5 and "database/todoke.dump" in made.index.files
    keys = read_identities(home.key)
    with pytest.raises(ContinuityError, match="TODOKE_DATABASE"):
        restore([made.file], tmp_path / "there", keys)
    with pytest.raises(ContinuityError, match="not empty"):
        restore([made.file], tmp_path / "there", keys, url=home.mail.context.config.database)
    restore([made.file], tmp_path / "there", keys, url=empty_database_url_postgres)
    site = restored_site(home, tmp_path / "there")
    assert site.context.config.database == empty_database_url_postgres
    with site.database.reading() as reading:
        assert reading.execute(sa.text("SELECT count(*) FROM subscriber")).scalar_one() == 5


def test_a_snapshot_is_verified_row_by_row_in_an_empty_database_and_says_what_it_did_not_compare_without_one(
    home: Building, empty_database_url_postgres: str
) -> None:
    make(home.config, home.settings, NOW)
    words = ("snapshot", "--verify", "--identity", str(home.key))
    without = todoke(home.home, *words)
    assert without.returncode == 0 and "were not compared" in without.stdout, without.stderr
    verified = todoke(home.home, *words, TODOKE_DATABASE=empty_database_url_postgres)
    assert verified.returncode == 0 and "subscriber 5" in verified.stdout, verified.stderr
    assert (
        tables(empty_database_url_postgres) == 0
        and sorted(each.suffix for each in home.settings.snapshot.folder.iterdir() if each.is_dir()) == []
    )


def test_a_database_with_tables_of_others_is_left_alone(tmp_path: Path, home: Building, empty_database_url_postgres: str) -> None:
    made = make(home.config, home.settings, NOW)
    engine = sa.create_engine(empty_database_url_postgres)
    with engine.begin() as connection:
        connection.execute(sa.text("CREATE TABLE of_others (x int)"))
    engine.dispose()
    with pytest.raises(ContinuityError, match="not empty"):
        restore([made.file], tmp_path / "there", read_identities(home.key), url=empty_database_url_postgres)
    assert tables(empty_database_url_postgres) == 1


def test_rows_are_counted_in_the_moment_of_the_dump_though_readers_join_meanwhile(
    tmp_path: Path, home: Building, empty_database_url_postgres: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = database.run_postgres

    def join_first(program: str, words: list[str], url: str) -> str:
        subscriptions.import_subscribers(home.mail.database, people(20), source="test", now=NOW)
        return run(program, words, url)

    with monkeypatch.context() as patch:
        patch.setattr(database, "run_postgres", join_first)
        made = make(home.config, home.settings, NOW)
    restore([made.file], tmp_path / "there", read_identities(home.key), url=empty_database_url_postgres)
    assert made.index.rows["subscriber"] == database.count(empty_database_url_postgres)["subscriber"] == 5


def test_a_restore_that_fails_after_the_database_was_filled_empties_it_and_can_be_repeated(
    tmp_path: Path, home: Building, empty_database_url_postgres: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    made, there = make(home.config, home.settings, NOW), tmp_path / "there"
    give_name = restoring._give_name

    def taken(home_folder: Path, target: Path) -> None:
        target.mkdir()
        (target / "meanwhile").touch()
        give_name(home_folder, target)

    with monkeypatch.context() as patch:
        patch.setattr(restoring, "_give_name", taken)
        with pytest.raises(ContinuityError, match="meanwhile"):
            restore([made.file], there, read_identities(home.key), url=empty_database_url_postgres)
    assert tables(empty_database_url_postgres) == 0
    restore([made.file], tmp_path / "second", read_identities(home.key), url=empty_database_url_postgres)


def test_a_restore_that_is_killed_beside_its_filled_database_says_so_at_the_next_try(
    tmp_path: Path, home: Building, empty_database_url_postgres: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    made, there, keys = make(home.config, home.settings, NOW), tmp_path / "there", read_identities(home.key)

    def killed() -> None:
        monkeypatch.setattr(restoring, "_give_name", lambda *_: os.kill(os.getpid(), 9))
        restore([made.file], there, keys, url=empty_database_url_postgres)

    assert exit_status(killed) == -9 and not there.exists()
    with pytest.raises(ContinuityError, match="not empty"):
        restore([made.file], there, keys, url=empty_database_url_postgres)
    database.empty_postgres(empty_database_url_postgres)
    assert restore([made.file], there, keys, url=empty_database_url_postgres).serving


def test_of_two_restores_into_one_database_at_once_one_fills_it_and_the_other_is_told(
    tmp_path: Path, home: Building, empty_database_url_postgres: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    made, keys = make(home.config, home.settings, NOW), read_identities(home.key)
    both_have_looked, run, errors = threading.Barrier(2), database.run_postgres, list[str]()

    def together(program: str, words: list[str], url: str) -> str:
        if program == "pg_restore":
            both_have_looked.wait(60)
        return run(program, words, url)

    def attempt(name: str) -> None:
        try:
            restore([made.file], tmp_path / name, keys, url=empty_database_url_postgres)
        except ContinuityError as error:
            errors.append(str(error))

    monkeypatch.setattr(database, "run_postgres", together)
    threads = [threading.Thread(target=attempt, args=(name,)) for name in ("one", "two")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(errors) == 1 and "pg_restore" in errors[0]
    assert database.count(empty_database_url_postgres) == made.index.rows
    assert sum((tmp_path / name).is_dir() for name in ("one", "two")) == 1
