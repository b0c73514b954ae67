"""Nothing is frozen that cannot be sent: an issue is composed for three real readers first, and its number is not lost."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from mailer.database.deliveries import issues
from mailer.database.readers import subscriptions
from mailer.database.readers.subscriptions import ImportedSubscriber
from mailer.database.schema import subscriber
from mailer.model.errors import MessageError, TodokeMailError
from mailer.model.state import DeliveryState
from mailer.sending import preflight, send
from tests.samples.mail.mail_bundles import (
    NOW,
    REF,
    Installation,
    RecordedProgress,
    installation,
    list_json,
    people,
    write_config,
    write_issue,
    write_json,
)
from tests.samples.mail.mail_terminal import Terminal
from tests.servers.smtp import Receiver

FAR = "https://todoke.example.jp/" + "x" * 1000 + "/"
"""No header has room for it on one line (RFC 5322 section 2.1.1)."""


def run(home: Installation) -> send.SendResult:
    return send.send(home.context, home.root, REF, RecordedProgress())


@pytest.mark.parametrize("length", [101, 250, 400])
@pytest.mark.parametrize("character", ["復", "a", "🌸", "ｶ"])
def test_an_issue_of_a_list_with_a_long_name_is_sent_or_refused_before_it_is_frozen(tmp_path: Path, length: int, character: str) -> None:
    with Receiver() as receiver:
        home = installation(tmp_path, receiver.port, readers=3)
        entry = list_json(REF.list)
        entry["from"]["name"] = character * length
        write_json(home.root / "lists.json", {"schema": 1, "lists": [entry]})
        try:
            run(home)
        except TodokeMailError:
            assert issues.find(home.database, REF) is None
            write_json(home.root / "lists.json", {"schema": 1, "lists": [list_json(REF.list)]})
            run(home)
    assert Counter(receiver.recipients) == Counter(person.address for person in people(3))


def test_an_issue_that_cannot_be_sent_is_refused_by_send_schedule_and_dry_run_and_keeps_its_number(tmp_path: Path) -> None:
    with Receiver() as receiver:
        write_config(tmp_path, receiver.port)
        terminal = Terminal(tmp_path)
        terminal.run("init-db", mail=False)
        terminal.run("subscribers import FILE")
        write_issue(tmp_path / "mail", archive_url=FAR)
        at = (NOW + timedelta(days=30_000)).isoformat()
        for line in ("send fukko-press/45", f"schedule fukko-press/45 --at {at}", "send fukko-press/45 --dry-run"):
            result = terminal.run(line)
            assert result.exit_code == 1 and result.stderr.count("\n") == 1, result.output
            assert "nothing was frozen" in result.stderr
        assert json.loads(terminal.run("status --json", mail=False).output)["issues"] == []
        write_issue(tmp_path / "mail")
        assert terminal.run("send fukko-press/45").exit_code == 0
    assert len(receiver.accepted) == 5


def test_the_readers_for_whom_it_is_composed_are_the_first_and_those_with_the_longest_name_and_address(tmp_path: Path) -> None:
    home = installation(tmp_path, 25, readers=5)
    long_name = ImportedSubscriber("name@example.jp", "長い名前の購読者" * 5, ("fukko-press",))
    long_address = ImportedSubscriber(f"{'a' * 60}@example.jp", "", ("fukko-press",))
    of_other_list = ImportedSubscriber(f"{'b' * 64}@example.jp", "人" * 90, ("mailmaga",))
    subscriptions.import_subscribers(home.database, [long_name, long_address, of_other_list], source="t", now=NOW)
    chosen = [recipient.address for recipient in subscriptions.sample(home.database, "fukko-press")]
    assert chosen == ["reader1@example.jp", "name@example.jp", long_address.address]
    assert subscriptions.sample(home.database, "nobodys-list") == ()


def test_a_service_address_that_no_header_holds_is_refused_before_the_freeze(tmp_path: Path) -> None:
    home = installation(tmp_path, 25, readers=1)
    config = replace(home.context.config, service_url=FAR.rstrip("/"))
    with pytest.raises(MessageError, match="nothing was frozen"):
        preflight.dry_run(config, home.database, home.root, REF, NOW)


def test_a_reader_for_whom_no_message_can_be_made_has_failed_and_everybody_else_gets_the_issue(tmp_path: Path) -> None:
    """Somebody has written it into the database: no import lets it through."""
    with Receiver() as receiver:
        home = installation(tmp_path, receiver.port, readers=20, connections=1)
        with home.database.writing() as connection:
            for number in (3, 4, 5):
                connection.execute(sa.update(subscriber).where(subscriber.c.id == number).values(name="x\r\nBcc: everybody@example.jp"))
        summary = run(home).summary
    assert summary.counts[DeliveryState.FAILED] == 3 and summary.counts[DeliveryState.SENT] == 17
    assert len(receiver.accepted) == 17 and not any(b"everybody" in message.content for message in receiver.accepted)
