"""The mail of a drill: the restored settings lead to a sink on loopback, and an issue is put before its readers again where none is under way."""

from __future__ import annotations

import os
import secrets
import socket
import subprocess
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import tomlkit
from aiosmtpd.controller import Controller

from continuity import database, program
from continuity.archive import remove_folder

READERS = 1000
"""At most so many readers of an issue that was sent to its end are sent it again, to the sink."""
COMMAND_SECONDS = 900.0


class _Sink:
    """Takes every message, and counts them by recipient. None is kept."""

    def __init__(self) -> None:
        self.received: Counter[str] = Counter()

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:
        """Count a message."""
        self.received.update(envelope.rcpt_tos)
        return "250 drilled"


@contextmanager
def sink() -> Iterator[tuple[int, Counter[str]]]:
    sink = _Sink()
    with socket.socket() as probe:  # the library wants to know its port before it begins
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    controller = Controller(sink, hostname="127.0.0.1", port=port, data_size_limit=50_000_000)
    controller.start()
    try:
        yield port, sink.received
    finally:
        controller.stop()


def redirect(home: Path, port: int, right: Path) -> None:
    """Let the restored settings send to the sink, whatever they say, and keep the right in a folder of the drill."""
    document = tomlkit.parse((home / "mailer.toml").read_text("utf-8"))
    for name in ("relay", "relays", "queues", "lanes", "dkim", "approval", "authentication", "max_age", "operator"):
        document.pop(name, None)
    document["relay"] = {"host": "127.0.0.1", "port": port, "tls": "none", "connections": 4, "timeout": 30}
    document["authentication"] = {"sending": "off"}
    document["max_age"] = {"newsletter": 8760, "emergency": 8760}
    (home / "mailer.toml").write_text(tomlkit.dumps(document), "utf-8")
    right.mkdir()
    table = {"right": [{"name": "drill", "kind": "local", "folder": str(right)}]}
    (home / "continuity.toml").write_text(tomlkit.dumps(table), "utf-8")


def choose_issue(place: Path | str, var: Path) -> str | None:
    """Return an issue that is under way; without one, the newest is made so, for the first readers, in the restored copy."""
    pending = "EXISTS (SELECT 1 FROM delivery WHERE issue_id = issue.id AND state IN ('pending', 'deferred', 'claimed'))"
    newest = f"SELECT id, list || '/' || number FROM issue WHERE status = 'sending' ORDER BY {pending} DESC, frozen_at DESC LIMIT 1"  # noqa: S608 - words of our own
    lines = database.ask(place, newest)
    if not lines:
        return None
    number, issue = lines[0]
    under_way = f"SELECT 1 FROM delivery WHERE issue_id = {int(number)} AND state IN ('pending', 'deferred', 'claimed') LIMIT 1"  # noqa: S608 - a number
    if not database.ask(place, under_way):
        _begin_again(place, int(number))
        for state in var.glob("*.state"):  # its journals know that the readers have got the issue, and a take-over would say so
            remove_folder(state)
    return issue


def _begin_again(place: Path | str, issue: int) -> None:
    """Put the first readers of an issue that was sent to its end before it again. Deliveries never step back, so they are new ones."""
    first = f"issue_id = {issue} AND state = 'sent' ORDER BY subscriber_id LIMIT {READERS}"
    again = "issue_id, subscriber_id, address, state, attempts, text, changed_at, queue"
    for statement in (
        f"CREATE TABLE drilled AS SELECT subscriber_id, address, changed_at, queue FROM delivery WHERE {first}",  # noqa: S608 - numbers
        f"DELETE FROM delivery WHERE issue_id = {issue} AND subscriber_id IN (SELECT subscriber_id FROM drilled)",  # noqa: S608
        f"INSERT INTO delivery ({again}) SELECT {issue}, subscriber_id, address, 'pending', 0, '', changed_at, queue FROM drilled",  # noqa: S608
        "DROP TABLE drilled",
    ):
        database.ask(place, statement)


def todoke(home: Path, url: str, *words: str) -> subprocess.CompletedProcess[str]:
    """Run a command of the restored installation. Without the real key the links in the messages open nothing, which nobody sees.

    :param url: the database of PostgreSQL, or empty. Its password goes by the environment: the restored settings have none.
    """
    variables = dict(database.connection(url)[1]) if url else {}
    if "TODOKE_SECRET" not in os.environ:
        variables["TODOKE_SECRET"] = secrets.token_urlsafe(48)
    return program.run(home, *words, seconds=COMMAND_SECONDS, environment=variables)
