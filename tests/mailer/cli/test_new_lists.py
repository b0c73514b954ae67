"""A build that adds a list while the service and the receiver run: both take it, as processes, without a restart."""

from __future__ import annotations

import json
import re
import smtplib
import urllib.error
import urllib.request
from pathlib import Path

from demo.servers import free_port
from tests.mailer.cli.test_daemons import ask_to_end, daemon, read_until
from tests.mailer.test_live_bundle import site
from tests.samples.mail.mail_bundles import make_database, write_config, write_lists


def write_bundle(root: Path, *keys: str) -> None:
    write_lists(root, *keys)
    profiles = {key: {"description": "", "department": "", "colour": "#1a6f8f", "open": True} for key in keys}
    (root / "site.json").write_text(json.dumps(site("復興ポータル") | {"lists": profiles}), "utf-8")


def status_of(address: str) -> int:
    try:
        with urllib.request.urlopen(address, timeout=30) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return error.code


def test_the_form_of_a_new_list_is_there_while_the_service_runs(tmp_path: Path) -> None:
    make_database(write_config(tmp_path))
    mail = tmp_path / "mail"
    write_bundle(mail, "fukko-press")
    with daemon("serve", "--log", "text", "--port", str(free_port()), "--mail", str(mail), folder=tmp_path) as process:
        assert process.stderr is not None
        address = re.findall(r"http://127\.0\.0\.1:\d+", read_until(process.stderr, "Uvicorn running on")[-1])[0]
        assert status_of(f"{address}/sign-up/fukko-press") == 200
        assert status_of(f"{address}/sign-up/mailmaga") == 404
        write_bundle(mail, "fukko-press", "mailmaga")
        while status_of(f"{address}/sign-up/mailmaga") == 404:  # if it stays so, `daemon` ends the process, and the connection is refused
            pass
        assert status_of(f"{address}/sign-up/fukko-press") == 200
        ask_to_end(process)


def test_an_empty_mail_to_a_new_list_is_taken_while_the_receiver_runs(tmp_path: Path) -> None:
    inbound = '\n[inbound]\ndomain = "example.jp"\nlisten = "127.0.0.1:0"\n'
    config = write_config(tmp_path)
    config.write_text(config.read_text("utf-8") + inbound, "utf-8")
    make_database(config)
    mail = tmp_path / "mail"
    write_bundle(mail, "fukko-press")
    with daemon("receive", "--log", "text", "--mail", str(mail), folder=tmp_path) as process:
        assert process.stdout is not None
        port = int(re.findall(r"127\.0\.0\.1:(\d+)", read_until(process.stdout, "Listening")[-1])[0])
        with smtplib.LMTP("127.0.0.1", port) as client:
            client.ehlo("postfix")
            client.mail("hanako@example.org")
            assert client.rcpt("mailmaga-subscribe@example.jp")[0] == 550
            write_bundle(mail, "fukko-press", "mailmaga")
            while client.rcpt("mailmaga-subscribe@example.jp")[0] == 550:
                pass
            assert client.rcpt("fukko-press-subscribe@example.jp")[0] == 250
