"""An aggregate report as XML (RFC 9990 section 3.1) → values. No document type, no entities, no network; bounded in records and lengths.

Reports of the older form (RFC 7489) differ in what is read here by their namespace alone.
"""

from __future__ import annotations

import io
import ipaddress
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime

from lxml import etree

from mailer.dmarc.attachment import ReportUnreadable
from mailer.model.readers.addresses import unsafe_characters
from mailer.model.returned.dmarc_report import DmarcReport, ReportedSource

MOST_RECORDS = 20_000
MOST_ELEMENTS = 30 * MOST_RECORDS
PARTS = frozenset({"record", "report_metadata", "policy_published"})
MOST_SOURCES = 5_000
"""Kept of one report, the largest first: more are no senders of ours."""
LONGEST = 255  # characters of a text: a domain name has 253
MOST_MESSAGES = 10**9
DISPOSITIONS = frozenset({"none", "pass", "quarantine", "reject"})


def parse_report(content: bytes) -> DmarcReport:
    """Read a report.

    :raises ReportUnreadable: it is no report.
    """
    metadata: dict[str, str] = {}
    sources: Counter[ReportedSource] = Counter()
    try:
        for name, element in _elements(content):
            if name == "record":
                source = _source(element)
                if source is not None:
                    sources[replace(source, number=0)] += source.number
            else:
                metadata |= _texts(element, name)
    except etree.XMLSyntaxError as error:
        raise ReportUnreadable(f"The report is no XML that can be read: {str(error)[:120]}") from None
    return _report(metadata, sources)


def _elements(content: bytes) -> Iterator[tuple[str, etree._Element]]:
    """The parts of the report as they end. Each is dropped when it has been read, so memory does not grow with the report."""
    events = etree.iterparse(io.BytesIO(content), events=("end",), resolve_entities=False, load_dtd=False, no_network=True, huge_tree=False)
    records, root = 0, None
    for number, (_, element) in enumerate(events):
        if root is None:
            root = element.getroottree().getroot()
            _check_root(root)
        name = _name(element)
        records += name == "record"
        if number > MOST_ELEMENTS or records > MOST_RECORDS:
            raise ReportUnreadable(f"The report has more than {MOST_RECORDS:,} records, or more elements than they need.")
        if name in PARTS and element.getparent() is root:
            yield name, element
            element.clear()
            while element.getprevious() is not None:
                del root[0]


def _check_root(root: etree._Element) -> None:
    if root.getroottree().docinfo.internalDTD is not None:
        raise ReportUnreadable("The report has a document type, as attacks have: no receiver writes one.")
    if _name(root) != "feedback":
        raise ReportUnreadable("It is no aggregate report: the XML does not begin with <feedback>.")


def _name(element: etree._Element) -> str:
    """The name without its namespace; nothing for a comment or an instruction."""
    return etree.QName(element).localname if isinstance(element.tag, str) else ""


def _texts(element: etree._Element, path: str) -> dict[str, str]:
    """The texts below an element by their path, for example ``report_metadata/date_range/begin``. The first of a name counts."""
    texts: dict[str, str] = {}
    for child in element:
        name = f"{path}/{_name(child)}"
        if len(child):
            texts |= {key: value for key, value in _texts(child, name).items() if key not in texts}
        else:
            texts.setdefault(name, _clean(child.text))
    return texts


def _clean(text: str | None) -> str:
    """A text that may be shown: short, and without what could steer a terminal."""
    words = " ".join((text or "").split())[:LONGEST]
    return "".join(character for character in words if not unsafe_characters(character))


def _source(record: etree._Element) -> ReportedSource | None:
    """One record; None if its address or number is none: the rest of the report may be good."""
    texts = _texts(record, "")
    try:
        address = str(ipaddress.ip_address(texts.get("/row/source_ip", "")))
        number = int(texts.get("/row/count", ""))
    except ValueError:
        return None
    disposition = texts.get("/row/policy_evaluated/disposition", "none").lower()
    if not 0 < number <= MOST_MESSAGES or disposition not in DISPOSITIONS:
        return None
    dkim, spf = (texts.get(f"/row/policy_evaluated/{way}", "").lower() == "pass" for way in ("dkim", "spf"))
    names = texts.get("/auth_results/dkim/domain", ""), texts.get("/auth_results/spf/domain", "")
    return ReportedSource(address, number, disposition, dkim, spf, texts.get("/identifiers/header_from", "").lower(), *names)


def _report(metadata: dict[str, str], sources: Counter[ReportedSource]) -> DmarcReport:
    try:
        begin, end = (_time(metadata[f"report_metadata/date_range/{each}"]) for each in ("begin", "end"))
        organization, report_id = metadata["report_metadata/org_name"], metadata["report_metadata/report_id"]
        domain = metadata["policy_published/domain"].lower().rstrip(".")
    except (KeyError, ValueError, OverflowError, OSError):
        raise ReportUnreadable("The report lacks its sender, its id, its time or its domain.") from None
    if not domain or not report_id or end < begin:
        raise ReportUnreadable("The report lacks its id or its domain, or ends before it begins.")
    kept = tuple(replace(source, number=number) for source, number in sources.most_common(MOST_SOURCES))
    return DmarcReport(organization, report_id, domain, metadata.get("policy_published/p", ""), begin, end, kept)


def _time(text: str) -> datetime:
    return datetime.fromtimestamp(int(text[:12]), UTC)
