"""The table of receivers: which domain belongs to whom."""

from __future__ import annotations

from itertools import chain
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailer.config.file import load_config
from mailer.model.returned.receivers import CARRIERS, DOMAINS, Receiver, receiver_of


@pytest.mark.parametrize(
    ("domain", "receiver"),
    [
        ("docomo.ne.jp", Receiver.DOCOMO),
        ("DOCOMO.ne.jp.", Receiver.DOCOMO),
        ("taro..yamada@docomo.ne.jp", Receiver.DOCOMO),
        ("ezweb.ne.jp", Receiver.AU),
        ("au.com", Receiver.AU),
        ("i.softbank.jp", Receiver.SOFTBANK),
        ("t.vodafone.ne.jp", Receiver.SOFTBANK),
        ("di.pdx.ne.jp", Receiver.YMOBILE),
        ("rakumail.jp", Receiver.RAKUTEN),
        ("gmail.com", Receiver.GMAIL),
        ("yahoo.co.jp", Receiver.YAHOO_JAPAN),
        ("yahoo.com", Receiver.YAHOO),
        ("hotmail.co.jp", Receiver.OUTLOOK),
        ("icloud.com", Receiver.ICLOUD),
        ("notdocomo.ne.jp", Receiver.OTHER),
        ("docomo.ne.jp.example", Receiver.OTHER),
        ("ne.jp", Receiver.OTHER),
        ("", Receiver.OTHER),
    ],
)
def test_a_domain_belongs_to_its_receiver(domain: str, receiver: Receiver) -> None:
    assert receiver_of(domain) is receiver


def test_no_domain_has_two_receivers_and_none_is_below_that_of_another() -> None:
    domains = list(chain.from_iterable(DOMAINS.values()))
    assert len(domains) == len(set(domains))
    assert all(receiver_of(f"below.{domain}") is receiver for receiver, mine in DOMAINS.items() for domain in mine)


def test_every_receiver_has_a_label_and_all_but_the_others_have_domains() -> None:
    assert all(receiver.label for receiver in Receiver)
    assert set(DOMAINS) == set(Receiver) - {Receiver.OTHER}
    assert {receiver for receiver in Receiver if receiver.is_carrier} == CARRIERS


@given(st.text())
def test_any_text_has_a_receiver(text: str) -> None:
    assert receiver_of(text) in Receiver


def test_each_queue_of_the_sample_settings_is_of_receivers_that_go_together() -> None:
    queues = {queue.name: {receiver_of(domain) for domain in queue.domains} for queue in load_config(Path("mailer.toml")).queues}
    assert queues == {
        "docomo.ne.jp": {Receiver.DOCOMO},
        "ezweb.ne.jp": {Receiver.AU},
        "softbank.ne.jp": {Receiver.SOFTBANK, Receiver.YMOBILE},
        "gmail.com": {Receiver.GMAIL},
        "yahoo.co.jp": {Receiver.YAHOO_JAPAN},
        "outlook.com": {Receiver.OUTLOOK},
    }
