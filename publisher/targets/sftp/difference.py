"""What a new version of a file has in common with the old one, at its beginning and at its end. Pure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

WORTH = 2_048
"""Bytes in common from which on a server copies them: three requests more cost as much as sending these."""


@dataclass(frozen=True)
class Difference:
    """The new version is ``begin`` bytes of the old one, then ``middle``, then the last ``end`` bytes of the old one."""

    begin: int
    middle: bytes
    end: int

    @property
    def is_worth_it(self) -> bool:
        """Whether it pays to let the server copy the rest."""
        return self.begin + self.end >= WORTH


def difference(old: bytes, new: bytes) -> Difference:
    """Return what has to be sent to a place that has ``old``. Of one change, only that; of several, all between the first and the last."""
    most = min(len(old), len(new))
    begin = _shared(most, lambda start, stop: old[start:stop] == new[start:stop])
    end = _shared(
        most - begin,
        lambda start, stop: old[len(old) - stop : len(old) - start] == new[len(new) - stop : len(new) - start],
    )
    return Difference(begin, new[begin : len(new) - end], end)


def _shared(most: int, is_same: Callable[[int, int], bool]) -> int:
    """Return how many bytes are the same, ``most`` at most. By halves: a comparison of bytes runs in C, and each byte is looked at about twice."""
    low, high = 0, most
    while low < high:
        middle = (low + high + 1) // 2
        if is_same(low, middle):
            low = middle
        else:
            high = middle - 1
    return low
