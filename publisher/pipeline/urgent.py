"""An emergency release: signs what just changed and brings it to every mirror at once, each in a process of its own.

1. At the start, while the notice is still being written: the release that is public is loaded; then one process for each mirror is forked from this
   one, which has loaded all that they need, and connects.
2. For each line of input (the paths that changed) a release is signed. Every mirror's process is told its number, and brings the newest release there.
   What fails is tried again until it is shown, or until the time is over.
3. Each result is a line of JSON (docs/reference/machine-output.md). The end of the input says that no more will come.

An ordinary delivery gives way (`publisher.release.precedence`). A mirror that is dead, or drips, holds up its own process and nothing else.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import json
import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

from publisher.config import PublishConfig, read_audit_anchor
from publisher.model.errors import PublisherError
from publisher.model.release import changes
from publisher.release.make import Draft, draft, make_of_changes
from publisher.release.scan import Scan
from publisher.release.store import ReleaseStore, SignedRelease
from publisher.release.tuf_metadata import SigningKeys
from publisher.targets import delivery
from publisher.targets.mirrors import targets_of
from publisher.targets.target import Target

PATIENCE = 20.0
"""Seconds without any file that arrives, after which a connection is given up: one that hangs is best made anew. The mirror's own deadline holds too."""

LATER = 5
"""The niceness (nice(1)) of what is done after the first stage: the mail has just begun, and few processors are many."""

SCAN_AGAIN = -1
"""In place of the inode of a site that was scanned."""

PAUSES = (0.5, 1.0, 2.0, 5.0, 10.0)
"""Seconds between two tries; the last one again and again."""

PrintRecord = Callable[[Mapping[str, object]], None]


def print_record(record: Mapping[str, object]) -> None:
    """Write one line to standard output. One write: lines of several processes never mix (at most PIPE_BUF bytes, pipe(7))."""
    os.write(1, json.dumps(record, ensure_ascii=False).encode()[:4000] + b"\n")


@dataclass
class UrgentSigner:
    """Signs releases of ``output``, one after the other. ``keys`` are read when something is signed."""

    config: PublishConfig
    store: ReleaseStore
    output: Path
    keys: Callable[[], SigningKeys]
    clock: Callable[[], dt.datetime]
    _planned: Draft | None = None
    _site: int = 0

    def sign(self, paths: Sequence[str], seconds: float) -> SignedRelease:
        """Return the release with what is at ``paths`` now. Raises `PublisherError`, also if another program holds the store for longer than ``seconds``.

        The first one is what is public with these paths: nobody looks at the rest of the site while people wait. The next ones are everything that is
        built, as with an ordinary release.
        """
        with self.store.precedence.claimed(), self.store.locked(seconds):
            newest = self.store.newest()
            if self._planned is None:
                self._planned = _public(newest) if newest else self._draft()
            elif self._identity() != self._site:
                self.scan()
            try:
                signed = make_of_changes(self.store, self.output, self._planned, paths, self.keys(), self.clock())
            except (PublisherError, OSError):
                self._site = SCAN_AGAIN  # a file of the scan may be gone by now: the next try must not meet it again
                raise
            self._planned = replace(self._planned, release=signed.release)
            return signed

    def scan(self) -> None:
        """Look at all that is built. Raises `PublisherError`, `OSError`."""
        identity = self._identity()
        self._planned, self._site = self._draft(), identity

    def _draft(self) -> Draft:
        newest = self.store.newest()
        commit = newest.release.commit if newest else ""
        anchor = ""
        with suppress(PublisherError):  # no broken anchor of a log may hold up a warning
            anchor = read_audit_anchor(self.config.audit_anchor)
        try:
            return draft(self.store, self.output, self.clock(), commit=commit, audit_anchor=anchor)
        except (
            PublisherError
        ):  # a record of the build that is broken, a stranger's link in the site: what is public stays, and the notice comes to it
            if newest is None:
                raise
            return _public(newest)

    def _identity(self) -> int:
        """Return what tells a site that a build has put in the place of another one."""
        return (self.output / "site").stat().st_ino


def _public(newest: SignedRelease) -> Draft:
    """Return what is public as a draft: nothing in it has changed."""
    return Draft(newest.release, changes(newest.release, newest.release), Scan(newest.release.files, {}))


