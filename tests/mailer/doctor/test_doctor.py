"""`todoke doctor` against a DNS server and a relay of our own: a domain from nothing to accepted, by publishing what the command shows."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from mailer.doctor.reserved import is_reserved
from tests.samples.mail.mail_bundles import make_database, write_config, write_lists
from tests.samples.mail.mail_terminal import Terminal
from tests.servers.dns import NameServer
from tests.servers.smtp import Receiver

DOMAIN = "news.miyagi.internal"
PTR = ("25.2.0.192.in-addr.arpa. IN PTR out.miyagi.internal.", "out.miyagi.internal. IN A 192.0.2.25")


def write_settings(folder: Path, port: int, server: NameServer, extra: str = "") -> None:
    path = write_config(
        folder,
        port,
        relay=f'tls = "none"\n[dkim]\ndomains = ["{DOMAIN}"]\n[authentication]\naddresses = ["192.0.2.25"]\nnameservers = ["{server.address}"]\n{extra}',
    )
    text = path.read_text("utf-8").replace("bounce@example.jp", f"bounce@{DOMAIN}").replace("todoke.example.jp", "out.miyagi.internal")
    path.write_text(text, "utf-8")


@pytest.fixture
def server() -> Iterator[NameServer]:
    with NameServer(*PTR) as running:
        yield running


@pytest.fixture
def relay() -> Iterator[Receiver]:
    with Receiver() as receiver:
        yield receiver


@pytest.fixture
def terminal(tmp_path: Path, server: NameServer, relay: Receiver) -> Terminal:
    terminal = Terminal(tmp_path)
    write_settings(tmp_path, relay.port, server)
    make_database(tmp_path / "mailer.toml")
    lists = tmp_path / "mail" / "lists.json"
    lists.write_text(lists.read_text("utf-8").replace("fukko-press@example.jp", f"press@{DOMAIN}"), "utf-8")
    assert terminal.run("dkim new", mail=False).exit_code == 0
    return terminal


def examined(terminal: Terminal, *options: str) -> dict[str, Any]:
    result = terminal.run(" ".join(["doctor", "--format json", f"--from {DOMAIN}", *options]))
    report: dict[str, Any] = json.loads(result.stdout)
    assert result.exit_code == (1 if report["level"] == "bad" else 0)
    return report


def levels(report: dict[str, Any], area: str) -> list[str]:
    return [check["level"] for check in report["checks"] if check["area"] == area]


def test_a_domain_becomes_accepted_by_publishing_what_is_shown(terminal: Terminal, server: NameServer) -> None:
    first = examined(terminal)
    assert {check["area"] for check in first["checks"] if check["level"] == "bad"} == {"From", "SPF", "DKIM", "DMARC"}
    lines = [line for check in first["checks"] for line in check["publish"]]
    for line in lines:  # ready to copy: each is written as in a zone file
        assert line in terminal.run(f"doctor --from {DOMAIN}").stdout
    server.zone.publish([*PTR, *lines])
    second = examined(terminal)
    assert second["level"] != "bad", second
    assert [levels(second, area) for area in ("From", "SPF", "DKIM", "alignment", "PTR")] == [
        ["good"],
        ["good"],
        ["good"] * 2,
        ["good"],
        ["good"],
    ]
    assert levels(second, "DMARC") == ["warning"]  # p=none is a beginning


def test_sending_is_refused_until_the_domain_has_an_authentication_that_works(
    terminal: Terminal, server: NameServer, relay: Receiver
) -> None:
    assert terminal.run("subscribers import FILE").exit_code == 0
    refused = terminal.run("send fukko-press/45")
    assert (
        refused.exit_code == 1
        and "does not exist in the DNS" in refused.stderr
        and "todoke doctor" in refused.stderr
        and not relay.accepted
    )
    assert "no working authentication" in terminal.run("send fukko-press/45 --dry-run").stderr
    assert terminal.run("schedule fukko-press/45 --at 2099-01-01T10:00").exit_code == 1
    server.zone.publish([*PTR, *(line for check in examined(terminal)["checks"] for line in check["publish"])])
    assert terminal.run("send fukko-press/45").exit_code == 0 and len(relay.accepted) == 5
    log = terminal.run("audit --format json", mail=False).stdout
    assert "sending refused" in log and "scheduling refused" in log and "sent unauthenticated" not in log


def test_with_a_reason_it_is_sent_all_the_same_and_the_log_has_the_reason(terminal: Terminal, relay: Receiver) -> None:
    assert terminal.run("subscribers import FILE").exit_code == 0
    words = ["send", "fukko-press/45", "--anyway", "the DNS is changed tomorrow"]
    assert terminal.run_words(words, mail=True).exit_code == 0 and len(relay.accepted) == 5
    log = terminal.run("audit --format json", mail=False).stdout
    assert "sent unauthenticated" in log and "the DNS is changed tomorrow" in log
    assert terminal.run_words(["send", "fukko-press/45", "--anyway", "  "], mail=True).exit_code == 1


def test_an_emergency_is_not_held_up_and_the_log_says_so(terminal: Terminal, relay: Receiver) -> None:
    assert terminal.run("subscribers import FILE").exit_code == 0
    for file in (terminal.folder / "mail" / "lists.json", terminal.folder / "mail" / "fukko-press" / "45" / "issue.json"):
        file.write_text(file.read_text("utf-8").replace('"newsletter"', '"emergency"'), "utf-8")
    assert terminal.run("send fukko-press/45").exit_code == 0 and len(relay.accepted) == 5
    assert "an emergency" in terminal.run("audit --format json", mail=False).stdout


def test_a_dns_that_does_not_answer_stops_nobody_and_the_last_verdict_counts(
    terminal: Terminal, server: NameServer, relay: Receiver
) -> None:
    assert terminal.run("subscribers import FILE").exit_code == 0
    assert terminal.run("send fukko-press/45").exit_code == 1
    server.zone.failing = {DOMAIN, f"_dmarc.{DOMAIN}"}
    assert terminal.run("send fukko-press/45").exit_code == 1 and not relay.accepted  # as the DNS said last
    (terminal.folder / "var" / "authentication.json").write_text("[1, {", "utf-8")
    assert terminal.run("send fukko-press/45").exit_code == 0 and len(relay.accepted) == 5


def test_offline_nothing_is_asked(terminal: Terminal, server: NameServer) -> None:
    server.zone.asked.clear()
    report = examined(terminal, "--offline")
    assert server.zone.asked == [] and levels(report, "DNS, relays") == ["skipped"] and levels(report, "relay") == []
    assert levels(report, "DKIM") == ["good"] and levels(report, "rights") == ["good"] and levels(report, "schema") == ["good"]


def test_a_secret_that_others_can_read_and_an_old_snapshot_are_bad(terminal: Terminal, server: NameServer, relay: Receiver) -> None:
    (terminal.folder / "var" / "dkim" / DOMAIN / "todoke2.pem").chmod(0o644)
    write_settings(terminal.folder, relay.port, server, '[doctor]\nsnapshot = "gone"\ndrill = "mail"\n')
    report = examined(terminal, "--offline")
    bad = {check["area"]: check for check in report["checks"] if check["level"] == "bad"}
    assert "chmod 600" in bad["rights"]["en"] and bad["snapshot"]["en"] == "there is none"
    assert levels(report, "drill") == ["good"]


def test_a_relay_that_is_not_there_is_bad(terminal: Terminal, server: NameServer) -> None:
    write_settings(terminal.folder, 1, server)
    assert levels(examined(terminal), "relay") == ["bad"]


def test_a_signature_of_another_key_and_an_open_spf_record_are_told(terminal: Terminal, server: NameServer) -> None:
    lines = [line for check in examined(terminal)["checks"] for line in check["publish"] if "DKIM1" not in line and "spf1" not in line]
    server.zone.publish([*PTR, *lines, f'{DOMAIN}. IN TXT "v=spf1 +all"', f'todoke1._domainkey.{DOMAIN}. IN TXT "v=DKIM1; p=AAAA"'])
    report = examined(terminal)
    assert levels(report, "SPF") == ["warning"] and levels(report, "DKIM") == ["bad", "warning"]


@pytest.mark.parametrize("name", ["example.jp", "a.example.lg.jp", "x.test", "example", "fukko.example", "localhost", "a.example.com."])
def test_names_for_examples_are_never_asked_about(name: str) -> None:
    assert is_reserved(name) and not is_reserved("miyagi.jp") and not is_reserved("notexample.com")


def test_the_sample_is_examined_without_a_network(tmp_path: Path) -> None:
    make_database(write_config(tmp_path))
    terminal = Terminal(tmp_path)
    write_lists(tmp_path / "mail")
    report = json.loads(terminal.run("doctor --offline --format json").stdout)
    assert {check["level"] for check in report["checks"]} <= {"good", "skipped", "warning"}
