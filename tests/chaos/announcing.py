"""A worker of the channels that is killed at random moments, again and again: three networks, one with keys, one that can be asked, one that has neither.

python -m tests.chaos.announcing KILLS [SEED]
"""

from __future__ import annotations

import asyncio
import random
import sys
import tempfile
import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from channels.destinations import destinations
from channels.dispatch.channel import Timing
from channels.dispatch.worker import Posting, Worker
from channels.model import Traits
from channels.outbox.outbox import Outbox, PostState
from channels.outbox.planning import Moments
from channels.settings import Settings
from mailer.database.announcements.door import OpenDoor
from mailer.database.engine import open_database
from tests import fork
from tests.samples.announcing.announcements import announcement, channel
from tests.samples.announcing.outboxes import Office, office
from tests.samples.mail.databases import with_tables
from tests.servers.networks.simple_network import Behaviour, SimpleAdapter, SimpleNetwork

RECORDS_PER_KILL = 4
LEASE = 0.6
MOST_ROUNDS = 1200
TRAITS = {
    "a": Traits(key_life=timedelta(hours=1)),
    "b": Traits(key_life=None, can_search=True),
    "c": Traits(key_life=None),
}
"""Keys; no keys, but it can be asked; neither."""


@dataclass(frozen=True)
class Account:
    """``lost``: posts that nobody saw and that are not named as unknown. ``twice``: posts that people saw twice. ``unknown``: those that are named.

    ``cuts`` is how often a connection was dropped without an answer: that, and the kills, are the only reasons for an unknown post.
    """

    records: int
    kills: int
    lost: int
    twice: int
    unknown: int
    unknown_elsewhere: int
    left: int
    cuts: int

    @property
    def is_good(self) -> bool:
        """Whether nothing is lost, twice or left, and only the network that can be neither asked nor repeated has unknown posts."""
        return (self.lost, self.twice, self.unknown_elsewhere, self.left) == (0, 0, 0, 0) and self.unknown <= self.kills + self.cuts


def child(url: str, folder: str, ports: dict[str, int]) -> None:
    """A worker, for as long as it lives."""
    settings = _settings(Path(folder))
    database = open_database(url)
    adapters = {name: SimpleAdapter(name, f"http://127.0.0.1:{port}", TRAITS[name], 5.0) for name, port in ports.items()}
    timing = Timing(lambda: datetime.now(UTC), poll=0.01, lease=LEASE, pause=0.05)
    outbox = Outbox(OpenDoor(database, (), Path(folder, "state")), "chaos")
    environ = {f"TODOKE_CHANNEL_{name.upper()}": "secret" for name in TRAITS}
    posting = Posting(settings, destinations(settings), outbox, lambda each, _secret: adapters[each.name], timing, environ)
    asyncio.run(Worker(posting).run(takes_in=False))


def _settings(folder: Path) -> Settings:
    with office(with_tables(f"sqlite:///{folder / 'var' / 'todoke.db'}"), folder, [channel(name=name) for name in TRAITS]) as here:
        return here.settings


class Killer:
    """Kills the worker at some request, before or after the network has taken it; between two kills it lets everything pass."""

    def __init__(self, seed: int) -> None:
        self._dice, self._lock = random.Random(seed), threading.Lock()
        self._left, self.cuts = 0, 0
        self._kill: Callable[[], None] | None = None

    def arm(self, kill: Callable[[], None], most: int) -> None:
        """Kill within so many requests."""
        with self._lock:
            self._left, self._kill = self._dice.randint(1, most), kill

    def behave(self) -> Behaviour:
        """What happens to the next request."""
        with self._lock:
            self._left -= 1
            if self._left == 0 and self._kill is not None:
                self._kill()
                return self._dice.choice([Behaviour.TAKE, Behaviour.TAKE_AND_DROP, Behaviour.DROP])
            behaviour = self._dice.choice([Behaviour.TAKE] * 8 + [Behaviour.TAKE_AND_DROP, Behaviour.BUSY])
            self.cuts += behaviour is Behaviour.TAKE_AND_DROP
            return behaviour


def run(folder: Path, *, kills: int, seed: int = 1) -> Account:
    """Kill a worker so often, start it again each time, and let the last one finish."""
    url = with_tables(f"sqlite:///{folder / 'var' / 'todoke.db'}")
    killer = Killer(seed)
    networks = {name: SimpleNetwork(has_keys=name == "a", behave=killer.behave, wait=0) for name in TRAITS}
    with networks["a"], networks["b"], networks["c"], office(url, folder, [channel(name=name) for name in TRAITS]) as here:
        here.clock.now = datetime.now(UTC)
        ports = {name: network.port for name, network in networks.items()}
        for number in range(kills):
            _enter(here, number)
            worker = fork.start(child, url, str(folder), ports)
            killer.arm(worker.kill, most=RECORDS_PER_KILL)  # even one channel alone comes so far
            worker.join()
        _finish(here, url, folder, ports, networks)
        return _account(here, networks, kills, killer.cuts)


def _enter(here: Office, number: int) -> None:
    for each in range(RECORDS_PER_KILL):
        name = f"article/x/{number:03}-{each}"
        moment = datetime.now(UTC)
        here.outbox.enter(announcement(name, record=name, moment=moment), destinations(here.settings).live, Moments(moment))


def _finish(here: Office, url: str, folder: Path, ports: dict[str, int], networks: dict[str, SimpleNetwork]) -> None:
    """Let every network behave, bring the waits to an end, and work until only what is named is left."""
    for network in networks.values():
        network.behave = lambda: Behaviour.TAKE
    worker = fork.start(child, url, str(folder), ports)
    for _ in range(MOST_ROUNDS):
        if not _left(here):
            break
        with here.outbox.opened.database.writing() as connection:
            connection.exec_driver_sql("UPDATE announcement_post SET not_before = NULL WHERE state != 'claimed'")
            connection.exec_driver_sql("UPDATE channel_lease SET open_until = NULL, failures = 0")
        worker.join(timeout=0.1)
    worker.kill()
    worker.join()


def _left(here: Office) -> int:
    counts = here.outbox.counts()
    settled = {PostState.SENT}
    return sum(number for name, states in counts.items() for state, number in states.items() if state not in settled | _named(name))


def _named(channel_name: str) -> set[PostState]:
    return {PostState.UNKNOWN} if channel_name == "c" else set()


def _account(here: Office, networks: dict[str, SimpleNetwork], kills: int, cuts: int) -> Account:
    seen = Counter((name, each.key) for name, network in networks.items() for each in network.seen)
    posts = here.outbox.list_posts(limit=1_000_000)
    lost = [post for post in posts if not seen[post.channel, post.key] and post.state is not PostState.UNKNOWN]
    unknown = [post for post in posts if post.state is PostState.UNKNOWN]
    return Account(
        records=len(posts),
        kills=kills,
        lost=len(lost),
        twice=sum(number > 1 for number in seen.values()),
        unknown=sum(post.channel == "c" for post in unknown),
        unknown_elsewhere=sum(post.channel != "c" for post in unknown),
        left=_left(here),
        cuts=cuts,
    )


def main(kills: str, seed: str = "1") -> None:
    """One run; its account, and status 1 if it is not as it must be."""
    with tempfile.TemporaryDirectory() as folder:
        account = run(Path(folder), kills=int(kills), seed=int(seed))
    print(account)
    sys.exit(not account.is_good)


if __name__ == "__main__":
    main(*sys.argv[1:])
