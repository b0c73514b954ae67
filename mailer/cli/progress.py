"""How a run shows itself: a bar on a terminal, two lines anywhere else (a log has no use for a bar)."""

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
    """A Rich bar."""

    def __init__(self, console: Console, title: str) -> None:
        columns = (*rich.progress.Progress.get_default_columns(), rich.progress.MofNCompleteColumn())
        self._bar = rich.progress.Progress(*columns, console=console, transient=True)
        self._task = self._bar.add_task(title, total=None)

    def __enter__(self) -> Self:
        """Begin to show."""
        self._bar.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """Take the bar away."""
        self._bar.stop()

    def begin(self, total: int) -> None:
        """See `surroundings.Progress`."""
        self._bar.update(self._task, total=total)

    def step(self, state: DeliveryState) -> None:  # noqa: ARG002
        """See `surroundings.Progress`."""
        self._bar.advance(self._task)


class TwoLines:
    """One line at the start, one at the end."""

    def __init__(self, console: Console, title: str) -> None:
        self._console = console
        self._title = title
        self._done = 0

    def __enter__(self) -> Self:
        """Nothing yet."""
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """The line at the end."""
        self._console.print(f"{self._title}: {self._done} done", highlight=False)

    def begin(self, total: int) -> None:
        """The line at the start."""
        self._console.print(f"{self._title}: {total} due", highlight=False)

    def step(self, state: DeliveryState) -> None:  # noqa: ARG002
        """Count."""
        self._done += 1


def progress_display(console: Console, title: str) -> ProgressDisplay:
    """What fits the console."""
    return Bar(console, title) if console.is_terminal else TwoLines(console, title)
