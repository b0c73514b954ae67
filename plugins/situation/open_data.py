"""The entries for other programs: CSV for spreadsheets, GeoJSON (RFC 7946) for maps. Pure."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence

from plugins.situation.current import Entry
from plugins.situation.table_kinds import ADDRESS, EAST, NAME, NORTH, NUMBER, PHONE, UPDATED, URL, Kind

_FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""What makes a spreadsheet take a cell for a formula (OWASP, CSV Injection)."""

_DRILL = "区分"


def columns(kind: Kind) -> tuple[str, ...]:
    """Return the columns of the CSV file of ``kind``; they are the members of the GeoJSON too."""
    shown = (column.name for column in kind.columns if column.is_fact)
    return (
        _DRILL,
        "市町村コード",
        "市町村",
        NUMBER,
        NAME,
        kind.state,
        "最後の知らせ",
        UPDATED,
        "不明になる時刻",
        ADDRESS,
        NORTH,
        EAST,
        PHONE,
        URL,
        *shown,
    )


def _cells_of(entry: Entry, kind: Kind, mark: str) -> dict[str, str]:
    """The cells of one entry. What passes is left out once the entry is unknown, as on the pages."""
    passing = {column.name for column in kind.columns if column.is_fact and not column.lasts} if entry.is_unknown else set()
    own = {
        _DRILL: "訓練" if mark else "実際",
        "市町村コード": " ".join(place.code for place in entry.places),
        "市町村": "、".join(place.name for place in entry.places),
        NUMBER: entry.key,
        NAME: entry.name,
        kind.state: entry.word,
        "最後の知らせ": entry.last_word,
        UPDATED: entry.updated.isoformat() if entry.updated else "",
        "不明になる時刻": entry.until.isoformat() if entry.until else "",
        ADDRESS: entry.address,
        NORTH: f"{entry.point[0]:.6f}" if entry.point else "",
        EAST: f"{entry.point[1]:.6f}" if entry.point else "",
        PHONE: " ".join(filter(None, (entry.phone.name, entry.phone.number))) if entry.phone else "",
        URL: entry.url,
    }
    return own | {name: text for name, text in entry.values if name not in passing}


def csv_of(entries: Sequence[Entry], kind: Kind, mark: str) -> bytes:
    """Return one row for each entry, UTF-8 with a byte-order mark: without it Excel reads Japanese as another encoding."""
    text = io.StringIO()
    writer = csv.DictWriter(text, columns(kind), restval="", lineterminator="\r\n")
    writer.writeheader()
    for entry in entries:
        writer.writerow({name: _cell(value) for name, value in _cells_of(entry, kind, mark).items()})
    return text.getvalue().encode("utf-8-sig")


def _cell(value: str) -> str:
    return f"'{value}" if value.startswith(_FORMULA) else value


def geojson_of(entries: Sequence[Entry], kind: Kind, mark: str) -> bytes:
    """Return a FeatureCollection (RFC 7946, 3.3). An entry without coordinates is an unlocated feature (3.2): its geometry is null."""
    features = [
        {
            "type": "Feature",
            "id": f"{kind.key}-{entry.anchor}",
            "geometry": {"type": "Point", "coordinates": [entry.point[1], entry.point[0]]} if entry.point else None,
            "properties": {name: text for name, text in _cells_of(entry, kind, mark).items() if text},
        }
        for entry in entries
    ]
    return (json.dumps({"type": "FeatureCollection", "features": features}, ensure_ascii=False, separators=(",", ":")) + "\n").encode()
