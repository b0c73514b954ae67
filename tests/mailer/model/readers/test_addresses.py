"""Addresses and names: what is stored, and what is refused with which reason."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mailer.model.errors import AddressError
from mailer.model.readers import addresses


@pytest.mark.parametrize(
    ("written", "stored"),
    [
        ("taro@example.jp", "taro@example.jp"),
        (" taro@example.jp ", "taro@example.jp"),
        ("Taro@EXAMPLE.JP", "Taro@example.jp"),
        ("taro+news@sub.town.example", "taro+news@sub.town.example"),
        ("taro@みやぎ.example", "taro@xn--x8j3epa.example"),
        ("o'brien@example.jp", "o'brien@example.jp"),
        ("taro..yamada@docomo.ne.jp", "taro..yamada@docomo.ne.jp"),
        ("a.@docomo.ne.jp", "a.@docomo.ne.jp"),
        (".jiro@ezweb.ne.jp", ".jiro@ezweb.ne.jp"),
        ("..x...y..@T.Vodafone.NE.JP", "..x...y..@t.vodafone.ne.jp"),
        ('"taro..yamada"@docomo.ne.jp', '"taro..yamada"@docomo.ne.jp'),
        ('"a."@docomo.ne.jp', '"a."@docomo.ne.jp'),
        ('".jiro"@ezweb.ne.jp', '".jiro"@ezweb.ne.jp'),
        ('"taro..yamada"@example.jp', '"taro..yamada"@example.jp'),
        ('"taro"@example.jp', "taro@example.jp"),
        (r'"t\a\ro"@example.jp', "taro@example.jp"),
        (r'"a\ b\"\\c"@example.jp', r'"a b\"\\c"@example.jp'),
        ('"a@b"@example.jp', '"a@b"@example.jp'),
        ('"(),:;<>[]"@example.jp', '"(),:;<>[]"@example.jp'),
        ('""@example.jp', '""@example.jp'),
        ('" "@みやぎ.example', '" "@xn--x8j3epa.example'),
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
        ("a..b@notdocomo.ne.jp", "two periods"),
        ("...@docomo.ne.jp", "period"),
        ("a b..c@docomo.ne.jp", "SPACE"),
        ("x" * 63 + "..@docomo.ne.jp", "too long"),
        ('"' + "x " * 32 + '"@docomo.ne.jp', "too long"),
        ('"a"b"@example.jp', "quotation marks"),
        ('"a@example.jp', "quotation marks"),
        ('"a\\"@example.jp', "quotation marks"),
        ('"a\tb"@example.jp', "control characters"),
        ('"太郎"@example.jp', "SMTPUTF8"),
        ('"a"@', "after the @"),
        ("x" * 65 + "@example.jp", "too long"),
        ("a@" + "b." * 130 + "example", "too long"),
    ],
)
def test_an_address_is_refused_because(written: str, reason: str) -> None:
    with pytest.raises(AddressError, match=reason) as caught:
        addresses.parse(written)
    assert caught.value.value == written


@pytest.mark.parametrize(
    "address",
    [
        "",
        "a",
        "@b.jp",
        "a@",
        "a b@c.jp",
        "a@b.jp>",
        '"a@b.jp',
        "a@b\r\n",
        "a@b c",
        "ü@b.jp",
        "a@ü.jp",
        ".@b.jp",
        "a@-b.jp",
        "<a@b.jp>",
        "a\x00@b.jp",
    ],
)
def test_what_is_no_address_gets_into_no_header_and_no_envelope(address: str) -> None:
    with pytest.raises(AddressError):
        addresses.quoted(address)


QTEXT = "".join(map(chr, range(32, 127)))


@settings(derandomize=True, max_examples=500, deadline=None)
@given(
    st.lists(st.sampled_from(QTEXT), max_size=30),
    st.lists(st.booleans(), min_size=30, max_size=30),
    st.sampled_from(["docomo.ne.jp", "example.jp"]),
)
def test_every_quoted_string_of_rfc_5321_is_an_address_and_keeps_what_it_says(text: list[str], escapes: list[bool], domain: str) -> None:
    written = "".join(f"\\{sign}" if sign in '"\\' or is_escaped else sign for sign, is_escaped in zip(text, escapes, strict=False))
    if len(written) > 62 or addresses.ENCODED_WORD.search(written):
        return
    stored = addresses.parse(f'"{written}"@{domain}')
    local, _, rest = stored.rpartition("@")
    assert rest == domain and addresses.parse(stored) == stored
    assert (re.sub(r"\\(.)", r"\1", local[1:-1]) if local.startswith('"') else local) == "".join(text)
    assert addresses.quoted(stored) == stored
    assert stored.lower() in addresses.spellings(stored) and addresses.address_key(stored) in addresses.spellings(stored)


@settings(derandomize=True, max_examples=500, deadline=None)
@given(st.lists(st.sampled_from([".", "..", "a", "B", "-", "_", "9", "+"]), min_size=1, max_size=20).map("".join))
def test_dots_may_be_anywhere_in_an_address_of_a_carrier_and_it_is_one_person_with_quotation_marks_or_without(local: str) -> None:
    if not local.strip("."):
        return
    bare, quoted = addresses.parse(f"{local}@docomo.ne.jp"), addresses.parse(f'"{local}"@docomo.ne.jp')
    assert bare == f"{local}@docomo.ne.jp"
    assert addresses.quoted(bare) == addresses.quoted(quoted) == quoted
    assert addresses.address_key(bare) == addresses.address_key(quoted)
    assert addresses.spellings(bare) == addresses.spellings(quoted)
    assert {bare.lower(), quoted.lower()} == {*addresses.spellings(bare)}


@pytest.mark.parametrize("name", ["a\nb", "a\x1b[31m", "\u202eabc", "\ud800", "=?utf-8?b?DQo=?=", "長" * 101])
def test_a_name_is_refused(name: str) -> None:
    with pytest.raises(AddressError):
        addresses.check_name(name)


def test_addresses_that_differ_in_case_are_one_person() -> None:
    assert addresses.address_key("Taro@example.jp") == addresses.address_key("taro@EXAMPLE.jp")
