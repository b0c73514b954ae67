"""A flood of letters to a list does not become a flood of ours to its contact, and none is lost."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from mailer.inbound.letters import A_DAY, LetterBudget
from mailer.inbound.own_addresses import OwnAddresses
from mailer.inbound.processing import Processor
from mailer.model.returned.folder import Folder
from tests.mailer.inbound.arrivals import SIGNER, letter, office
from tests.samples.mail.mail_bundles import NOW
from tests.samples.mail.sign_ups import run
from tests.servers.smtp import Receiver

TO = "fukko-press-reply@example.jp"


def test_letters_beyond_the_budget_wait_in_the_pile_and_the_answers_of_machines_cost_nothing(tmp_path: Path) -> None:
    with (
        Receiver() as relay,
        office(tmp_path, f"sqlite:///{tmp_path / 'todoke.db'}", relay_port=relay.port) as home,
        home.contact("staff@pref.example"),
    ):
        processor = home.service.processor(home.spool, OwnAddresses(home.config, home.service.lists, SIGNER), None)
        processor = Processor(home.spool, replace(processor.readers, letters=LetterBudget(2)), processor.send, home.clock)
        for number in range(5):
            home.put(TO, letter(f"a{number}@example.org", TO, "手紙"), sender=f"a{number}@example.org")
            home.put(TO, letter("b@example.org", TO, "自動返信", Auto_Submitted="auto-replied"), sender="b@example.org")
        run(processor.drain())
        assert len(relay.accepted) == 2 and home.spool.names() == []
        assert [reason for reason in home.folder(Folder.PILE) if "more letters to fukko-press" in reason] == home.folder(Folder.PILE)
        assert len(home.folder(Folder.PILE)) == 3
        home.clock.forward(days=1)
        home.spool.requeue(home.spool.names(Folder.PILE)[0], Folder.PILE)
        run(processor.drain())
        assert len(relay.accepted) == 3 and len(home.folder(Folder.PILE)) == 2


def test_a_budget_is_each_lists_own_fills_again_after_a_day_and_forgets_what_a_wrong_clock_has_counted() -> None:
    budget = LetterBudget(1)
    assert [budget.take("a", NOW), budget.take("a", NOW), budget.take("b", NOW)] == [True, False, True]
    assert not budget.take("a", NOW + A_DAY - timedelta(seconds=1))
    assert budget.take("a", NOW + A_DAY)
    assert budget.take("a", NOW)
