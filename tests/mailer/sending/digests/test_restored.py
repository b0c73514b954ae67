"""An older copy of the ledger, from before a digest was made: what the digest carried does not go out again in another one."""

from __future__ import annotations

from pathlib import Path

import pytest

from mailer.model.errors import LedgerRestored
from mailer.model.state import DeliveryState
from tests.mailer.sending.digests.test_digests import DAILY, MAGA, NEXT, PRESS, digest, mail, prepared, publish, sections, states
from tests.mailer.sending.test_restored import adopted, back_up, put_back
from tests.servers.smtp import Receiver


def test_what_a_digest_has_carried_is_known_to_a_ledger_from_before_it(tmp_path: Path) -> None:
    with Receiver() as receiver:
        wishes = {name: {"fukko-press": DAILY, "mailmaga": DAILY} for name in ("hana", "jiro")}
        home = prepared(tmp_path, receiver, f"sqlite:///{tmp_path / 'var' / 'todoke.db'}", wishes)
        publish(home, PRESS)
        publish(home, MAGA)
        backup = back_up(home)
        home.clock.forward(hours=8)
        digest(home)
        assert len(receiver.accepted) == 2
        home = put_back(home, backup)
        home.clock.forward(days=1)
        with pytest.raises(LedgerRestored):
            digest(home)
        assert adopted(home)[0] >= 4
        assert states(home, PRESS) == states(home, MAGA) == {DeliveryState.SENT: 2}
        publish(home, NEXT)
        home.clock.forward(days=1)
        digest(home)
        assert [sections(each) for each in mail(receiver, "hana")] == [["駅", "港", "市"], ["橋"]]
        assert len(receiver.accepted) == 4
