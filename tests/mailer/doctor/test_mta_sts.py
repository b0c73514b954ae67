"""MTA-STS policies (RFC 8461): what is read, what is refused, and the way to them over HTTPS."""

from __future__ import annotations

import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from mailer.doctor import mta_sts
from mailer.doctor.mta_sts import MtaStsPolicy, PolicyUnavailable
from tests.servers.smtp import CERTIFICATE, KEY

POLICY = b"version: STSv1\r\nmode: enforce\r\nmx: mail.example.com\r\nmx: *.example.net\r\nmax_age: 604800\r\n"


def test_a_policy_is_read_and_its_patterns_cover_one_label() -> None:
    policy = mta_sts.parse_policy(POLICY)
    assert policy == MtaStsPolicy("enforce", ("mail.example.com", "*.example.net"), 604800)
    assert policy.covers("Mail.example.com.") and policy.covers("a.example.net")
    assert mta_sts.uncovered(policy, ("mail.example.com", "a.b.example.net", "example.net")) == ("a.b.example.net", "example.net")


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"version: STSv2\nmode: none\nmax_age: 1\n",
        b"version: STSv1\nmode: strict\nmx: a\nmax_age: 1\n",
        b"version: STSv1\nmode: enforce\nmx: a\n",
        b"version: STSv1\nmode: enforce\nmx: a\nmax_age: 99999999\n",
        b"version: STSv1\nmode: enforce\nmx: a\nmax_age: " + b"9" * 5000,
        b"version: STSv1\nmode: enforce\nmax_age: 1\n",
        b"\xff\xfe<html>",
    ],
)
def test_what_is_no_policy_is_refused(content: bytes) -> None:
    with pytest.raises(PolicyUnavailable):
        mta_sts.parse_policy(content)


@pytest.mark.parametrize(("text", "is_one"), [("v=STSv1; id=20260311", True), ("v=STSv1;", False), ("v=STSv2; id=1", False), ("x", False)])
def test_the_record_that_announces_a_policy(text: str, is_one: bool) -> None:
    assert mta_sts.is_record(text) is is_one


@contextmanager
def serving(status: int, content: bytes) -> Iterator[int]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status)
            self.send_header("Location", "https://other.example/")
            self.end_headers()
            self.wfile.write(content if self.path == "/.well-known/mta-sts.txt" else b"")

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(CERTIFICATE, KEY)
    server = HTTPServer(("127.0.0.1", 0), Handler)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        server.server_close()


def trusting() -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=CERTIFICATE)
    context.check_hostname = False
    return context


def test_a_policy_comes_over_https() -> None:
    with serving(200, POLICY) as port:
        assert mta_sts.fetch("example.com", port=port, host="127.0.0.1", context=trusting()) == POLICY


@pytest.mark.parametrize(("status", "content"), [(404, b""), (302, POLICY), (200, b"x" * 70_000)])
def test_no_redirect_and_no_flood_is_followed(status: int, content: bytes) -> None:
    with serving(status, content) as port, pytest.raises(PolicyUnavailable):
        mta_sts.fetch("example.com", port=port, host="127.0.0.1", context=trusting())


def test_a_certificate_that_nobody_trusts_is_refused() -> None:
    with serving(200, POLICY) as port, pytest.raises(PolicyUnavailable):
        mta_sts.fetch("example.com", port=port, host="127.0.0.1")
