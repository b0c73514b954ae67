"""Tests that are sent: to the named addresses alone, bounded, and in the log. And the light form of an issue."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from pathlib import Path

import pytest

from mailer.database import audit_log
from mailer.database.deliveries import ledger
from mailer.database.readers import subscriptions
from mailer.database.readers.subscriptions import ImportedSubscriber
from mailer.message import alternatives
from mailer.model.errors import RelayUnavailable
from mailer.model.ids import IssueId
from mailer.model.issue import LightPart
from mailer.sending import preflight, send
from mailer.sending.limits_of_tests import TooManyTests
from tests.mailer.approval.terminal import Terminal
from tests.samples.mail.mail_bundles import ISSUE, REF, Installation, RecordedProgress, installation, write_issue
from tests.servers.smtp import Behaviour, Receiver


def test_a_test_send_reaches_the_named_addresses_only_and_leaves_no_row(tmp_path: Path) -> None:
    with Receiver() as receiver:
        terminal = Terminal(tmp_path, receiver.port)
        terminal.run("subscribers", "import", str(tmp_path / "people.csv"))
        result = terminal.run("send", "fukko-press/45", "--test", "me@example.jp", "--test", "you@example.jp")
        assert result.exit_code == 0, result.output
        assert receiver.recipients == ["me@example.jp", "you@example.jp"]
        assert [str(message.mail["Subject"]) for message in receiver.accepted] == ["【テスト】みやぎ復興プレス 第45号"] * 2
        assert len({str(message.mail["Message-ID"]) for message in receiver.accepted}) == 2
        assert b"personal.invalid" not in b"".join(part.get_payload(decode=True) for part in receiver.accepted[0].mail.iter_parts())  # type: ignore[misc]
        assert json.loads(terminal.run("status", "--json", mail=False).output)["issues"] == []
        assert terminal.run("send", "fukko-press/45", "--test", "no address").exit_code == 2
    assert len(receiver.accepted) == 2


def test_a_test_send_that_the_relay_refuses_is_not_sent(tmp_path: Path) -> None:
    with Receiver(Behaviour(rcpt={"me@example.jp": "550 no such user"})) as receiver:
        home = installation(tmp_path, receiver.port)
        (result,) = preflight.send_test(home.context, home.root, REF, ["me@example.jp"])
    assert (result.is_sent, result.outcome.code) == (False, 550)
    assert ledger.counts(home.database, IssueId(1)).values() and not any(ledger.counts(home.database, IssueId(1)).values())


def test_readers_of_the_light_form_get_one_text_part_in_its_charset(tmp_path: Path) -> None:
    light = "復興の今\n配信を止める\nhttps://personal.invalid/unsubscribe\n受け取り方\nhttps://personal.invalid/preferences\n"
    with Receiver() as receiver:
        home = installation(tmp_path, receiver.port)
        folder = write_issue(home.root)
        issue = json.loads((folder / "issue.json").read_text("utf-8"))
        raw = light.encode()
        (folder / "light.txt").write_bytes(raw)
        issue["parts"]["light.txt"] = {"sha256": hashlib.sha256(raw).hexdigest(), "bytes": len(raw), "charset": "iso-2022-jp"}
        (folder / "issue.json").write_text(json.dumps(issue), "utf-8")
        readers = [
            ImportedSubscriber("a@example.jp", "", ("fukko-press",), "light"),
            ImportedSubscriber("b@example.jp", "", ("fukko-press",)),
        ]
        subscriptions.import_subscribers(home.database, readers, source="test", now=home.clock())
        send.send(home.context, home.root, REF, RecordedProgress())
    mails = {message.recipients[0]: message.mail for message in receiver.accepted}
    assert mails["b@example.jp"].get_content_type() == "multipart/alternative"
    mail = mails["a@example.jp"]
    assert (mail.get_content_type(), mail.get_content_charset()) == ("text/plain", "iso-2022-jp")
    assert mail.get_content().startswith("復興の今\r\n") and "https://mail.example.jp/unsubscribe/" in mail.get_content()
    assert "https://mail.example.jp/preferences/" in mail.get_content()


def test_an_issue_without_a_light_part_is_sent_as_it_is() -> None:
    assert alternatives.as_light(ISSUE) is ISSUE
    assert alternatives.as_light(replace(ISSUE, light=LightPart("軽い", "utf-8"))).text == "軽い"


# The bound


def with_bounds(home: Installation, call: int, day: int) -> Installation:
    config = replace(home.context.config, test_addresses=call, test_addresses_per_day=day)
    return replace(home, context=replace(home.context, config=config))


def addresses(number: int, name: str = "t") -> list[str]:
    return [f"{name}{count}@example.jp" for count in range(number)]


def test_a_test_to_more_addresses_than_one_call_may_have_sends_nothing(tmp_path: Path) -> None:
    with Receiver() as receiver:
        home = with_bounds(installation(tmp_path, receiver.port), 3, 100)
        with pytest.raises(TooManyTests, match="3 addresses at a time, and these are 4"):
            preflight.send_test(home.context, home.root, REF, addresses(4))
        assert (receiver.connections, audit_log.entries(home.database)) == (0, ())
        assert len(preflight.send_test(home.context, home.root, REF, addresses(3))) == 3


def test_the_addresses_of_24_hours_are_counted_whatever_became_of_them(tmp_path: Path) -> None:
    with Receiver(Behaviour(rcpt={"t0@example.jp": "550 no such user"})) as receiver:
        home = with_bounds(installation(tmp_path, receiver.port), 5, 7)
        preflight.send_test(home.context, home.root, REF, addresses(5), actor="somebody")
        home.clock.forward(hours=23)
        with pytest.raises(TooManyTests, match="and 5 were used"):
            preflight.send_test(home.context, home.root, REF, addresses(3))
        preflight.send_test(home.context, home.root, REF, addresses(2))
        home.clock.forward(hours=2)
        preflight.send_test(home.context, home.root, REF, addresses(5))
    assert len(receiver.accepted) == 4 + 1 + 4
    events = [entry.event for entry in audit_log.entries(home.database)]
    assert [event.what for event in events] == ["test begun", "test sent"] * 3
    assert (events[0].actor, events[0].issue, events[0].details["addresses"]) == ("somebody", str(REF), "5")
    assert events[1].details == {"addresses": "4", "domains": "example.jp"}
    assert not [event for event in events if "@" in str(event.details)]


def test_a_test_whose_relay_is_not_there_is_in_the_log_and_counts(tmp_path: Path) -> None:
    home = with_bounds(installation(tmp_path, 1), 5, 5)
    with pytest.raises(RelayUnavailable):
        preflight.send_test(home.context, home.root, REF, addresses(5))
    with pytest.raises(TooManyTests):
        preflight.send_test(home.context, home.root, REF, addresses(1))
