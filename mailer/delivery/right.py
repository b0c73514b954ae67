"""Asks before each batch whether this site may still send (`sending_right`). Where no storage of the right is configured, nothing is asked."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from mailer.config.settings import Config
from mailer.database import rights
from mailer.database.deliveries.claims import Claim, record_token
from mailer.database.engine import Database
from mailer.delivery.recorder import Recorder
from mailer.model.errors import RightMissing, RightUnknown
from mailer.model.ids import SubscriberId
from sending_right import protocol
from sending_right.records import ClaimRecord, EndRecord, Right
from sending_right.register import RightRefused, RightRegister


def require_right(config: Config, database: Database) -> Right:
    """Return the right that the database holds; fence 0 where none is configured. Nothing outside is asked.

    :raises RightMissing: this database may not send.
    """
    right = rights.read(database)
    if not config.right and not right.fence:
        return right
    refusal = protocol.before_sending(right, rights.place(database), storages=len(config.right))
    if refusal is not None:
        raise RightMissing(refusal.why)
    return right


MARGIN = timedelta(days=180)


class SendingRight:
    """The right for one run. `begin` before anything is recovered or claimed, `record` before the first message of each batch."""

    def __init__(self, config: Config, database: Database) -> None:
        self._config, self._database = config, database
        self._register = RightRegister(config.right)
        self._right: Right | None = None
        self._horizon = ""
        self._known = frozenset[str]()
        self.is_asked = bool(config.right)

    async def begin(self) -> None:
        """Compare the right of the database with that of the storages.

        :raises RightMissing: another site holds the right, or this is a copy of the database that does.
        :raises RightUnknown: the storages cannot be asked.
        """
        if self._right is not None:
            return
        right = require_right(self._config, self._database)
        if self.is_asked:
            try:
                names = await self._register.check(right)
            except RightRefused as refused:
                raise _error(refused) from refused
            self._known = rights.claim_names(self._database)
            self._refuse_strangers(names, right)
        self._right = right

    async def record(self, claim: Claim, ref: str, recorder: Recorder) -> None:
        """Write a batch down outside. Call before the first of its messages leaves. Raises what `begin` raises."""
        if not self.is_asked:
            return
        await self.begin()
        assert self._right is not None  # `begin` has read it
        try:
            names = await self._register.record(self._right, _record(claim, ref, self._right), self._horizon)
        except RightRefused as refused:
            raise _error(refused) from refused
        if protocol.strangers(names, self._known, self._right) is not None:  # those of other processes of this site are in the database
            self._known = await recorder.ask(rights.claim_names, self._database)
        self._refuse_strangers(names, self._right)
        self._horizon = max([self._horizon, *names])

    async def end(self, claim: Claim, ref: str, sent: Iterable[SubscriberId], unknown: Iterable[SubscriberId]) -> None:
        """Write down what became of a batch. That it cannot be written harms nobody: whoever takes over lists the batch as unknown."""
        if self.is_asked and self._right is not None:
            await self._register.end(_record(claim, ref, self._right), EndRecord(tuple(sent), tuple(unknown)))

    async def close(self) -> None:
        """Give up connections."""
        await self._register.close()

    def _refuse_strangers(self, names: Iterable[str], right: Right) -> None:
        refusal = protocol.strangers(names, self._known, right)
        if refusal is not None:
            raise RightMissing(refusal.why)


async def forget_old_batches(config: Config, database: Database, now: datetime) -> tuple[int, tuple[str, ...]]:
    """Remove files outside of batches whose issues nobody would send any more, whichever snapshot was restored. Return what `RightRegister.forget` does.

    An issue may be sent for ``max_age``. `MARGIN` is for another ``max_age`` in a restored site's settings, and for a clock that is wrong. All batches of issues that
    began twice as long ago were claimed before any batch of an issue that could still be sent: numbers only grow, also over a take-over.

    :raises RightMissing: another site holds the right, and it alone removes anything.
    :raises RightUnknown: the storages cannot be asked.
    """
    age = max(config.max_age.newsletter, config.max_age.emergency) + MARGIN
    last = rights.last_claim(database, before=now - 2 * age)
    if not last or not config.right:
        return 0, ()
    right, register = SendingRight(config, database), RightRegister(config.right)
    try:
        await right.begin()
        return await register.forget(last)
    except RightRefused as refused:
        raise _error(refused) from refused
    finally:
        await right.close()
        await register.close()


def _record(claim: Claim, ref: str, right: Right) -> ClaimRecord:
    return ClaimRecord(right.fence, claim.fence, ref, tuple(row.subscriber_id for row in claim.rows), record_token(claim.token))


def _error(refused: RightRefused) -> RightMissing | RightUnknown:
    return RightUnknown(str(refused)) if refused.is_passing else RightMissing(str(refused))
