"""What happened to one feed, as a value for the table and for ``--json``."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class FeedReport:
    """``failed`` is the reason in words; ``moved_to`` an address to put into publications.toml; ``ended``: the server said 410.

    ``waits_until``: it was not asked, since it is not due. ``failing_since``: it has not worked for a week or longer.
    """

    key: str
    new: int = 0
    changed: int = 0
    unchanged: int = 0
    pictures: int = 0
    taken_down: int = 0
    left_out: int = 0
    not_modified: bool = False
    failed: str | None = None
    moved_to: str | None = None
    ended: bool = False
    waits_until: str | None = None
    failing_since: str | None = None
    files: tuple[str, ...] = ()
