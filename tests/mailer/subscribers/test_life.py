"""The life of subscriptions against a model, through the functions that the commands, the pages and the receiver of mail call.

Nobody is ever mailed without a standing consent, nobody who left or is suppressed is mailed, and of whoever was erased nothing remains but the keyed hash.
"""

from __future__ import annotations

import itertools
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import sqlalchemy as sa
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from mailer.config.file import load_config
from mailer.database.deliveries import claims, digests, issues, ledger
from mailer.database.deliveries.claims import ClaimRequest
from mailer.database.deliveries.ledger import ResultGroup
from mailer.database.engine import create_database
from mailer.database.readers import (
    clerk,
    frequencies,
    people,
    retention,
    sign_ups,
    subscriptions,
    suppressions,  # fmt: skip
)
from mailer.database.readers.clerk import PaperForm
from mailer.database.returned import bounce_effects, complaint_effects
from mailer.database.returned.bounce_effects import ReadBounce
from mailer.database.returned.complaint_effects import Complained
from mailer.database.schema import delivery, metadata
from mailer.model.digest import DIGEST, HELD_FREQUENCIES
from mailer.model.errors import DeliveryRefused
from mailer.model.ids import IssueId, SubscriberId
from mailer.model.issue import IssueRef
from mailer.model.readers.retention import Retention
from mailer.model.readers.sign_up import Way
from mailer.model.readers.subscription import Frequency
from mailer.model.readers.suppression import ALL_LISTS, LIFTED_BY_CONSENT, SuppressionReason
from mailer.subscribers import sign_up
from mailer.subscribers.erase import erase_reader
from mailer.subscribers.imports.content import Choices, read_content
from mailer.subscribers.imports.load import load
from mailer.subscribers.imports.spool import open_spool
from mailer.subscribers.words import consent_words
from tests.samples.mail.databases import with_tables
from tests.samples.mail.mail_bundles import ISSUE, NOW, SEAL, write_config
from tests.samples.mail.reader_model import KEYS, LISTS, NAMES, SEALER, Reader, hard_bounce, links_of, sent_to
from tests.samples.mail.sign_ups import SITE, Service

ADDRESS, KEY = st.sampled_from(NAMES), st.sampled_from(sorted(LISTS))
SOME = st.sets(KEY, min_size=1).map(sorted)
RULES = Retention()


