"""How a run shows itself, and the small pieces of reporting."""

from __future__ import annotations

import asyncio
import io
import signal
import threading

import pytest
from rich.console import Console

from mailer.cli import progress, tables
from mailer.database.ledger import LedgerEntry
from mailer.model.issue import IssueRef
from mailer.model.state import DeliveryState
from mailer.sending.run import stop_on_signal
from tests.mail_bundles import NOW


@pytest.mark.parametrize(("is_terminal", "kind"), [(True, progress.Bar), (False, progress.TwoLines)])
def test_a_bar_is_for_terminals_only(is_terminal: bool, kind: type) -> None:
    out = io.StringIO()
    with progress.progress_display(Console(file=out, force_terminal=is_terminal), "fukko-press/45") as shown:
        assert isinstance(shown, kind)
        shown.begin(2)
        shown.step(DeliveryState.SENT)
        shown.step(DeliveryState.SENT)
    assert is_terminal or out.getvalue() == "fukko-press/45: 2 due\nfukko-press/45: 2 done\n"


def entry(text: str, address: str = "a@example.jp") -> LedgerEntry:
    return LedgerEntry("fukko-press", "45", address, DeliveryState.FAILED, 1, 550, text, None, None, NOW)


def test_a_reply_is_neither_markup_nor_a_formula() -> None:
    out = io.StringIO()
    Console(file=out, width=200).print(tables.missed_table(IssueRef("fukko-press", "45"), [entry("[red]no[/red] user")]))
    assert "[red]no[/red] user" in out.getvalue()
    assert "'=HYPERLINK" in tables.missed_csv([entry('=HYPERLINK("x")')])


def test_signals_are_as_before_after_the_run() -> None:
    before = signal.getsignal(signal.SIGTERM)

    async def run() -> bool:
        stop = asyncio.Event()
        with stop_on_signal(stop):
            signal.raise_signal(signal.SIGTERM)
            await stop.wait()
        return stop.is_set()

    assert asyncio.run(run())
    assert signal.getsignal(signal.SIGTERM) is before


def test_in_another_thread_signals_are_left_alone() -> None:
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
