"""The life of subscriptions against a model, through the functions that the commands, the pages and the receiver of mail call.

Nobody is ever mailed without a standing consent, nobody who left or is suppressed is mailed, and of whoever was erased nothing remains but the keyed hash.
"""

from __future__ import annotations

from hypothesis import settings
from hypothesis.stateful import invariant

from mailer.database.readers import subscriptions
from tests.samples.mail.life.closed_addresses import ClosedAddresses
from tests.samples.mail.life.coming_and_going import ComingAndGoing
from tests.samples.mail.life.mailings import Mailings
from tests.samples.mail.reader_model import LISTS


class Life(ComingAndGoing, ClosedAddresses, Mailings):
    """Three people, two lists, and whatever may happen to them."""

    @invariant()
    def what_the_database_says_is_what_the_model_says(self) -> None:
        for key in LISTS:
            assert subscriptions.count(self.database, key) == sum(reader.stands(key) for reader in self.model.values())

    @invariant()
    def nothing_of_an_erased_person_has_come_back(self) -> None:
        assert [address for address in self.erased if address in self.rows()] == []


TestLife = Life.TestCase
TestLife.settings = settings(max_examples=15, stateful_step_count=40, deadline=None, derandomize=True)
