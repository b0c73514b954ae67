"""What a receiver reports about mail that claimed to be ours (RFC 9990). Values."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class ReportedSource:
    """So many messages from one address with the same results. `dkim`, `spf`: whether that way was aligned and passed."""

    address: str
    number: int
    disposition: str
    dkim: bool
    spf: bool
    header_from: str
    dkim_domains: str = ""
    spf_domain: str = ""


@dataclass(frozen=True, slots=True)
class DmarcReport:
    """One report. `organization` is whoever says that it sent it; `domain` is the one whose policy was looked up."""

    organization: str
    report_id: str
    domain: str
    policy: str
    begin: datetime
    end: datetime
    sources: tuple[ReportedSource, ...]


@dataclass(frozen=True, slots=True)
class SourceSummary:
    """One sending address over all reports of a time. `passed`: messages that DMARC let pass; `organizations`: how many reported it."""

    address: str
    header_from: str
    number: int
    passed: int
    dkim: int
    spf: int
    refused: int
    organizations: int