@dataclass
class MirrorProcess:
    """Brings releases to one mirror; runs in a process of its own. ``orders`` is the reading end of a pipe with the number of each release.

    They are brought in their order: the first is small, and is what people wait for. If the store has a newer one that was not ordered here, that goes.
    """

    name: str
    target: Target
    deadline: float
    store: ReleaseStore
    orders: int
    end: float
    print_record: PrintRecord = print_record
    seconds: Callable[[], float] = time.monotonic
    parent: int = field(default_factory=os.getppid)
    _ordered: list[SignedRelease] = field(default_factory=list)
    _is_last: bool = False

    async def run(self) -> None:
        """Follow the orders until there are no more and the mirror shows the last one, the time is over, or the parent is gone."""
        woken = asyncio.Event()
        asyncio.get_running_loop().add_reader(self.orders, self._read, woken)
        warm = asyncio.create_task(self._connect())
        tries = shown = 0
        while self.seconds() < self.end and os.getppid() == self.parent and not (self._is_last and not self._ordered):
            woken.clear()
            if not self._ordered:
                with suppress(TimeoutError):
                    await asyncio.wait_for(woken.wait(), 1.0)
                continue
            await asyncio.wait({warm}, timeout=PATIENCE)
            result = await self._bring()
            self.print_record(self._record(result))
            if result.published:
                tries, number = 0, result.published.number
                self._ordered = [signed for signed in self._ordered if signed.release.number > number]
                os.nice(LATER if not shown else 0)
                shown = number
            else:
                tries += 1
                with suppress(TimeoutError):
                    await asyncio.wait_for(woken.wait(), PAUSES[min(tries, len(PAUSES)) - 1])
        warm.cancel()

    async def _connect(self) -> None:
        """Make the connection and read what the mirror shows, while there is time. A failure comes again when something is brought."""
        with suppress(PublisherError, OSError):
            await self.target.current()

    async def _bring(self) -> delivery.Result:
        with self.store.precedence.claimed(self.name):
            limits = delivery.Limits(self.deadline, PATIENCE)
            result = await delivery.publish_urgently(self.target, limits, self._next, self.store.object, self.store.precedence)
            self.store.precedence.give_back()
        if result.failure:
            with suppress(PublisherError, TimeoutError):
                await asyncio.wait_for(self.target.close(), delivery.STEP)  # the next try makes a connection of its own
        return result

    def _next(self) -> SignedRelease:
        """Return what to bring now: the first order, unless somebody has released after the last one."""
        newest = self.store.newest()
        if newest is None or newest.release.number <= self._ordered[-1].release.number:
            return self._ordered[0]
        return replace(newest, proof=self.store.proof(newest))

    def _read(self, woken: asyncio.Event) -> None:
        """Take an order. The proof is read at once: it is that of this release until the next one is signed."""
        data = os.read(self.orders, 4096)
        for number in map(int, data.split()):
            signed = self.store.load(number)
            self._ordered.append(replace(signed, proof=self.store.proof(signed)))
        if not data:
            asyncio.get_running_loop().remove_reader(self.orders)
            self._is_last = True
        woken.set()

    def _record(self, result: delivery.Result) -> dict[str, object]:
        done = result.published
        numbers = {"number": done.number, "written": done.written, "bytes": done.length + done.proof_length} if done else {}
        return {"mirror": self.name, "seconds": round(result.seconds, 3), "failure": " ".join(result.failure.split())} | numbers


@dataclass(frozen=True)
class Fork:
    """The process of one mirror. ``orders`` is the writing end of its pipe."""

    process: int
    orders: int


class Forks:
    """The processes of the mirrors. Fork them before anything here runs a thread or a loop."""

    def __init__(self, config: PublishConfig, store: ReleaseStore, clock: Callable[[], dt.datetime], seconds: float) -> None:
        self._forks: list[Fork] = []
        end = time.monotonic() + seconds
        for mirror in config.mirrors:
            if mirror.kind != "portable":
                self._forks.append(self._fork(mirror.name, config, store, clock, end))

    def _fork(self, name: str, config: PublishConfig, store: ReleaseStore, clock: Callable[[], dt.datetime], end: float) -> Fork:
        reading, writing = os.pipe()
        if process := os.fork():
            os.close(reading)
            return Fork(process, writing)
        try:
            for each in (writing, *(fork.orders for fork in self._forks)):  # or nobody would see that the parent has ended
                os.close(each)
            target, deadline = targets_of(config, store, clock, (name,))[name]
            asyncio.run(MirrorProcess(name, target, deadline, store, reading, end).run())
        except BaseException as error:  # the process is a copy of its parent, and must not go on as one
            print_record({"mirror": name, "seconds": 0.0, "failure": " ".join(f"{type(error).__name__}: {error}".split())})
        finally:
            os._exit(0)

    def announce(self, number: int) -> None:
        """Let every mirror get the newest release, which is this one or a later one."""
        for fork in self._forks:
            with suppress(BrokenPipeError):
                os.write(fork.orders, f"{number}\n".encode())

    def wait(self) -> None:
        """Say that no more comes, and wait until every process has ended."""
        for fork in self._forks:
            os.close(fork.orders)
        for fork in self._forks:
            os.waitpid(fork.process, 0)


def run(signer: UrgentSigner, forks: Forks, lines: Iterator[str], until: Callable[[], bool], seconds: float = 2.0) -> bool:
    """Sign and order for each line of ``lines``; what cannot be signed is tried again ``until`` says that the time is over. Tell whether all was signed."""
    print_record({"ready": True})
    is_signed = True
    for count, line in enumerate(lines):
        paths = [str(path) for path in json.loads(line)["paths"]]
        is_signed = _sign(signer, forks, paths, until, seconds)
        if not count:
            os.nice(LATER)
            with suppress(PublisherError, OSError):  # while the other pages are written; it is tried again with them
                signer.scan()
    forks.wait()
    return is_signed


def _sign(signer: UrgentSigner, forks: Forks, paths: Sequence[str], until: Callable[[], bool], seconds: float) -> bool:
    start, failure = time.monotonic(), ""
    while not until():
        try:
            signed = signer.sign(paths, seconds)
        except (PublisherError, OSError) as error:
            if str(error) != failure:
                failure = str(error)
                print_record({"signed": 0, "seconds": round(time.monotonic() - start, 3), "failure": " ".join(failure.split())})
            time.sleep(PAUSES[0])
        else:
            forks.announce(signed.release.number)
            print_record({"signed": signed.release.number, "seconds": round(time.monotonic() - start, 3), "failure": ""})
            return True
    return False
