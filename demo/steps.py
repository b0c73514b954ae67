"""What every step of the tour does: print its title, run a command as a process of its own, stop if it does not hold."""

from __future__ import annotations

import subprocess
import sys
import time

from rich.console import Console

out = Console(highlight=False, soft_wrap=True)


class StepFailed(Exception):
    """A step of the tour did not have the result that it must have."""


def step(title: str) -> None:
    """Print the title of a step."""
    out.print(f"\n{title}", style="bold")


def show_command(*arguments: str) -> None:
    """Print a command as people type it."""
    out.print(f"$ todoke {' '.join(arguments)}", style="dim", markup=False)


def todoke(*arguments: str) -> None:
    """Run one command. Raises `StepFailed` unless it ends with 0."""
    show_command(*arguments)
    process = subprocess.run([sys.executable, "-m", "todoke", *arguments], check=False)  # noqa: S603 - our own command
    if process.returncode:
        raise StepFailed(f"todoke {arguments[0]} ended with {process.returncode}")


def timed(*arguments: str) -> float:
    """Run one command; return its seconds of wall time, with the start of the process."""
    start = time.perf_counter()
    todoke(*arguments)
    return time.perf_counter() - start
