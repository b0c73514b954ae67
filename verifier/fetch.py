"""One HTTP request over one family of addresses, with bounds on time and bytes. Redirects are not followed: what readers get first
counts.
"""

from __future__ import annotations

import datetime as dt
import errno
import http.client
import random
import socket
import ssl
import threading
import time
import zlib
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any
from urllib.parse import SplitResult, urlsplit

from verifier.model import AbsentError, Answer, FetchError, TlsError

FAMILIES = {"ipv4": socket.AF_INET, "ipv6": socket.AF_INET6}
NO_NAME = (socket.EAI_NONAME, getattr(socket, "EAI_NODATA", -5), getattr(socket, "EAI_ADDRFAMILY", -9))
ABSENT = (*NO_NAME, errno.ENETUNREACH, errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT)
EXPIRED = 10  # X509_V_ERR_CERT_HAS_EXPIRED of OpenSSL


class Fetcher:
    """``agents`` are names of browsers, of which each request takes one: whoever alters pages for some readers only must not know the
    verifier by it.

    Of several addresses each request takes one too: so what stands at each of them is seen. Certificates are those of the system, or of
    the file that the environment names in ``SSL_CERT_FILE``.
    """

    def __init__(self, timeout: float, agents: Sequence[str], resolve: Callable[..., Sequence[Any]] = socket.getaddrinfo) -> None:
        self._timeout, self._agents, self._resolve = timeout, agents, resolve
        self._tls = ssl.create_default_context()

    def __call__(self, url: str, family: str, limit: int) -> Answer:
        """Return the whole answer; of a body, ``limit`` bytes and one more at most. Raises `FetchError`."""
        try:
            return self._fetch(url, FAMILIES[family], limit)
        except ssl.SSLCertVerificationError as error:
            raise TlsError("expired" if error.verify_code == EXPIRED else error.verify_message) from error
        except (OSError, http.client.HTTPException, zlib.error, ValueError) as error:
            kind = AbsentError if isinstance(error, OSError) and error.errno in ABSENT else FetchError
            raise kind(f"{type(error).__name__}: {error}") from error

    def _fetch(self, url: str, family: int, limit: int) -> Answer:
        started, parts = time.monotonic(), urlsplit(url)
        port = parts.port or (443 if parts.scheme == "https" else 80)
        *_, address = random.choice(self._resolve(parts.hostname, port, family, socket.SOCK_STREAM))  # noqa: S311 - no secret
        held = [socket.create_connection(address[:2], self._timeout)]
        timer = threading.Timer(self._timeout, _shut, [held])  # bounds the whole: each byte alone may come in time
        timer.start()
        try:
            if parts.scheme == "https":
                held[0] = stream = self._tls.wrap_socket(held[0], server_hostname=parts.hostname, do_handshake_on_connect=False)
                stream.do_handshake()
            return self._ask(held[0], parts, limit, started)
        finally:
            timer.cancel()
            held[0].close()

    def _ask(self, stream: socket.socket, parts: SplitResult, limit: int, started: float) -> Answer:
        connection = http.client.HTTPConnection(parts.netloc)
        connection.sock = stream
        headers = {"User-Agent": random.choice(self._agents), "Accept-Encoding": "identity", "Connection": "close"}  # noqa: S311
        connection.request("GET", (parts.path or "/") + (f"?{parts.query}" if parts.query else ""), headers=headers)
        address, certificate = stream.getpeername()[0], stream.getpeercert() if isinstance(stream, ssl.SSLSocket) else None
        response = connection.getresponse()
        body, seconds = response.read(limit + 1), time.monotonic() - started
        if seconds >= self._timeout or (len(body) <= limit and response.length):  # RFC 9112 section 8: not whole
            raise FetchError(f"no whole answer: {len(body)} bytes in {seconds:.1f} s")
        fields = {name.lower(): value for name, value in response.getheaders()}
        if fields.get("content-encoding", "").lower() in ("gzip", "x-gzip"):  # some servers compress unasked
            body = zlib.decompressobj(31).decompress(body, limit + 1)
        ends = dt.datetime.fromtimestamp(ssl.cert_time_to_seconds(str(certificate["notAfter"])), dt.UTC) if certificate else None
        return Answer(parts.geturl(), response.status, fields, body, seconds, address, ends)


def _shut(held: list[socket.socket]) -> None:
    with suppress(OSError):
        held[0].shutdown(socket.SHUT_RDWR)
