"""What a mirror really shows, by fetching it: real servers that answer wrongly, slowly or not at all."""

from __future__ import annotations

import asyncio
import gzip
import hashlib

import pytest

from public_page import address_of
from publisher.model.release import Release, ReleasedFile
from publisher.pipeline.live import LivePage, check_pages, page_of
from tests.samples.publishing.releases import NOW

PAGE = "<h1>橋が通れます</h1>".encode()


def file(path: str = "mail/press/1/index.html", body: bytes = PAGE) -> ReleasedFile:
    return ReleasedFile(path, hashlib.sha256(body).hexdigest(), len(body), "text/html; charset=utf-8", "no-cache")


def check(answers: list[bytes | None], *, below: str = "", seconds: float = 5.0) -> tuple[LivePage, list[str]]:
    """Check one page on a server that gives these answers, one for each request and then the last again; None: it says nothing."""
    asked = list[str]()

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        request = (await reader.readuntil(b"\r\n\r\n")).decode()
        asked.append(request)
        reply = answers[min(len(asked), len(answers)) - 1]
        if reply is None:
            await reader.read()  # until the client gives up
        else:
            writer.write(reply)
            await writer.drain()
        writer.close()

    async def run() -> LivePage:
        server = await asyncio.start_server(answer, "127.0.0.1", 0)
        async with server:
            port = server.sockets[0].getsockname()[1]
            (page,) = await check_pages(f"http://127.0.0.1:{port}{below}", [file()], seconds, pauses=(0.0,) * (len(answers) - 1))
            return page

    return asyncio.run(run()), asked


def reply(body: bytes = PAGE, head: str = "HTTP/1.1 200 OK", headers: str = "") -> bytes:
    return f"{head}\r\nContent-Length: {len(body)}\r\nConnection: close\r\n{headers}\r\n".encode() + body


def test_the_page_of_the_release_is_live_under_the_address_that_readers_open() -> None:
    page, asked = check([reply()], below="/fukko/")
    assert page.failure == "" and page.address.endswith("/fukko/mail/press/1/")
    assert asked[0].startswith("GET /fukko/mail/press/1/ HTTP/1.1") and "Cache-Control: no-cache" in asked[0]


def test_a_page_that_is_compressed_on_the_way_is_the_same_page() -> None:
    assert check([reply(gzip.compress(PAGE), headers="Content-Encoding: gzip\r\n")])[0].failure == ""


@pytest.mark.parametrize(
    "moment",
    [
        "",
        "yesterday",
        "Fri, 01 Jan 99999999999999999999 00:00:00 GMT",
        "Fri, 01 Jan 2100 00:00:00 +999999",
        "Fri, 01 Jan 2021 00:00:00 -0000",
        "x" * 4000,
    ],
)
def test_whatever_a_mirror_says_of_the_age_of_a_page_does_not_change_what_is_seen(moment: str) -> None:
    assert check([reply(headers=f"Last-Modified: {moment}\r\n")])[0].failure == ""


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (reply(PAGE + b"<script>"), "not the page of this release"),
        (reply(PAGE[:-1]), "not the page of this release"),
        (reply(b""), "not the page of this release"),
        (reply(head="HTTP/1.1 404 Not Found"), "status 404"),
        (reply(head="HTTP/1.1 503 Busy"), "status 503"),
        (reply(head="HTTP/1.1 206 Partial Content"), "status 206"),
        (reply(b"", "HTTP/1.1 302 Found", "Location: https://other.example.jp/\r\n"), "leads to 'https://other.example.jp/'"),
        (b"not HTTP at all\r\n\r\n", ""),
        (reply(PAGE)[:-4], ""),
        (reply(b"broken", headers="Content-Encoding: gzip\r\n"), ""),
        (b"", ""),
    ],
)
def test_anything_else_is_not_live_and_says_why(answer: bytes, words: str) -> None:
    page, _ = check([answer])
    assert page.failure.startswith("http://127.0.0.1:") and words in page.failure and page.failure.count("\n") == 0


def test_a_body_without_an_end_is_not_read_to_its_end() -> None:
    endless = b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n" + PAGE + b"x" * 5_000_000
    assert "not the page" in check([endless])[0].failure


def test_a_server_that_says_nothing_is_given_up() -> None:
    assert "no answer in 0.2 s" in check([None], seconds=0.2)[0].failure


def test_a_cache_that_shows_the_new_page_a_moment_later_is_asked_again() -> None:
    page, asked = check([reply(b"old"), reply(head="HTTP/1.1 502 Bad Gateway"), reply()])
    assert page.failure == "" and len(asked) == 3


def test_nobody_listens() -> None:
    (page,) = asyncio.run(check_pages("http://127.0.0.1:9", [file()], 1.0, pauses=()))
    assert "127.0.0.1" in page.failure


@pytest.mark.parametrize(
    ("address", "path"),
    [
        ("https://site.example.jp/mail/press/1/", "mail/press/1/index.html"),
        ("https://site.example.jp/fukko/mail/press/1/", "mail/press/1/index.html"),
        ("https://site.example.jp/%E7%9F%A5/", "知/index.html"),
        ("https://site.example.jp/files/a.pdf", "files/a.pdf"),
        ("https://site.example.jp/mail/press/2/", None),
        ("https://site.example.jp/", None),
    ],
)
def test_the_page_of_an_address_is_the_longest_end_of_its_path_that_the_release_has(address: str, path: str | None) -> None:
    files = tuple(file(name) for name in ("mail/press/1/index.html", "知/index.html", "files/a.pdf"))
    found = page_of(address, Release(1, NOW, files))
    assert (found.path if found else None) == path


def test_an_address_is_quoted_and_a_front_page_is_its_folder() -> None:
    assert address_of("https://a.example.jp", "index.html") == "https://a.example.jp/"
    assert address_of("https://a.example.jp/b/", "知/index.html") == "https://a.example.jp/b/%E7%9F%A5/"
    assert address_of("https://a.example.jp/b/", "old-index.html") == "https://a.example.jp/b/old-index.html"
