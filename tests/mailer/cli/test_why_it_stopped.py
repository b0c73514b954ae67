"""A run that ends before everybody has the issue says why on standard error, whatever the reason, and also with --quiet."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
from typer.testing import Result

from mailer.cli.screen.endings import reasons
from mailer.model.issue import IssueStatus
from mailer.model.state import DeliveryState
from mailer.sending.run import IssueSummary
from tests.samples.mail.mail_bundles import NOW, REF, write_config, write_issue
from tests.samples.mail.mail_terminal import Terminal
from tests.servers.smtp import PASSWORD, USER, Behaviour, Receiver

READER = "reader2@example.jp"


@pytest.fixture
def terminal(tmp_path: Path) -> Terminal:
    write_config(tmp_path)
    terminal = Terminal(tmp_path)
    assert terminal.run("init-db", mail=False).exit_code == 0
    assert terminal.run("subscribers import FILE").exit_code == 0
    return terminal


def send(terminal: Terminal, behaviour: Behaviour, relay: str = 'tls = "none"') -> Result:
    with Receiver(behaviour) as receiver:
        write_config(terminal.folder, receiver.port, connections=1, relay=relay)
        return terminal.run("send fukko-press/45 --quiet")


@pytest.mark.parametrize(
    ("behaviour", "status", "words"),
    [
        (Behaviour(rcpt={READER: "450 4.2.0 greylisted"}), 75, "1 delivery is put off, most often with 450. The next try is due at 20"),
        (Behaviour(drop_before_body={READER}), 75, "1 delivery is put off, most often with a lost connection"),
        (Behaviour(drop_after_body={READER}), 1, "of 1 delivery it is unknown"),
        (Behaviour(mail="550 go away"), 1, "refuses our sender address: 550 go away"),
        (Behaviour(), 0, ""),
    ],
    ids=["greylisted", "cut before the body", "cut after the body", "sender refused", "nothing"],
)
def test_the_reason_is_on_standard_error(terminal: Terminal, behaviour: Behaviour, status: int, words: str) -> None:
    result = send(terminal, behaviour)
    assert result.exit_code == status, result.output
    assert words in result.stderr and bool(result.stderr) == bool(words)


@pytest.mark.parametrize(("order", "words"), [("pause", "was paused while"), ("cancel", "was called off while")])
def test_an_order_that_ends_a_run_is_the_reason(terminal: Terminal, order: str, words: str) -> None:
    ordered = threading.Event()

    def give_order(count: int) -> None:
        if count == 1:
            assert terminal.run(f"{order} fukko-press/45", mail=False).exit_code == 0
            ordered.set()

    text = (terminal.folder / "people.csv").read_text("utf-8")
    (terminal.folder / "people.csv").write_text(text + "".join(f"more{n}@example.jp,,fukko-press\n" for n in range(900)), "utf-8")
    terminal.run("subscribers import FILE")
    result = send(terminal, Behaviour(on_accept=give_order))
    assert ordered.is_set() and words in result.stderr, result.stderr


def test_an_issue_that_expires_while_it_is_sent_says_so() -> None:
    counts = dict.fromkeys(DeliveryState, 0) | {DeliveryState.EXPIRED: 3}
    summary = IssueSummary(counts, None, status=IssueStatus.SENDING)
    (reason,) = reasons(REF, summary, (), NOW.tzinfo or NOW.astimezone().tzinfo)  # type: ignore[arg-type]
    assert "too late for 3 people" in reason


@pytest.mark.filterwarnings("ignore:Requiring AUTH")
def test_a_worker_whose_relay_refuses_it_ends_with_the_reason_and_status_1(terminal: Terminal) -> None:
    with Receiver(Behaviour(password=True)) as receiver:
        write_config(terminal.folder, receiver.port, relay=f'tls = "none"\nusername = "{USER}"')
        terminal.environ["TODOKE_RELAY_PASSWORD"] = f"not-{PASSWORD}"
        write_issue(terminal.folder / "mail")
        assert terminal.run("send fukko-press/45").exit_code == 1
        result = terminal.run("work --log off", mail=False)
    assert result.exit_code == 1 and "535" in result.stderr, result.output
