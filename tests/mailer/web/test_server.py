"""`serve` over real sockets: slow, half and ambiguous requests are ended, and whoever watches the service is answered all the same."""

from __future__ import annotations

import re
import resource
import socket
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from demo.servers import free_port
from mailer.database.engine import Database, create_database
from mailer.database.readers import subscriptions
from mailer.message.links import NOBODY, JoinClaim, LinkClaim, LinkSigner, Purpose
from mailer.model.errors import ServiceError
from mailer.model.ids import SubscriberId
from mailer.secrets import Secret
from mailer.web.app import AppOptions, create_app
from mailer.web.connections import OTHER_FILES, ConnectionLimits, connection_limit
from mailer.web.server import run
from tests.samples.mail.databases import with_tables
from tests.samples.mail.mail_bundles import LIST, NOW, SECRET, VERSION, Clock, make_database, people, write_config, write_lists
from tests.servers.raw_http import ask_raw, connect, read_to_end
from tests.servers.web_service import served

TOKENS = LinkSigner((Secret(SECRET),))
TOKEN = TOKENS.sign(LinkClaim(SubscriberId(1), LIST.key, VERSION))
HEALTH = b"GET /healthz HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
PATIENT, IMPATIENT = ConnectionLimits(), ConnectionLimits(head_seconds=0.3)


@pytest.fixture
def database(tmp_path: Path) -> Database:
    opened = create_database(with_tables(f"sqlite:///{tmp_path / 'x.db'}"))
    subscriptions.import_subscribers(opened, people(2), source="t", now=NOW, first_version=lambda: VERSION)
    return opened


@contextmanager
def running(database: Database, limits: ConnectionLimits = PATIENT, body_seconds: float = 10) -> Iterator[int]:
    with served(create_app(database, TOKENS, {LIST.key: LIST}, Clock(), AppOptions(body_seconds=body_seconds)), limits) as port:
        yield port


def post(path: str, body: bytes, *fields: str, length: int | None = None) -> bytes:
    head = [f"POST {path} HTTP/1.1", "Host: a", f"Content-Length: {len(body) if length is None else length}", *fields]
    return "\r\n".join(head).encode() + b"\r\n\r\n" + body


@pytest.mark.parametrize("half", [b"", b"G", b"GET /healthz HTTP/1.1\r\nHost: a\r\nX-A: ", b"POST"])
def test_half_a_head_is_given_up_after_a_while(database: Database, half: bytes) -> None:
    with running(database, IMPATIENT) as port:
        assert ask_raw(port, half) == b""


def test_a_head_that_comes_byte_by_byte_puts_the_end_not_off(database: Database) -> None:
    with running(database, IMPATIENT) as port:
        connection = connect(port)
        with pytest.raises(OSError), connection:  # reset or broken pipe: the service has closed it
            while True:
                connection.sendall(b"x")


def test_half_a_body_is_answered_with_408_and_the_subscription_stays(database: Database) -> None:
    with running(database, body_seconds=0.2) as port:
        answer = ask_raw(port, post(f"/unsubscribe/{TOKEN}", b"List-", length=26))
    assert answer.startswith(b"HTTP/1.1 408 ") and b"connection: close" in answer.lower()
    assert subscriptions.count(database, LIST.key) == 2


def test_a_body_that_nobody_reads_keeps_no_connection_open(database: Database) -> None:
    with running(database, ConnectionLimits(head_seconds=1)) as port:
        answer = ask_raw(port, b"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 4000\r\n\r\nab")
    assert answer.startswith(b"HTTP/1.1 200 ")


@pytest.mark.parametrize(
    "fields",
    [
        "Content-Length: 4\r\nTransfer-Encoding: chunked",
        "Transfer-Encoding: chunked\r\nContent-Length: 4",
        "transfer-encoding:chunked\r\ncontent-length:0",
    ],
)
@pytest.mark.parametrize("version", ["1.1", "1.0"])
def test_a_request_with_two_lengths_is_refused_and_what_follows_it_is_not_read(database: Database, fields: str, version: str) -> None:
    smuggled = post(f"/unsubscribe/{TOKEN}", b"")
    with running(database) as port:
        answer = ask_raw(port, f"POST /unsubscribe/{TOKEN} HTTP/{version}\r\nHost: a\r\n{fields}\r\n\r\n0\r\n\r\n".encode() + smuggled)
    assert answer.startswith(b"HTTP/1.1 400 ") and answer.count(b"HTTP/1.1 ") == 1
    assert subscriptions.count(database, LIST.key) == 2


