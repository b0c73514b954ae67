"""`todoke adopt-restored`, as an operator types it."""

from __future__ import annotations

import json
import shutil
import sqlite3
from collections import Counter
from contextlib import closing
from pathlib import Path

from mailer.cli import groups
from tests.samples.mail.mail_bundles import write_config
from tests.samples.mail.mail_terminal import Terminal
from tests.servers.smtp import Receiver

EVERYBODY = Counter(f"reader{n}@example.jp" for n in range(1, 6))


def test_a_restored_database_is_refused_shown_adopted_and_then_sent_from_to_those_who_are_left(tmp_path: Path) -> None:
    with Receiver() as receiver:
        write_config(tmp_path, receiver.port)
        terminal = Terminal(tmp_path)
        terminal.run("init-db", mail=False)
        assert terminal.run("subscribers import FILE").exit_code == 0
        assert "nothing to adopt" in terminal.run("adopt-restored", mail=False).output
        shutil.copy(tmp_path / "var" / "todoke.db", tmp_path / "backup.db")
        assert terminal.run("send fukko-press/45").exit_code == 0
        (tmp_path / "backup.db").replace(tmp_path / "var" / "todoke.db")
        for line in ("send fukko-press/45", "send fukko-press/45 --resend-unknown"):
            refused = terminal.run(line)
            assert refused.exit_code == 1 and "adopt-restored" in refused.stderr and refused.stderr.count("\n") == 1
        for line, verb in (("adopt-restored --dry-run", "would be marked"), ("adopt-restored", "marked")):
            result = terminal.run(line, mail=False)
            assert result.exit_code == 0 and f"fukko-press/45: {verb} sent 5, unknown 0" in result.output, result.output
        assert "nothing to adopt" in terminal.run("adopt-restored", mail=False).output
        assert terminal.run("send fukko-press/45").exit_code == 0
    assert Counter(receiver.recipients) == EVERYBODY
    log = json.loads(terminal.run("audit --format json", mail=False).output)
    assert [entry["what"] for entry in log if not entry["what"].startswith("subscribers")] == [
        "restored database adopted",
        "log adopted",
        "frozen",
        "sending begun",
        "sending ended",
    ]


ORDERS = {
    "schedule": "schedule fukko-press/45 --now",
    "pause": "pause fukko-press/45",
    "resume": "resume fukko-press/45",
    "cancel": "cancel fukko-press/45",
    "reopen": "reopen fukko-press/45",
    "retry": "retry fukko-press/45 --failed",
    "resolve unknown": "resolve unknown fukko-press/45 --as again",
    "approve": "approve fukko-press/45 --as 佐藤花子",
    "send": "send fukko-press/45",
    "work": "work",
}
TELLING = {
    "status": "status",
    "who-missed": "who-missed fukko-press/45",
    "audit": "audit",
    "audit-export": "audit-export --from 2021-01-01 --to 2021-12-31",
    "ready": "ready",
    "doctor": "doctor --offline",
    "dmarc": "dmarc",
    "subscribers import": "subscribers import FILE",
    "subscribers revoke-links": "subscribers revoke-links reader1@example.jp",
    "subscribers list": "subscribers list",
    "subscribers stats": "subscribers stats",
    "subscribers expire": "subscribers expire --dry-run",
    "inbound numbers": "inbound numbers",
    "inbound stops": "inbound stops",
}
SAME_DOOR = {
    *(f"inbound {name}" for name in ("again", "ask-again", "forgive", "release", "show", "teach", "list")),
    "emergency record",
    *(f"subscribers {name}" for name in ("add", "affected-by", "erase", "export", "find", "lift", "remove", "show")),
}
"""They ask a person first, or need a message that has come back or a notice that was sent out; they open the database as the others do."""
WITHOUT = {
    "init-db",
    "secret new",
    "approvers",
    "adopt-restored",
    "take-over",
    "serve",
    "dkim new",
    "dkim record",
    "dkim rotate",
    "emergency confirm",
    "receive",
    "subscribers poster",
}
"""They have no database, make one, mend it, or run until stopped."""
WITH_MAIL = {"schedule", "approve", "send", "subscribers import", "ready", "doctor"}


def test_every_order_in_a_restored_database_is_refused_and_every_other_command_tells_of_it(tmp_path: Path) -> None:
    assert ORDERS.keys() | TELLING.keys() | SAME_DOOR | WITHOUT == groups.COMMANDS.keys(), "a new command: is it refused, or does it tell?"
    with Receiver() as receiver:
        write_config(tmp_path, receiver.port, relay='tls = "none"\n[approval]\nidentity = "name"\n')
        terminal, database = Terminal(tmp_path), tmp_path / "var" / "todoke.db"
        terminal.run("init-db", mail=False)
        terminal.run("subscribers import FILE")
        terminal.run("schedule fukko-press/45 --now")
        terminal.run("pause fukko-press/45", mail=False)
        shutil.copy(database, tmp_path / "backup.db")
        terminal.run("resume fukko-press/45", mail=False)
        assert terminal.run("send fukko-press/45").exit_code == 0
    (tmp_path / "backup.db").replace(database)
    before = dump(database)
    for name, line in ORDERS.items():
        result = terminal.run(line, mail=name in WITH_MAIL)
        assert result.exit_code == 1 and "adopt-restored" in result.stderr, (line, result.output)
        assert dump(database) == before, f"{line} has written something"
    for name, line in TELLING.items():
        result = terminal.run(line, mail=name in WITH_MAIL)
        assert "adopt-restored" in result.stderr, (line, result.output)
    assert terminal.run("adopt-restored", mail=False).exit_code == 0
    assert terminal.run("resume fukko-press/45", mail=False).exit_code == 0
    assert "adopt-restored" not in terminal.run("status", mail=False).stderr


def dump(database: Path) -> list[str]:
    with closing(sqlite3.connect(database)) as connection:
        return [*connection.iterdump()]
