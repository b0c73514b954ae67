"""`todoke receive` and `todoke inbound` as an operator uses them."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from mailer.database import audit_log
from mailer.database.readers import suppressions
from mailer.database.returned import delivery_problems as stored
from mailer.database.returned import queue_stops
from mailer.model.ids import SubscriberId
from mailer.model.returned.bounce import BounceClass
from mailer.model.returned.folder import Folder
from tests import command_line
from tests.command_line import Ended
from tests.mailer.inbound.arrivals import Office, deliver, letter, office, until
from tests.samples.mail import bounce_formats as by
from tests.samples.mail.mail_bundles import SECRET

READER = "reader2@example.jp"
ODD = by.plain("Den Empfaenger kennen wir hier leider nicht. \x1b]0;PWNED\x07", subject="Zurueck")


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Office]:
    with office(tmp_path, f"sqlite:///{tmp_path / 'var' / 'todoke.db'}", inbound='listen = "127.0.0.1:0"\n') as opened:
        yield opened


def todoke(home: Office, *words: str) -> Ended:
    return command_line.run(*words, "--config", str(home.config.path), TODOKE_SECRET=SECRET, COLUMNS="200")


def test_what_nobody_understood_is_shown_safely_taught_and_read_again(home: Office) -> None:
    name = home.put(home.stamped(2), ODD)
    home.read()
    listed = json.loads(todoke(home, "inbound", "list", "--format", "json").out)
    assert listed == [{"folder": "pile", "name": name, "reason": f"not understood (issue {home.issue_id}, subscriber 2)"}]
    assert name in todoke(home, "inbound", "list").out.decode()
    shown = todoke(home, "inbound", "show", name).out
    assert b"kennen wir hier leider nicht" in shown and b"\x1b" not in shown and b"\x07" not in shown

    lesson = ("inbound", "teach", "--class", "unknown", "--says", "kennen wir hier", "--says", "Empfaenger")
    assert b"1 messages would be read again" in todoke(home, *lesson, "--dry-run").out
    assert not home.config.bounce_rules.exists() and home.spool.names(Folder.PILE)
    assert todoke(home, *lesson).status == 0
    assert home.spool.names() == [name]
    home.read()
    assert not home.spool.names() and not home.spool.names(Folder.PILE)
    rows = json.loads(todoke(home, "inbound", "numbers", "--days", "3660", "--format", "json").out)
    assert rows == [{"what": "taught", "class": "unknown", "number": 1}]


def test_words_that_occur_everywhere_are_no_rule_and_a_damaged_file_of_rules_is_told(home: Office) -> None:
    refused = todoke(home, "inbound", "teach", "--class", "unknown", "--says", "550")
    assert refused.status == 1 and b"Write more of the text" in refused.err
    home.config.bounce_rules.write_text("[[receiver]]\nname = 1\n", "utf-8")
    told = todoke(home, "inbound", "teach", "--class", "unknown", "--says", "nobody of that name")
    assert told.status == 1 and b"rules.toml" in told.err


@pytest.mark.parametrize("name", ["../../etc/passwd", "20260311T054600000000-00000000000000000000000000000000.mail", ""])
def test_a_name_that_is_none_is_told(home: Office, name: str) -> None:
    for command in ("show", "again"):
        ended = todoke(home, "inbound", command, name)
        assert ended.status == 1 and b"todoke inbound list" in ended.err and b"Traceback" not in ended.err


def test_delivery_that_has_ended_is_resumed_with_a_reason_in_the_audit_log(home: Office) -> None:
    home.put(home.stamped(2), by.postfix(READER, "mx.example.jp", "550 5.1.1 no such user", "RCPT", "5.1.1"))
    home.read()
    assert suppressions.is_suppressed(home.database, READER)
    assert b"Mail is sent there again" in todoke(home, "inbound", "forgive", READER, "--reason", "he called").out
    assert not suppressions.is_suppressed(home.database, READER)
    entry = audit_log.newest(home.database)
    assert entry is not None and entry.event.what == "problems forgiven" and READER not in str(entry.event.details)
    assert b"nothing to undo" in todoke(home, "inbound", "forgive", READER, "--reason", "again").out


def test_a_stopped_queue_is_listed_with_its_reason_and_released(home: Office) -> None:
    with home.database.writing() as connection:
        queue_stops.stop_within(connection, "", home.issue_id, BounceClass.UNKNOWN, "9 of 99 messages were refused", home.clock())
    assert b"9 of 99" in todoke(home, "inbound", "stops").out
    assert json.loads(todoke(home, "inbound", "stops", "--format", "json").out)[0]["queue"] == "others"
    assert todoke(home, "inbound", "release", "others", "--reason", "mended").status == 0
    assert not queue_stops.stops(home.database)
    assert todoke(home, "inbound", "release", "others", "--reason", "mended").status == 2


def test_receive_takes_messages_says_no_address_in_its_log_and_ends_when_it_is_asked_to(home: Office, tmp_path: Path) -> None:
    words = [
        sys.executable,
        "-m",
        "todoke",
        "--verbose",
        "receive",
        "--config",
        str(home.config.path),
        "--mail",
        str(tmp_path / "mail"),
        "--log",
        "json",
    ]
    environment = os.environ | {"TODOKE_SECRET": SECRET}
    with subprocess.Popen(words, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        place = re.search(r"127\.0\.0\.1:\d+", process.stdout.readline())
        assert place is not None
        odd = letter("secret-reader@example.net", "fukko-press-help@example.jp", "secret-subject")
        assert deliver(place[0], ["fukko-press-help@example.jp", home.stamped(2)], odd, "secret-reader@example.net")[-1].startswith(b"250")
        until(lambda: len(home.spool.names(Folder.PILE)) == 1)
        process.send_signal(signal.SIGTERM)
        _, errors = process.communicate(timeout=60)
    assert process.returncode == 0
    assert "secret" not in errors and all(json.loads(line) for line in errors.splitlines())


def test_what_was_answered_with_250_survives_a_kill_and_counts_once(home: Office, tmp_path: Path) -> None:
    words = [sys.executable, "-m", "todoke", "receive", "--config", str(home.config.path), "--mail", str(tmp_path / "mail")]
    environment = os.environ | {"TODOKE_SECRET": SECRET}
    answers: list[bytes] = []
    with subprocess.Popen(words, env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        assert process.stdout is not None
        place = re.search(r"127\.0\.0\.1:\d+", process.stdout.readline())
        assert place is not None
        for number in range(20):
            content = by.postfix(READER, "mx.example.jp", "552 5.2.2 mailbox full", "RCPT", "5.2.2").replace(
                b"192.0.2.25", b"192.0.2.%d" % number
            )
            answers += deliver(place[0], [home.stamped(2)], content)[-1:]
        process.kill()
    assert all(answer.startswith(b"250") for answer in answers)
    home.read()
    assert len(stored.problems_of(home.database, SubscriberId(2))) == len(answers) == 20
    assert not home.spool.names() and not home.folder(Folder.PILE) and not home.folder(Folder.FAILED)