def test_a_length_alone_in_an_old_request_with_chunks_is_refused_too(database: Database) -> None:
    with running(database) as port:
        answer = ask_raw(port, f"POST /unsubscribe/{TOKEN} HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n".encode())
    assert answer.startswith(b"HTTP/1.1 400 ") and subscriptions.count(database, LIST.key) == 2


@pytest.mark.parametrize("path", ["/healthz/", f"/unsubscribe/{TOKEN}/", f"/preferences/{TOKEN}/", "//evil.example/", "/metrics/"])
def test_an_address_with_a_slash_too_many_is_no_page_and_never_a_redirect(database: Database, path: str) -> None:
    with running(database) as port:
        answer = ask_raw(port, f"GET {path} HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n".encode())
    assert answer.startswith(b"HTTP/1.1 404 ") and b"location" not in answer.lower()


def test_one_click_of_a_test_mail_is_answered_with_200_and_changes_nothing(database: Database) -> None:
    token = TOKENS.sign(LinkClaim(NOBODY, LIST.key))
    with running(database) as port:
        answer = ask_raw(port, post(f"/unsubscribe/{token}", b"List-Unsubscribe=One-Click", "Connection: close"))
    assert answer.startswith(b"HTTP/1.1 200 ") and subscriptions.count(database, LIST.key) == 2


@pytest.mark.parametrize("number", [2**63, 10**30, -1])
def test_a_signed_number_that_no_database_holds_is_a_bad_link(database: Database, number: int) -> None:
    token = TOKENS.sign(LinkClaim(SubscriberId(number), LIST.key))
    with running(database) as port:
        for request in (post(f"/unsubscribe/{token}", b"", "Connection: close"), f"GET /preferences/{token} HTTP/1.0\r\n\r\n".encode()):
            assert ask_raw(port, request).startswith(b"HTTP/1.1 400 ")


def test_the_longest_waiting_connection_makes_room_for_a_new_one(database: Database) -> None:
    patient = ConnectionLimits(connections=8, head_seconds=30)
    with running(database, patient) as port:
        waiting = [connect(port, b"GET /") for _ in range(20)]
        assert ask_raw(port, HEALTH).endswith(b"ok\n")
        assert read_to_end(waiting[0]) == b""
        waiting[-1].sendall(b"healthz HTTP/1.0\r\n\r\n")
        assert read_to_end(waiting[-1]).endswith(b"ok\n"), "a young one is left alone"
        for connection in waiting[1:-1]:
            connection.close()


def test_while_every_thread_waits_for_a_locked_database_the_watcher_is_answered_at_once(database: Database, tmp_path: Path) -> None:
    locking = sqlite3.connect(tmp_path / "x.db", isolation_level=None)
    locking.execute("BEGIN IMMEDIATE")
    with running(database) as port:
        readers = [connect(port, post(f"/unsubscribe/{TOKEN}", b"", "Connection: close")) for _ in range(60)]
        assert ask_raw(port, HEALTH).endswith(b"ok\n")
        locking.rollback()
        assert all(read_to_end(reader).startswith(b"HTTP/1.1 200 ") for reader in readers)
    assert subscriptions.count(database, LIST.key) == 1


@pytest.mark.parametrize(
    ("asked_for", "open_files", "limit"), [(500, None, 500), (500, 1024, 500), (5000, 1024, 1024 - OTHER_FILES), (500, 64, 1)]
)
def test_no_more_connections_are_taken_than_the_system_has_files_for(asked_for: int, open_files: int | None, limit: int) -> None:
    assert connection_limit(asked_for, open_files) == limit


@pytest.fixture
def many_files() -> Iterator[None]:
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(4096, before[1]), before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, before)


