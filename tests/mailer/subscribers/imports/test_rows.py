"""The quick ways by which most lines are read give what the slow ones give."""

from __future__ import annotations

from hypothesis import example, given
from hypothesis import strategies as st

from mailer.model.errors import AddressError
from mailer.model.readers import addresses
from mailer.subscribers.imports.rows import _checked_name, parse_address

PARTS = st.text(st.sampled_from('aB0.-_+@ "<>(),;:\\あ\u3000\x00é'), max_size=8)
ADDRESSES = st.builds(lambda local, at, domain: local + at + domain, PARTS, st.sampled_from(["@", "", "@@"]), st.one_of(PARTS, st.sampled_from(["example.jp", "EXAMPLE.jp", "例え.jp", "docomo.ne.jp", "a-.jp"])))  # fmt: skip


def outcome(function: object, text: str) -> object:
    assert callable(function)
    try:
        return function(text)
    except AddressError as error:
        return error.reason


@given(ADDRESSES)
@example("a" * 65 + "@example.jp")
@example("a@" + ".".join(["b" * 60] * 4) + ".jp")
@example("a@" + ".".join(["b" * 60] * 3) + "." + "c" * 56 + ".jp")
@example("taro..yamada@docomo.ne.jp")
def test_an_address_is_read_as_by_the_parser_of_addresses(text: str) -> None:
    assert outcome(parse_address, text) == outcome(addresses.parse, text)


def full_name(name: str) -> str:
    checked = addresses.check_name(name)
    return "" if addresses.is_blank(checked) else checked


@given(st.text(max_size=12) | st.text(st.sampled_from("a太 \u3000\u202e\u200b\u115f=?q\x07\n\ud800"), max_size=110))
@example("=?utf-8?q?x?=")
@example("a" * 101 + " ")
@example("\u200bあ")
def test_a_name_is_checked_as_by_the_check_of_names(name: str) -> None:
    assert outcome(_checked_name, name) == outcome(full_name, name)
