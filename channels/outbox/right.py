"""Whether this site may announce anything: it holds the right to send, and its database is the one that it announced from before."""

from __future__ import annotations

import asyncio
import json
import os
from dataclasses import asdict
from pathlib import Path

from channels.outbox.outbox import Identity, Outbox
from channels.settings import ChannelsError
from mailer.database.announcements import door
from sending_right import protocol
from sending_right.register import RightRefused, RightRegister

FILE = "channels.json"
"""Beside the journals of the mailer: what this machine knows of the database."""
FRESH, GOOD = 15.0, 60.0
"""Seconds after which the storages are asked again, and for how long an answer holds at most while they are: one that hangs must not hold up a warning.
A post that two sites make meanwhile has one key.
"""


class NotAllowed(ChannelsError):
    """Nothing may be announced. ``is_passing``: another try may help."""

    def __init__(self, why: str, *, is_passing: bool = False) -> None:
        self.is_passing = is_passing
        super().__init__(why)


class SendingRight:
    """Asks before posts leave. One for each process; ``seconds`` is a clock that never goes back."""

    def __init__(self, outbox: Outbox) -> None:
        self._outbox, self._register = outbox, RightRegister(outbox.opened.right)
        self._asked_at: float | None = None
        self._lock = asyncio.Lock()
        self._refreshing: asyncio.Task[None] | None = None

    async def require(self) -> None:
        """Return if posts may leave now.

        :raises NotAllowed: another site holds the right, this is a copy, or it cannot be asked.
        """
        async with self._lock:
            age = self._age()
            if age is None or age > GOOD:
                await self._ask_now()
            elif age > FRESH and self._refreshing is None:
                self._refreshing = asyncio.create_task(self._refresh())

    def _age(self) -> float | None:
        return None if self._asked_at is None else asyncio.get_running_loop().time() - self._asked_at

    async def _ask_now(self) -> None:
        began = asyncio.get_running_loop().time()
        await self._ask()
        self._asked_at = began

    async def _refresh(self) -> None:
        """Ask while posts go on. That the storages cannot be asked is borne until the answer before is too old; a refusal counts at once."""
        try:
            await self._ask_now()
        except NotAllowed as refusal:
            if not refusal.is_passing:
                self._asked_at = None
        except ChannelsError:
            pass  # the database: whoever claims a post hears of it
        finally:
            self._refreshing = None

    async def _ask(self) -> None:
        opened = self._outbox.opened
        right, place, names = await asyncio.to_thread(door.right_of, opened.database)
        if not opened.right and not right.fence:
            return
        refusal = protocol.before_sending(right, place, storages=len(opened.right))
        if refusal is not None:
            raise NotAllowed(f"{refusal.why} / この拠点には配信の権利がありません")
        try:
            claimed = await self._register.check(right)
        except RightRefused as refused:
            raise NotAllowed(f"{refused} / 配信の権利を確かめられません", is_passing=refused.is_passing) from refused
        strangers = protocol.strangers(claimed, await asyncio.to_thread(names), right)
        if strangers is not None:
            raise NotAllowed(f"{strangers.why} / このデータベースは写しです")

    async def close(self) -> None:
        """Give up connections."""
        if self._refreshing is not None:
            self._refreshing.cancel()
            await asyncio.gather(self._refreshing, return_exceptions=True)
        await self._register.close()


def require_known(outbox: Outbox) -> None:
    """Return if the database is the one that this machine announced from before, and remember it.

    :raises NotAllowed: it is an older copy, or another one, and has not been adopted.
    """
    path, identity = outbox.opened.state / FILE, outbox.identify()
    known = _known(path)
    if known is not None:
        why = _difference(identity, known)
        if why:
            raise NotAllowed(
                f"Nothing is announced: {why}. It was restored? See `todoke adopt-restored --dry-run` / 復元したデータベースは先に引き継いでください"
            )
    remember(outbox, identity)


def remember(outbox: Outbox, identity: Identity | None = None) -> None:
    """Write down which database it is, and the highest fence. Call it after fences were taken."""
    path = outbox.opened.state / FILE
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        fresh = path.with_name(f"{FILE}.{os.getpid()}")
        fresh.write_text(json.dumps(asdict(identity or outbox.identify())), "utf-8")
        fresh.replace(path)
    except OSError as error:
        raise NotAllowed(f"{path}: {error.strerror}: what was announced cannot be remembered / 書けません", is_passing=True) from error


def _known(path: Path) -> Identity | None:
    try:
        return Identity(**json.loads(path.read_text("utf-8")))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, TypeError) as error:
        raise NotAllowed(f"{path} cannot be read; if it is damaged, remove it / 読めません: {error}") from error


def _difference(identity: Identity, known: Identity) -> str:
    if identity.name != known.name:
        return "it is another database than the one that was announced from before"
    if identity.generation != known.generation:
        return "" if identity.generation > known.generation else "it is of an older generation"
    if identity.fence < known.fence:
        return f"it is older than what was announced: channel fence {identity.fence}, and this machine has posted under {known.fence}"
    return "its file or table was replaced" if identity.file != known.file else ""
