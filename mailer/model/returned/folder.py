"""Where a message that has come in lies."""

from __future__ import annotations

from enum import StrEnum


class Folder(StrEnum):
    """The folders below `var/inbound`."""

    NEW = "new"
    """It waits to be read."""

    FAILED = "failed"
    """It could not be read."""

    PILE = "pile"
    """Returned mail that nobody understood, and what an operator has to look at."""
