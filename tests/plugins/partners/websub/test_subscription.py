"""What is remembered of subscriptions: leases, secrets, a file that only its owner reads."""

from __future__ import annotations

import stat
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from plugins.partners.websub.subscription import LEASE, LONGEST_LEASE, Subscriptions, new_subscription
from tests.plugins.partners.test_update import NOW


def test_a_secret_goes_to_hubs_with_tls_only_and_the_file_is_its_owners(tmp_path: Path) -> None:
    subscriptions = Subscriptions.load(tmp_path / "var/websub/s.json")
    for number, (address, secret) in enumerate((("https://hub.example/", "t"), ("http://hub.example/", ""))):
        subscription = new_subscription("hama", address, "https://hama.example/", NOW, lambda: "t")
        assert subscription.secret == secret
        subscriptions.put(replace(subscription, token=f"t{number}"))
    assert stat.S_IMODE(subscriptions.path.stat().st_mode) == 0o600 and stat.S_IMODE(subscriptions.path.parent.stat().st_mode) == 0o700
    assert Subscriptions.load(subscriptions.path).by_token == subscriptions.by_token


@pytest.mark.parametrize(
    ("lease", "expected"),
    [("1", timedelta(hours=1)), ("99999999", LONGEST_LEASE), ("x", LEASE), ("", LEASE), ("-5", LEASE), ("1" * 50, LEASE)],
)
def test_an_impossible_lease_is_cut(lease: str, expected: timedelta) -> None:
    subscription = new_subscription("hama", "https://hub.example/", "https://hama.example/", NOW, lambda: "t").verified(lease, NOW)
    assert subscription.lease_until == NOW + expected


def test_a_broken_file_of_subscriptions_gives_none(tmp_path: Path) -> None:
    for text in (
        "",
        "{",
        '{"schema": 1, "subscriptions": [{"key": 1}]}',
        '{"schema": 1, "subscriptions": 5}',
        '{"schema": 9, "subscriptions": []}',
    ):
        (tmp_path / "s.json").write_text(text)
        assert Subscriptions.load(tmp_path / "s.json").by_token == {}
