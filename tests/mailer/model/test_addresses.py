"""Addresses and names: what is stored, and what is refused with which reason."""

from __future__ import annotations

import pytest

from mailer.model import addresses
from mailer.model.errors import AddressError


@pytest.mark.parametrize(
    ("written", "stored"),
    [
        ("taro@example.jp", "taro@example.jp"),
        (" taro@example.jp ", "taro@example.jp"),
        ("Taro@EXAMPLE.JP", "Taro@example.jp"),
        ("taro+news@sub.town.example", "taro+news@sub.town.example"),
        ("taro@みやぎ.example", "taro@xn--x8j3epa.example"),
        ("o'brien@example.jp", "o'brien@example.jp"),
    ],
)
def test_an_address_is_stored_as(written: str, stored: str) -> None:
    assert addresses.parse(written) == stored


@pytest.mark.parametrize(
    ("written", "reason"),
    [
        ("", "@"),
        ("taro", "@"),
        ("taro@", "after the @"),
        ("taro@localhost", "period"),
        ("a@b.example>\r\nRCPT TO:<c@d.example", "control characters"),
        ("a@b.example\x00", "control characters"),
        ("a@b.example,c@d.example", "@"),
        ("太郎@example.jp", "SMTPUTF8"),
        ("a..b@example.jp", "two periods"),
        ("x" * 65 + "@example.jp", "too long"),
        ("a@" + "b." * 130 + "example", "too long"),
    ],
)
def test_an_address_is_refused_because(written: str, reason: str) -> None:
    with pytest.raises(AddressError, match=reason) as caught:
        addresses.parse(written)
    assert caught.value.value == written


@pytest.mark.parametrize("name", ["a\nb", "a\x1b[31m", "\u202eabc", "\ud800", "=?utf-8?b?DQo=?=", "長" * 101])
def test_a_name_is_refused(name: str) -> None:
    with pytest.raises(AddressError):
        addresses.check_name(name)


def test_addresses_that_differ_in_case_are_one_person() -> None:
    assert addresses.address_key("Taro@example.jp") == addresses.address_key("taro@EXAMPLE.jp")
