"""Records for other programs: JSON, and CSV for spreadsheets. Pure."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence

from plugins.emergency.record import EmergencyRecord, Message

COLUMNS = (
    "識別子",
    "区分",
    "種別",
    "発表日時",
    "期限",
    "警戒レベル",
    "段階",
    "災害",
    "市町村コード",
    "対象",
    "題名",
    "内容",
    "すること",
    "発表者",
    "電話",
    "アドレス",
)

_FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""What makes a spreadsheet take a cell for a formula (OWASP, CSV Injection)."""


def record_json(record: EmergencyRecord) -> dict[str, object]:
    """Return one record as plain values. ``messages`` are by language; やさしい日本語 is ``easy``."""
    return {
        "identifier": record.identifier,
        "drill": record.is_drill,
        "sample": record.is_sample,
        "kind": record.kind,
        "correction": record.is_correction,
        "sent": record.sent.isoformat(),
        "expires": record.expires.isoformat(),
        "level": record.level.number if record.level else None,
        "severity": record.severity,
        "hazard": record.hazard.word,
        "municipalities": [{"code": place.code, "name": place.name} for place in record.places],
        "phones": [{"name": phone.name, "number": phone.number} for phone in record.phones],
        "references": list(record.earlier),
        "url": record.address,
        "messages": {message.tag: _message(message) for message in (record.message, *record.translations)},
        "easy": _message(record.easy) if record.easy else None,
    }


def _message(message: Message) -> dict[str, object]:
    return {
        "title": message.title,
        "what": message.what,
        "where": message.where,
        "action": list(message.action),
        "issued_by": message.issued_by,
    }


def notices_json(records: Sequence[EmergencyRecord]) -> bytes:
    """Return all ``records`` in their order."""
    return (json.dumps({"schema": 1, "notices": [*map(record_json, records)]}, ensure_ascii=False, indent=1) + "\n").encode()


def notices_csv(records: Sequence[EmergencyRecord]) -> bytes:
    """Return one row for each record, UTF-8 with a byte-order mark: without it Excel reads Japanese as another encoding."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    writer.writerows([_cell(value) for value in _row(record)] for record in records)
    return text.getvalue().encode("utf-8-sig")


def _row(record: EmergencyRecord) -> tuple[str, ...]:
    message = record.message
    return (
        record.identifier,
        "訓練" if record.is_drill else "実際",
        {"Alert": "発表", "Update": "更新", "Cancel": "解除"}[record.kind],
        record.sent.isoformat(),
        record.expires.isoformat(),
        str(record.level.number) if record.level else "",
        record.level_words,
        record.hazard.word,
        " ".join(place.code for place in record.places),
        message.where,
        message.title,
        message.what,
        "".join(message.action),
        message.issued_by,
        "、".join(" ".join(filter(None, (phone.name, phone.number))) for phone in record.phones),
        record.address,
    )


def _cell(value: str) -> str:
    return f"'{value}" if value.startswith(_FORMULA) else value
