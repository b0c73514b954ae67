"""Chaos: a receiver that misbehaves at random, a sender that is killed at random, and the account afterwards.

python -m tests.chaos SECONDS     (make chaos: both databases, one after the other)
"""

from __future__ import annotations

import asyncio
import os
import random
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import Self

from mailer import commands, sending
from mailer.config import Config
from mailer.database import open_database
from mailer.rules import State
from mailer.store import ledger
from tests.mail_bundles import NOW, REF, SECRET, Seen, house, people

ROOT = Path(__file__).parent.parent
SPEED = 3000.0  # the sender's clock runs ahead, so that a quarter of an hour is a third of a second
GARBAGE = b"\x00\xffHTTP/1.1 200 OK\r\n"
ENDLESS = b"250-" + b"x" * 400 + b"\r\n"


@dataclass(frozen=True)
class Account:
    """What came of it."""

    kills: int
    runs: int
    lost: int
    twice: int
    doubtful: int
    arrived_in_doubt: int
    counts: dict[str, int]
    early: int


class Fiend:
    """The receiver. Everything it takes is on the disk before its 250; `wildness` is the chance of trouble at each step."""

    def __init__(self, journal: Path, seed: int, wildness: float) -> None:
        self.wildness = wildness
        self._dice = random.Random(seed)
        self._file = os.open(journal, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        self.journal = journal
        self.port = 0
        self._loop = asyncio.new_event_loop()
        self._started = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        self._started.wait()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        os.close(self._file)

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
            await self._talk(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        finally:
            writer.close()

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 fiend ESMTP\r\n")
        recipient = ""
        while line := (await reader.readline()).decode("ascii", "replace").strip():
            verb = line[:4].upper()
            if verb == "EHLO":
                writer.write(b"250-fiend\r\n250 PIPELINING\r\n")
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
        await self._answer(writer, refusal or b"250 taken")

    def _refusal(self) -> bytes | None:
        if self._dice.random() >= self.wildness:
            return None
        return self._dice.choice([b"421 closing", b"451 later", b"451 later", b"550 no"])

    async def _answer(self, writer: asyncio.StreamWriter, answer: bytes) -> None:
        if self._dice.random() < self.wildness:
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


def child(config_path: str, root: str, begun: str) -> None:
    """One run of the sender, with a clock that runs ahead. Its exit status is that of `send`."""
    config = Config.load(Path(config_path))
    around = commands.surroundings(config, open_database(config.database))
    object.__setattr__(around, "clock", lambda: NOW + timedelta(seconds=(time.time() - float(begun)) * SPEED))
    object.__setattr__(around, "pauses", (0.02, 0.05, 0.1))
    sys.exit(sending.send(around, Path(root), REF, Seen()).summary.exit_status)


def run(folder: Path, url: str, *, readers: int, seconds: float, seed: int = 1) -> Account:
    """Kill and start again for some seconds; then let the receiver behave, let the sender finish, and join the two accounts."""
    dice, begun, kills, runs, early = random.Random(seed), time.time(), 0, 0, 0
    with Fiend(folder / "taken", seed, 0.03) as fiend:
        home = house(folder, fiend.port, readers=readers, connections=4, head=f'database = "{url}"\n')
        command = [sys.executable, "-c", "import sys; from tests.chaos import child; child(*sys.argv[1:])"]
        command += [str(home.around.config.path), str(home.root), str(begun)]
        environ = {**os.environ, "TODOKE_SECRET": SECRET}
        while True:
            runs += 1
            is_wild = time.time() - begun < seconds
            fiend.wildness = 0.03 if is_wild else 0.0
            process = subprocess.Popen(command, cwd=ROOT, env=environ, stderr=subprocess.DEVNULL)
            try:
                status = process.wait(0.6 + dice.random() * 1.5 if is_wild else 60)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
                kills += 1
                continue
            counts = ledger.counts(home.database, 1)
            remaining = sum(counts[state] for state in (State.PENDING, State.DEFERRED, State.CLAIMED))
            early += status in (0, 1) and remaining > 0 and not is_wild
            if status in (0, 1) and remaining == 0:
                break
            time.sleep(0.3 if not is_wild else 0)  # the sender's clock: a quarter of an hour
        taken = fiend.taken()
        states = {entry.address: entry.state for entry in ledger.missed(home.database, 1)}
    everybody = {person.address for person in people(readers)}
    doubtful = {address for address, state in states.items() if state is State.UNKNOWN}
    lost = {address for address in everybody - set(taken) if states.get(address, State.SENT) is State.SENT}
    numbers = {state.value: number for state, number in counts.items() if number}
    twice = sum(1 for number in taken.values() if number > 1)
    return Account(kills, runs, len(lost), twice, len(doubtful), len(doubtful & set(taken)), numbers, early)


def main(seconds: str) -> None:
    """Both databases, and a table."""
    from tests.postgres import cluster

    with cluster() as server, tempfile.TemporaryDirectory() as folder:
        for name, url in {"SQLite": f"sqlite:///{folder}/todoke.db", "PostgreSQL": server.format(name="postgres")}.items():
            home = Path(folder) / name
            home.mkdir()
            seed = int(datetime.now(UTC).timestamp())
            print(name, run(home, url, readers=20_000, seconds=float(seconds), seed=seed))


if __name__ == "__main__":
    main(*sys.argv[1:])
