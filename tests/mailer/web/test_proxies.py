"""The sample configurations of nginx and Caddy, run as they are (names of ports and files changed) in front of the real service."""

from __future__ import annotations

import re
import shutil
import socket
import ssl
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from demo.servers import free_port
from mailer.database.engine import Database, create_database
from mailer.database.readers import subscriptions
from mailer.message.links import LinkClaim, LinkSigner
from mailer.model.ids import SubscriberId
from mailer.secrets import Secret
from mailer.web.app import AppOptions, MetricsEndpoint, create_app
from mailer.web.connections import ConnectionLimits
from tests.samples.mail.databases import with_tables
from tests.samples.mail.mail_bundles import LIST, NOW, SECRET, VERSION, Clock, people
from tests.servers.raw_http import DEADLINE, ask_raw, read_to_end
from tests.servers.web_service import served

SAMPLES = Path("docs/samples/proxy")
CERTIFICATE = Path("tests/data/mailer/relay.pem").absolute()
TOKENS = LinkSigner((Secret(SECRET),))
TOKEN = TOKENS.sign(LinkClaim(SubscriberId(1), LIST.key, VERSION))
NAME = "mail.example.jp"
MANGLED = [
    "/unsubscribe/{}/",
    "/Unsubscribe/{}",
    "//unsubscribe/{}",
    "/%75nsubscribe/{}",
    "/preferences/{}?a=b",
    "/x/{}",
    "/{}",
    "/?{}",
    "/unsubscribe%2F{}",
    "/healthz/{}",
]
"""Paths that mail programs and people make of a link."""


@pytest.fixture
def database(tmp_path: Path) -> Database:
    opened = create_database(with_tables(f"sqlite:///{tmp_path / 'x.db'}"))
    subscriptions.import_subscribers(opened, people(2), source="t", now=NOW, first_version=lambda: VERSION)
    return opened


@contextmanager
def service(database: Database) -> Iterator[int]:
    metrics = MetricsEndpoint(Secret("m" * 40), lambda _now: b"figures\n")
    with served(create_app(database, TOKENS, {LIST.key: LIST}, Clock(), AppOptions(metrics=metrics)), ConnectionLimits()) as port:
        yield port


@contextmanager
def running(command: list[str], folder: Path, port: int) -> Iterator[None]:
    """Run a proxy until the end of the block; its standard error goes to a file of the folder."""
    with (folder / "stderr").open("wb") as errors, subprocess.Popen(command, stdout=errors, stderr=errors, cwd=folder) as process:
        try:
            while not is_listening(port):
                assert process.poll() is None, (folder / "stderr").read_text()
            yield
        finally:
            process.terminate()


