"""A site that does not hold the right to send announces nothing, and neither does a database that was restored and not adopted."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from channels.model import Traits
from channels.outbox.outbox import Outbox, PostState
from channels.outbox.right import NotAllowed, SendingRight, remember, require_known
from mailer.database import rights
from mailer.database.announcements import posts
from mailer.database.announcements.door import OpenDoor
from mailer.database.engine import open_database
from sending_right.records import FenceRecord, Right
from sending_right.register import RightRegister
from storage.settings import LocalStorage
from tests.samples.announcing.announcements import announcement, channel
from tests.samples.announcing.outboxes import Office, office
from tests.samples.mail.databases import with_tables
from tests.servers.networks.simple_network import SimpleAdapter, SimpleNetwork


@pytest.fixture
def network() -> Iterator[SimpleNetwork]:
    with SimpleNetwork() as served:
        yield served


@pytest.fixture
def here(tmp_path: Path, network: SimpleNetwork) -> Iterator[Office]:
    url = with_tables(f"sqlite:///{tmp_path / 'var' / 'todoke.db'}")
    with office(url, tmp_path, [channel(name="a")], [SimpleAdapter("a", network.url, Traits(key_life=None))]) as opened:
        yield opened


def take(here: Office, storage: LocalStorage, fence: int) -> Right:
    """Take the right outside, as `todoke take-over` does."""

    storage.folder.mkdir(exist_ok=True)

    async def ask() -> None:
        register = RightRegister([storage])
        await register.take(fence, FenceRecord(f"site{fence}"), Right(fence - 1, "before"), frozenset())
        await register.close()

    asyncio.run(ask())
    return Right(fence, f"site{fence}", rights.place(here.outbox.opened.database))


def may_send(outbox: Outbox) -> None:
    async def ask() -> None:
        right = SendingRight(outbox)
        try:
            await right.require()
        finally:
            await right.close()

    asyncio.run(ask())


def test_a_site_announces_while_it_holds_the_right_and_not_after_another_has_taken_over(
    here: Office, tmp_path: Path, network: SimpleNetwork
) -> None:
    storage = LocalStorage(name="outside", kind="local", folder=tmp_path / "outside")
    own = take(here, storage, 1)
    with here.outbox.opened.database.writing() as connection:
        rights.write(connection, own)
    guarded = replace(here, outbox=Outbox(OpenDoor(here.outbox.opened.database, (storage,), tmp_path / "state"), "tests"))
    guarded.enter(announcement())
    guarded.post()
    assert guarded.states() == [PostState.SENT]
    take(here, storage, 2)
    guarded.enter(announcement(record="article/x/2"))
    guarded.post()
    assert guarded.states("a") == [PostState.SENT, PostState.PENDING] and len(network.seen) == 1
    with pytest.raises(NotAllowed, match="another site has taken over"):
        may_send(guarded.outbox)


def test_a_copy_of_the_database_announces_nothing(here: Office, tmp_path: Path) -> None:
    storage = LocalStorage(name="outside", kind="local", folder=tmp_path / "outside")
    with here.outbox.opened.database.writing() as connection:
        rights.write(connection, replace(take(here, storage, 1), place="somewhere else"))
    with pytest.raises(NotAllowed, match="copy of the database"):
        may_send(Outbox(OpenDoor(here.outbox.opened.database, (storage,), tmp_path / "state"), "tests"))


def test_a_backup_that_was_put_back_announces_nothing_until_it_is_adopted(here: Office, tmp_path: Path, network: SimpleNetwork) -> None:
    here.enter(announcement())
    here.post()
    backup = tmp_path / "backup.db"
    file = tmp_path / "var" / "todoke.db"
    with here.outbox.opened.database.without_transaction() as cursor:
        cursor.execute(f"VACUUM INTO '{backup}'")
    here.enter(announcement(record="article/x/2"))
    here.post()
    here.outbox.close()
    for path in file.parent.glob("todoke.db*"):
        path.unlink()
    shutil.copy(backup, file)
    restored = replace(here, outbox=Outbox(OpenDoor(open_database(f"sqlite:///{file}"), (), tmp_path / "state"), "tests"))
    with pytest.raises(NotAllowed, match="it is older than what was announced"):
        require_known(restored.outbox)
    with restored.outbox.opened.database.writing() as connection:  # as `todoke adopt-restored` does
        connection.exec_driver_sql("UPDATE ledger SET generation = generation + 1")
        posts.mark_restored(connection, here.clock.now)
    restored.enter(announcement(record="article/x/2"))
    restored.post()
    assert restored.states() == [PostState.SENT, PostState.UNKNOWN] and len(network.seen) == 2
    remember(restored.outbox)
    require_known(restored.outbox)
    restored.outbox.close()
