"""How many sign-ups a network may ask for before it has to work for them, or to wait. In memory, and no IP address is kept.

A network is a /24 of IPv4 or a /48 of IPv6: what one household, school or shelter has, and what an attacker gets many addresses of. It is known by a keyed
hash whose key is made anew with each start. The budgets are buckets that fill again with time; those that are full again are forgotten.
"""

from __future__ import annotations

import hashlib
import ipaddress
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from starlette.requests import Request

from mailer.config.settings import LOOPBACK

MOST_NETWORKS = 50_000
"""Buckets kept at a time, about 8 MB. The one that was asked for longest ago is forgotten first."""
FORWARDED = "x-forwarded-for"


class Verdict(StrEnum):
    """What a sign-up has to do."""

    FREE = "free"
    WORK = "work"
    """Prove some work of a computer, or take another way."""
    WAIT = "wait"
    """Come again later, or take another way."""


@dataclass(frozen=True, slots=True)
class Budget:
    """`free` sign-ups at once, then one more every `refill` seconds; with a proof of work `most`, before it is too many."""

    free: float
    most: float
    refill: float


NETWORK = Budget(free=10, most=120, refill=60)
"""A shelter signs up ten people at a table within a minute; behind one address of a mobile carrier there may be thousands."""
ALL = Budget(free=3000, most=20_000, refill=0.01)
"""All together: after a notice in the news thousands come in some minutes, and then a hundred a second, which the service was measured to take."""


class SignUpBudgets:
    """Counts the sign-ups of each network, and of all.

    :param key: random, for the hash of networks.
    """

    def __init__(self, key: bytes, network: Budget = NETWORK, together: Budget = ALL) -> None:
        self._key = key
        self._network, self._together = network, together
        self._used: OrderedDict[bytes, tuple[float, datetime]] = OrderedDict()
        self._used_together: tuple[float, datetime] | None = None

    def verdict(self, network: str, now: datetime) -> Verdict:
        """What the next sign-up of this network has to do. Counts nothing."""
        mine = _used(self._used.get(self._hash(network)), self._network, now) + 1
        together = _used(self._used_together, self._together, now) + 1
        if mine > self._network.most or together > self._together.most:
            return Verdict.WAIT
        return Verdict.WORK if mine > self._network.free or together > self._together.free else Verdict.FREE

    def count(self, network: str, now: datetime) -> None:
        """Count one sign-up of this network."""
        key = self._hash(network)
        self._used[key] = (_used(self._used.get(key), self._network, now) + 1, now)
        self._used.move_to_end(key)
        if len(self._used) > MOST_NETWORKS:
            self._used.popitem(last=False)
        self._used_together = (_used(self._used_together, self._together, now) + 1, now)

    def _hash(self, network: str) -> bytes:
        return hashlib.blake2b(network.encode(), key=self._key, digest_size=16).digest()


def _used(used: tuple[float, datetime] | None, budget: Budget, now: datetime) -> float:
    """How much of a budget is used now."""
    if used is None:
        return 0.0
    amount, at = used
    elapsed = max(0.0, (now - at).total_seconds())  # a clock that was set back must not make everybody wait
    return max(0.0, amount - elapsed / budget.refill)


def client_network(request: Request, trusted: Sequence[str] = LOOPBACK) -> str:
    """Return the network that asks, as text.

    `X-Forwarded-For` counts only from a proxy that we trust, and only its last entry: that one the proxy has seen itself.

    :param trusted: networks of our own reverse proxies.
    """
    host = request.client.host if request.client else ""
    if _is_in(host, trusted):
        forwarded = [each.strip() for line in request.headers.getlist(FORWARDED) for each in line.split(",")]
        host = forwarded[-1] if forwarded else host
    return network_of(host)


def network_of(host: str) -> str:
    """Return the /24 or /48 of an address; all that is no address is one network."""
    try:
        address = ipaddress.ip_address(host.strip("[]"))
    except ValueError:
        return "unknown"
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped:
        address = address.ipv4_mapped
    return str(ipaddress.ip_network((address, 24 if address.version == 4 else 48), strict=False))


def _is_in(host: str, networks: Sequence[str]) -> bool:
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return False
    return any(address in ipaddress.ip_network(network) for network in networks)
