"""Aggregate reports of DMARC: kept once, shown by source, deleted when they are old."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import asdict
from datetime import datetime

from sqlalchemy import case, delete, func, insert, or_, select

from mailer.database.engine import Database
from mailer.database.schema import dmarc_report, dmarc_source
from mailer.model.returned.dmarc_report import DmarcReport, SourceSummary


def add(database: Database, report: DmarcReport, *, now: datetime) -> bool:
    """Keep a report. False: it has come before."""
    name = (dmarc_report.c.organization == report.organization, dmarc_report.c.report_id == report.report_id)
    values = {key: getattr(report, key) for key in ("organization", "report_id", "domain", "policy", "begin", "end")}
    with database.writing() as connection:
        if connection.execute(select(dmarc_report.c.id).where(*name, dmarc_report.c.domain == report.domain)).first() is not None:
            return False
        (number,) = connection.execute(insert(dmarc_report).values(values | {"received_at": now})).inserted_primary_key or (None,)
        rows = [
            asdict(source) | {"dkim": int(source.dkim), "spf": int(source.spf), "report": number, "position": position}
            for position, source in enumerate(report.sources)
        ]
        if rows:
            connection.execute(insert(dmarc_source), rows)
    return True


def count_since(database: Database, moment: datetime) -> int:
    """How many reports were kept since then?"""
    with database.reading() as connection:
        return connection.execute(select(func.count()).select_from(dmarc_report).where(dmarc_report.c.received_at >= moment)).scalar_one()


def by_source(database: Database, *, since: datetime, domains: Collection[str] = ()) -> tuple[SourceSummary, ...]:
    """What was reported about each sending address and From, of times that ended since then; the most messages first.

    :param domains: only reports about these; all without any.
    """
    source, report = dmarc_source.c, dmarc_report.c
    passed = case((or_(source.dkim == 1, source.spf == 1), source.number), else_=0)
    refused = case((source.disposition.in_(("quarantine", "reject")), source.number), else_=0)
    total = func.sum(source.number)
    query = (
        select(
            source.address,
            source.header_from,
            total,
            func.sum(passed),
            func.sum(source.number * source.dkim),
            func.sum(source.number * source.spf),
            func.sum(refused),
            func.count(func.distinct(report.organization)),
        )
        .join_from(dmarc_source, dmarc_report)
        .where(report.end >= since)
        .group_by(source.address, source.header_from)
        .order_by(total.desc(), source.address, source.header_from)
    )
    if domains:
        query = query.where(report.domain.in_(sorted(domains)))
    with database.reading() as connection:
        return tuple(SourceSummary(*row[:2], *map(int, row[2:])) for row in connection.execute(query))


def delete_before(database: Database, moment: datetime) -> int:
    """Delete the reports that came before then. How many were they?"""
    old = select(dmarc_report.c.id).where(dmarc_report.c.received_at < moment)
    with database.writing() as connection:
        connection.execute(delete(dmarc_source).where(dmarc_source.c.report.in_(old)))
        return connection.execute(delete(dmarc_report).where(dmarc_report.c.received_at < moment)).rowcount