class Life(RuleBasedStateMachine):
    """Three people, two lists, and whatever may happen to them."""

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

    @rule(address=ADDRESS, keys=SOME)
    def signs_up(self, address: str, keys: list[str]) -> None:
        requested = sign_up.request_confirmation(
            self.database,
            address,
            [LISTS[key] for key in keys],
            "html",
            self.now,
            Way.WEB,
            sealer=SEALER,
            new_id=lambda: f"c{next(self.number)}",
        )
        if requested.is_due:
            self.model[address].token = requested.token
            self.tokens.append(requested.token)

    @precondition(lambda self: self.tokens)
    @rule(data=st.data())
    def confirms(self, data: st.DataObject) -> None:
        token = data.draw(st.sampled_from(self.tokens))
        claim = sign_up.read_token(SEALER, token)
        if not claim.holds(self.now):
            return
        reader, mailbox = self.model[claim.address], SEALER.hash_address(claim.address)
        before = replace(reader, lists=dict(reader.lists), suppressed=set(reader.suppressed))
        words = consent_words(SITE, [LISTS[wish.list] for wish in claim.wishes])
        try:
            sign_ups.confirm(self.database, claim, mailbox, token, self.now, words=words)
        except DeliveryRefused:
            assert any(why not in LIFTED_BY_CONSENT for why, _ in before.suppressed)
            return
        if token == reader.token:
            reader.token = ""
            for wish in claim.wishes:
                assert reader.consent(wish.list)
                reader.lists[wish.list] = None
                self.erased.discard(claim.address)

    @rule()
    def a_scanner_opens_every_link(self) -> None:
        before = self.rows()

        paths = [f"/confirm/{token}" for token in self.tokens]
        for address in NAMES:
            if (number := self.id_of(address)) is not None:
                paths += links_of(number, subscriptions.token_version(self.database, number) or 0)

        for path in paths:
            assert self.service.get(path).status_code < 500
        assert self.rows() == before

    @rule(addresses=st.sets(ADDRESS, min_size=1), keys=SOME, status=st.sampled_from(["配信中", "解除", "未確認", "休眠"]))
    def imports(self, addresses: set[str], keys: list[str], status: str) -> None:
        path = self.home / "people.csv"
        path.write_text("メールアドレス,ステータス\n" + "".join(f"{address},{status}\n" for address in sorted(addresses)), "utf-8")
        with open_spool() as spool:
            content = read_content(path, LISTS, Choices(fixed=tuple(keys)), spool)
            for _ in load(spool, content, self.database, now=lambda: self.now, keep=True):
                pass
        path.unlink()
        for address in addresses if status == "配信中" else ():
            reader = self.model[address]
            for key in keys:
                if key not in reader.lists and not reader.is_suppressed(key):
                    reader.lists[key] = None
                    self.erased.discard(address)

    @rule(address=ADDRESS, keys=SOME)
    def a_clerk_adds(self, address: str, keys: list[str]) -> None:
        added = clerk.add(self.database, PaperForm(address, "", tuple(keys), "石巻-1"), now=self.now)
        reader = self.model[address]
        for key in keys:
            if reader.consent(key):
                reader.lists[key] = None
                self.erased.discard(address)
            assert (key in added.blocked) == reader.is_suppressed(key)

    @rule(address=ADDRESS, key=KEY)
    def leaves(self, address: str, key: str) -> None:
        if (number := self.id_of(address)) is not None:
            subscriptions.unsubscribe(self.database, number, key, source="link", now=self.now)
            self.end(address, key)

    @rule(address=ADDRESS)
    def a_clerk_removes(self, address: str) -> None:
        if (number := self.id_of(address)) is not None:
            clerk.remove(self.database, number, None, source="operator", now=self.now)
            for key in LISTS:
                self.end(address, key)

    @rule(address=ADDRESS, days=st.integers(0, 40))
    def pauses(self, address: str, days: int) -> None:
        if (number := self.id_of(address)) is not None:
            until = self.now + timedelta(days=days)
            people.pause(self.database, number, until)
            self.model[address].paused_until = until

    @rule(old=ADDRESS, new=ADDRESS)
    def changes_address(self, old: str, new: str) -> None:
        number = self.id_of(old)
        if number is None or not people.change_address(self.database, number, new, now=self.now):
            return
        here, there = self.model[old], self.model[new]
        there.suppressed = {(why, scope) for why, scope in there.suppressed if why not in LIFTED_BY_CONSENT}
        self.former.setdefault(number, set()).add(old)
        if old != new:
            there.lists, there.paused_until = here.lists, here.paused_until
            here.lists, here.paused_until = {}, None
            self.erased.discard(new)

    @precondition(lambda self: self.mailed)
    @rule(data=st.data())
    def a_message_bounces(self, data: st.DataObject) -> None:
        issue_id, number, address = data.draw(st.sampled_from(self.mailed))
        bounce_effects.apply(self.database, [ReadBounce(f"e{next(self.number)}", issue_id, number, hard_bounce(address), self.now)])
        if self.id_of(address) == number:
            self.model[address].suppressed.add((SuppressionReason.UNKNOWN_RECIPIENT, ALL_LISTS))

    @precondition(lambda self: self.mailed)
    @rule(data=st.data(), key=KEY)
    def a_reader_complains(self, data: st.DataObject, key: str) -> None:
        issue_id, number, _ = data.draw(st.sampled_from(self.mailed))
        complaint_effects.apply(
            self.database, f"e{next(self.number)}", Complained(number, issue_id, key, "abuse", "docomo.ne.jp"), now=self.now
        )
        for address in NAMES:
            if self.id_of(address) == number:
                self.end(address, key)
                self.model[address].suppressed.add((SuppressionReason.COMPLAINT, key))

    @rule(address=ADDRESS, scope=KEY | st.just(ALL_LISTS))
    def an_operator_closes_the_address(self, address: str, scope: str) -> None:
        suppressions.suppress(self.database, address, SuppressionReason.OPERATOR, source="operator", now=self.now, scope=scope)
        self.model[address].suppressed.add((SuppressionReason.OPERATOR, scope))

    @rule(address=ADDRESS)
    def an_operator_opens_it_again(self, address: str) -> None:
        suppressions.lift(self.database, address, by="operator", why="test", now=self.now, reasons=[*SuppressionReason])
        self.model[address].suppressed.clear()

    @rule(address=ADDRESS)
    def is_erased(self, address: str) -> None:
        if (number := self.id_of(address)) is not None:
            erase_reader(self.database, number, sealer=SEALER, spool=self.home / "inbound", source="reader", now=self.now)
            closed = self.model[address].suppressed | {(SuppressionReason.ERASED, ALL_LISTS)}
            self.model[address] = Reader(suppressed=closed)
            self.mailed = [each for each in self.mailed if each[1] != number]
            self.erased.add(address)
            content = "\n".join(path.read_bytes().decode("utf-8", "replace") for path in self.home.rglob("*") if path.is_file())
            for each in {address} | {each for each in self.former.get(number, set()) if each not in self.rows()}:
                assert each not in content + self.rows(), "something of an erased person is left"
            assert KEYS.newest(address).value in self.rows()

    @rule(days=st.sampled_from([0.5, 2, 8, 30]))
    def time_passes(self, days: float) -> None:
        self.service.clock.turn(days=days)

    @rule()
    def the_night_comes(self) -> None:
        retention.expire(self.database, RULES, now=self.now)
        for address, reader in self.model.items():
            for key, left in [*reader.lists.items()]:
                if left is not None and left <= self.now - RULES.ended:
                    del reader.lists[key]
                    reader.suppressed.add((SuppressionReason.LEFT, key))
            if self.id_of(address) is None:
                reader.paused_until = None
                self.mailed = [each for each in self.mailed if each[2] != address]

    @rule(address=ADDRESS, key=KEY, frequency=st.sampled_from([*Frequency]))
    def chooses_how_often(self, address: str, key: str, frequency: Frequency) -> None:
        if (number := self.id_of(address)) is not None:
            frequencies.save(self.database, number, {key: frequency}, by="reader", now=self.now)
            if self.model[address].lists.get(key, NOW) is None:
                assert frequencies.of_reader(self.database, number)[key] is frequency

    @rule()
    def digests_are_due(self) -> None:
        digests.tidy(self.database, self.now)
        waiting = digests.combinations(self.database, dict.fromkeys(HELD_FREQUENCIES, self.now), self.now)
        for each in waiting:
            carried = issues.all_issues(self.database, each.issues)
            content = replace(ISSUE, ref=IssueRef(DIGEST, str(next(self.number))))
            frozen = digests.freeze(self.database, content, LISTS[carried[0].issue.ref.list], carried, each.readers, now=self.now)
            assert frozen is not None
            self.frozen.append((frozen.issue_id, DIGEST))
        current = {self.id_of(name): name for name in NAMES}
        for each in waiting:
            for number, one in itertools.product(each.readers, issues.all_issues(self.database, each.issues)):
                reader = self.model[current[number]]
                assert reader.stands(one.issue.ref.list) and not self.rests(reader)

    @rule(key=KEY, holds=st.booleans())
    def an_issue_is_frozen(self, key: str, holds: bool) -> None:
        content = replace(ISSUE, ref=IssueRef(key, str(next(self.number))))
        issue_id = issues.freeze(self.database, content, LISTS[key], self.now, holds=holds).issue_id
        with self.database.reading() as connection:
            frozen = set(connection.execute(sa.select(delivery.c.address).where(delivery.c.issue_id == issue_id)).scalars())
        resting = {name for name, reader in self.model.items() if self.rests(reader)}
        assert frozen == {name for name, reader in self.model.items() if reader.stands(key)} - resting
        self.frozen.append((issue_id, key))

    @precondition(lambda self: self.frozen)
    @rule()
    def it_is_sent(self) -> None:
        issue_id, key = self.frozen.pop(0)
        request = ClaimRequest(issue_id, "", is_digest=key == DIGEST)
        claim = claims.claim_batch(self.database, request, token=f"t{issue_id}", owner="me", lease=60, now=self.now)
        if claim is None:
            return
        lists = {ref.list for ref in digests.carried_refs(self.database, issue_id)} if key == DIGEST else {key}
        current = {self.id_of(name): name for name in NAMES}
        for row, each in itertools.product(claim.rows, lists):
            assert self.model[current[row.subscriber_id]].stands(each), "mailed without a standing consent"
        results = [sent_to(row.subscriber_id, self.now) for row in claim.rows]
        ledger.record(self.database, [ResultGroup(issue_id, claim.fence, results, is_last=True, is_complete=True)], now=self.now)
        self.mailed += [(issue_id, row.subscriber_id, row.address) for row in claim.rows]

    @invariant()
    def what_the_database_says_is_what_the_model_says(self) -> None:
        for key in LISTS:
            assert subscriptions.count(self.database, key) == sum(reader.stands(key) for reader in self.model.values())

    @invariant()
    def nothing_of_an_erased_person_has_come_back(self) -> None:
        assert [address for address in self.erased if address in self.rows()] == []

    def rests(self, reader: Reader) -> bool:
        return reader.paused_until is not None and reader.paused_until > self.now

    def end(self, address: str, key: str) -> None:
        if self.model[address].lists.get(key, NOW) is None:
            self.model[address].lists[key] = self.now

    def rows(self) -> str:
        with self.database.reading() as connection:
            return "\n".join(str(row) for table in metadata.sorted_tables for row in connection.execute(sa.select(table)))


TestLife = Life.TestCase
TestLife.settings = settings(max_examples=15, stateful_step_count=40, deadline=None, derandomize=True)
