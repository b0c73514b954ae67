"""Which addresses the importer connects to."""

from __future__ import annotations

import asyncio
import ipaddress
import socket

import pytest
from aiohttp.abc import AbstractResolver, ResolveResult

from plugins.partners.http.addresses import GLOBAL_ONLY, WITH_LOOPBACK, AddressRules, check_address, check_url
from plugins.partners.http.client import FilteringResolver
from plugins.partners.model.errors import RefusedAddressError


class FixedResolver(AbstractResolver):
    """Knows one host's addresses; refuses every other host as DNS does."""

    def __init__(self, *addresses: str) -> None:
        self.addresses = addresses
        self.closed = False

    async def resolve(self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET) -> list[ResolveResult]:
        if host != "blog.example":
            raise OSError("unknown host")
        return [ResolveResult(hostname=host, host=each, port=port, family=family, proto=0, flags=0) for each in self.addresses]

    async def close(self) -> None:
        self.closed = True


def resolve(rules: AddressRules, *addresses: str, host: str = "blog.example") -> list[str]:
    results = asyncio.run(FilteringResolver(FixedResolver(*addresses), rules).resolve(host, 80))
    return [result["host"] for result in results]


@pytest.mark.parametrize("address", ["93.184.216.34", "2606:2800:220:1::1", "64:ff9b::5db8:d822"])
def test_global_addresses_are_allowed(address: str) -> None:
    check_address(address, GLOBAL_ONLY)
    assert resolve(GLOBAL_ONLY, address) == [address]


@pytest.mark.parametrize(
    "address",
    """127.0.0.1 127.8.8.8 0.0.0.0 10.1.2.3 172.16.0.1 192.168.1.1 169.254.169.254 100.64.0.1 192.0.2.1 198.18.0.1 224.0.0.1 240.0.0.1
    255.255.255.255 ::1 :: fe80::1 fe80::1%eth0 fc00::1 fd00:ec2::254 ff02::1 2001:db8::1 ::ffff:127.0.0.1 ::ffff:10.0.0.1
    64:ff9b::a9fe:a9fe 2002:7f00:1:: 2002:a9fe:a9fe:: 2001:0:7f00:1:: nonsense""".split(),
)
def test_every_other_address_is_refused_whether_written_or_resolved(address: str) -> None:
    with pytest.raises(RefusedAddressError):
        check_address(address, GLOBAL_ONLY)
    with pytest.raises(RefusedAddressError):
        resolve(GLOBAL_ONLY, address)


def test_a_name_with_a_good_and_a_bad_address_reaches_the_good_one_only() -> None:
    assert resolve(GLOBAL_ONLY, "10.0.0.1", "93.184.216.34", "::1") == ["93.184.216.34"]


def test_an_unknown_name_stays_unknown_and_closing_closes_the_inner_resolver() -> None:
    with pytest.raises(OSError, match="unknown host"):
        resolve(GLOBAL_ONLY, host="other.example")
    inner = FixedResolver()
    asyncio.run(FilteringResolver(inner, GLOBAL_ONLY).close())
    assert inner.closed


def test_loopback_is_allowed_on_request_but_nothing_else() -> None:
    assert resolve(WITH_LOOPBACK, "127.0.0.1", "::1", "10.0.0.1", "169.254.169.254") == ["127.0.0.1", "::1"]
    rules = AddressRules((ipaddress.ip_network("127.0.0.1/32"),))
    assert resolve(rules, "127.0.0.1", "127.0.0.2") == ["127.0.0.1"]


@pytest.mark.parametrize(
    "url",
    """http://127.0.0.1/ http://[::1]/ http://[::ffff:127.0.0.1]/ http://2130706433/ http://0x7f000001/ http://127.1/ http://0177.0.0.1/
    http://169.254.169.254/latest/meta-data/ file:///etc/passwd ftp://a.example/ gopher://a.example/ http:///x a.example/feed //a.example/
    http://user@a.example/ http://user:pass@a.example/ http://a.example:0/ http://a.example:99999/ http://[fe80::1%25lo]/""".split(),
)
def test_an_address_with_a_refused_host_or_scheme_is_not_requested(url: str) -> None:
    with pytest.raises(RefusedAddressError):
        check_url(url, GLOBAL_ONLY)


def test_a_good_address_is_returned_as_it_will_be_requested() -> None:
    assert str(check_url("https://blog.example/feed?a=%20", GLOBAL_ONLY)) == "https://blog.example/feed?a=%20"
    assert check_url("http://127.0.0.1:8000/", WITH_LOOPBACK).port == 8000


def test_ports_other_than_80_and_443_are_refused_unless_the_feed_says_otherwise() -> None:
    for url in ("http://a.example:8080/feed", "https://a.example:22/", "http://93.184.216.34:6379/", "http://localhost:8000/"):
        with pytest.raises(RefusedAddressError, match="only ports 80 and 443"):
            check_url(url, GLOBAL_ONLY)
    for url in ("http://a.example:80/", "https://a.example:443/", "http://a.example:443/"):
        check_url(url, GLOBAL_ONLY)
    rules = GLOBAL_ONLY.allowing_port_of("http://a.example:8080/feed")
    check_url("http://a.example:8080/other", rules)
    for url in ("http://b.example:8080/feed", "http://a.example:8081/feed"):
        with pytest.raises(RefusedAddressError):
            check_url(url, rules)
    with pytest.raises(RefusedAddressError):
        check_url("http://127.0.0.1:8080/", GLOBAL_ONLY.allowing_port_of("http://127.0.0.1:8080/"))
