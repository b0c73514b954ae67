"""A receiver that misbehaves at random, a sender that is killed at random, and the accounts of both compared afterwards.

python -m tests.chaos.sending SECONDS     (make chaos: both databases, one after the other)

A kill comes after so many commands and bodies at the receiver, not after so many seconds: a slow machine sees the same chaos as a
fast one.
"""

from __future__ import annotations

import asyncio
import os
import random
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import TracebackType

import sqlalchemy as sa
from rich.console import Console
from rich.table import Table

from mailer.cli.runtime import delivery_context
from mailer.config.file import load_config
from mailer.database.deliveries import ledger
from mailer.database.engine import create_database
from mailer.model.ids import IssueId
from mailer.model.state import DeliveryState
from mailer.sending import send
from tests import fork
from tests.samples.mail.mail_bundles import NOW, REF, SECRET, RecordedProgress, installation, people
from tests.servers.thread import ServerThread

GARBAGE = b"\x00\xffHTTP/1.1 200 OK\r\n"
ENDLESS = b"250-" + b"x" * 400 + b"\r\n"
TROUBLE = 0.02  # the chance of trouble at each step
CONNECTIONS = 4
SIGKILLED = -9


@dataclass(frozen=True)
class Account:
    """The two accounts compared. `lost`: sent by the ledger and never arrived. `twice`: arrived more than once. `early`: runs that
    ended as finished with deliveries left. `in_doubt`: unknown by the ledger, each listed by name.
    """

    readers: int
    runs: int
    kills: int
    lost: int
    twice: int
    early: int
    in_doubt: int
    arrived_in_doubt: int
    counts: dict[str, int]

    @property
    def is_good(self) -> bool:
        """Whether nothing was lost, and every doubt is listed."""
        is_complete = self.in_doubt == self.counts.get("unknown", 0) and sum(self.counts.values()) == self.readers
        return (self.lost, self.twice, self.early) == (0, 0, 0) and is_complete and self.in_doubt <= self.max_in_doubt

    @property
    def max_in_doubt(self) -> float:
        """One for each connection and kill; a drop after a body is a doubt too, and there are some at each step in trouble."""
        return self.kills * CONNECTIONS + self.readers * TROUBLE


