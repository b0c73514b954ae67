"""Reads delivery status notifications: RFC 3464, and RFC 6533 for addresses that are not ASCII. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass

from mailer.bounces import mime
from mailer.bounces.mime import Fields, Mail
from mailer.bounces.reply_parts import STATUS, complete, squeeze
from mailer.model.returned.bounce import Refusal

REPORTS = frozenset({"message/delivery-status", "message/global-delivery-status"})
MOST_RECIPIENTS = 50  # ours has one: one recipient per envelope. A forwarder may report a few.
XTEXT = re.compile(r"\+([0-9A-F]{2})")  # RFC 3461 section 4
UNITEXT = re.compile(r"\\x\{([0-9A-Fa-f]{1,6})\}")  # RFC 6533 section 3


@dataclass(frozen=True, slots=True)
class RecipientStatus:
    """What a report says of one recipient. `action`: failed, delayed, delivered, relayed or expanded (RFC 3464 section 2.3.3)."""

    action: str
    refusal: Refusal


def read_reports(mail: Mail) -> tuple[RecipientStatus, ...]:
    """All recipients of all reports in the message. Empty: there is no report in it."""
    statuses: list[RecipientStatus] = []
    prose = ""
    for part in mail.all_parts():
        if part.get_content_type() in REPORTS:
            prose = prose or mail.text()
            statuses.extend(_recipients(mime.field_groups(mime.status_text(part)), prose))
    return tuple(statuses[:MOST_RECIPIENTS])


def _recipients(groups: list[Fields], prose: str) -> Iterator[RecipientStatus]:
    for fields in groups:
        if {"final-recipient", "original-recipient", "action"} & fields.keys():
            yield RecipientStatus(fields.get("action", "").split(" ")[0].strip("();,").lower() or "failed", _refusal(fields, prose))


def _refusal(fields: Fields, prose: str) -> Refusal:
    """One group of fields. The step stands in the prose only: Postfix, sendmail and Exim write it there, the fields have no place for it."""
    diagnostic = mime.decoded(fields.get("diagnostic-code", "").partition(";")[2] or fields.get("diagnostic-code", ""))
    recipient = address_of(fields.get("original-recipient", "")) or address_of(fields.get("final-recipient", ""))
    host = fields.get("remote-mta", "").partition(";")[2].strip().split(" ")[0].strip("()[]")
    status = STATUS.search(fields.get("status", ""))
    passage = passage_about(prose, recipient)
    stated = complete(Refusal(diagnostic, recipient, host, None, status[1] if status else ""))
    in_prose = complete(Refusal(passage, recipient))
    text = squeeze(stated.text if stated.text and stated.text.lower() in in_prose.text.lower() else f"{stated.text} {in_prose.text}")
    return Refusal(
        text,
        recipient,
        stated.host or in_prose.host,
        stated.code or in_prose.code,
        _best(stated.status, in_prose.status),
        stated.phase or in_prose.phase,
    )


def _best(stated: str, in_prose: str) -> str:
    """The Status field; but `5.0.0` says nothing (RFC 3463 section 3.1), and the server's own reply may say more."""
    return in_prose if stated.endswith(".0.0") and in_prose[:1] == stated[:1] else stated or in_prose


def passage_about(prose: str, recipient: str) -> str:
    """The part of the prose that is about this recipient: from its last mention on which words follow, or all of it."""
    if not recipient:
        return prose[:4_000]
    at = prose.lower().find(recipient.lower())
    return prose[max(at - 200, 0) : at + 2_000] if at >= 0 else prose[:4_000]


def address_of(field: str) -> str:
    """The address of Final-Recipient or Original-Recipient: `rfc822; a@b` with xtext undone, `utf-8; …` with its escapes undone."""
    kind, semicolon, value = field.partition(";")
    value = (value if semicolon else kind).strip().strip("<>")
    if kind.strip().lower() == "utf-8":
        value = UNITEXT.sub(lambda match: _character(match[1]), value)
    elif XTEXT.search(value) and "=" not in value:
        with suppress(ValueError):
            value = XTEXT.sub(lambda match: _character(match[1]), value) if _is_xtext(value) else value
    return value if "@" in value else ""


def _is_xtext(value: str) -> bool:
    """A plus sign in an address of today (`a+news@…`) is followed by no pair of capital hexadecimal digits that means a printable sign."""
    return all(0x20 <= int(pair, 16) < 0x7F for pair in XTEXT.findall(value)) and value.count("+") == len(XTEXT.findall(value))


def _character(digits: str) -> str:
    number = int(digits, 16)
    return chr(number) if number <= 0x10FFFF and not 0xD800 <= number < 0xE000 and chr(number).isprintable() else ""
