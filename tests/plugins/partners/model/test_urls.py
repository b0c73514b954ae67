"""Addresses of entries: the short way of common ones leads to the same address."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plugins.partners.model.urls import _plain_address, _resolved, absolute

PIECES = [
    "a",
    "B",
    "/",
    "/x",
    "/..",
    "/.x",
    "y.html",
    "?",
    "&",
    "=",
    "utm_source=1",
    "?utm_id=2&z=1",
    "%20",
    "@",
    ":",
    ";",
    "#",
    "~",
    "fbclid=1",
    "日",
    " ",
    "'",
]
BASES = [
    "http://a.example/x/y?z#q",
    "https://a.example",
    "http://a.example:8080/",
    "http://a.example:0/",
    "HTTP://A.example/b/",
    "http://u@a.example/",
    "http://[::1]/",
    "http://a.example?x",
    "",
    "mailto:a@b",
]
BEGINNINGS = [
    "",
    "/",
    "/",
    "http://h.example/",
    "https://H.example/q",
    "http://h.example:80/",
    "HTTP://h.example/",
    "//h.example/",
    "javascript:",
    "http://u@h.example/",
]
HREFS = st.builds(
    lambda beginning, rest: beginning + "".join(rest), st.sampled_from(BEGINNINGS), st.lists(st.sampled_from(PIECES), max_size=5)
)


@given(st.sampled_from(BASES), HREFS)
def test_a_plain_address_is_what_rfc_3986_resolves_it_to(base: str, href: str) -> None:
    assert _plain_address(base, href) in (None, _resolved(base, href))


@pytest.mark.parametrize(
    ("href", "expected"),
    [
        ("/1?utm_source=feed", "http://a.example/1"),
        ("/1?no=3&utm_source=feed", "http://a.example/1?no=3"),
        ("https://b.example/2.html", "https://b.example/2.html"),
    ],
)
def test_a_common_address_takes_the_short_way(href: str, expected: str) -> None:
    assert _plain_address("http://a.example/x/y", href) == absolute("http://a.example/x/y", href) == expected
