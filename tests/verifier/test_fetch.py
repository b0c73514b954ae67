"""One request against servers that answer as they please: cut, endless, slow, compressed, redirecting."""

from __future__ import annotations

import gzip
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from verifier.fetch import Fetcher
from verifier.model import AbsentError, FetchError

fetch = Fetcher(2.0, ("test",))


@contextmanager
def server(answer: Callable[[socket.socket], None]) -> Iterator[str]:
    """Answer one connection."""

    def serve() -> None:
        connection, _ = listener.accept()
        with connection:
            connection.recv(65536)
            try:
                answer(connection)
            except OSError:
                return

    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=serve, daemon=True).start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/"


def says(data: bytes) -> Callable[[socket.socket], None]:
    return lambda connection: connection.sendall(data)


def test_a_whole_answer_has_status_headers_body_and_address() -> None:
    with server(says(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nX-Kind: a\r\n\r\nok")) as url:
        answer = fetch(url, "ipv4", 100)
    assert (answer.status, answer.body, answer.headers["x-kind"], answer.address, answer.certificate_ends) == (
        200,
        b"ok",
        "a",
        "127.0.0.1",
        None,
    )


def test_a_redirect_is_not_followed() -> None:
    with server(says(b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n")) as url:
        assert fetch(url, "ipv4", 100).status == 302


@pytest.mark.parametrize(
    "data",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nshort",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nsho",
        b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 3\r\n\r\nabc",
        b"SSH-2.0-OpenSSH\r\n",
        b"",
    ],
    ids=["cut", "cut in a chunk", "broken compression", "another protocol", "nothing"],
)
def test_what_is_no_whole_answer_is_an_error(data: bytes) -> None:
    with server(says(data)) as url, pytest.raises(FetchError):
        fetch(url, "ipv4", 100)


def test_a_body_is_read_up_to_its_bound_and_one_byte_more() -> None:
    with server(says(b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * 10_000)) as url:
        assert len(fetch(url, "ipv4", 100).body) == 101


def test_a_compressed_bomb_is_unpacked_up_to_the_bound() -> None:
    bomb = gzip.compress(b"0" * 10_000_000)
    with server(says(b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(bomb) + bomb)) as url:
        assert len(fetch(url, "ipv4", 50_000).body) == 50_001


@pytest.mark.parametrize("begin", [b"HTTP/1.1 200 OK\r\nX-Long: ", b"HTTP/1.1 200 OK\r\n\r\n"], ids=["in the headers", "in the body"])
def test_a_server_that_sends_one_byte_at_a_time_is_given_up_in_time(begin: bytes) -> None:
    quick = Fetcher(0.4, ("test",))

    def drip(connection: socket.socket) -> None:
        connection.sendall(begin)
        while True:
            connection.sendall(b"x")
            time.sleep(0.05)

    with server(drip) as url, pytest.raises(FetchError):
        quick(url, "ipv4", 10**9)  # more than ever comes: nothing but the time ends it


def test_a_family_without_an_address_is_told_apart_from_a_dead_server() -> None:
    with pytest.raises(AbsentError):
        fetch("http://127.0.0.1:9/", "ipv6", 100)
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    with pytest.raises(FetchError) as refused:
        fetch(f"http://127.0.0.1:{port}/", "ipv4", 100)
    assert not isinstance(refused.value, AbsentError)
