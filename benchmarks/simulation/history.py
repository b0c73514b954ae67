"""One history: sites that crash, are cut off, burn down, are copied, restored and brought back, and operators who take over, in an order drawn from a seed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random

from benchmarks.simulation.network import Network, Store
from benchmarks.simulation.site import Copy, Rules, Site
from sending_right.records import Right

READERS = 12
STEPS = 160
MOST_SITES = 4
LAST_STEPS = 5000
"""Far more than the last site needs to send the rest; a history that needs them all has got stuck."""


@dataclass
class Outcome:
    """What one history has shown. ``kinds`` counts what happened in it. A reader in ``doubles`` got more than one message; in ``lost`` none, and no
    site lists the reader as unknown.
    """

    seed: int
    kinds: Counter[str] = field(default_factory=Counter)
    doubles: tuple[int, ...] = ()
    lost: tuple[int, ...] = ()
    unknown: int = 0
    trace: tuple[str, ...] = ()

    @property
    def is_sound(self) -> bool:
        """Whether nobody got two messages, and nobody was forgotten."""
        return not (self.doubles or self.lost)


class History:
    """A history that is under way."""

    def __init__(self, seed: int, rules: Rules, *, traces: bool = False) -> None:
        self.random = Random(seed)
        stores = self.random.choice((1, 1, 2, 3))
        self.network = Network(self.random, [Store() for _ in range(stores)], trace=[] if traces else None)
        self.outcome = Outcome(seed)
        self.rules = rules
        self.snapshots: list[tuple[Copy, str]] = []
        self.sites = [self._new_site(Copy(dict.fromkeys(range(READERS), "pending")), "place 0")]
        self.sites[0].start_take_over()

    def run(self) -> Outcome:
        """Let it happen, then mend everything and let one site send what is left."""
        for _ in range(STEPS):
            self._let_something_happen()
        last = self._finish()
        outcome, received = self.outcome, self.network.received
        outcome.doubles = tuple(reader for reader, count in received.items() if count > 1)
        outcome.unknown = sum(state == "unknown" for state in last.database.states.values())
        outcome.lost = tuple(reader for reader, state in last.database.states.items() if state != "unknown" and not received[reader])
        outcome.trace = tuple(self.network.trace or ())
        return outcome

    def _new_site(self, database: Copy, place: str) -> Site:
        number = len(self.sites) if hasattr(self, "sites") else 0
        return Site(number, self.network, self.rules, database, place, clock=self.random.uniform(-1e6, 1e6))

    def _let_something_happen(self) -> None:
        living = [site for site in self.sites if not site.is_destroyed]
        site = self.random.choice(living)
        for each in living:
            each.clock += self.random.choice((1.0, 1.0, 0.0))
        if self.random.random() < 0.80:
            if site.process is None and self.random.random() < 0.3:
                site.start_sender()
            site.step()
            return
        happens: Callable[[Site], None] = self.random.choices([each for each, _ in EVENTS], [weight for _, weight in EVENTS])[0](self)
        happens(site)

    def _note(self, kind: str, words: str) -> None:
        self.outcome.kinds[kind] += 1
        self.network.note(words)

    # What may happen.

    def crash(self, site: Site) -> None:
        """The process is killed; it is started again some time."""
        if site.process is not None:
            self._note("crash", f"site {site.number} is killed")
            site.crash()

    def partition(self, site: Site) -> None:
        """A site and a storage cannot reach each other, or can again."""
        line = (site.number, self.random.randrange(len(self.network.stores)))
        self._note("partition", f"site {line[0]} and storage {line[1]}: {'joined' if line in self.network.cut else 'cut off'}")
        self.network.cut ^= {line}

    def snapshot(self, site: Site) -> None:
        """A backup is made, while the sender is at work."""
        self._note("snapshot", f"snapshot {len(self.snapshots)} of site {site.number}")
        self.snapshots.append((site.database.duplicate(), site.place))

    def restore(self, site: Site) -> None:
        """Some snapshot, not always the newest, is restored: at a new site, or in the place of a database that was there."""
        if not self.snapshots:
            return
        index = self.random.randrange(len(self.snapshots))
        database, place = self.snapshots[index]
        if len(self.sites) < MOST_SITES and self.random.random() < 0.7:
            self.sites.append(self._new_site(database.duplicate(), f"place {len(self.sites)}"))
            self.sites[-1].has_lost_journal = True
            self._note("restore elsewhere", f"snapshot {index} is restored at site {len(self.sites) - 1}")
        else:
            same = self.random.random() < 0.5  # new bytes in the old file
            site.put_database(database.duplicate(), place if same else f"{site.place}'")
            self._note("restore in place", f"snapshot {index} is put in the place of site {site.number}'s database")

    def clone(self, site: Site) -> None:
        """A whole machine is copied, with its disk: both think that they are the one."""
        if len(self.sites) < MOST_SITES:
            self.sites.append(self._new_site(site.database.duplicate(), site.place))
            # Its journals are of another start of the machine: what they do not say is unknown (`Replay.is_complete`).
            self.sites[-1].journal, self.sites[-1].has_lost_journal = dict(site.journal), True
            self._note("clone", f"site {len(self.sites) - 1} is a clone of site {site.number}")

    def destroy(self, site: Site) -> None:
        """The building is lost, if another one is left."""
        if sum(not each.is_destroyed for each in self.sites) > 1:
            self._note("loss of a site", f"site {site.number} is lost")
            site.crash()
            site.is_destroyed = True

    def take_over(self, site: Site) -> None:
        """An operator takes over, perhaps two at once, perhaps with a wrong number."""
        is_wrong = self.random.random() < 0.15
        self._note("take-over with a wrong number" if is_wrong else "take-over", f"site {site.number}: take-over")
        site.start_take_over(is_wrong=is_wrong)

    def turn_clock(self, site: Site) -> None:
        """A clock jumps, in any direction."""
        site.clock += self.random.uniform(-1e5, 1e5)
        self._note("clock error", f"site {site.number}: its clock shows {site.clock:.0f}")

    def _finish(self) -> Site:
        """Every line is mended. One site takes over, whoever held the right, and sends to its end; the others go on too."""
        self.network.cut.clear()
        living = [site for site in self.sites if not site.is_destroyed]
        last = self.random.choice(living)
        last.crash()
        for _ in range(LAST_STEPS):
            if last.process is None and not any(state in ("pending", "claimed") for state in last.database.states.values()):
                break
            if last.process is None:
                self._go_on(last)
            for site in (last, self.random.choice(living)):
                if site.process is None and site is not last and self.random.random() < 0.2:
                    site.start_sender()
                site.step()
        return last

    def _go_on(self, last: Site) -> None:
        """Send if that is allowed; if it was not, take over."""
        highest = max(
            (int(path.rpartition("/")[2]) for store in self.network.stores for path in store.paths if path.startswith("fence/")), default=0
        )
        holds = last.database.right == Right(highest, last.database.right.holder, last.place)
        if holds and self.random.random() < 0.7:
            last.start_sender()
        else:
            last.start_take_over()


EVENTS: tuple[tuple[Callable[[History], Callable[[Site], None]], float], ...] = (
    (lambda history: history.crash, 5.0),
    (lambda history: history.partition, 5.0),
    (lambda history: history.snapshot, 4.0),
    (lambda history: history.restore, 3.0),
    (lambda history: history.clone, 1.0),
    (lambda history: history.destroy, 1.0),
    (lambda history: history.take_over, 4.0),
    (lambda history: history.turn_clock, 2.0),
)


def run_history(seed: int, rules: Rules | None = None, *, traces: bool = False) -> Outcome:
    """Run the history of a seed. With ``traces`` the outcome has a line for each thing that happened."""
    return History(seed, rules or Rules(), traces=traces).run()
