"""Whom not to mail: suppressions by a keyed hash of the address, begun, asked for and lifted.

`suppression.subscriber_id` is only a short cut for the freeze of an issue. Whatever gives a subscriber an address calls `link_within`
(`database.readers.people` does): it finds the suppressions of that address again.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, Row, Select, and_, insert, or_, select, update

from mailer.database.deliveries.transitions import transition
from mailer.database.engine import Database
from mailer.database.schema import address_key, delivery, digest_member, issue, subscriber, suppression
from mailer.model.errors import SecretMissing
from mailer.model.ids import SubscriberId
from mailer.model.issue import UNSUBSCRIBED_LATER
from mailer.model.readers import addresses
from mailer.model.readers.suppression import ALL_LISTS, LIFTED_BY_CONSENT, AddressKeys, Suppression, SuppressionReason
from mailer.model.state import DUE, DeliveryState

SUPPRESSED_LATER = "suppressed after the issue was frozen"
MOST_HASHES = 5_000
"""In one statement."""
COLUMNS = ("id", "reason", "scope", "since", "source", "lifted_at", "lifted_by", "lifted_why")


def suppress(database: Database, address: str, reason: SuppressionReason, *, source: str, now: datetime, scope: str = ALL_LISTS) -> bool:
    """Send nothing to the address from now on, neither of issues that are frozen already. Doing it again changes nothing, and is False.

    :param scope: the key of a list, or `ALL_LISTS`.
    :param source: what began it, in a few words without an address.
    :raises SecretMissing: there is no key to hash addresses with, or one that hashed some is gone.
    """
    with database.writing() as connection:
        return suppress_within(connection, database.address_keys, address, reason, source=source, now=now, scope=scope)


def suppress_within(
    connection: Connection,
    keys: AddressKeys,
    address: str,
    reason: SuppressionReason,
    *,
    source: str,
    now: datetime,
    scope: str = ALL_LISTS,
) -> bool:
    """Suppress an address in the caller's transaction."""
    hashed = keys.newest(address)
    _require_keys(connection, keys)
    same = and_(_is_of(keys, address), suppression.c.reason == reason, suppression.c.scope == scope)
    if connection.execute(select(suppression.c.id).where(same, suppression.c.lifted_at.is_(None))).first() is not None:
        return False
    if connection.execute(select(address_key.c.name).where(address_key.c.name == hashed.key)).first() is None:
        connection.execute(insert(address_key).values(name=hashed.key, since=now))
    known = select(subscriber.c.id).where(subscriber.c.email_key == addresses.address_key(address))
    subscriber_id = connection.execute(known).scalar_one_or_none()
    values = {"address_hash": hashed.value, "key": hashed.key, "reason": reason, "scope": scope, "since": now, "source": source}
    connection.execute(insert(suppression).values(values | {"subscriber_id": subscriber_id}))
    if subscriber_id is not None:
        hold_back_within(connection, subscriber_id, scope, now)
    return True


def is_suppressed(database: Database, address: str, key: str | None = None) -> bool:
    """Whether nothing of the list may be sent to the address; without a list: nothing at all.

    :raises SecretMissing: there are suppressions, and a key that hashed some is gone.
    """
    return any(each.scope in (ALL_LISTS, key) for each in suppressions_of(database, address) if each.lifted_at is None)


def suppressions_of(database: Database, address: str) -> tuple[Suppression, ...]:
    """All suppressions of the address, those that were lifted too, oldest first.

    :raises SecretMissing: there are suppressions, and a key that hashed some is gone.
    """
    with database.reading() as connection:
        return suppressions_within(connection, database.address_keys, address)


def suppressions_within(connection: Connection, keys: AddressKeys, address: str) -> tuple[Suppression, ...]:
    """All suppressions of the address, in the caller's transaction."""
    if not _require_keys(connection, keys):
        return ()
    query = _columns().where(_is_of(keys, address)).order_by(suppression.c.id)
    return tuple(map(_suppression, connection.execute(query)))


def scopes_within(connection: Connection, keys: AddressKeys, many: Collection[str]) -> dict[str, frozenset[str]]:
    """Which of many addresses are suppressed, and for what: `ALL_LISTS` or keys of lists. Those that are not are left out.

    :raises SecretMissing: there are suppressions, and a key that hashed some is gone.
    """
    if not _require_keys(connection, keys):
        return {}
    scopes: dict[str, set[str]] = {}
    hashes = {each.value: address for address in many for each in keys.all(address)}
    wanted = list(hashes)
    for start in range(0, len(wanted), MOST_HASHES):
        columns = (suppression.c.address_hash, suppression.c.scope)
        mine = suppression.c.address_hash.in_(wanted[start : start + MOST_HASHES])
        for row in connection.execute(select(*columns).where(mine, suppression.c.lifted_at.is_(None))):
            scopes.setdefault(hashes[row.address_hash], set()).add(row.scope)
    return {address: frozenset(each) for address, each in scopes.items()}


def covers(scopes: Collection[str], key: str) -> bool:
    """Whether suppressions with these scopes hold for the list."""
    return ALL_LISTS in scopes or key in scopes


