"""One HTTP request over one family of addresses, with bounds on time and bytes. Redirects are not followed: what readers get first counts."""

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
from urllib.parse import urlsplit

from verifier.model import Answer, FetchError

FAMILIES = {"ipv4": socket.AF_INET, "ipv6": socket.AF_INET6}
NO_ROUTE = (errno.ENETUNREACH, errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT)
EXPIRED = 10  # X509_V_ERR_CERT_HAS_EXPIRED of OpenSSL


class Fetcher:
    """``agents`` are names of browsers, of which each request takes one: whoever alters pages for some readers only must not know the verifier by it."""

    def __init__(
        self, timeout: float, agents: Sequence[str], ca_file: str = "", resolve: Callable[..., Sequence[Any]] = socket.getaddrinfo
    ) -> None:
        self._timeout, self._agents, self._resolve = timeout, agents, resolve
        self._tls = ssl.create_default_context(cafile=ca_file or None)

    def __call__(self, url: str, family: str, limit: int) -> Answer:
        """Return the whole answer; of a body, ``limit`` bytes and one more at most. Raises `FetchError`."""
        started = time.monotonic()
        parts = urlsplit(url)
        try:
            held = [self._connect(parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80), family)]
            timer = threading.Timer(self._timeout, _shut, [held])  # bounds the whole: each byte alone may come in time
            timer.start()
            try:
                if parts.scheme == "https":
                    stream = self._tls.wrap_socket(held[0], server_hostname=parts.hostname, do_handshake_on_connect=False)
                    held[0] = stream
                    stream.do_handshake()
                return self._ask(held[0], url, limit, started)
            finally:
                timer.cancel()
                held[0].close()
        except ssl.SSLCertVerificationError as error:
            words = "expired" if error.verify_code == EXPIRED else error.verify_message
            raise FetchError(f"certificate: {error.verify_message}", certificate=words) from error
        except socket.gaierror as error:
            is_absent = error.errno in (socket.EAI_NONAME, getattr(socket, "EAI_NODATA", -5), getattr(socket, "EAI_ADDRFAMILY", -9))
            raise FetchError(f"the name has no address: {error.strerror}", is_absent=is_absent) from error
        except (OSError, http.client.HTTPException, zlib.error, ValueError) as error:
            is_absent = isinstance(error, OSError) and error.errno in NO_ROUTE
            raise FetchError(f"{type(error).__name__}: {error}", is_absent=is_absent) from error

    def _connect(self, host: str, port: int, family: str) -> socket.socket:
        failure: OSError = OSError("no address")
        for kind, protocol, number, _, address in self._resolve(host, port, FAMILIES[family], socket.SOCK_STREAM):
            connection = socket.socket(kind, protocol, number)
            connection.settimeout(self._timeout)
            try:
                connection.connect(address)
            except OSError as error:
                connection.close()
                failure = error
            else:
                return connection
        raise failure

    def _ask(self, stream: socket.socket, url: str, limit: int, started: float) -> Answer:
        parts = urlsplit(url)
        connection = http.client.HTTPConnection(parts.netloc)
        connection.sock = stream
        headers = {"User-Agent": random.choice(self._agents), "Accept-Encoding": "identity", "Connection": "close"}  # noqa: S311 - no secret
        connection.request("GET", (parts.path or "/") + (f"?{parts.query}" if parts.query else ""), headers=headers)
        address = stream.getpeername()[0]
        certificate = stream.getpeercert() if isinstance(stream, ssl.SSLSocket) else None
        response = connection.getresponse()
        body, seconds = response.read(limit + 1), time.monotonic() - started
        if seconds >= self._timeout or (len(body) <= limit and response.length):  # RFC 9112 section 8: not whole
            raise FetchError(f"no whole answer: {len(body)} bytes in {seconds:.1f} s")
        return Answer(
            url=url,
            status=response.status,
            headers={name.lower(): value for name, value in response.getheaders()},
            body=_decoded(body, response.getheader("Content-Encoding", ""), limit),
            seconds=seconds,
            address=address,
            is_proven=certificate is not None,
            certificate_ends=dt.datetime.fromtimestamp(ssl.cert_time_to_seconds(str(certificate["notAfter"])), dt.UTC)
            if certificate
            else None,
        )


def _decoded(body: bytes, encoding: str, limit: int) -> bytes:
    """Some servers compress unasked."""
    return zlib.decompressobj(31).decompress(body, limit + 1) if encoding.lower() in ("gzip", "x-gzip") else body


def _shut(held: list[socket.socket]) -> None:
    with suppress(OSError):
        held[0].shutdown(socket.SHUT_RDWR)
