"""Issues and digests: who is on them, and who is mailed."""

from __future__ import annotations

import itertools
from dataclasses import replace

import sqlalchemy as sa
from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from mailer.database.deliveries import claims, digests, issues, ledger
from mailer.database.deliveries.claims import ClaimRequest
from mailer.database.deliveries.ledger import ResultGroup
from mailer.database.schema import delivery
from mailer.model.digest import DIGEST, HELD_FREQUENCIES
from mailer.model.issue import IssueRef
from tests.samples.mail.life.state import KEY, LifeState
from tests.samples.mail.mail_bundles import ISSUE
from tests.samples.mail.reader_model import LISTS, NAMES, sent_to


class Mailings(LifeState):
    """Issues are frozen and sent, digests are put together."""

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
