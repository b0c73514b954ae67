"""What one answer is compared with: bytes, status, media type, cache rule, required headers; where a page leads."""

from __future__ import annotations

import datetime as dt
import hashlib
import time

import pytest

from verifier.judge import address_of, is_released, judge_connection, judge_file, links
from verifier.model import Answer, Release, SignedFile

BODY = "<h1>知らせ</h1>".encode()
FILE = SignedFile(hashlib.sha256(BODY).hexdigest(), len(BODY), "text/html; charset=utf-8", "no-cache")
GOOD = Answer(
    "http://x.test/a.html", 200, {"content-type": "text/html; charset=UTF-8", "content-length": str(len(BODY))}, BODY, 0.1, "192.0.2.7"
)


def kinds(**changes: object) -> list[str]:
    answer = GOOD._replace(**changes)  # type: ignore[arg-type]
    return list(judge_file("a.html", FILE, answer, (), {}))


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_redirect_of_a_released_file_is_an_alteration(status: int) -> None:
    assert kinds(status=status) == ["altered"]


@pytest.mark.parametrize(
    ("status", "kind"),
    [(403, "missing"), (404, "missing"), (410, "missing"), (500, "unreachable"), (503, "unreachable"), (429, "unreachable")],
)
def test_a_status_says_whether_a_file_is_missing_or_the_server_busy(status: int, kind: str) -> None:
    assert kinds(status=status) == [kind]


def test_a_short_body_is_altered_if_the_server_said_its_length_and_unknown_if_not() -> None:
    assert kinds(body=BODY[:3], headers={"content-length": "3"}) == ["altered"]
    assert kinds(body=BODY[:3], headers={}) == ["unreachable"]
    assert kinds(body=BODY + b"x", headers={}) == ["altered"]


def test_an_old_page_is_told_from_an_altered_one() -> None:
    old = Release(3, {"a.html": FILE._replace(sha256=hashlib.sha256(b"old").hexdigest())})
    found = judge_file("a.html", FILE, GOOD._replace(body=b"old"), [old], {})
    assert found == {"rolled-back": "the page is that of release 3"}


@pytest.mark.parametrize(
    ("released", "served", "is_wrong"),
    [
        ("text/html; charset=utf-8", "text/html", False),
        ("text/html; charset=utf-8", 'TEXT/HTML;charset="utf-8"', False),
        ("text/html; charset=utf-8", "text/html; charset=shift_jis", True),
        ("text/html; charset=utf-8", "text/plain", True),
        ("text/html; charset=utf-8", "", True),
        ("application/xml; charset=utf-8", "text/xml", False),
        ("text/javascript; charset=utf-8", "application/javascript", False),
        ("image/svg+xml", "text/html", True),
    ],
)
def test_a_media_type_counts_by_what_browsers_make_of_it(released: str, served: str, is_wrong: bool) -> None:
    file = FILE._replace(media_type=released)
    found = judge_file("a.html", file, GOOD._replace(headers={"content-type": served}), (), {})
    assert list(found) == ["header"] * is_wrong


@pytest.mark.parametrize(
    ("rule", "served", "is_wrong"),
    [
        ("no-cache", "no-cache", False),
        ("no-cache", "", False),
        ("no-cache", "max-age=0, must-revalidate", False),
        ("no-cache", "public, max-age=86400", True),
        ("no-cache", "max-age=0, s-maxage=600", True),
        ("public, max-age=300", "max-age=300", False),
        ("public, max-age=300", "max-age=31536000, immutable", True),
        ("public, max-age=300", "no-store", False),
    ],
)
def test_no_cache_may_keep_a_file_longer_than_released(rule: str, served: str, is_wrong: bool) -> None:
    file, headers = FILE._replace(cache_control=rule), {"content-type": "text/html", "cache-control": served}
    assert list(judge_file("a.html", file, GOOD._replace(headers=headers), (), {})) == ["header"] * is_wrong


def test_a_required_header_that_is_missing_or_different_is_found() -> None:
    assert judge_file("a.html", FILE, GOOD, (), {"X-Content-Type-Options": "nosniff"}) == {
        "header": "X-Content-Type-Options is '', not 'nosniff'"
    }
    headers = {**GOOD.headers, "x-content-type-options": "nosniff"}
    assert judge_file("a.html", FILE, GOOD._replace(headers=headers), (), {"X-Content-Type-Options": "nosniff"}) == {}


def test_the_median_of_the_answers_says_whether_a_mirror_is_slow() -> None:
    now = dt.datetime(2026, 11, 28, tzinfo=dt.UTC).timestamp()
    quick, slow = GOOD, GOOD._replace(seconds=9.0)
    assert judge_connection([quick, quick, slow], (), now, 5) == {}
    assert list(judge_connection([quick, slow, slow], (), now, 5)) == ["slow"]


def test_an_address_may_be_one_of_several_networks() -> None:
    now = dt.datetime(2026, 11, 28, tzinfo=dt.UTC).timestamp()
    assert judge_connection([GOOD], ("198.51.100.1", "192.0.2.0/24", "2001:db8::/32"), now, 5) == {}
    assert list(judge_connection([GOOD], ("198.51.100.1",), now, 5)) == ["dns"]


PAGE = """<a href="b.html"><a href='/c/?q=1#top'><img src=../p%20q.webp><form action="//x.test/f"><a href="https://other.test/d">
<meta http-equiv=refresh content="0; URL='/r.html'"><a href="http://[broken"><a href="mailto:a@b"><object data=o.swf><script src=s.js></script>"""


def test_every_way_in_which_a_page_leads_on_is_followed_within_the_site() -> None:
    found = {"x/b.html", "c/index.html", "p q.webp", "f", "r.html", "x/o.swf", "x/s.js"}
    assert links(PAGE.encode(), "http://x.test", "x/y.html") == found


@pytest.mark.parametrize("part", ["<!--", "<base ", "href=", "href='", 'href="', "<a ", "url =\t "])
def test_a_hostile_page_of_a_megabyte_is_read_in_seconds(part: str) -> None:
    started = time.process_time()
    links((part * (2**20 // len(part))).encode(), "http://x.test", "x/y.html")
    assert time.process_time() - started < 5


def test_a_base_moves_links_and_a_site_below_a_path_ends_there() -> None:
    assert links(b"<base href='/z/'><a href='b.html'>", "http://x.test", "x/y.html") == {"z/index.html", "z/b.html"}
    assert links(b"<a href='/b.html'><a href='/sub/c.html'>", "http://x.test/sub", "y.html") == {"c.html"}


def test_addresses_are_those_that_readers_use() -> None:
    assert [address_of(path) for path in ("index.html", "a/index.html", "a/myindex.html", "あ b.pdf")] == [
        "",
        "a/",
        "a/myindex.html",
        "%E3%81%82%20b.pdf",
    ]
    assert is_released("a", Release(1, {"a/index.html": FILE}))
