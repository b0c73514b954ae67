"""How the deliveries of an issue ended, by domain, with what came back."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from sqlalchemy import Integer, and_, case, cast, exists, func, literal, null, select

from mailer.database.engine import Database
from mailer.database.schema import complaint, delivery, delivery_problem
from mailer.model.ids import IssueId
from mailer.model.returned.bounce import BounceClass
from mailer.model.state import DeliveryState


class DomainResult(NamedTuple):
    """So many deliveries to a domain with the same end. `code` and `text` are of refusals that nobody has classified yet."""

    domain: str
    state: DeliveryState
    bounce_class: BounceClass | None
    has_complained: bool
    code: int | None
    text: str
    number: int


def by_domain(database: Database, issue_id: IssueId) -> Iterator[DomainResult]:
    """The deliveries of an issue, counted in the database: a million rows become a few hundred. Problems that were forgiven do not count."""
    problem, kind = delivery_problem, delivery_problem.c["class"]
    last = (
        select(problem.c.subscriber_id, func.max(problem.c.id).label("id"))
        .where(problem.c.issue_id == issue_id, kind != BounceClass.AUTO_REPLY, problem.c.forgiven_at.is_(None))
        .group_by(problem.c.subscriber_id)
        .subquery()
    )
    complained = exists(
        select(complaint.c.id).where(complaint.c.issue_id == issue_id, complaint.c.subscriber_id == delivery.c.subscriber_id)
    )
    position = func.instr if not database.is_shared else func.strpos
    domain = func.lower(func.substr(delivery.c.address, position(delivery.c.address, "@") + 1)).label("domain")
    carrier = delivery.alias("carrier")  # a merged delivery fares as the digest that carries it
    carries = and_(carrier.c.issue_id == delivery.c.merged_into, carrier.c.subscriber_id == delivery.c.subscriber_id)
    state = func.coalesce(carrier.c.state, delivery.c.state)
    is_bare = and_(delivery.c.state == DeliveryState.FAILED, kind.is_(None))
    inner = (
        select(
            domain,
            state.label("state"),
            kind.label("class"),
            case((complained, literal(1)), else_=literal(0)).label("complained"),
            case((is_bare, delivery.c.code), else_=cast(null(), Integer)).label("code"),
            case((is_bare, delivery.c.text), else_=literal("")).label("text"),
        )
        .select_from(
            delivery.outerjoin(last, last.c.subscriber_id == delivery.c.subscriber_id)
            .outerjoin(problem, problem.c.id == last.c.id)
            .outerjoin(carrier, carries)
        )
        .where(delivery.c.issue_id == issue_id)
        .subquery()
    )
    columns = list(inner.c)
    with database.reading() as connection:
        for row in connection.execute(select(*columns, func.count()).group_by(*columns)):
            name, state_of, bounce_class, has_complained, code, text, number = tuple(row)
            kind_of = None if bounce_class is None else BounceClass(bounce_class)
            yield DomainResult(name, DeliveryState(state_of), kind_of, bool(has_complained), code, text, number)
