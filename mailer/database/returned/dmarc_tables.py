"""The tables of DMARC's aggregate reports. Import them from `schema`."""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, Index, Integer, String, Table, UniqueConstraint

from mailer.database.metadata import metadata
from mailer.database.stored_values import Utc

# A report that came. A receiver may send one twice: its name, id and domain make it one.
dmarc_report = Table(
    "dmarc_report",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("organization", String(255), nullable=False),
    Column("report_id", String(255), nullable=False),
    Column("domain", String(255), nullable=False),
    Column("policy", String(255), nullable=False),
    Column("begin", Utc, nullable=False),
    Column("end", Utc, nullable=False),
    Column("received_at", Utc, nullable=False),
    UniqueConstraint("organization", "report_id", "domain"),
    Index("dmarc_report_by_end", "end"),
)


# What it says of one sending address: messages with the same results. Nothing about a reader is in it.
dmarc_source = Table(
    "dmarc_source",
    metadata,
    Column("report", ForeignKey("dmarc_report.id"), primary_key=True),
    Column("position", Integer, primary_key=True),
    Column("address", String(45), nullable=False),
    Column("number", Integer, nullable=False),
    Column("disposition", String(16), nullable=False),
    Column("dkim", Integer, nullable=False),
    Column("spf", Integer, nullable=False),
    Column("header_from", String(255), nullable=False),
    Column("dkim_domains", String(255), nullable=False),
    Column("spf_domain", String(255), nullable=False),
)
