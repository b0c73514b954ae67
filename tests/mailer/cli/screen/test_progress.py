"""The progress of a run on the screen, what a listing does with strange text, and signals."""

from __future__ import annotations

import asyncio
import csv
import io
import signal
import threading
from datetime import UTC

import pytest
from rich.console import Console

from mailer.cli.screen import machine_output, progress, tables
from mailer.database.deliveries.ledger import LedgerEntry
from mailer.model.issue import IssueRef
from mailer.model.state import DeliveryState
from mailer.sending.run import stop_on_signal
from tests.samples.mail.mail_bundles import NOW


@pytest.mark.parametrize(("is_terminal", "kind"), [(True, progress.Bar), (False, progress.TwoLines)])
def test_a_progress_bar_is_drawn_on_terminals_only(is_terminal: bool, kind: type) -> None:
    out = io.StringIO()
    with progress.progress_display(Console(file=out, force_terminal=is_terminal), "fukko-press/45") as display:
        assert isinstance(display, kind)
        display.begin(2)
        display.step(DeliveryState.SENT)
        display.step(DeliveryState.SENT)
    assert is_terminal or out.getvalue() == "fukko-press/45: 2 due. 2件を送ります。\nfukko-press/45: 2 done. 2件を終えました。\n"


def entry(text: str, address: str = "a@example.jp") -> LedgerEntry:
    return LedgerEntry("fukko-press", "45", address, DeliveryState.FAILED, 1, 550, text, None, None, NOW)


def test_an_issue_that_was_refused_before_it_began_shows_no_end() -> None:
    out = io.StringIO()
    with progress.progress_display(Console(file=out), "fukko-press/45"):
        pass
    assert out.getvalue() == ""


def test_quiet_shows_no_progress() -> None:
    out = io.StringIO()
    with progress.progress_display(Console(file=out, force_terminal=True), "fukko-press/45", is_quiet=True) as display:
        display.begin(1)
        display.step(DeliveryState.SENT)
    assert out.getvalue() == ""


def test_a_reply_is_neither_markup_on_a_terminal_nor_a_formula_in_a_spreadsheet() -> None:
    out = io.StringIO()
    Console(file=out, width=200).print(tables.missed_table(IssueRef("fukko-press", "45"), [entry("[red]no[/red] user")], UTC))
    assert "[red]no[/red] user" in out.getvalue()
    row = machine_output.missed(entry('=HYPERLINK("x")', "+a@example.jp"))
    (_, cells) = csv.reader(io.StringIO(machine_output.to_csv([row], machine_output.MISSED_COLUMNS)))
    assert (cells[0], cells[3]) == ("'+a@example.jp", '\'=HYPERLINK("x")')


def test_after_a_run_signals_do_what_they_did_before() -> None:
    before = signal.getsignal(signal.SIGTERM)

    async def run() -> bool:
        stop = asyncio.Event()
        with stop_on_signal(stop):
            signal.raise_signal(signal.SIGTERM)
            await stop.wait()
        return stop.is_set()

    assert asyncio.run(run())
    assert signal.getsignal(signal.SIGTERM) is before


def test_a_run_in_another_thread_leaves_signals_alone() -> None:
    async def run() -> None:
        with stop_on_signal(asyncio.Event()):
            assert signal.getsignal(signal.SIGTERM) is before

    before = signal.getsignal(signal.SIGTERM)
    failures: list[BaseException] = []

    def body() -> None:
        try:
            asyncio.run(run())
        except BaseException as error:
            failures.append(error)

    thread = threading.Thread(target=body)
    thread.start()
    thread.join()
    assert failures == []