def test_1100_half_open_connections_at_1024_files_do_not_keep_the_watcher_out(tmp_path: Path, many_files: None) -> None:
    make_database(write_config(tmp_path))
    write_lists(tmp_path / "mail")
    port, options = free_port(), ["--config", str(tmp_path / "mailer.toml"), "--mail", str(tmp_path / "mail")]
    limited = f"ulimit -n 1024; exec {sys.executable} -m todoke serve --port {port} {' '.join(options)}"
    with subprocess.Popen(["sh", "-c", limited], env={"TODOKE_SECRET": SECRET}, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        log = [process.stderr.readline()]
        while log[-1] and "running on" not in log[-1]:
            log.append(process.stderr.readline())
        drain = threading.Thread(target=log.extend, args=[process.stderr])
        drain.start()
        half_open = [socket.socket() for _ in range(1100)]
        for connection in half_open:
            connection.setblocking(False)
            connection.connect_ex(("127.0.0.1", port))
        answers = [ask_raw(port, HEALTH) for _ in range(5)]
        for connection in half_open:
            connection.close()
        process.terminate()
        drain.join()
    assert all(answer.endswith(b"ok\n") for answer in answers)
    assert "Traceback" not in "".join(log) and "system resource" not in "".join(log)


NAMES = [
    "Host",
    "Content-Length",
    "Transfer-Encoding",
    "Connection",
    "Expect",
    "Upgrade",
    "Authorization",
    "X-Forwarded-For",
    "Range",
    "Content-Type",
    "",
    "a b",
    "é",
]
VALUES = [
    "a",
    "0",
    "4",
    "4, 4",
    "+4",
    "-1",
    "9" * 30,
    "chunked",
    "chunked, chunked",
    "xchunked",
    "close",
    "keep-alive",
    "100-continue",
    "websocket",
    "Upgrade",
    "Bearer x",
    "bytes=0-" + "9" * 40,
    "\x00",
    "é",
    "",
]
PATHS = [
    "/",
    "/healthz",
    "/metrics",
    f"/unsubscribe/{TOKEN}",
    f"/preferences/{TOKEN}",
    f"/preferences/{TOKENS.sign(LinkClaim(SubscriberId(1), LIST.key, VERSION, Purpose.PREFERENCES))}",
    f"/join/{TOKENS.sign_join(JoinClaim(SubscriberId(1), LIST.key, VERSION, 'html', NOW))}",
    "/join/j1.00000000.a.html.9999999999999999999999." + "0" * 32,
    "/unsubscribe/",
    "/unsubscribe/%00",
    "/preferences/%ff%fe",
    "//a/b",
    "*",
    "http://a/",
    "/%",
    "/" + "x" * 20_000,
    "/unsubscribe/" + "9" * 400,
    "?x",
    "/é",
    "",
]
BODIES = [
    b"",
    b"list.fukko-press=stop",
    b"everything=stop",
    b"%ff=%fe&&=",
    b"0\r\n\r\n",
    b"ffffffffffffffffff\r\nx",
    b"5;a=b\r\nhello\r\n0\r\n\r\n",
    b"x" * 5000,
    b"\x00\xff",
]
FIELD = st.tuples(st.sampled_from(NAMES), st.sampled_from(VALUES)).map(lambda field: f"{field[0]}: {field[1]}")
REQUEST = st.one_of(
    st.binary(max_size=200),
    st.builds(
        lambda method, path, version, fields, end, body: (
            f"{method} {path} {version}{end}{''.join(f + end for f in fields)}{end}".encode("latin-1", "replace") + body
        ),
        st.sampled_from(["GET", "POST", "HEAD", "PUT", "OPTIONS", "CONNECT", "TRACE", "PRI", "get", "", "\x1b[2J"]),
        st.sampled_from(PATHS),
        st.sampled_from(["HTTP/1.1", "HTTP/1.0", "HTTP/0.9", "HTTP/2.0", "HTTP/1.1 ", "", "http/1.1"]),
        st.lists(FIELD, max_size=6),
        st.sampled_from(["\r\n", "\n", "\r"]),
        st.sampled_from(BODIES),
    ),
)


def test_any_bytes_are_answered_below_500_or_the_connection_is_closed(database: Database) -> None:
    hasty = ConnectionLimits(head_seconds=0.05, request_seconds=0.1)
    with running(database, hasty, body_seconds=0.05) as port:

        @given(st.lists(st.lists(REQUEST, min_size=1, max_size=3).map(b"".join), min_size=1, max_size=10))
        @settings(derandomize=True, max_examples=60, deadline=None)
        def holds(requests: list[bytes]) -> None:
            answers = [read_to_end(connection) for connection in [connect(port, request) for request in requests]]
            assert all(int(status) < 500 for answer in answers for status in re.findall(rb"^HTTP/1\.1 (\d{3}) ", answer, re.M))

        holds()
        assert any(ask_raw(port, HEALTH).endswith(b"ok\n") for _ in range(100)), "one of them is within these short limits"


def test_an_address_that_is_taken_is_said_in_a_sentence(database: Database) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken, pytest.raises(ServiceError, match="port"):
        run(create_app(database, TOKENS, {}, Clock()), "127.0.0.1", taken.getsockname()[1], IMPATIENT)
