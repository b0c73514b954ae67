"""Confirmations that somebody asked for: how often a mailbox may be asked, and which mails wait for a relay.

A mailbox is known by a keyed hash. `begin` asks no question first: one statement decides and writes, so that two requests at the same moment make one
mail, and a known mailbox costs the same work as an unknown one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, cast

from sqlalchemy import ColumnElement, Connection, and_, delete, insert, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.sql.dml import ReturningInsert

from mailer.database.engine import Database
from mailer.database.readers import consents, frequencies, people, suppressions
from mailer.database.schema import sign_up, subscriber, subscription
from mailer.model.audit_log import AuditEntry
from mailer.model.errors import DeliveryRefused
from mailer.model.ids import SubscriberId
from mailer.model.readers import addresses
from mailer.model.readers.consent import ConsentRecord, ConsentWay, Words
from mailer.model.readers.sign_up import ListWish, SignUpClaim, Way
from mailer.model.readers.subscription import SUBSCRIBED, UNSUBSCRIBED
from mailer.model.recipient import Recipient

PAUSE = timedelta(hours=24)
"""Between two confirmations to one mailbox."""
WINDOW = timedelta(days=7)
"""In which a mailbox gets three confirmations at most."""
TAKEN = timedelta(minutes=10)
"""How long a process that took a mail may need to send it; after that another takes it."""
BACKOFF = timedelta(minutes=1)
"""After the first try that failed; twice as long after each further one."""
LONGEST_BACKOFF = timedelta(hours=2)
SKEW = timedelta(minutes=5)
"""A moment further in the future was written while the clock was wrong: it bars nobody (decision 0064)."""


@dataclass(frozen=True, slots=True)
class NewConfirmation:
    """A confirmation that somebody asks for: for which mailbox (a keyed hash), and the sealed token that its mail is made of."""

    mailbox: str
    token: str


@dataclass(frozen=True, slots=True)
class WaitingConfirmation:
    """A confirmation whose mail this process has taken to send. `tries` counts this one too."""

    mailbox: str
    token: str
    tries: int


def begin(database: Database, confirmations: Sequence[NewConfirmation], now: datetime) -> tuple[bool, ...]:
    """Note the confirmations that may be mailed, in one statement; for each, whether it may. The others leave no trace.

    The rows are written in the order of the mailboxes, so that two processes on PostgreSQL do not wait for each other.
    """
    firsts: dict[str, int] = {}
    for number, each in enumerate(confirmations):
        firsts.setdefault(each.mailbox, number)
    allowed: set[str] = set()
    if firsts:
        with database.writing() as connection:
            fresh = [confirmations[firsts[mailbox]] for mailbox in sorted(firsts)]
            allowed = {*connection.execute(_upsert(connection.dialect.name, fresh, now)).scalars()}
    return tuple(each.mailbox in allowed and firsts[each.mailbox] == number for number, each in enumerate(confirmations))


def _upsert(dialect: str, fresh: Sequence[NewConfirmation], now: datetime) -> ReturningInsert[Any]:
    may = and_(
        or_(sign_up.c.asked_at <= now - PAUSE, sign_up.c.asked_at > now + SKEW),
        or_(sign_up.c.third_at.is_(None), sign_up.c.third_at <= now - WINDOW, sign_up.c.third_at > now + SKEW),
        or_(sign_up.c.refused_until.is_(None), sign_up.c.refused_until <= now),
    )
    same = {"asked_at": now, "sent_at": None, "tries": 0, "not_before": now}
    rows = [same | {"mailbox": each.mailbox, "token": each.token} for each in fresh]
    new = (postgresql if dialect == "postgresql" else sqlite).insert(sign_up).values(rows)
    change = same | {"token": new.excluded.token, "second_at": sign_up.c.asked_at, "third_at": sign_up.c.second_at}
    upsert = new.on_conflict_do_update(index_elements=[sign_up.c.mailbox], set_=change, where=may)
    return cast("ReturningInsert[Any]", upsert.returning(sign_up.c.mailbox))


def take_waiting(database: Database, most: int, now: datetime) -> tuple[WaitingConfirmation, ...]:
    """Take mails that are due, the oldest first, so that no other process sends them meanwhile."""
    due = and_(sign_up.c.not_before <= now, sign_up.c.token != "")
    query = select(sign_up.c.mailbox).where(due).order_by(sign_up.c.not_before, sign_up.c.mailbox).limit(most)
    taken = []
    with database.writing() as connection:
        for mailbox in connection.execute(query).scalars().all():
            change = {"not_before": now + TAKEN, "tries": sign_up.c.tries + 1}
            step = update(sign_up).where(sign_up.c.mailbox == mailbox, due).values(change).returning(sign_up.c.token, sign_up.c.tries)
            if (row := connection.execute(step).one_or_none()) is not None:
                taken.append(WaitingConfirmation(mailbox, row.token, row.tries))
    return tuple(taken)


def mark_sent(database: Database, confirmations: Sequence[WaitingConfirmation], now: datetime) -> None:
    """A relay has taken these mails, or has refused them for good: none is tried again."""
    with database.writing() as connection:
        for each in confirmations:
            connection.execute(update(sign_up).where(_same(each)).values(sent_at=now, not_before=None))


def put_off(database: Database, confirmations: Sequence[WaitingConfirmation], now: datetime) -> None:
    """No relay has taken these mails now: they are tried again, later each time."""
    with database.writing() as connection:
        for each in confirmations:
            wait = min(BACKOFF * 2 ** min(each.tries - 1, 10), LONGEST_BACKOFF)
            connection.execute(update(sign_up).where(_same(each)).values(not_before=now + wait))


def confirm(
    database: Database,
    claim: SignUpClaim,
    mailbox: str,
    token: str,
    now: datetime,
    *,
    words: Words,
    first_version: Callable[[], int] = people.random_version,
) -> Recipient | None:
    """Subscribe whoever has confirmed, with a record of the consent, in one transaction. Doing it again changes nothing.

    None: the token is not the one that was asked for last, or it was used and what it asked for has been left or erased since.

    :param words: what the person has agreed to.
    :raises DeliveryRefused: an operator, or the owner of the mailbox, has forbidden mail to this address. Nothing is changed.
    """
    entries: list[AuditEntry] = []
    with database.writing() as connection:
        used = update(sign_up).where(sign_up.c.mailbox == mailbox, sign_up.c.token == token).values(token="", not_before=None)
        if connection.execute(used).rowcount == 1:  # how often the mailbox was asked stays for the rest of the week
            keys = database.address_keys
            subscriber_id = people.find_within(connection, claim.address)
            if subscriber_id is None:
                subscriber_id = people.add_within(connection, keys, claim.address, "", now=now, version=first_version())
            consents.keep_words_within(connection, words, now)
            for wish in claim.wishes:
                confirmation = claim.confirmation
                if suppressions.lift_by_consent_within(connection, keys, claim.address, wish.list, confirmation=confirmation, now=now):
                    raise DeliveryRefused(wish.list)
                entries += _subscribe(connection, database, subscriber_id, claim, wish, now)
                record = ConsentRecord(subscriber_id, wish.list, now, ConsentWay(claim.way), "", words.digest, confirmation, wish.frequency)
                consents.record_consent_within(connection, record)
        holder = _holder(connection, claim)
    for entry in entries:
        database.seal.on_append(entry)
    return holder


def join_again(
    database: Database, subscriber_id: SubscriberId, key: str, form: str, *, asked_at: datetime, now: datetime, words: Words
) -> bool:
    """Resume a subscription that the person has confirmed, with a record of the consent. Doing it again changes nothing.

    False: there is no such subscription, or the person has left the list after `asked_at`, when the confirmation was mailed.

    :raises DeliveryRefused: see `confirm`.
    """
    row = and_(subscription.c.subscriber_id == subscriber_id, subscription.c.list == key)
    left = and_(row, subscription.c.state == UNSUBSCRIBED, subscription.c.since <= asked_at)
    change = {"state": SUBSCRIBED, "format": form, "source": "confirmed", "since": now, "changed_at": now, "confirmation_at": None}
    with database.writing() as connection:
        if connection.execute(update(subscription).where(left).values(change)).rowcount == 1:
            confirmation = f"join {asked_at:%Y%m%dT%H%M%SZ}"
            address = connection.execute(select(subscriber.c.email).where(subscriber.c.id == subscriber_id)).scalar_one()
            keys = database.address_keys
            if suppressions.lift_by_consent_within(connection, keys, address, key, confirmation=confirmation, now=now):
                raise DeliveryRefused(key)
            consents.keep_words_within(connection, words, now)
            record = ConsentRecord(subscriber_id, key, now, ConsentWay.PREFERENCES, "", words.digest, confirmation)
            consents.record_consent_within(connection, record)
        return connection.execute(select(subscription.c.state).where(row)).scalar_one_or_none() == SUBSCRIBED


def _subscribe(
    connection: Connection, database: Database, subscriber_id: SubscriberId, claim: SignUpClaim, wish: ListWish, now: datetime
) -> tuple[AuditEntry, ...]:
    """Subscribe to one list, whatever was before: somebody who left has asked again. Return the entries of the audit log.

    An empty mail says nothing about how often: what a reader has chosen before stays.
    """
    row = and_(subscription.c.subscriber_id == subscriber_id, subscription.c.list == wish.list)
    entry = {"state": SUBSCRIBED, "source": f"confirmed {claim.way}", "since": now, "confirmation_at": None}
    choice = {"format": claim.form, "changed_at": now}
    if connection.execute(select(subscription.c.state).where(row)).one_or_none() is None:
        values = {"subscriber_id": subscriber_id, "list": wish.list, "frequency": wish.frequency} | entry | choice
        connection.execute(insert(subscription).values(values))
    connection.execute(update(subscription).where(row, subscription.c.state != SUBSCRIBED).values(entry))
    connection.execute(update(subscription).where(row).values(choice))
    if claim.way == Way.MAIL:
        return ()
    return frequencies.save_within(connection, database, subscriber_id, {wish.list: wish.frequency}, by="reader", now=now)


def _holder(connection: Connection, claim: SignUpClaim) -> Recipient | None:
    """The person who has this address and is subscribed to all of these lists now."""
    columns = (subscriber.c.id, subscriber.c.email, subscriber.c.name, subscriber.c.token_version, subscription.c.list)
    query = select(*columns).join_from(subscriber, subscription).where(subscriber.c.email_key == addresses.address_key(claim.address))
    rows = connection.execute(query.where(subscription.c.state == SUBSCRIBED)).all()
    return Recipient(*rows[0][:4]) if {wish.list for wish in claim.wishes} <= {row.list for row in rows} else None


def refuse(database: Database, mailbox: str, until: datetime) -> None:
    """Whoever reads the mailbox wants no confirmation until then: somebody else has asked for them."""
    with database.writing() as connection:
        connection.execute(update(sign_up).where(sign_up.c.mailbox == mailbox).values(refused_until=until, token="", not_before=None))


def forget(database: Database, mailbox: str) -> None:
    """Whoever reads the mailbox was erased: no link that is open leads back."""
    with database.writing() as connection:
        connection.execute(update(sign_up).where(sign_up.c.mailbox == mailbox).values(token="", not_before=None))


def open_token(database: Database, mailbox: str) -> str | None:
    """The sealed token of the last confirmation that was asked for and is not confirmed yet."""
    with database.reading() as connection:
        return connection.execute(select(sign_up.c.token).where(sign_up.c.mailbox == mailbox)).scalar_one_or_none() or None


def next_due(database: Database) -> datetime | None:
    """When the next mail is due. None: none waits."""
    query = select(sign_up.c.not_before).where(sign_up.c.not_before.is_not(None), sign_up.c.token != "").order_by(sign_up.c.not_before)
    with database.reading() as connection:
        return connection.execute(query.limit(1)).scalar_one_or_none()


def purge(database: Database, now: datetime, lifetime: timedelta) -> int:
    """Delete what is not needed for any decision any more: tokens that nobody has confirmed in `lifetime`, and rows of mailboxes a week later."""
    with database.writing() as connection:
        stale = and_(sign_up.c.asked_at < now - lifetime, sign_up.c.token != "")
        connection.execute(update(sign_up).where(stale).values(token="", not_before=None))
        is_free = or_(sign_up.c.refused_until.is_(None), sign_up.c.refused_until <= now)
        return connection.execute(delete(sign_up).where(sign_up.c.asked_at < now - WINDOW, is_free)).rowcount


def _same(confirmation: WaitingConfirmation) -> ColumnElement[bool]:
    """The row, unless another confirmation has been asked for since."""
    return and_(sign_up.c.mailbox == confirmation.mailbox, sign_up.c.token == confirmation.token)
