"""Random histories of readers, lists, frequencies and issues against a small model: each reader gets each section of each issue of the standing lists once."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mailer.database.deliveries import claims, issues, ledger
from mailer.database.deliveries.claims import ClaimRequest
from mailer.database.deliveries.ledger import ResultGroup
from mailer.database.readers import frequencies, people, subscriptions
from mailer.database.readers.subscriptions import ImportedSubscriber
from mailer.database.schema import delivery, issue, metadata
from mailer.model.digest import DIGEST, is_digest
from mailer.model.ids import SubscriberId
from mailer.model.issue import FrozenIssue, IssueRef
from mailer.model.readers.subscription import Frequency
from mailer.sending import digests, freeze
from tests.mailer.sending.digests.test_digests import TUESDAY_NOON
from tests.samples.mail.digest_bundles import write_mergeable
from tests.samples.mail.mail_bundles import Installation, installation, write_lists
from tests.samples.mail.reader_model import sent_to

LISTS, NAMES = ("fukko-press", "mailmaga"), ("hana", "jiro")
NAME, KEY = st.sampled_from(NAMES), st.sampled_from(LISTS)
STEP = st.one_of(  # what leads to digests is there more often than the rest
    st.tuples(st.just("publish"), KEY),
    st.tuples(st.just("publish all")),
    st.tuples(st.just("publish all")),
    st.tuples(st.just("a digest is frozen")),
    st.tuples(st.just("a digest is frozen")),
    st.tuples(st.just("choose"), NAME, KEY, st.sampled_from([*Frequency])),
    st.tuples(st.just("leave"), NAME, KEY),
    st.tuples(st.just("leave digests"), NAME),
    st.tuples(st.just("rest"), NAME, st.integers(0, 3)),
    st.tuples(st.just("time"), st.sampled_from([2, 7, 24, 72])),
    st.tuples(st.just("compose")),
    st.tuples(st.just("send"), st.integers(0, 3)),
)


@dataclass
class Model:
    """What is known of a reader: how often each standing list comes, until when the reader rests, which issues are owed, and what has come."""

    lists: dict[str, Frequency] = field(default_factory=lambda: dict.fromkeys(LISTS, Frequency.DAILY))
    owed: dict[str, str] = field(default_factory=dict)  # article → list
    got: Counter[str] = field(default_factory=Counter)


def send(home: Installation, frozen: FrozenIssue, model: dict[SubscriberId, Model]) -> None:
    """Send what is due of an issue, as the engine does, and note which sections came to whom."""
    request = ClaimRequest(frozen.issue_id, "", is_digest=is_digest(frozen))
    held = claims.claim_batch(
        home.database, request, token=f"{frozen.issue_id} {home.clock()} {next(COUNT)}", owner="me", lease=60, now=home.clock()
    )
    if held is None or not held.rows:
        return
    words = frozen.issue.text if is_digest(frozen) else frozen.issue.sections
    for row in held.rows:
        reader = model[row.subscriber_id]
        for article in {each for each in reader.owed if f"記事 {each} の本文" in words}:
            reader.got[article] += words.count(f"記事 {article} の本文") if is_digest(frozen) else 1
            assert reader.owed[article] in reader.lists, "a section of a list that was left"
        assert is_digest(frozen) or frozen.issue.ref.list in reader.lists
    results = [sent_to(row.subscriber_id, home.clock()) for row in held.rows]
    ledger.record(home.database, [ResultGroup(frozen.issue_id, held.fence, results, is_last=True, is_complete=True)], now=home.clock())


COUNT = itertools.count()


class History:
    """One installation, which is emptied before each history."""

    def __init__(self, home: Installation) -> None:
        self.home, self.number = home, itertools.count(1)
        self.resting: dict[str, float] = {}
        with home.database.writing() as connection:
            for table in reversed(metadata.sorted_tables):
                if table.name not in {"audit", "ledger"}:
                    connection.execute(sa.delete(table))
        home.clock.moment = TUESDAY_NOON
        readers = [ImportedSubscriber(f"{name}@example.jp", "", LISTS) for name in NAMES]
        subscriptions.import_subscribers(home.database, readers, source="test", now=home.clock())
        self.ids = {name: subscriptions.find(home.database, f"{name}@example.jp") or SubscriberId(0) for name in NAMES}
        self.model = {self.ids[name]: Model() for name in NAMES}
        for name in NAMES:
            frequencies.save(home.database, self.ids[name], dict.fromkeys(LISTS, Frequency.DAILY), by="reader", now=home.clock())

    def apply(self, step: tuple[object, ...]) -> None:
        kind, *values = step
        getattr(self, str(kind).replace(" ", "_"))(*values)

    def publish(self, key: str) -> None:
        home, article = self.home, f"{chr(0x4E00 + next(self.number))}"
        ref = IssueRef(key, str(next(COUNT) + 1))
        write_mergeable(home.root, ref, [article])
        if not subscriptions.count(home.database, key, home.clock()):
            return
        freeze.freeze_bundle(home.context.config, home.database, home.root, ref, None, now=home.clock())
        for name in NAMES:
            reader = self.model[self.ids[name]]
            if key in reader.lists and not self.rests(name):
                reader.owed[article] = key

    def publish_all(self) -> None:
        for key in LISTS:
            self.publish(key)

    def a_digest_is_frozen(self) -> None:
        self.time(24)
        self.compose()

    def choose(self, name: str, key: str, frequency: Frequency) -> None:
        frequencies.save(self.home.database, self.ids[name], {key: frequency}, by="reader", now=self.home.clock())
        reader = self.model[self.ids[name]]
        if key in reader.lists:
            reader.lists[key] = frequency

    def leave(self, name: str, key: str) -> None:
        subscriptions.unsubscribe(self.home.database, self.ids[name], key, source="link", now=self.home.clock())
        self.end(name, key)

    def leave_digests(self, name: str) -> None:
        subscriptions.unsubscribe(self.home.database, self.ids[name], DIGEST, source="link", now=self.home.clock())
        for key, frequency in [*self.model[self.ids[name]].lists.items()]:
            if frequency is not Frequency.ISSUE:
                self.end(name, key)

    def end(self, name: str, key: str) -> None:
        reader = self.model[self.ids[name]]
        reader.lists.pop(key, None)
        reader.owed = {article: of for article, of in reader.owed.items() if of != key or reader.got[article]}

    def rest(self, name: str, days: int) -> None:
        until = self.home.clock() + timedelta(days=days)
        people.pause(self.home.database, self.ids[name], until)
        self.resting[name] = until.timestamp()

    def rests(self, name: str) -> bool:
        return self.resting.get(name, 0) > self.home.clock().timestamp()

    def time(self, hours: int) -> None:
        self.home.clock.forward(hours=hours)

    def compose(self) -> None:
        home = self.home
        held = {(self.name(row.subscriber_id), row.list, row.sections) for row in self.waiting()}
        digests.compose_due(home.context.config, home.database, home.root, now=home.clock())
        for name, _, sections in held:
            if self.rests(name):  # who rests when the digest is made gets nothing of what waits
                reader = self.model[self.ids[name]]
                reader.owed = {article: key for article, key in reader.owed.items() if f"記事 {article} " not in sections}

    def waiting(self) -> list[sa.Row[tuple[SubscriberId, str, str]]]:
        query = (
            sa.select(delivery.c.subscriber_id, issue.c.list, issue.c.sections).join_from(delivery, issue).where(delivery.c.state == "held")
        )
        with self.home.database.reading() as connection:
            return list(connection.execute(query))

    def name(self, number: SubscriberId) -> str:
        return next(name for name, own in self.ids.items() if own == number)

    def send(self, which: int) -> None:
        due = issues.sendable_issues(self.home.database, now=self.home.clock())
        for frozen in due[which:]:
            send(self.home, frozen, self.model)

    def finish(self) -> None:
        """Everybody rests no more; two weeks of moments pass, and everything that is due is sent."""
        for name in NAMES:
            self.rest(name, 0)
        for _ in range(2):
            self.time(24 * 7)
            for _ in range(2):
                self.compose()
                self.send(0)
        for reader in self.model.values():
            assert {article: reader.got[article] for article in reader.owed} == dict.fromkeys(reader.owed, 1)
            assert all(number == 1 for number in reader.got.values())


@contextmanager
def one_installation(url: str = "") -> Iterator[Installation]:
    with TemporaryDirectory() as folder:
        home = installation(Path(folder), 1, head=f'database = "{url}"\n' if url else "")
        write_lists(home.root, *LISTS)
        yield home
        home.database.close()


HISTORIES = st.lists(STEP, min_size=5, max_size=16)
QUICK = settings(max_examples=20, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])


def test_each_reader_gets_each_section_of_the_standing_lists_once(database_url: str) -> None:
    with one_installation(database_url) as home:

        @QUICK
        @given(HISTORIES)
        def live(steps: list[tuple[object, ...]]) -> None:
            history = History(home)
            for step in steps:
                history.apply(step)
            history.finish()

        live()
