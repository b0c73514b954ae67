"""The preview shows drafts, so it answers this machine's own pages only; and no address, however strange, is a fault of the server."""

from __future__ import annotations

import asyncio
import re
import socket
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
import uvicorn
from hypothesis import given, settings
from hypothesis import strategies as st

from demo.servers import free_port
from plugins.builder.options import BuildOptions
from plugins.preview.live import LivePreview
from plugins.preview.server import create_app
from tests.command_line import run
from tests.samples.tiny import NOW, TinySite, make_site
from tests.servers.raw_http import ask_raw

DRAFT = "---\ntitle: 秘密の下書き\ndraft: true\ndate: 2020-05-10\n---\nまだ見せません。\n"


@pytest.fixture(scope="module")
def preview(tmp_path_factory: pytest.TempPathFactory) -> LivePreview:
    """A built preview with a published article and a draft."""
    tiny = make_site(tmp_path_factory.mktemp("site"))
    tiny.article("press/2020/station.md", "駅が開きました")
    tiny.write("press/2020/draft.md", DRAFT)
    tiny.write("mail/press/1.md", "---\ntitle: 春の号\ndate: 2020-05-10\n---\nこんにちは。\n\n## 話題\n\n::前号から press\n")
    publications = tiny.root / "publications.toml"
    options = BuildOptions(
        NOW, tiny.content, publications, tiny.output, site_url="http://127.0.0.1:8000", validate_mail=False, shows_drafts=True
    )
    made = LivePreview(options, (tiny.content,))
    with ThreadPoolExecutor(1) as thread:  # Playwright may hold a loop in this one
        thread.submit(asyncio.run, made.build()).result()
    (made.site / "loop").symlink_to("loop")
    (made.site / "out.html").symlink_to("/etc/hostname")
    return made


@pytest.fixture(scope="module")
def port(preview: LivePreview) -> Iterator[int]:
    """The server as the command runs it, without building again."""
    number = free_port()
    server = uvicorn.Server(uvicorn.Config(create_app(preview), port=number, lifespan="off", log_config=None))
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        assert thread.is_alive()
    yield number
    server.should_exit = True
    thread.join()


def ask(port: int, target: bytes, host: str = "127.0.0.1", fields: str = "") -> bytes:
    return ask_raw(port, b"GET " + target + f" HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n{fields}\r\n".encode())


@pytest.mark.parametrize(
    "host",
    [
        "attacker.example.jp",
        "attacker.example.jp:8000",
        "127.0.0.1.attacker.jp",
        "localhost.attacker.jp",
        "127.0.0.1@attacker.jp",
        "[::2]",
        "",
        "0.0.0.0",
    ],
)
@pytest.mark.parametrize("path", [b"/feed.json", b"/-/", b"/-/diagnostics", b"/-/version", b"/"])
def test_a_page_of_somebody_else_whose_name_leads_here_gets_nothing(port: int, host: str, path: bytes) -> None:
    answer = ask(port, path, host)
    assert answer.startswith(b"HTTP/1.1 400 ") and "下書き".encode() not in answer and b"location" not in answer.lower()


@pytest.mark.parametrize("host", ["127.0.0.1:8000", "localhost:8000", "LOCALHOST:8000", "[::1]:8000", "127.0.0.1"])
def test_this_machine_sees_its_drafts_by_any_of_its_names(port: int, host: str) -> None:
    answer = ask(port, b"/feed.json", host)
    assert answer.startswith(b"HTTP/1.1 200 ") and "秘密の下書き".encode() in answer
    assert b"cross-origin-resource-policy: same-origin" in answer.lower()


BAD = [
    b"/%00",
    b"/a%00b.html",
    b"/" + b"x" * 5000,
    b"/%2e%2e/mail/lists.json",
    b"/%ff%fe",
    b"//etc/passwd",
    b"/..%2f..%2fetc%2fpasswd",
    b"/loop/",
    b"/out.html",
    b"/-/press/%00/html",
    b"/-/x/1/mail.txt",
    b"/-/%2e%2e/%2e%2e/html",
]


@pytest.mark.parametrize("target", BAD)
def test_a_bad_path_is_404(port: int, target: bytes) -> None:
    assert ask(port, target).startswith(b"HTTP/1.1 404 ")


def test_a_page_in_another_encoding_is_served_as_it_is(port: int, preview: LivePreview) -> None:
    page = "<p>古い</p>".encode("shift_jis")
    (preview.site / "old.html").write_bytes(page)
    assert ask(port, b"/old.html").endswith(page)


def test_a_number_without_end_is_no_version(port: int) -> None:
    assert ask(port, b"/-/version?known=" + b"9" * 6000).endswith(b"\r\n\r\n1")


def test_a_part_of_an_issue_that_is_being_exchanged_is_404_for_a_moment(port: int, preview: LivePreview) -> None:
    assert ask(port, b"/-/press/1/light.txt").startswith(b"HTTP/1.1 200 ")
    (preview.mail / "press/1/light.txt").unlink()
    assert ask(port, b"/-/press/1/light.txt").startswith(b"HTTP/1.1 404 ")


PIECES = st.sampled_from(
    [
        b"/",
        b"//",
        b"%00",
        b"%2e%2e",
        b"..",
        b"-",
        b"press",
        b"index.html",
        b"%ff",
        b"%E9%A7%85",
        b"?",
        b"known=",
        b"format=",
        b"&",
        b"#",
        b"9" * 5000,
        b"~",
        b"\\",
        b";",
        b"%",
        b"feed.json",
        b"mail.txt",
        b"html",
    ]
)


def quoted(raw: bytes) -> bytes:
    return re.sub(rb"[^!-~]", lambda byte: b"%%%02X" % byte[0][0], raw)


TARGETS = st.lists(PIECES | st.binary(max_size=8).map(quoted), max_size=6).map(b"".join)
RANGES = st.sampled_from(["", "bytes=0-", "bytes=" + "9" * 5000 + "-", "bytes=-0,1-2", "bytes=5-1", "x"])


def test_no_address_whatever_it_is_makes_the_server_fail(port: int) -> None:
    @given(TARGETS, RANGES)
    @settings(derandomize=True, max_examples=400, deadline=None)
    def holds(target: bytes, ranges: str) -> None:
        answer = ask(port, b"/" + target, fields=f"Range: {ranges}\r\n" if ranges else "")
        assert re.match(rb"HTTP/1\.1 [234]\d\d ", answer), answer[:200]

    holds()


def test_a_port_that_is_taken_is_said_in_a_line(tiny: TinySite) -> None:
    places = [
        "--content",
        str(tiny.content),
        "--publications",
        str(tiny.root / "publications.toml"),
        "--output",
        str(tiny.root / "preview"),
    ]
    with socket.create_server(("127.0.0.1", 0)) as taken:
        done = run("preview", "--port", str(taken.getsockname()[1]), *places)
    assert (done.status, done.out) == (1, b"") and done.err.decode().count("\n") == 1 and "--port" in done.err.decode()
