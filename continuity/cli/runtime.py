"""What the commands share."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from continuity.model import ContinuityError

CONFIG = Path("continuity.toml")
ConfigPath = Annotated[Path, typer.Option("--config", help="What a snapshot is for whom, and where it goes. 控えの設定")]
Identity = Annotated[
    Path | None, typer.Option("--identity", metavar="FILE", help="The private key (of age-keygen) that opens snapshots. 控えを開く秘密鍵")
]
EX_STORAGES = 3
"""Exit status when the snapshot is made, and at least one storage does not have it."""


@contextmanager
def errors_on_one_line() -> Iterator[None]:
    """End the command with status 1 and one line for what the operator has to mend."""
    try:
        yield
    except ContinuityError as error:
        typer.echo(" ".join(str(error).split()), err=True)
        raise typer.Exit(1) from None


def now() -> dt.datetime:
    """The wall clock."""
    return dt.datetime.now(dt.UTC)
