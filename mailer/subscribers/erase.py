"""A reader is erased everywhere: in the database, in sign-ups that wait, and in messages that were received."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from mailer.database.engine import Database
from mailer.database.readers import erasure, sign_ups
from mailer.database.scrub import scrub
from mailer.message.sealed import SealedPurpose, TokenSealer
from mailer.model.ids import SubscriberId
from mailer.subscribers import traces


@dataclass(frozen=True, slots=True)
class ErasedReader:
    """How many rows of the database and how many received messages went. `is_scrubbed`: no old copy is left in the database's file."""

    rows: int
    files: int
    is_scrubbed: bool = True


def erase_reader(
    database: Database, subscriber_id: SubscriberId, *, sealer: TokenSealer, spool: Path, source: str, now: datetime, keep: bool = True
) -> ErasedReader | None:
    """Erase a reader and suppress the address; nothing else remains of it. None: there is no such reader.

    :param spool: the folder of received messages.
    :param source: who wanted it, in a few words without an address.
    :param keep: False: a dry run.
    :raises SubscriberBusy: a sender holds a message to the reader. Nothing was erased.
    :raises SecretMissing: there is no key to hash the address with.
    """
    addresses = erasure.addresses_of(database, subscriber_id)
    if not addresses:
        return None
    erased = erasure.erase(database, subscriber_id, source=source, now=now, keep=keep)
    files = tuple(dict.fromkeys(path for address in addresses for path in traces.files_with(spool, address)))
    is_scrubbed = True
    if keep:
        for address in addresses:
            for purpose in SealedPurpose:
                sign_ups.forget(database, sealer.hash_address(address, purpose))
        for path in files:
            path.unlink(missing_ok=True)
        is_scrubbed = scrub(database, *addresses)
    return ErasedReader(0 if erased is None else sum(erased.rows.values()), len(files), is_scrubbed)
