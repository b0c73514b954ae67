"""What a link may lead to: pages of the site, and five schemes."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from plugins.frontmatter.model.link_targets import SCHEMES, has_host, is_allowed, is_outside, is_web_address, path_of


@pytest.mark.parametrize(
    "address",
    [
        "https://example.jp/", "HTTP://example.jp", "mailto:a@example.jp", "tel:+81-22-000-0000", "geo:38.43,141.3", "a.md", "../a.md#b", "/press/", "#注",
        "?q=a:b", "a/b:c", "", "./a:b.md", "第1回.md",
    ],
)  # fmt: skip
def test_pages_of_the_site_and_the_five_schemes_are_allowed(address: str) -> None:
    assert is_allowed(address)


@pytest.mark.parametrize(
    "address",
    [
        "javascript:alert(1)", "JaVaScRiPt:alert(1)", " javascript:alert(1)", "java\tscript:alert(1)", "java\nscript:alert(1)", "\x01javascript:alert(1)",
        "data:text/html,x", "vbscript:x", "file:///etc/passwd", "ftp://example.jp/", "blob:x", "x:y", "//example.jp/", " //example.jp/", "\\\\example.jp",
        "/\\example.jp", "\\/example.jp", "/\t/example.jp", "https\x00://example.jp/", "a:b.md", "view-source:https://example.jp/",
    ],
)  # fmt: skip
def test_all_other_schemes_and_addresses_that_take_theirs_from_the_page_are_refused(address: str) -> None:
    assert not is_allowed(address)


@pytest.mark.parametrize(
    "address",
    [
        "https://[ここ]/", "https://", "https:///a", "http://:80/", "https://example.jp:99999/", "https://example.jp:x/", "https://a b/", 'https://a"b/',
        "https://a<b/", "https://a\\b/", "//example.jp/", "mailto:a@example.jp", "example.jp", "https://a\u3000b/", "https://example.jp:0/",
    ],
)  # fmt: skip
def test_a_field_takes_whole_addresses_of_the_web_only(address: str) -> None:
    assert not is_web_address(address)


def test_a_field_takes_addresses_in_every_script() -> None:
    assert is_web_address("https://例え.jp:8443/道?q=海#注")
    assert is_web_address("http://[2001:db8::1]/")


@settings(derandomize=True, max_examples=300, deadline=None)
@given(st.text(alphabet=st.one_of(st.sampled_from("/\\:?#[]@javscriptdhm \t\n\x00"), st.characters()), max_size=30))
def test_any_text_has_an_answer_and_what_is_allowed_has_no_other_scheme(address: str) -> None:
    has_host(address)
    is_web_address(address)
    path_of(address)
    browsers_view = address.strip("".join(map(chr, range(33)))).replace("\t", "").replace("\n", "").replace("\r", "")  # WHATWG URL, 4.4
    if is_allowed(address) and not is_outside(address):
        assert not browsers_view.replace("\\", "/").startswith("//")
        scheme = browsers_view.split(":")[0]
        assert ":" not in browsers_view or not (scheme.isascii() and scheme.isalpha()) or scheme.lower() in SCHEMES
