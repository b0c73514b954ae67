"""SPF by RFC 7208, over a real DNS server: the examples of its appendix A, and the limits of section 4.6.4."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailer.doctor import spf
from mailer.doctor.dns import Resolver
from mailer.doctor.spf import Spf
from mailer.model.errors import DnsUnavailable
from tests.servers.dns import NameServer

ZONE = (
    "example.com. IN MX 10 mail-a.example.com.",
    "example.com. IN MX 20 mail-b.example.com.",
    "example.com. IN A 192.0.2.10",
    "example.com. IN A 192.0.2.11",
    "mail-a.example.com. IN A 192.0.2.129",
    "mail-b.example.com. IN A 192.0.2.130",
    "amy.example.com. IN A 192.0.2.65",
    "amy.example.com. IN AAAA 2001:db8::65",
    "example.org. IN MX 10 mail-c.example.org.",
    "mail-c.example.org. IN A 192.0.2.140",
    "10.2.0.192.in-addr.arpa. IN PTR example.com.",
    "65.2.0.192.in-addr.arpa. IN PTR amy.example.com.",
    "140.2.0.192.in-addr.arpa. IN PTR mail-a.example.com.",
    "mary.mobile-users._spf.example.com. IN A 127.0.0.2",
    'inner.example.com. IN TXT "v=spf1 ip4:192.0.2.65 -all"',
    'loop.example.com. IN TXT "v=spf1 include:loop.example.com -all"',
    'two.example.com. IN TXT "v=spf1 -all"',
    'two.example.com. IN TXT "v=spf1 +all"',
    'other.example.com. IN TXT "v=spf10 -all"',
)


@pytest.fixture(scope="module")
def server() -> Iterator[NameServer]:
    with NameServer(*ZONE) as running:
        yield running


def checked(server: NameServer, record: str, address: str, sender: str = "mary@example.com") -> spf.SpfResult:
    server.zone.publish((*ZONE, f'example.com. IN TXT "{record}"'))
    return spf.check_host(Resolver([server.address]), address, "example.com", sender=sender)


@pytest.mark.parametrize(
    ("record", "address", "result"),
    [
        ("v=spf1 +all", "192.0.2.1", Spf.PASS),
        ("v=spf1 a -all", "192.0.2.10", Spf.PASS),
        ("v=spf1 a -all", "192.0.2.65", Spf.FAIL),
        ("v=spf1 a:example.org -all", "192.0.2.10", Spf.FAIL),
        ("v=spf1 mx -all", "192.0.2.129", Spf.PASS),
        ("v=spf1 mx -all", "192.0.2.10", Spf.FAIL),
        ("v=spf1 mx:example.org -all", "192.0.2.140", Spf.PASS),
        ("v=spf1 mx mx:example.org -all", "192.0.2.140", Spf.PASS),
        ("v=spf1 mx/30 mx:example.org/30 -all", "192.0.2.131", Spf.PASS),
        ("v=spf1 mx/30 mx:example.org/30 -all", "192.0.2.143", Spf.PASS),
        ("v=spf1 ptr -all", "192.0.2.65", Spf.PASS),
        ("v=spf1 ptr -all", "192.0.2.140", Spf.FAIL),
        ("v=spf1 ip4:192.0.2.128/28 -all", "192.0.2.129", Spf.PASS),
        ("v=spf1 ip4:192.0.2.128/28 -all", "192.0.2.65", Spf.FAIL),
        ("v=spf1 ip6:2001:db8::/32 ~all", "2001:db8::1", Spf.PASS),
        ("v=spf1 ip6:2001:db8::/32 ~all", "192.0.2.1", Spf.SOFTFAIL),
        ("v=spf1 a:amy.example.com -all", "2001:db8::65", Spf.PASS),
        ("v=spf1 include:inner.example.com ?all", "192.0.2.65", Spf.PASS),
        ("v=spf1 include:inner.example.com ?all", "192.0.2.66", Spf.NEUTRAL),
        ("v=spf1 redirect=inner.example.com", "192.0.2.66", Spf.FAIL),
        ("v=spf1 exists:%{l}.mobile-users._spf.%{d} -all", "203.0.113.1", Spf.PASS),
        ("v=spf1 exists:%{l}.none._spf.%{d} -all", "203.0.113.1", Spf.FAIL),
        ("v=spf1 exists:%{ir}.%{v}._spf.%{d2} ?all", "203.0.113.1", Spf.NEUTRAL),
        ("V=SPF1 MX -ALL exp=why.example.com unknown=x", "192.0.2.129", Spf.PASS),
        ("v=spf1", "192.0.2.1", Spf.NEUTRAL),
    ],
)
def test_an_address_is_judged_as_the_standard_says(server: NameServer, record: str, address: str, result: Spf) -> None:
    assert checked(server, record, address).result is result


@pytest.mark.parametrize(
    "record",
    [
        "v=spf1 include:none.example.com -all",
        "v=spf1 redirect=none.example.com",
        "v=spf1 ip4:300.0.0.1 -all",
        "v=spf1 ip4:2001:db8::1 -all",
        "v=spf1 ip4 -all",
        "v=spf1 alll",
        "v=spf1 all:x",
        "v=spf1 a/99 -all",
        "v=spf1 exists:%{x}.example.com -all",
        "v=spf1 exists:%{c}.example.com -all",
        "v=spf1 redirect=a.example.com redirect=b.example.com",
        "v=spf1 include:loop.example.com -all",
        "v=spf1 a:x1.example.com a:x2.example.com a:x3.example.com -all",
        "v=spf1 include:two.example.com -all",
        "v=spf1 " + " ".join("a" for _ in range(11)) + " -all",
    ],
)
def test_a_record_that_receivers_cannot_use_is_a_permanent_error(server: NameServer, record: str) -> None:
    result = checked(server, record, "192.0.2.66")
    assert result.result is Spf.PERMERROR and result.why


def test_two_records_count_as_none_that_can_be_used_and_another_version_is_no_record(server: NameServer) -> None:
    server.zone.publish(ZONE)
    resolver = Resolver([server.address])
    assert spf.check_host(resolver, "192.0.2.1", "two.example.com").result is Spf.PERMERROR
    assert spf.check_host(resolver, "192.0.2.1", "other.example.com").result is Spf.NONE
    assert spf.check_host(resolver, "192.0.2.1", "nowhere.example.net").result is Spf.NONE


def test_a_server_that_fails_is_no_answer() -> None:
    with NameServer(*ZONE, failing=["example.com"]) as server, pytest.raises(DnsUnavailable):
        spf.check_host(Resolver([server.address], lifetime=1), "192.0.2.1", "example.com")


@given(st.text(alphabet=st.characters(min_codepoint=33, max_codepoint=126), max_size=60))
def test_any_record_has_a_result(text: str) -> None:
    class Nobody:
        def text(self, name: str) -> tuple[str, ...]:
            return (f"v=spf1 {text} -all",) if name == "a.example" else ()

        def addresses(self, name: str) -> tuple[str, ...]:
            return ()

        exchanges = names_of = addresses

    assert spf.check_host(Nobody(), "192.0.2.1", "a.example").result in Spf
