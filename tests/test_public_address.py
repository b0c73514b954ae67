"""Addresses that strangers name: what leads inside, or anywhere strange, is none that we send to."""

from __future__ import annotations

import asyncio

import pytest

from channels.adapters.public_resolver import PublicResolver
from public_address import https_host
from tests.servers.networks.one_address import OneAddress


@pytest.mark.parametrize(
    "endpoint",
    [
        "http://push.example.com/1",
        "https://push.example.com:8443/1",
        "https://user@push.example.com/1",
        "https://127.0.0.1/1",
        "https://[::1]/1",
        "https://2130706433/1",
        "https://0x7f.1/1",
        "https://169.254.169.254/latest/meta-data",
        "https://localhost/1",
        "https://push.example.com/1#part",
        "https://push.example.com/a b",
        "https://push.example.com\\@inside/1",
        "https://例え.jp/1",
        "https:push.example.com/1",
        "https://push.example.com/" + "a" * 2000,
        "ftp://push.example.com/1",
        "",
    ],
)
def test_an_endpoint_that_leads_inside_or_anywhere_strange_is_no_endpoint(endpoint: str) -> None:
    assert https_host(endpoint) == ""


@pytest.mark.parametrize(
    "endpoint", ["https://fcm.googleapis.com/fcm/send/c:APA91b", "https://wns2-par02p.notify.windows.com:443/w/?token=BQ%3d%3d"]
)
def test_endpoints_of_push_services_are_endpoints(endpoint: str) -> None:
    assert https_host(endpoint)


@pytest.mark.parametrize("address", ["127.0.0.1", "10.0.0.5", "169.254.169.254", "::1", "::ffff:192.168.1.1", "64:ff9b::7f00:1", "fd00::1"])
def test_a_name_that_leads_inside_is_not_connected_to(address: str) -> None:
    with pytest.raises(OSError, match="no global address"):
        asyncio.run(PublicResolver(OneAddress(address)).resolve("push.example.com", 443))
