"""robots.txt, as RFC 9309 reads it."""

from __future__ import annotations

import pytest

from plugins.partners.http.robots import Rule, allows, rules_for


def may(text: str, path: str, product: str = "Todoke-feeds") -> bool:
    return allows(rules_for(text, product), f"http://a.example{path}")


@pytest.mark.parametrize(
    ("text", "path", "expected"),
    [
        ("", "/feed", True),
        ("User-agent: *\nDisallow: /", "/feed", False),
        ("User-agent: *\nDisallow:", "/feed", True),
        ("user-agent : *  # all\ndisallow : /feed # no", "/feed/atom", False),
        ("User-agent: other\nDisallow: /", "/feed", True),
        ("User-agent: *\nDisallow: /\nUser-agent: todoke-feeds\nAllow: /", "/feed", True),
        ("User-agent: a\nUser-agent: Todoke-Feeds\nDisallow: /feed", "/feed", False),
        ("User-agent: *\nDisallow: /f\nAllow: /feed", "/feed", True),
        ("User-agent: *\nDisallow: /feed\nAllow: /feed", "/feed", True),
        ("User-agent: *\nDisallow: /*.xml$", "/a/b.xml", False),
        ("User-agent: *\nDisallow: /*.xml$", "/a/b.xml?x", True),
        ("User-agent: *\nDisallow: /*a*b", "/xaxxb/c", False),
        ("User-agent: *\nDisallow: /feed$", "/feed/", True),
        ("User-agent: *\nDisallow: /?feed=", "/?feed=rss2", False),
        ("User-agent: *\nDisallow: /ブログ", "/%E3%83%96%E3%83%AD%E3%82%B0/feed", False),
        ("Disallow: /", "/feed", True),
        ("\ufeffUser-agent: *\r\nSitemap: x\r\nDisallow: /", "/", False),
    ],
)
def test_each_rule_of_rfc_9309_decides_as_it_says(text: str, path: str, expected: bool) -> None:
    assert may(text, path) is expected


def test_a_hostile_pattern_is_matched_in_linear_time() -> None:
    """A regular expression would need for ever for this."""
    assert not Rule(False, "/" + "*a" * 500 + "$").matches("/" + "a" * 400 + "b" * 1500)
    assert Rule(False, "/" + "*a" * 500).matches("/" + "a" * 1000)
