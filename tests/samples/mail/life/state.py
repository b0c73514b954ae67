"""The database and the model of it, both empty at first."""

from __future__ import annotations

import itertools
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import sqlalchemy as sa
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine

from mailer.config.file import load_config
from mailer.database.engine import create_database
from mailer.database.readers import subscriptions
from mailer.database.schema import metadata
from mailer.model.ids import IssueId, SubscriberId
from tests.samples.mail.databases import with_tables
from tests.samples.mail.mail_bundles import NOW, SEAL, write_config
from tests.samples.mail.reader_model import KEYS, LISTS, NAMES, Reader
from tests.samples.mail.sign_ups import Service

ADDRESS, KEY = st.sampled_from(NAMES), st.sampled_from(sorted(LISTS))


class LifeState(RuleBasedStateMachine):
    """Three people, two lists, and what the model remembers of them."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = TemporaryDirectory()
        self.home = Path(self.folder.name)
        self.database = create_database(with_tables(f"sqlite:///{self.home / 'var' / 'x.db'}"), SEAL, address_keys=KEYS)
        self.service = Service(self.database, load_config(write_config(self.home)))
        self.number = itertools.count(1)
        self.model = {name: Reader() for name in NAMES}
        self.tokens: list[str] = []
        self.frozen: list[tuple[IssueId, str]] = []
        self.mailed: list[tuple[IssueId, SubscriberId, str]] = []
        self.erased: set[str] = set()
        self.former: dict[SubscriberId, set[str]] = {}

    def teardown(self) -> None:
        self.database.close()
        self.folder.cleanup()

    @property
    def now(self) -> datetime:
        return self.service.clock.now

    def id_of(self, address: str) -> SubscriberId | None:
        return subscriptions.find(self.database, address)

    def rests(self, reader: Reader) -> bool:
        return reader.paused_until is not None and reader.paused_until > self.now

    def end(self, address: str, key: str) -> None:
        if self.model[address].lists.get(key, NOW) is None:
            self.model[address].lists[key] = self.now

    def rows(self) -> str:
        with self.database.reading() as connection:
            return "\n".join(str(row) for table in metadata.sorted_tables for row in connection.execute(sa.select(table)))
