"""An authority for time stamps (RFC 3161) on loopback: OpenSSL's ``openssl ts -reply`` behind a small HTTP server, which can also misbehave."""

from __future__ import annotations

import http.server
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_SETTINGS = """
[tsa]
default_tsa = one
[one]
dir = {folder}
serial = {folder}/serial
crypto_device = builtin
signer_cert = {folder}/tsa.pem
signer_key = {folder}/tsa.key
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = sha256, sha384, sha512
accuracy = secs:1
ess_cert_id_chain = no
ess_cert_id_alg = sha256
"""


class TimeStampAuthority:
    """Keys and certificates in a folder. ``mode`` says what the next answers are like; ``asked`` counts the requests."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.mode, self.asked, self.port = folder, "honest", 0, 0
        self.wait = threading.Event()
        folder.mkdir(parents=True)
        (folder / "settings.cnf").write_text(_SETTINGS.format(folder=folder), encoding="utf-8")
        (folder / "serial").write_text("01\n", encoding="ascii")
        (folder / "usage.cnf").write_text("extendedKeyUsage = critical,timeStamping\n", encoding="ascii")
        curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
        self._run("req", "-x509", *curve, "-keyout", "root.key", "-out", "root.pem", "-days", "30", "-subj", "/CN=Root of the tests")
        self._run("req", "-new", *curve, "-keyout", "tsa.key", "-out", "tsa.csr", "-subj", "/CN=Authority of the tests")
        signing = ["-CA", "root.pem", "-CAkey", "root.key", "-CAcreateserial", "-days", "30", "-extfile", "usage.cnf"]
        self._run("x509", "-req", "-in", "tsa.csr", *signing, "-out", "tsa.pem")

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/tsa"

    @property
    def certificates(self) -> Path:
        return self.folder / "root.pem"

    def send_chain(self) -> None:
        """Send the root with each answer too, as many authorities do."""
        with (self.folder / "settings.cnf").open("a", encoding="utf-8") as settings:
            settings.write(f"certs = {self.folder}/root.pem\n")

    def _run(self, *arguments: str) -> None:
        subprocess.run(["openssl", *arguments], cwd=self.folder, check=True, capture_output=True)

    def reply(self, query: bytes) -> bytes:
        """Return the answer of OpenSSL."""
        (self.folder / "query.tsq").write_bytes(query)
        self._run("ts", "-reply", "-config", "settings.cnf", "-queryfile", "query.tsq", "-out", "reply.tsr")
        return (self.folder / "reply.tsr").read_bytes()

    def other_query(self) -> bytes:
        """Return a request for other bytes."""
        (self.folder / "other").write_bytes(b"other")
        self._run("ts", "-query", "-data", "other", "-sha256", "-cert", "-out", "other.tsq")
        return (self.folder / "other.tsq").read_bytes()

    @contextmanager
    def serving(self) -> Iterator[TimeStampAuthority]:
        """Answer on a free port for the length of the block."""
        authority = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                authority.asked += 1
                query = self.rfile.read(int(self.headers["Content-Length"]))
                authority.answer(self, query)

            def log_message(self, *_arguments: object) -> None:
                """Write nothing."""

        with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
            server.daemon_threads = True
            self.port = server.server_port
            threading.Thread(target=server.serve_forever, daemon=True).start()
            try:
                yield self
            finally:
                self.wait.set()
                server.shutdown()

    def answer(self, handler: http.server.BaseHTTPRequestHandler, query: bytes) -> None:
        """Answer a request as the mode says."""
        match self.mode:
            case "silent":
                self.wait.wait()
            case "busy":
                handler.send_error(503)
            case "elsewhere":
                handler.send_response(307)
                handler.send_header("Location", self.url)
                handler.end_headers()
            case "endless":
                handler.send_response(200)
                handler.end_headers()
                handler.wfile.write(b"0" * 1_200_000)
            case _:
                fixed = {"garbage": b"<html>", "empty": b""}
                data = fixed[self.mode] if self.mode in fixed else self.reply(self.other_query() if self.mode == "other" else query)
                handler.send_response(200)
                handler.send_header("Content-Type", "application/timestamp-reply")
                handler.send_header("Content-Length", str(len(data)))
                handler.end_headers()
                handler.wfile.write(data)
