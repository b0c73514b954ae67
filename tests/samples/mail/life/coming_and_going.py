"""What readers and clerks do: sign up, confirm, import, leave, pause, move."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from mailer.database.readers import clerk, frequencies, people, sign_ups, subscriptions
from mailer.database.readers.clerk import PaperForm
from mailer.model.errors import DeliveryRefused
from mailer.model.readers.sign_up import Way
from mailer.model.readers.subscription import Frequency
from mailer.model.readers.suppression import LIFTED_BY_CONSENT
from mailer.subscribers import sign_up
from mailer.subscribers.imports.content import Choices, read_content
from mailer.subscribers.imports.load import load
from mailer.subscribers.imports.spool import open_spool
from mailer.subscribers.words import consent_words
from tests.samples.mail.life.state import ADDRESS, KEY, LifeState
from tests.samples.mail.mail_bundles import NOW
from tests.samples.mail.reader_model import LISTS, NAMES, SEALER, links_of
from tests.samples.mail.sign_ups import SITE

SOME = st.sets(KEY, min_size=1).map(sorted)


class ComingAndGoing(LifeState):
    """Readers come, go, rest and move; clerks and imports do it for them."""

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

    @rule(address=ADDRESS, key=KEY, frequency=st.sampled_from([*Frequency]))
    def chooses_how_often(self, address: str, key: str, frequency: Frequency) -> None:
        if (number := self.id_of(address)) is not None:
            frequencies.save(self.database, number, {key: frequency}, by="reader", now=self.now)
            if self.model[address].lists.get(key, NOW) is None:
                assert frequencies.of_reader(self.database, number)[key] is frequency
