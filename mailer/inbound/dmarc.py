"""Aggregate reports of DMARC that come by LMTP: read, kept once, and nothing is decided by them."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from mailer.bounces.mime import Mail
from mailer.database.engine import Database
from mailer.database.returned import dmarc_reports
from mailer.dmarc import attachment
from mailer.dmarc.attachment import ReportUnreadable
from mailer.dmarc.xml import parse_report
from mailer.inbound.disposition import Disposition, put_aside

MOST_A_DAY = 500
"""Reports kept in a day: a domain gets some dozens. Anybody can send them, and the table must not be a stranger's to fill."""
KEPT = timedelta(days=400)


@dataclass(frozen=True)
class ReportReader:
    """Takes reports about what `domains` returns, and names below or above them; none says all."""

    database: Database
    domains: Callable[[], Collection[str]]

    def take_report(self, mail: Mail, now: datetime) -> Disposition | None:
        """Read a message that is meant as a report; None if it is none, and belongs to somebody else."""
        if not attachment.looks_like_report(mail):
            return None
        content = attachment.attached_report(mail) or b""
        try:
            what = take(self.database, content, self.domains(), now)
        except ReportUnreadable as error:
            return put_aside(f"a report of DMARC that cannot be read: {error}")
        return Disposition(what)


def take(database: Database, content: bytes, domains: Collection[str], now: datetime) -> str:
    """Read and keep one report; returns what became of it.

    :param content: as it was attached, packed or not.
    :raises ReportUnreadable: it is none, or is about none of the domains, or too many have come today.
    """
    report = parse_report(attachment.unpack(content))
    if domains and not any(_is_related(report.domain, domain) for domain in domains):
        raise ReportUnreadable(f"It is about {report.domain}, which is none of ours.")
    if dmarc_reports.count_since(database, now - timedelta(days=1)) >= MOST_A_DAY:
        raise ReportUnreadable(f"{MOST_A_DAY} reports have come within a day; no more are kept.")
    dmarc_reports.delete_before(database, now - KEPT)
    is_new = dmarc_reports.add(database, report, now=now)
    return "report of DMARC kept" if is_new else "report of DMARC that had come before"


def _is_related(domain: str, own: str) -> bool:
    return domain == own or own.endswith(f".{domain}") or domain.endswith(f".{own}")