def is_listening(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


@contextmanager
def nginx(folder: Path, service_port: int) -> Iterator[tuple[int, int]]:
    """Yield the ports for HTTPS and HTTP."""
    folder.mkdir()
    https, http = free_port(), free_port()
    sample = (
        (SAMPLES / "nginx.conf")
        .read_text("utf-8")
        .replace("/var/log/nginx/", f"{folder}/")
        .replace("127.0.0.1:8025", f"127.0.0.1:{service_port}")
    )
    sample = (
        re.sub(r"(?m)^ *listen \[::\]:.*\n", "", sample)
        .replace("listen 443", f"listen 127.0.0.1:{https}")
        .replace("listen 80", f"listen 127.0.0.1:{http}")
    )
    sample = re.sub(r"/etc/letsencrypt/\S+\.pem", str(CERTIFICATE), sample)
    assert "rate=20r/s" in sample
    sample = sample.replace("rate=20r/s", "rate=20r/m")  # a slow machine may answer fewer than twenty in a second, but not so few
    paths = "".join(f"{kind}_temp_path {folder}/{kind};\n" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
    # The main error log is as the package of the system has it: what the sample leaves to it is looked at too.
    (folder / "nginx.conf").write_text(
        f"daemon off;\nmaster_process off;\npid {folder}/pid;\nerror_log {folder}/main-error.log info;\nevents {{}}\nhttp {{\n{paths}{sample}}}\n",
        "utf-8",
    )
    with running(
        [shutil.which("nginx") or "/usr/sbin/nginx", "-e", f"{folder}/main-error.log", "-c", f"{folder}/nginx.conf"], folder, https
    ):
        yield https, http


@contextmanager
def caddy(folder: Path, service_port: int) -> Iterator[int]:
    """Yield the port, for HTTP: a certificate cannot be had without a network."""
    folder.mkdir()
    port = free_port()
    sample = (
        (SAMPLES / "Caddyfile")
        .read_text("utf-8")
        .replace("/var/log/caddy/", f"{folder}/")
        .replace("127.0.0.1:8025", f"127.0.0.1:{service_port}")
    )
    sample = sample.replace("\n{\n", "\n{\n\tadmin off\n\tauto_https off\n", 1).replace(f"\n{NAME} {{", f"\nhttp://{NAME}:{port} {{")
    (folder / "Caddyfile").write_text(sample, "utf-8")
    with running(["caddy", "run", "--config", f"{folder}/Caddyfile"], folder, port):
        yield port


def request(method: str, path: str, body: bytes = b"", fields: str = "") -> bytes:
    return f"{method} {path} HTTP/1.1\r\nHost: {NAME}\r\nContent-Length: {len(body)}\r\nConnection: close\r\n{fields}\r\n".encode() + body


def ask_tls(port: int, data: bytes, name: str = NAME) -> bytes:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE  # the certificate is another test's
    connection = context.wrap_socket(socket.create_connection(("127.0.0.1", port), timeout=DEADLINE), server_hostname=name)
    connection.sendall(data)
    return read_to_end(connection)


def ask_many(port: int, path: str, times: int) -> list[bytes]:
    """Ask as fast as one connection allows, and return the statuses."""
    each = f"GET {path} HTTP/1.1\r\nHost: {NAME}\r\n\r\n".encode()
    return re.findall(rb"HTTP/1\.1 (\d{3}) ", ask_tls(port, each * (times - 1) + request("GET", path)))


def written(folder: Path) -> str:
    """All that the proxy wrote into any file."""
    return "\n".join(
        file.read_text("utf-8", "replace") for file in folder.rglob("*") if file.is_file() and file.name not in ("nginx.conf", "Caddyfile")
    )


def test_nginx_passes_a_click_on_and_makes_browsers_come_back_by_https_only(tmp_path: Path, database: Database) -> None:
    with service(database) as behind, nginx(tmp_path / "nginx", behind) as (https, http):
        page = ask_tls(https, request("GET", f"/unsubscribe/{TOKEN}"))
        click = ask_tls(https, request("POST", f"/unsubscribe/{TOKEN}", b"List-Unsubscribe=One-Click"))
        missing = ask_tls(https, request("GET", "/nowhere"))
        plain = ask_raw(http, b"GET /healthz HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n")
    for answer, status in ((page, b"200"), (click, b"200"), (missing, b"404")):
        assert answer.startswith(b"HTTP/1.1 " + status) and b"Strict-Transport-Security: max-age=63072000" in answer
    assert subscriptions.count(database, LIST.key) == 1
    assert plain.startswith(b"HTTP/1.1 301 ") and f"Location: https://{NAME}/healthz".encode() in plain and b"evil" not in plain


def test_no_log_of_nginx_holds_a_key_whatever_goes_wrong(tmp_path: Path, database: Database) -> None:
    paths = [f"/unsubscribe/{TOKEN}", f"/preferences/{TOKEN}", f"/join/{TOKEN}", *(path.format(TOKEN) for path in MANGLED)]
    with service(database) as behind, nginx(tmp_path / "nginx", behind) as (https, http):
        for path in paths:
            ask_tls(https, request("GET", path, fields=f"Referer: https://{NAME}/unsubscribe/{TOKEN}\r\nUser-Agent: {TOKEN}\r\n"))
            ask_raw(http, request("GET", path))
        ask_tls(https, request("POST", paths[0], b"x" * 5000))
        ask_tls(https, f"{TOKEN} {paths[0]} HTTP/1.1\r\nHost: {NAME}\r\nConnection: close\r\n\r\n".encode())
        ask_tls(https, f"GET {paths[0]} HTTP/1.1\r\nHost: {NAME}\r\n\x00: {TOKEN}\r\n\r\n".encode())
    with nginx(tmp_path / "away", behind) as (https, _):
        assert {ask_tls(https, request("GET", path))[9:12] for path in paths} == {b"502"}
        assert b"429" in ask_many(https, paths[0], 400)
    for folder in (tmp_path / "nginx", tmp_path / "away"):
        text = written(folder)
        assert all(f"/{page}/(token)" in text for page in ("unsubscribe", "preferences", "join"))
        assert TOKEN not in text and TOKEN[:30] not in text


def test_nginx_lets_the_clicks_of_a_mail_service_pass_and_slows_down_a_flood(tmp_path: Path, database: Database) -> None:
    with service(database) as behind, nginx(tmp_path / "nginx", behind) as (https, _):
        statuses = ask_many(https, "/healthz", 400)
    assert statuses[:100] == [b"200"] * 100 and b"429" in statuses and {*statuses} == {b"200", b"429"}


def test_nginx_answers_no_other_name_keeps_figures_inside_and_refuses_two_lengths(tmp_path: Path, database: Database) -> None:
    key = "Authorization: Bearer " + "m" * 40 + "\r\n"
    with service(database) as behind, nginx(tmp_path / "nginx", behind) as (https, _):
        assert b"figures" in ask_raw(behind, request("GET", "/metrics", fields=key))
        assert ask_tls(https, request("GET", "/metrics", fields=key)).startswith(b"HTTP/1.1 404 ")
        smuggling = ask_tls(https, request("POST", f"/unsubscribe/{TOKEN}", b"0\r\n\r\n", "Transfer-Encoding: chunked\r\n"))
        with pytest.raises(ssl.SSLError):
            ask_tls(https, request("GET", "/"), name="other.example.jp")
    assert smuggling.startswith(b"HTTP/1.1 400 ") and subscriptions.count(database, LIST.key) == 2


def test_caddy_passes_a_click_on_and_no_log_of_it_holds_a_key(tmp_path: Path, database: Database) -> None:
    paths = [f"/unsubscribe/{TOKEN}", f"/preferences/{TOKEN}", f"/join/{TOKEN}", *(path.format(TOKEN) for path in MANGLED)]
    key = "Authorization: Bearer " + "m" * 40 + "\r\n"
    with service(database) as behind, caddy(tmp_path / "caddy", behind) as port:
        answers = [ask_raw(port, request("GET", path, fields=f"Referer: https://{NAME}/unsubscribe/{TOKEN}\r\n")) for path in paths]
        assert ask_raw(port, request("GET", "/metrics", fields=key)).startswith(b"HTTP/1.1 404 ")
        assert ask_raw(port, request("POST", paths[0], b"x" * 5000)).startswith((b"HTTP/1.1 413 ", b"HTTP/1.1 502 ", b"HTTP/1.1 400 "))
        assert ask_raw(port, request("POST", paths[0])).startswith(b"HTTP/1.1 200 ")
    assert answers[0].startswith(b"HTTP/1.1 200 ") and b"Strict-Transport-Security: max-age=63072000" in answers[0]
    assert subscriptions.count(database, LIST.key) == 1
    with caddy(tmp_path / "away", behind) as port:
        assert {ask_raw(port, request("GET", path))[9:12] for path in paths} == {b"502"}
    for folder in (tmp_path / "caddy", tmp_path / "away"):
        assert '"status":' in written(folder) and TOKEN not in written(folder) and TOKEN[:30] not in written(folder)
