"""The text that a radio station or a loudspeaker van reads out: whole sentences, said twice where it counts, readings of names in brackets. Pure."""

from __future__ import annotations

import re

from plugins.emergency.record import EmergencyRecord
from plugins.readings.table import ReadingTable


def on_air_text(record: EmergencyRecord, readings: ReadingTable) -> str:
    """Return the text, one sentence a line. What to do is said twice: who listens has nothing to read it again."""
    message = record.message
    steps = [_sentence(step) for step in message.action]
    mark = ["これは訓練です。これは訓練です。"] if record.is_drill else []
    lines = [
        *mark,
        f"{message.issued_by}から、{'訓練の' if record.is_drill else '緊急の'}お知らせです。",
        *([f"{record.level.words}です。"] if record.level else []),
        _sentence(message.title.removeprefix("【訓練】")),
        _sentence(message.what),
        f"対象は、{message.where}です。",
        *steps,
        f"この知らせは、{record.until}です。",
        *(f"電話は、{phone.name or '窓口'}、{spoken_number(phone.number)}です。" for phone in record.phones),
        "繰り返します。",
        *steps,
        *mark,
        f"くわしくは、{record.address} で読めます。",
    ]
    return "\n".join(readings.with_brackets("\n".join(lines)).split("\n")) + "\n"


def spoken_number(number: str) -> str:
    """Return ``022の211の2375``, as telephone numbers are read out, with the number itself to be seen."""
    return number.replace("-", "の")


def _sentence(text: str) -> str:
    return text if re.search(r"[。！？!?]$", text) else f"{text}。"
