"""What was read goes into the database in batches, on SQLite and PostgreSQL: never more consent than there was, and a killed run goes on."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
import sqlalchemy as sa

import todoke
from mailer.config.file import load_config
from mailer.database.engine import Database, create_database, open_database
from mailer.database.readers import consents, subscriptions, suppressions
from mailer.database.readers.bulk_import import ImportResult
from mailer.database.readers.subscriptions import ImportedSubscriber
from mailer.database.schema import subscription
from mailer.model.ids import SubscriberId
from mailer.model.readers.consent import ConsentWay
from mailer.model.readers.suppression import AddressKeys, SuppressionReason
from mailer.subscribers.imports.content import Choices, read_content
from mailer.subscribers.imports.load import Loaded, load
from mailer.subscribers.imports.spool import PORTION, open_spool
from tests import fork
from tests.samples.killed import die_in_a_transaction
from tests.samples.mail.mail_bundles import LIST, NOW, SECRET, make_database, people, write_config, write_lists

KEYS = AddressKeys((b"a key of these tests",))
LISTS = {LIST.key: LIST}


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    with closing(create_database(database_url, address_keys=KEYS)) as opened:
        yield opened


def write(folder: Path, rows: list[str], heading: str = "email,name,lists,format") -> Path:
    path = folder / "people.csv"
    path.write_text("\n".join([heading, *rows]) + "\n", "utf-8")
    return path


def run(database: Database, path: Path, *, keep: bool = True) -> Loaded:
    total = Loaded()
    with open_spool() as spool:
        content = read_content(path, LISTS, Choices(), spool)
        for _ in load(spool, content, database, now=lambda: NOW, keep=keep, loaded=total):
            pass
    return total


def counts(loaded: Loaded) -> tuple[int, int, int, int, int]:
    return loaded.people, loaded.subscriptions, loaded.already, loaded.left_alone, loaded.held_back


def test_a_file_is_imported_once_and_each_row_has_its_proof(database: Database, tmp_path: Path) -> None:
    path = write(tmp_path, ["a@example.jp,甲,fukko-press,light", "b@example.jp,乙,fukko-press,"])
    assert counts(run(database, path, keep=False)) == (2, 2, 0, 0, 0) and subscriptions.count(database, LIST.key) == 0
    assert counts(run(database, path)) == (2, 2, 0, 0, 0)
    assert counts(run(database, path)) == (0, 0, 2, 0, 0)
    number = subscriptions.find(database, "B@example.jp")
    assert number is not None
    [record] = consents.consents_of(database, number)
    assert (record.way, record.list, record.at, record.words) == (ConsentWay.IMPORT, LIST.key, NOW, None)
    assert record.proof.startswith("people.csv ") and record.proof.endswith("line 3")


def test_an_import_never_raises_consent(database: Database, tmp_path: Path) -> None:
    subscriptions.import_subscribers(database, people(3), source="t", now=NOW)
    subscriptions.unsubscribe(database, SubscriberId(1), LIST.key, source="link", now=NOW)
    suppressions.suppress(database, "gone@example.jp", SuppressionReason.ERASED, source="t", now=NOW)
    suppressions.suppress(database, "left@example.jp", SuppressionReason.LEFT, source="t", now=NOW, scope=LIST.key)
    suppressions.suppress(database, "other@example.jp", SuppressionReason.LEFT, source="t", now=NOW, scope="mailmaga")
    path = write(tmp_path, [f"{name}@example.jp,,fukko-press," for name in ("reader1", "reader2", "GONE", "left", "other", "new")])
    for keep in (False, True):
        loaded = run(database, path, keep=keep)
        assert counts(loaded) == (2, 2, 1, 1, 2)
        assert loaded.kept_out == [("reader1@example.jp", LIST.key)]
        assert loaded.suppressed == [("GONE@example.jp", LIST.key), ("left@example.jp", LIST.key)]
    assert subscriptions.find(database, "gone@example.jp") is None
    assert subscriptions.count(database, LIST.key) == 4


def test_the_form_of_the_file_is_taken_and_an_empty_one_changes_nothing(database: Database, tmp_path: Path) -> None:
    run(database, write(tmp_path, ["a@example.jp,,fukko-press,light", "b@example.jp,,fukko-press,"]))
    run(database, write(tmp_path, ["a@example.jp,,fukko-press,", "b@example.jp,,fukko-press,light"]))
    with database.reading() as connection:
        assert connection.execute(sa.select(subscription.c.format)).scalars().all() == ["light", "light"]


def test_ids_go_on_where_they_were(database: Database, tmp_path: Path) -> None:
    subscriptions.import_subscribers(database, people(2), source="t", now=NOW)
    run(database, write(tmp_path, ["a@example.jp,,fukko-press,", "b@example.jp,,fukko-press,"]))
    subscriptions.import_subscribers(database, [ImportedSubscriber("c@example.jp", "", (LIST.key,))], source="t", now=NOW)
    ids = [subscriptions.find(database, f"{name}@example.jp") for name in ("reader1", "reader2", "a", "b", "c")]
    assert ids == [1, 2, 3, 4, 5]


def test_an_import_can_be_repeated_and_does_not_subscribe_those_who_left(database: Database) -> None:
    assert subscriptions.import_subscribers(database, people(3), source="t", now=NOW) == ImportResult(3, 3, 0)
    assert subscriptions.unsubscribe(database, SubscriberId(2), "fukko-press", source="link", now=NOW)
    second = subscriptions.import_subscribers(database, people(4, "fukko-press", "mailmaga"), source="t", now=NOW)
    assert second == ImportResult(1, 5, 2, (("reader2@example.jp", "fukko-press"),))
    assert (subscriptions.count(database, "fukko-press"), subscriptions.count(database, "mailmaga")) == (3, 4)


def import_and_die(words: list[str], config: str, subscribers: int, step: str) -> None:
    """`todoke`, as the command line calls it, until there are so many."""
    sys.argv, os.environ["TODOKE_SECRET"] = ["todoke", *words], SECRET
    with closing(open_database(load_config(Path(config)).database)) as database:
        die_in_a_transaction(lambda: subscriptions.count(database, LIST.key) >= subscribers, step)
        todoke.main()


@pytest.mark.parametrize("step", ["begin", "commit"])
def test_a_killed_import_leaves_whole_batches_and_the_same_command_does_the_rest(tmp_path: Path, step: str) -> None:
    config = write_config(tmp_path)
    make_database(config)
    write_lists(tmp_path / "mail")
    number = 3 * PORTION
    path = write(tmp_path, [f"reader{n}@example.jp,,fukko-press," for n in range(number)])
    words = ["subscribers", "import", str(path), "--config", str(config), "--mail", str(tmp_path / "mail")]
    with closing(open_database(load_config(config).database)) as database:
        process = fork.start(import_and_die, words, str(config), PORTION, step)
        process.join()
        assert process.exitcode == -signal.SIGKILL
        assert subscriptions.count(database, LIST.key) == PORTION
        done, environ = PORTION, os.environ | {"TODOKE_SECRET": SECRET}
        again = subprocess.run([sys.executable, "-m", "todoke", *words], env=environ, capture_output=True, text=True, check=True)
        assert f"there already: {done:,}" in again.stdout and subscriptions.count(database, LIST.key) == number
