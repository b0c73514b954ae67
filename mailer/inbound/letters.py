"""How many letters to a list are passed on in a day. The address of a list is public, and what is passed on leaves under our own domain and signature."""

from __future__ import annotations

from collections import defaultdict, deque
from datetime import datetime, timedelta

MOST_A_DAY = 200
"""Letters to one list. A contact who reads that many has no time for more; the others wait in the pile."""
A_DAY = timedelta(days=1)


class LetterBudget:
    """Counts in memory: a restart begins anew. One thread uses it."""

    def __init__(self, most: int = MOST_A_DAY) -> None:
        self._most = most
        self._passed: defaultdict[str, deque[datetime]] = defaultdict(deque)

    def take(self, key: str, now: datetime) -> bool:
        """Count a letter to a list. False: so many have been passed on in the last day that it has to wait."""
        passed = self._passed[key]
        while passed and not now - A_DAY < passed[0] <= now:  # one from the future was counted by a wrong clock
            passed.popleft()
        if len(passed) >= self._most:
            return False
        passed.append(now)
        return True
