"""How a run shows itself: a bar on a terminal, two lines anywhere else (a log has no use for a bar), nothing with ``--quiet``."""

from __future__ import annotations

from types import TracebackType
from typing import Protocol, Self

import rich.progress
from rich.console import Console

from mailer.delivery.context import Progress
from mailer.model.state import DeliveryState


class ProgressDisplay(Progress, Protocol):
    """A progress that is shown inside a `with` block."""

    def __enter__(self) -> Self:
        """Begin to show."""

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """Stop showing."""


class Bar:
    """A Rich bar, which goes away at the end."""

    def __init__(self, console: Console, title: str) -> None:
        columns = (*rich.progress.Progress.get_default_columns(), rich.progress.MofNCompleteColumn())
        self._bar = rich.progress.Progress(*columns, console=console, transient=True)
        self._task = self._bar.add_task(title, total=None)

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._bar.stop()

    def begin(self, total: int) -> None:
        """See `mailer.delivery.context.Progress`."""
        self._bar.update(self._task, total=total)

    def step(self, state: DeliveryState) -> None:  # noqa: ARG002
        """See `mailer.delivery.context.Progress`."""
        self._bar.advance(self._task)


class TwoLines:
    """One line at the start, one at the end."""

    def __init__(self, console: Console, title: str) -> None:
        self._console = console
        self._title = title
        self._done = 0
        self._has_begun = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if self._has_begun:  # an issue that was refused has no end to report
            self._console.print(f"{self._title}: {self._done:,} done. {self._done:,}件を終えました。", soft_wrap=True)

    def begin(self, total: int) -> None:
        """See `mailer.delivery.context.Progress`."""
        self._has_begun = True
        self._console.print(f"{self._title}: {total:,} due. {total:,}件を送ります。", soft_wrap=True)

    def step(self, state: DeliveryState) -> None:  # noqa: ARG002
        """See `mailer.delivery.context.Progress`."""
        self._done += 1


class Silence:
    """Shows nothing."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        pass

    def begin(self, total: int) -> None:
        """See `mailer.delivery.context.Progress`."""

    def step(self, state: DeliveryState) -> None:
        """See `mailer.delivery.context.Progress`."""


def progress_display(console: Console, title: str, *, is_quiet: bool = False) -> ProgressDisplay:
    """Return the display that fits the console."""
    if is_quiet:
        return Silence()
    return Bar(console, title) if console.is_terminal else TwoLines(console, title)
