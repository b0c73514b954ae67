"""How often and for how long a delivery is tried. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from mailer.model.issue import ListClass

JITTER = 0.25
"""A wait is longer by at most this part, so that a relay that deferred a thousand at once does not get them back at once."""


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """How an issue of some class is retried.

    A delivery is given up when both `give_up_after` has passed since the first try and there were `least_tries`: a clock that jumps
    ahead must not end it. `resend_unknown`: a second copy is a smaller harm than none.
    """

    first_wait: timedelta
    longest_wait: timedelta
    give_up_after: timedelta
    least_tries: int
    resend_unknown: bool

    @property
    def furthest(self) -> timedelta:
        """No next try is further off than this. One that is was written by a clock that was wrong."""
        return self.longest_wait * (1 + JITTER)


# RFC 5321 section 4.5.4.1: "the give-up time generally needs to be at least 4-5 days". `work` makes eleven tries in that time, a `send`
# each morning five.
NEWSLETTER = RetryPolicy(timedelta(minutes=15), timedelta(days=1), timedelta(days=5), least_tries=5, resend_unknown=False)

# A warning is stale after hours, so it is tried more often and given up sooner.
EMERGENCY = RetryPolicy(timedelta(minutes=1), timedelta(minutes=15), timedelta(days=1), least_tries=10, resend_unknown=True)


def retry_policy(list_class: ListClass) -> RetryPolicy:
    """The policy for an issue of this class."""
    return EMERGENCY if list_class is ListClass.EMERGENCY else NEWSLETTER
