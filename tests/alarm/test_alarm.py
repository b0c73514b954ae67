"""What follows a finding: mail through a real SMTP server, a signed webhook over a real HTTP server, evidence on the disk, a command that restores."""

from __future__ import annotations

import base64
import email
import hashlib
import hmac
import http.server
import json
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from email.policy import default
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from alarm.alarm import Alarm, run_command
from alarm.settings import Mail, Webhook
from alarm.words import VerifierError
from demo.servers import free_port
from tests.samples.publishing.mirrors import Mirrors


class Postbox:
    """Takes mails, or refuses them."""

    def __init__(self) -> None:
        self.mails: list[bytes] = []
        self.refuses = False

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        assert isinstance(envelope.content, bytes)
        if self.refuses:
            return "451 not now"
        self.mails.append(envelope.content)
        return "250 OK"


@contextmanager
def smtp(postbox: Postbox) -> Iterator[int]:
    port = free_port()
    controller = Controller(postbox, hostname="127.0.0.1", port=port)
    controller.start()
    try:
        yield port
    finally:
        controller.stop()


@contextmanager
def hook() -> Iterator[tuple[int, list[tuple[Any, bytes]]]]:
    received: list[tuple[Any, bytes]] = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            received.append((self.headers, self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(204)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_port, received
        server.shutdown()


def words_of(mail: bytes) -> str:
    """The text of a mail, in whichever encoding it came."""
    part = email.message_from_bytes(mail, policy=default).get_body()
    assert part is not None
    return str(part.get_content())


def private(folder: Path, text: str) -> str:
    file = folder / "secret"
    file.write_text(text)
    file.chmod(0o600)
    return str(file)


def deface(mirrors: Mirrors, alarm: Alarm, seconds: float = 60) -> list[str]:
    """Alter a page, let the clock run, and return the lines of the alarm."""
    watch, lines = alarm._watch, list[str]()
    mirrors.run(watch, 60)
    mirrors.replace("index.html", b"Hacked")
    end = mirrors.now + seconds
    while mirrors.now < end:
        lines += alarm.handle(watch.tick())
        mirrors.now += watch.wait()
    return lines


def test_an_alarm_is_a_mail_in_japanese_and_english_and_one_more_when_it_is_over(mirrors: Mirrors) -> None:
    postbox = Postbox()
    with smtp(postbox) as port:
        config = mirrors.config(mail=Mail("127.0.0.1", "verifier@example.jp", ("night@example.jp",), port, "none"), families=("ipv4",))
        alarm = Alarm(config, mirrors.watch(config), None)
        before = mirrors.file("index.html").read_bytes()
        deface(mirrors, alarm)
        mirrors.replace("index.html", before)
        for _ in range(5):
            alarm.handle(alarm._watch.tick())
            mirrors.now += alarm._watch.wait()
    first, second = postbox.mails
    assert b"Auto-Submitted: auto-generated" in first
    text = words_of(first)
    assert "FOUND 発見 [altered] www ipv4 index.html: 公開したものと違います not what was released" in text
    assert "OVER 解消" in words_of(second)


def test_an_alarm_that_the_mail_server_refuses_is_sent_again(mirrors: Mirrors) -> None:
    postbox = Postbox()
    postbox.refuses = True
    with smtp(postbox) as port:
        config = mirrors.config(mail=Mail("127.0.0.1", "verifier@example.jp", ("night@example.jp",), port, "none"), families=("ipv4",))
        alarm = Alarm(config, mirrors.watch(config), None)
        assert any("could not be sent" in line for line in deface(mirrors, alarm))
        assert postbox.mails == []
        postbox.refuses = False
        mirrors.now += 60
        alarm.handle([])
    assert len(postbox.mails) == 1


def test_a_webhook_carries_a_signature_that_its_receiver_can_check(mirrors: Mirrors, tmp_path: Path) -> None:
    key = base64.b64encode(b"a secret of the alarm").decode()
    with hook() as (port, received):
        config = mirrors.config(webhook=Webhook(f"http://127.0.0.1:{port}/", private(tmp_path, f"whsec_{key}")), families=("ipv4",))
        deface(mirrors, Alarm(config, mirrors.watch(config), None))
    [(headers, body)] = received
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    assert (
        headers["webhook-signature"]
        == f"v1,{base64.b64encode(hmac.new(b'a secret of the alarm', signed, hashlib.sha256).digest()).decode()}"
    )
    assert "[altered] www ipv4 index.html" in json.loads(body)["data"]["lines"][0]


def test_a_secret_that_others_can_read_is_not_used(mirrors: Mirrors, tmp_path: Path) -> None:
    secret = private(tmp_path, "s")
    Path(secret).chmod(0o644)
    config = mirrors.config(webhook=Webhook("http://127.0.0.1:9/", secret), families=("ipv4",))
    assert any("chmod 600" in line for line in deface(mirrors, Alarm(config, mirrors.watch(config), None)))


def test_evidence_has_both_bodies_the_headers_and_the_chain_of_signatures(mirrors: Mirrors) -> None:
    config = mirrors.config(families=("ipv4",))
    released = mirrors.file("index.html").read_bytes()
    deface(mirrors, Alarm(config, mirrors.watch(config), None))
    [folder] = (Path(config.folder) / "evidence").iterdir()
    assert (folder / "seen.body").read_bytes() == b"Hacked"
    assert (folder / "released.body").read_bytes() == released
    record = json.loads((folder / "seen.json").read_bytes())
    assert (record["status"], record["address"], record["headers"]["content-type"]) == (200, "127.0.0.1", "text/html; charset=utf-8")
    signatures = {file.name for file in (folder / "signatures").rglob("*") if file.is_file()}
    assert {"timestamp.json", "snapshot.json", "targets.json", "1.root.json", "manifest.txt"} <= signatures


def test_the_oldest_evidence_goes_when_there_is_more_than_allowed(mirrors: Mirrors) -> None:
    config = mirrors.config(families=("ipv4",), evidence_megabytes=1)
    alarm = Alarm(config, mirrors.watch(config), None)
    before = mirrors.file("index.html").read_bytes()
    for number in range(4):
        mirrors.replace("index.html", before)
        mirrors.run(alarm._watch, 120)
        mirrors.replace("index.html", bytes([65 + number]) * 600_000)
        alarm.handle(mirrors.run(alarm._watch, 60, until=bool))
    kept = sorted((Path(config.folder) / "evidence").iterdir())
    assert [(folder / "seen.body").read_bytes()[:1] for folder in kept] == [b"D"]


def test_the_command_that_restores_gets_the_mirror_and_the_paths_and_a_failure_is_tried_again(mirrors: Mirrors, tmp_path: Path) -> None:
    config = mirrors.config(families=("ipv4",))
    script = f"import sys; t = sys.stdin.read(); f = open({str(tmp_path / 'calls')!r}, 'a'); f.write(t + chr(10)); sys.exit(7)"
    lines = deface(mirrors, Alarm(config, mirrors.watch(config), partial(run_command, (sys.executable, "-c", script))))
    assert sum("NOT RESTORED" in line and "status 7" in line for line in lines) == 1  # told once, tried at every look
    calls = (tmp_path / "calls").read_text().splitlines()
    assert json.loads(calls[0]) == {"mirror": "www", "paths": ["index.html"]}
    assert len(calls) > 1


def test_a_command_that_is_not_there_is_told(mirrors: Mirrors) -> None:
    with pytest.raises((VerifierError, OSError)):
        run_command(("/no/such/program",), "www", [])


def test_evidence_and_history_that_cannot_be_written_do_not_silence_the_alarm(mirrors: Mirrors) -> None:
    config = mirrors.config(families=("ipv4",))
    Path(config.folder).mkdir()
    (Path(config.folder) / "evidence").write_text("a file in the place of the folder")
    lines = deface(mirrors, Alarm(config, mirrors.watch(config), None))
    assert any(line.startswith("FOUND 発見 [altered]") for line in lines)
    assert any("the evidence could not be kept" in line for line in lines)