class UnreliableReceiver(ServerThread):
    """Every message that it takes is on the disk before its 250; `trouble` is the chance of trouble at each step."""

    def __init__(self, journal: Path, seed: int) -> None:
        super().__init__()
        self.trouble = 0.0
        self._left = 0
        self._kill: Callable[[], None] | None = None
        self._is_answering = asyncio.Event()
        self._dice = random.Random(seed)
        self._file = os.open(journal, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        self.journal = journal

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        super().__exit__(kind, error, trace)
        os.close(self._file)

    def kill_after(self, events: int, kill: Callable[[], None]) -> None:
        """Call `kill` when so many more commands and bodies have come. From then on nobody is answered until the next order, so that a
        sender which lives on does not finish while a slow machine makes up its mind.
        """
        self._loop.call_soon_threadsafe(self._answer_from_now_on, events, kill)

    def behave(self) -> None:
        """Behave from now on, and kill nobody."""
        self.trouble = 0.0
        self._loop.call_soon_threadsafe(self._answer_from_now_on, 0, None)

    def _answer_from_now_on(self, events: int, kill: Callable[[], None] | None) -> None:
        self._left, self._kill = events, kill
        self._is_answering.set()

    def taken(self) -> Counter[str]:
        return Counter(self.journal.read_text("ascii").split())

    def _run(self) -> None:
        server = self._loop.run_until_complete(asyncio.start_server(self._session, "127.0.0.1", 0, limit=1 << 20))
        self.port = server.sockets[0].getsockname()[1]
        self._started.set()
        self._loop.run_forever()
        server.close()
        for task in asyncio.all_tasks(self._loop):
            task.cancel()
        self._loop.run_until_complete(asyncio.sleep(0))

    async def _session(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await self._serve(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        finally:
            writer.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 receiver ESMTP\r\n")
        recipient = ""
        while line := (await reader.readline()).decode("ascii", "replace").strip():
            self._count()
            verb = line[:4].upper()
            if verb == "EHLO":
                writer.write(b"250-receiver\r\n250 PIPELINING\r\n")
            elif verb == "QUIT":
                writer.write(b"221 bye\r\n")
                return
            elif verb in ("MAIL", "RSET"):
                recipient = ""
                await self._answer(writer, b"250 ok")
            elif verb == "RCPT":
                refusal = self._refusal()
                recipient = "" if refusal else line.partition("<")[2].partition(">")[0]
                await self._answer(writer, refusal or b"250 ok")
            elif verb == "DATA" and not recipient:
                await self._answer(writer, b"503 no recipient")
            elif verb == "DATA":
                await self._answer(writer, b"354 go")
                await reader.readuntil(b"\r\n.\r\n")
                await self._take(writer, recipient)

    async def _take(self, writer: asyncio.StreamWriter, recipient: str) -> None:
        refusal = self._refusal()
        if refusal is None:
            os.write(self._file, f"{recipient}\n".encode())
            os.fsync(self._file)
        self._count()  # the worst moment there is: taken, and the sender does not know
        await self._answer(writer, refusal or b"250 taken")

    def _count(self) -> None:
        self._left -= 1
        if self._left <= 0 and self._kill is not None:
            kill, self._kill = self._kill, None
            self._is_answering.clear()
            kill()

    def _refusal(self) -> bytes | None:
        if self._dice.random() >= self.trouble:
            return None
        return self._dice.choice([b"421 closing", b"451 later", b"451 later", b"550 no"])

    async def _answer(self, writer: asyncio.StreamWriter, answer: bytes) -> None:
        await self._is_answering.wait()
        if self._dice.random() < self.trouble:
            match self._dice.randrange(4):
                case 0:
                    writer.transport.abort()
                    raise ConnectionResetError
                case 1:
                    answer = GARBAGE
                case 2:
                    answer = ENDLESS * 60
                case _:
                    await asyncio.sleep(self._dice.random() / 20)
        writer.write(answer + b"\r\n")
        await writer.drain()
        if answer.startswith(b"421"):
            raise ConnectionResetError


def child(config_path: str, root: str, hours: float) -> None:
    """One run of the sender, so many hours later by its clock. Its exit status is that of `send`."""
    os.environ["TODOKE_SECRET"] = SECRET
    config, began = load_config(Path(config_path)), time.monotonic()
    context = delivery_context(config, create_database(config.database))
    object.__setattr__(context, "clock", lambda: NOW + timedelta(hours=hours, seconds=time.monotonic() - began))
    object.__setattr__(context, "pauses", (0.02, 0.05, 0.1))
    sys.exit(send.send(context, Path(root), REF, RecordedProgress()).summary.exit_status)


def run(folder: Path, url: str, *, readers: int, kills: int, seconds: float = 1e9, seed: int = 1) -> Account:
    """Kill the sender and start it again, so often or for so long. Then let the receiver behave and the sender finish, and compare."""
    dice, began = random.Random(seed), time.monotonic()
    killed = runs = early = 0
    with UnreliableReceiver(folder / "taken", seed) as receiver:
        home = installation(folder, receiver.port, readers=readers, connections=CONNECTIONS, head=f'database = "{url}"\n')
        hours, remaining = 0.0, readers
        while remaining:
            is_wild = killed < kills and time.monotonic() - began < seconds
            runs, hours = runs + 1, hours + (0.3 if is_wild else 25)  # deferred ones are due again, and nobody waits for it
            process = fork.start(child, str(home.context.config.path), str(home.root), hours)
            if is_wild:
                receiver.trouble = TROUBLE
                receiver.kill_after(dice.choice([dice.randrange(1, 12), dice.randrange(1, readers)]), process.kill)
            else:
                receiver.behave()
            process.join()
            killed += process.exitcode == SIGKILLED
            counts = ledger.counts(home.database, IssueId(1))
            remaining = sum(counts[state] for state in (DeliveryState.PENDING, DeliveryState.DEFERRED, DeliveryState.CLAIMED))
            early += process.exitcode in (0, 1) and not is_wild and remaining > 0
        taken = receiver.taken()
        states = {entry.address: entry.state for entry in ledger.missed(home.database, IssueId(1))}
    everybody = {person.address for person in people(readers)}
    in_doubt = {address for address, state in states.items() if state is DeliveryState.UNKNOWN}
    lost = {address for address in everybody - set(taken) if address not in states}
    twice = sum(1 for number in taken.values() if number > 1)
    numbers = {state.value: number for state, number in counts.items() if number}
    return Account(readers, runs, killed, len(lost), twice, early, len(in_doubt), len(in_doubt & set(taken)), numbers)


def account_table(accounts: dict[str, Account]) -> Table:
    """The accounts, to be read by a person."""
    table = Table("", *accounts)
    rows: dict[str, Callable[[Account], object]] = {
        "recipients": lambda account: account.readers,
        "runs of `send`, of them killed": lambda account: f"{account.runs}, {account.kills}",
        "lost (sent by the ledger, never arrived)": lambda account: account.lost,
        "arrived twice": lambda account: account.twice,
        "said “finished” too early": lambda account: account.early,
        "unknown, each listed by name": lambda account: account.in_doubt,
        "… of them had arrived": lambda account: account.arrived_in_doubt,
        "states": lambda account: ", ".join(f"{number} {state}" for state, number in account.counts.items()),
        "as it must be": lambda account: "yes" if account.is_good else "NO",
    }
    for title, cell in rows.items():
        table.add_row(title, *(str(cell(account)) for account in accounts.values()))
    return table


def main(seconds: str) -> None:
    """Both databases, again and again for so long, each time with another seed; a table, and status 1 if something was lost."""
    from tests.servers.postgres import cluster

    began, is_good = time.monotonic(), True
    with cluster() as server:
        while time.monotonic() - began < float(seconds):
            seed = int(datetime.now(UTC).timestamp())
            accounts = {name: _once(server, name, seed) for name in ("SQLite", "PostgreSQL")}
            Console(width=120).print(f"seed {seed}", account_table(accounts))
            is_good = is_good and all(account.is_good for account in accounts.values())
    sys.exit(not is_good)


def _once(server: str, name: str, seed: int) -> Account:
    with tempfile.TemporaryDirectory() as folder:
        if name == "SQLite":
            return run(Path(folder), f"sqlite:///{folder}/todoke.db", readers=5000, kills=12, seed=seed)
        engine = sa.create_engine(server.format(name="postgres"), isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            connection.execute(sa.text(f"CREATE DATABASE chaos{seed}"))
        engine.dispose()
        return run(Path(folder), server.format(name=f"chaos{seed}"), readers=5000, kills=12, seed=seed)


if __name__ == "__main__":
    main(*sys.argv[1:])
