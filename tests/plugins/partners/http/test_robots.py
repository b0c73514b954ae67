"""robots.txt, as RFC 9309 reads it."""

from __future__ import annotations

import asyncio
import gzip
import random

import pytest

from plugins.partners.http.addresses import WITH_LOOPBACK
from plugins.partners.http.client import Limits, RequestOptions, open_client
from plugins.partners.http.robots import LARGEST, REFUSED, Robots, Rule, allows, rules_for
from tests.plugins.partners.http.test_fetch import Answer, Site, page


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
        ("User-agent: *\nDisallow: /%66eed", "/feed", False),
        ("User-agent: *\nDisallow: /feed", "/%66eed", False),
        ("User-agent: *\nDisallow: /%e3%83%96", "/%E3%83%96/feed", False),
        ("User-agent: *\nDisallow: /a%2Fb", "/a/b", True),
        ("User-agent: *\nDisallow: /a%2fb", "/a%2Fb", False),
        ("User-agent: *\nDisallow: /feed%24", "/feed", True),
        ("User-agent: *\nDisallow: /feed%2A", "/feedx", True),
        ("User-agent: Todoke-feeds/1.0\nDisallow: /", "/feed", False),
        ("User-agent: todoke-FEEDS (a robot)\nDisallow: /", "/feed", False),
        ("User-agent: Todoke-feeds-other\nDisallow: /", "/feed", True),
        ("User-agent: *\nDisallow: /\nUser-agent: Todoke-feeds/0.2\nDisallow:", "/feed", True),
        ("User-agent: *\n" + "".join(f"Disallow: /x{n}\n" for n in range(3000)) + "Disallow: /feed", "/feed", False),
    ],
)
def test_each_rule_of_rfc_9309_decides_as_it_says(text: str, path: str, expected: bool) -> None:
    assert may(text, path) is expected


def test_a_hostile_pattern_is_matched_in_linear_time() -> None:
    """A regular expression would need for ever for this."""
    assert not Rule(False, "/" + "*a" * 500 + "$").matches("/" + "a" * 400 + "b" * 1500)
    assert Rule(False, "/" + "*a" * 500).matches("/" + "a" * 1000)


def fetch_rules(pages: dict[str, Answer]) -> str | None:
    async def go() -> str | None:
        site = Site(pages)
        async with site.serve() as base, open_client(RequestOptions("x"), WITH_LOOPBACK, Limits()) as client:
            return await Robots(client, WITH_LOOPBACK, Limits()).refusal(f"{base}/feed")

    return asyncio.run(go())


@pytest.mark.parametrize("compress", [False, True])
def test_of_a_longer_file_the_first_500_kibibytes_count(compress: bool) -> None:
    long = b"User-agent: *\nDisallow: /feed\n" + b"# comment\n" * 80_000 + b"Allow: /feed\n"
    answer = page(gzip.compress(long), Content_Encoding="gzip") if compress else page(long)
    assert fetch_rules({"/robots.txt": answer}) == REFUSED


def test_a_rule_that_the_limit_cuts_in_two_is_no_rule() -> None:
    head = b"User-agent: *\n"
    line = b"\nDisallow: /other"
    filled = head + b"#" * (LARGEST - len(head) - len(b"\nDisallow: /")) + line
    assert fetch_rules({"/robots.txt": page(filled)}) is None


NO_FEEDS = b"User-agent: *\nDisallow: /feed\n" + b"# comment\n" * 3
CUT = gzip.compress(NO_FEEDS + random.Random(14).randbytes(40_000))[:-20_000]


@pytest.mark.parametrize(
    ("body", "encoding", "expected"),
    [
        (NO_FEEDS, "gzip", REFUSED),
        (NO_FEEDS, "br", REFUSED),
        (NO_FEEDS, "zstd", REFUSED),
        (CUT, "gzip", REFUSED),
        (gzip.compress(NO_FEEDS)[:-8], "gzip", REFUSED),
        (gzip.compress(NO_FEEDS) + b"rubbish", "gzip", REFUSED),
        (b"\x1f\x8b\x08 broken", "gzip", None),
        (b"", "gzip", None),
        (gzip.compress(b"User-agent: *\nDisallow: /other\n")[:-4], "gzip", None),
    ],
    ids=["plain", "plain as br", "unknown encoding", "cut", "without its end", "rubbish behind", "broken", "empty", "other rules"],
)
def test_of_a_body_that_is_broken_the_lines_that_can_be_read_hold_and_no_others(body: bytes, encoding: str, expected: str | None) -> None:
    """RFC 9309, section 2.3.1.5. A server that names gzip over plain text must not keep its whole host out."""
    assert fetch_rules({"/robots.txt": page(body, Content_Encoding=encoding)}) == expected
