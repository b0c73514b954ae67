"""Budgets by network, forms and proofs of work: whatever a stranger writes, nothing breaks and nothing is kept in clear."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.requests import Request

from mailer.message.sealed import TokenSealer
from mailer.secrets import Secret
from mailer.web.sign_up import budgets
from mailer.web.sign_up.budgets import Budget, SignUpBudgets, Verdict, client_network, network_of
from mailer.web.sign_up.form import is_timely, make_signed_time, parse
from mailer.web.sign_up.proof import ProofOfWork
from tests.samples.mail.mail_bundles import NOW, SECRET

SEALER = TokenSealer((Secret(SECRET),))
TOGETHER = Budget(free=1000, most=1000, refill=1)


def asking(host: str, *forwarded: str) -> Request:
    headers = [(b"x-forwarded-for", each.encode()) for each in forwarded]
    return Request({"type": "http", "method": "POST", "path": "/", "headers": headers, "client": (host, 1)})


@pytest.mark.parametrize(
    ("host", "network"),
    [
        ("203.0.113.7", "203.0.113.0/24"),
        ("::ffff:203.0.113.9", "203.0.113.0/24"),
        ("2001:db8:1:2::3", "2001:db8:1::/48"),
        ("[2001:db8:1:3::4]", "2001:db8:1::/48"),
        ("", "unknown"),
        ("a, b", "unknown"),
    ],
)
def test_a_network_is_a_24_or_a_48(host: str, network: str) -> None:
    assert network_of(host) == network


def test_only_a_trusted_proxy_says_who_asks_and_only_its_last_word_counts() -> None:
    forged = ("198.51.100.1", "192.0.2.4, 203.0.113.7")
    assert client_network(asking("127.0.0.1", *forged)) == "203.0.113.0/24"
    assert client_network(asking("192.0.2.200", *forged)) == "192.0.2.0/24"
    assert client_network(asking("10.1.2.3", *forged), ("10.0.0.0/8",)) == "203.0.113.0/24"
    assert client_network(asking("127.0.0.1")) == "127.0.0.0/24"


def test_budgets_fill_again_and_networks_do_not_share_them() -> None:
    counted = SignUpBudgets(b"k" * 32, Budget(free=2, most=4, refill=10), TOGETHER)
    verdicts = []
    for _ in range(5):
        verdicts.append(counted.verdict("a", NOW))
        counted.count("a", NOW)
    assert verdicts == [Verdict.FREE, Verdict.FREE, Verdict.WORK, Verdict.WORK, Verdict.WAIT]
    assert counted.verdict("b", NOW) is Verdict.FREE
    assert counted.verdict("a", NOW + timedelta(seconds=50)) is Verdict.FREE


def test_all_networks_together_have_a_budget_too() -> None:
    counted = SignUpBudgets(b"k" * 32, TOGETHER, Budget(free=3, most=4, refill=10))
    for number in range(3):
        counted.count(f"{number}", NOW)
    assert counted.verdict("new", NOW) is Verdict.WORK


def test_no_network_is_kept_in_clear_and_no_more_than_the_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(budgets, "MOST_NETWORKS", 10)
    counted = SignUpBudgets(b"k" * 32)
    for number in range(50):
        counted.count(f"203.0.{number}.0/24", NOW)
    assert len(counted._used) == 10 and b"203" not in b"".join(counted._used) and "203.0" not in repr(vars(counted))


@given(st.binary(max_size=300))
def test_any_bytes_are_a_form_or_none(body: bytes) -> None:
    form = parse(body, ["fukko-press"], ["fukko-press"])
    assert form is None or form.problems or ("@" in form.address and form.lists == ("fukko-press",))


@given(st.text(max_size=80))
def test_no_text_is_a_signed_time_or_a_solution_by_chance(text: str) -> None:
    assert not is_timely(SEALER, text, NOW) and not ProofOfWork("key").is_solved(text, NOW)


@pytest.mark.parametrize(("age", "is_ours"), [(0, False), (2, False), (3, True), (86_400, True), (86_401, False), (-5, False)])
def test_a_form_is_three_seconds_old_at_least_and_a_day_at_most(age: int, is_ours: bool) -> None:
    signed_time = make_signed_time(SEALER, NOW)
    assert is_timely(SEALER, signed_time, NOW + timedelta(seconds=age)) is is_ours
    assert not is_timely(TokenSealer((Secret("x" * 40),)), signed_time, NOW + timedelta(seconds=10))


def test_a_clock_that_is_set_back_by_hours_makes_nobody_wait() -> None:
    counted = SignUpBudgets(b"k" * 32)
    counted.count("a", NOW)
    earlier = NOW - timedelta(hours=9)
    assert counted.verdict("a", earlier) is Verdict.FREE
    counted.count("a", earlier)
    assert counted.verdict("a", earlier + timedelta(minutes=1)) is Verdict.FREE
