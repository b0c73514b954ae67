"""`todoke init-db`, `todoke secret new`, and what every command does where there is no database."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path
from stat import S_IMODE

import pytest
from typer.testing import CliRunner, Result

from mailer import secrets
from mailer.database.engine import create_database, open_database
from mailer.model.errors import DatabaseError, DatabaseMissing
from tests.samples.mail.mail_bundles import SECRET, write_config, write_issue, write_lists
from todoke import app

COMMANDS = [
    "send fukko-press/45", "send fukko-press/45 --dry-run", "status", "who-missed fukko-press/45", "audit", "schedule", "pause fukko-press/45",
    "cancel fukko-press/45", "retry fukko-press/45", "resolve unknown fukko-press/45 --as sent", "subscribers import FILE",
    "subscribers import FILE --dry-run", "subscribers revoke-links a@example.jp", "serve", "work",
]  # fmt: skip


def run(folder: Path, line: str) -> Result:
    words = line.replace("FILE", str(folder / "people.csv")).split()
    mail = ["--mail", str(folder / "mail")] if words[0] in ("send", "serve") or words[:2] == ["subscribers", "import"] else []
    return CliRunner().invoke(app, [*words, "--config", str(folder / "mailer.toml"), *mail], env={"TODOKE_SECRET": SECRET})


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_config(tmp_path, head='secret_file = "var/secret"\n')
    write_lists(tmp_path / "mail")
    write_issue(tmp_path / "mail")
    (tmp_path / "people.csv").write_text("email,name,lists\na@example.jp,,fukko-press\n", "utf-8")
    return tmp_path


@pytest.mark.parametrize("line", COMMANDS)
def test_a_wrong_path_of_the_database_is_an_error_and_makes_nothing(folder: Path, line: str) -> None:
    before = {*folder.rglob("*")}
    result = run(folder, line)
    assert result.exit_code == 1, result.output
    assert f"There is no database at {folder / 'var' / 'todoke.db'}" in result.output and "todoke init-db" in result.output
    assert {*folder.rglob("*")} == before


def test_init_db_makes_the_database_once_and_may_be_repeated(folder: Path) -> None:
    assert run(folder, "init-db").exit_code == 0
    assert run(folder, "subscribers import FILE").exit_code == 0
    assert run(folder, "init-db").exit_code == 0
    assert "there already: 1" in run(folder, "subscribers import FILE").output
    assert {path.name: S_IMODE(path.stat().st_mode) for path in (folder, *folder.rglob("var*/**"))}["var"] == 0o700


def test_a_second_key_is_refused_in_words_that_fit_in_both_languages(folder: Path) -> None:
    assert run(folder, "secret new").exit_code == 0
    again = run(folder, "secret new")
    assert (
        again.exit_code == 1
        and "was not changed" in again.output
        and "鍵はもうあります" in again.output
        and "短すぎます" not in again.output
    )


def test_who_names_no_file_for_the_key_is_told_the_line_of_the_settings(tmp_path: Path) -> None:
    write_config(tmp_path)
    refused = run(tmp_path, "secret new")
    assert refused.exit_code == 1 and 'secret_file = "var/secret"' in refused.output and "secret_file がありません" in refused.output


def test_an_empty_file_is_no_database_and_init_db_makes_one_of_it(folder: Path) -> None:
    (folder / "var").mkdir()
    (folder / "var" / "todoke.db").touch()
    assert "has no tables of Todoke" in run(folder, "status").output
    assert (run(folder, "init-db").exit_code, run(folder, "status").exit_code) == (0, 0)


@pytest.mark.parametrize("opens", [open_database, create_database])
def test_the_database_of_another_program_is_refused_and_not_touched(tmp_path: Path, opens: object) -> None:
    file = tmp_path / "other.db"
    other = sqlite3.connect(file)
    other.execute("CREATE TABLE theirs (x)")
    other.commit()
    with pytest.raises(DatabaseMissing, match="another program"):
        opens(f"sqlite:///{file}")  # type: ignore[operator]
    assert other.execute("SELECT name FROM sqlite_master").fetchall() == [("theirs",)]
    other.close()


def test_a_server_database_without_our_tables_is_refused_until_init_db_makes_them(empty_database_url_postgres: str) -> None:
    with pytest.raises(DatabaseMissing, match="no tables of Todoke"):
        open_database(empty_database_url_postgres)
    create_database(empty_database_url_postgres).close()
    open_database(empty_database_url_postgres).close()


def test_a_database_of_another_version_is_an_error_that_says_so(tmp_path: Path) -> None:
    with (database := create_database(f"sqlite:///{tmp_path / 'x.db'}")).writing() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    database.close()
    with pytest.raises(DatabaseError, match="another version"):
        open_database(f"sqlite:///{tmp_path / 'x.db'}")


def test_a_new_key_is_private_long_enough_and_not_printed(folder: Path) -> None:
    before = os.umask(0)
    try:
        result = run(folder, "secret new")
    finally:
        os.umask(before)
    (key,) = secrets.signing_keys({}, folder / "var" / "secret")
    assert (result.exit_code, S_IMODE((folder / "var" / "secret").stat().st_mode)) == (0, 0o600)
    assert len(key.value) == 64 and key.value not in result.output


def test_an_existing_key_is_never_replaced_and_rotation_keeps_it_for_old_links(folder: Path) -> None:
    run(folder, "secret new")
    (first,) = secrets.signing_keys({}, folder / "var" / "secret")
    refused = run(folder, "secret new")
    assert refused.exit_code == 1 and "--rotate" in refused.output
    assert run(folder, "secret new --rotate").exit_code == 0
    keys = secrets.signing_keys({}, folder / "var" / "secret")
    assert (len(keys), keys[1]) == (2, first) and keys[0] != first
    assert [path.name for path in (folder / "var").iterdir()] == ["secret"]


def test_rotation_needs_a_key_that_only_its_owner_can_read(folder: Path) -> None:
    assert "no key yet" in run(folder, "secret new --rotate").output
    run(folder, "secret new")
    (folder / "var" / "secret").chmod(0o644)
    shared = run(folder, "secret new --rotate")
    assert shared.exit_code == 1 and "chmod 600" in shared.output


def test_a_key_of_another_purpose_is_written_where_the_command_says(tmp_path: Path) -> None:
    """No mailer.toml is needed for that: the key of /metrics may be made before it."""
    result = CliRunner().invoke(app, ["secret", "new", str(tmp_path / "keys" / "metrics"), "--config", str(tmp_path / "none.toml")])
    assert result.exit_code == 0, result.output
    assert secrets.metrics_key({}, tmp_path / "keys" / "metrics")
    assert S_IMODE((tmp_path / "keys").stat().st_mode) == 0o700


def test_a_place_that_cannot_be_written_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    result = CliRunner().invoke(app, ["secret", "new", str(tmp_path / "file" / "secret")])
    assert result.exit_code == 1 and "cannot be written" in result.output and "Traceback" not in result.output
