"""What the mailer makes is for its own account alone, whatever the umask, and what an older version made otherwise is put right."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path
from stat import S_IMODE

import pytest

from mailer import private_files
from mailer.database.engine import create_database, open_database
from mailer.delivery.recovery.journal_directory import JournalDirectory
from mailer.sending import lock, send
from tests.samples.mail.mail_bundles import REF, RecordedProgress, installation
from tests.servers.smtp import Receiver


@pytest.fixture(params=[0o000, 0o022, 0o077])
def umask(request: pytest.FixtureRequest) -> Iterator[int]:
    before = os.umask(request.param)
    yield request.param
    os.umask(before)


def modes(folder: Path) -> dict[str, int]:
    """The rights of everything in the folder, and of the folder."""
    return {str(path.relative_to(folder.parent)): S_IMODE(path.stat().st_mode) for path in (folder, *folder.rglob("*"))}


def test_a_new_database_its_companions_journals_and_locks_are_for_their_owner_alone(tmp_path: Path, umask: int) -> None:
    var = tmp_path / "deep" / "var"
    with_holders = create_database(f"sqlite:///{var / 'todoke.db'}")
    journals = JournalDirectory(var / "todoke.db.state")
    journals.open(journals.new_token()).begin(1, 1)  # type: ignore[arg-type]
    with with_holders.writing() as connection:  # -wal and -shm exist while somebody writes
        connection.exec_driver_sql("CREATE TABLE t (x)")
        found = modes(tmp_path / "deep")
    assert {name.rpartition("/")[2] for name in found} >= {"todoke.db", "todoke.db-wal", "todoke.db-shm"}
    assert all(any(name.endswith(end) for name in found) for end in (".log", ".lock"))
    assert {name: mode for name, mode in found.items() if mode & 0o077} == {}
    with_holders.close()
    journals.close()


def test_a_sender_leaves_nothing_that_others_can_read(tmp_path: Path, umask: int) -> None:
    with Receiver() as receiver:
        home = installation(tmp_path, receiver.port, readers=2)
        send.send(home.context, home.root, REF, RecordedProgress())
        with lock.sender_lock(home.context.config):
            found = modes(home.context.config.path.parent / "var")
    assert len(receiver.accepted) == 2 and "var/todoke.db.send.lock" in found
    assert {name: mode for name, mode in found.items() if mode & 0o077} == {}


def test_a_database_of_an_older_version_is_taken_away_from_others_when_it_is_opened(tmp_path: Path) -> None:
    file = tmp_path / "x.db"
    writer = create_database(f"sqlite:///{file}")
    with writer.writing() as connection:
        connection.exec_driver_sql("CREATE TABLE t (x)")
        for path in tmp_path.iterdir():
            path.chmod(0o664)
        names = {path.name for path in tmp_path.iterdir()}
    assert names == {"x.db", "x.db-wal", "x.db-shm"}
    open_database(f"sqlite:///{file}").close()
    assert {S_IMODE(path.stat().st_mode) for path in tmp_path.iterdir()} == {0o600}
    writer.close()


def test_a_folder_that_was_there_keeps_its_rights_and_missing_ones_are_made_private(tmp_path: Path, umask: int) -> None:
    shared = tmp_path / "shared"
    shared.mkdir(0o755)
    before = S_IMODE(shared.stat().st_mode)
    private_files.make_folder(shared / "a" / "b")
    assert [S_IMODE(folder.stat().st_mode) for folder in (shared, shared / "a", shared / "a" / "b")] == [before, 0o700, 0o700]


def test_a_new_file_is_whole_or_not_there_and_never_replaces_another(tmp_path: Path, umask: int) -> None:
    path = tmp_path / "key"
    private_files.write_new(path, b"first")
    with pytest.raises(FileExistsError):
        private_files.write_new(path, b"second")
    assert (path.read_bytes(), S_IMODE(path.stat().st_mode)) == (b"first", 0o600)


@pytest.mark.parametrize(
    ("mode", "owner", "is_shared"),
    [
        (0o600, 1000, False), (0o400, 1000, False), (0o640, 1000, True), (0o604, 1000, True), (0o601, 1000, True),
        (0o600, 0, False), (0o440, 0, False), (0o640, 0, False), (0o660, 0, True), (0o644, 0, True),
    ],
)  # fmt: skip
def test_a_secret_of_root_may_be_readable_by_its_group_as_credentials_of_systemd_are(mode: int, owner: int, is_shared: bool) -> None:
    assert private_files.is_shared(mode, owner) is is_shared


def test_no_folder_of_the_mailer_is_made_and_no_lock_taken_with_the_rights_of_the_umask() -> None:
    """Whoever adds a file finds the one way here. A lock is a file too."""
    makers = {"private_files.py"}
    code = {path: path.read_text("utf-8") for path in Path("mailer").rglob("*.py") if path.name not in makers}
    assert [str(path) for path, text in code.items() if ".mkdir(" in text or "makedirs(" in text] == []
    calls = [call for text in code.values() for call in re.findall(r"FileLock\([^\n]*\)", text)]
    assert len(calls) >= 3 and [call for call in calls if "mode=private_files.FILE_MODE" not in call] == []