def lift(
    database: Database, address: str, *, by: str, why: str, now: datetime, reasons: Collection[SuppressionReason], key: str | None = None
) -> int:
    """End the suppressions of an address. How many? They stay in the table, with who ended them and why.

    :param reasons: only those with one of these.
    :param key: those of this list and those of all lists; None: whatever their scope.
    :raises SecretMissing: there are suppressions, and a key that hashed some is gone.
    """
    with database.writing() as connection:
        return lift_within(connection, database.address_keys, address, by=by, why=why, now=now, reasons=reasons, key=key)


def lift_by_consent_within(
    connection: Connection, keys: AddressKeys, address: str, key: str, *, confirmation: str, now: datetime
) -> tuple[Suppression, ...]:
    """The reader has confirmed a sign-up for a list: end what that ends, and return what still holds. Then the reader must not be subscribed.

    :param confirmation: the id of the confirmation.
    """
    why = f"confirmed sign-up {confirmation}".rstrip()
    lift_within(connection, keys, address, by="reader", why=why, now=now, reasons=LIFTED_BY_CONSENT, key=key)
    remaining = suppressions_within(connection, keys, address)
    return tuple(each for each in remaining if each.lifted_at is None and each.scope in (ALL_LISTS, key))


def lift_within(
    connection: Connection,
    keys: AddressKeys,
    address: str,
    *,
    by: str,
    why: str,
    now: datetime,
    reasons: Collection[SuppressionReason],
    key: str | None = None,
) -> int:
    """End suppressions in the caller's transaction."""
    if not _require_keys(connection, keys):
        return 0
    mine = and_(_is_of(keys, address), suppression.c.lifted_at.is_(None), suppression.c.reason.in_([*reasons]))
    if key is not None:
        mine = and_(mine, suppression.c.scope.in_([ALL_LISTS, key]))
    return connection.execute(update(suppression).where(mine).values(lifted_at=now, lifted_by=by, lifted_why=why)).rowcount


def link_within(connection: Connection, keys: AddressKeys, subscriber_id: SubscriberId, address: str) -> None:
    """The subscriber has this address now: suppressions of it hold for the subscriber, and those of an earlier address no more.

    :raises SecretMissing: there are suppressions, and a key that hashed some is gone.
    """
    if not _require_keys(connection, keys):
        return
    unlink_within(connection, subscriber_id)
    connection.execute(update(suppression).where(_is_of(keys, address)).values(subscriber_id=subscriber_id))


def unlink_within(connection: Connection, subscriber_id: SubscriberId) -> None:
    """The subscriber is erased, or gets another address: nothing but the keyed hash says whose suppressions these were."""
    connection.execute(update(suppression).where(suppression.c.subscriber_id == subscriber_id).values(subscriber_id=None))


def hold_back_within(connection: Connection, subscriber_id: SubscriberId, scope: str, now: datetime) -> None:
    """Suppress what of frozen issues waits for the subscriber. What is being sent at this moment is sent."""
    unsettled = select(issue.c.id).where(issue.c.settled_at.is_(None))
    if scope != ALL_LISTS:
        unsettled = unsettled.where(issue.c.list == scope)
    step = transition(DUE, DeliveryState.SUPPRESSED, by_key=True)
    rows = and_(delivery.c.issue_id.in_(unsettled), delivery.c.subscriber_id == subscriber_id)
    connection.execute(step.where(rows).values(text=SUPPRESSED_LATER, not_before=None, changed_at=now))
    if scope != ALL_LISTS:  # a digest that carries the list: what else it carries waits for another one
        carriers = select(digest_member.c.digest_id).join(issue, issue.c.id == digest_member.c.issue_id).where(issue.c.list == scope)
        rows = and_(delivery.c.issue_id.in_(carriers), delivery.c.subscriber_id == subscriber_id)
        connection.execute(step.where(rows).values(text=UNSUBSCRIBED_LATER, not_before=None, changed_at=now))


def _require_keys(connection: Connection, keys: AddressKeys) -> bool:
    """Whether there are suppressions. Without one of their keys they would be passed over without a word.

    :raises SecretMissing: a key that has hashed addresses is gone.
    """
    used = frozenset(connection.execute(select(address_key.c.name)).scalars())
    if missing := used - keys.names():
        raise keys.problem or SecretMissing(
            f"The key {min(missing)} that has hashed the addresses of suppressed readers is gone: nobody could tell whom not to mail. "
            "Put it back as an older key into TODOKE_ADDRESS_KEY or `address_key_file` (or TODOKE_SECRET or `secret_file`)."
        )
    return bool(used)


def _is_of(keys: AddressKeys, address: str) -> ColumnElement[bool]:
    return or_(*(and_(suppression.c.address_hash == each.value, suppression.c.key == each.key) for each in keys.all(address)))


def _columns() -> Select[tuple[object, ...]]:
    return select(*(suppression.c[name] for name in COLUMNS))


def _suppression(row: Row[tuple[object, ...]]) -> Suppression:
    return Suppression(
        row.id, SuppressionReason(row.reason), row.scope, row.since, row.source, row.lifted_at, row.lifted_by, row.lifted_why
    )
