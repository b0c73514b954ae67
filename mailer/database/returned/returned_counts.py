"""What came back and in, in numbers, for `/metrics`. Nothing about a person."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, func, select

from mailer.database.engine import Database
from mailer.database.returned import delivery_problems
from mailer.database.schema import automatic_reply, sign_up, suppression
from mailer.model.returned.bounce import BounceClass


@dataclass(frozen=True, slots=True)
class ReturnedCounts:
    """Since some moment: `problems` by receiver and class, `complaints` by list, `replies` (answers to 空メール) by what they said, `asked` mailboxes.

    At this moment: `suppressed` addresses by reason, `unsent` confirmations that no relay has taken yet.
    """

    problems: Mapping[tuple[str, BounceClass], int]
    complaints: Mapping[str, int]
    replies: Mapping[str, int]
    asked: int
    suppressed: Mapping[str, int]
    unsent: int


def count_returned(database: Database, *, since: datetime) -> ReturnedCounts:
    """Count everything."""
    problems, complaints = (
        delivery_problems.problems_by_class(database, since=since),
        delivery_problems.complaints_by_list(database, since=since),
    )
    with database.reading() as connection:
        asked = connection.execute(select(func.count()).select_from(sign_up).where(sign_up.c.asked_at >= since)).scalar_one()
        waits = sign_up.c.not_before.is_not(None), sign_up.c.token != ""
        unsent = connection.execute(select(func.count()).select_from(sign_up).where(*waits)).scalar_one()
        held = select(suppression.c.reason, func.count()).where(suppression.c.lifted_at.is_(None)).group_by(suppression.c.reason)
        return ReturnedCounts(problems, complaints, _replies(connection, since), asked, _by(connection, held), unsent)


def _replies(connection: Connection, since: datetime) -> dict[str, int]:
    """A kind is a word and the key of a list, such as `help fukko-press`."""
    kinds = select(automatic_reply.c.kind, func.count()).where(automatic_reply.c.at >= since).group_by(automatic_reply.c.kind)
    counts: Counter[str] = Counter()
    for kind, number in _by(connection, kinds).items():
        counts[kind.partition(" ")[0]] += number
    return dict(counts)


def _by(connection: Connection, query: Select[Any]) -> dict[str, int]:
    return {str(word): int(number) for word, number in connection.execute(query)}
