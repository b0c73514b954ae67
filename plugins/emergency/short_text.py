"""Texts for announcements (X, LINE, area mail): the five answers in few characters, cut at phrases, the address last. Pure."""

from __future__ import annotations

from plugins.emergency.record import EmergencyRecord
from plugins.typography.phrases import columns, shorten

LIMITS = (140, 300, 500, 5_000)
"""Full-width characters. 140: X counts a full-width character as two of 280; 500: LINE's push text in one bubble, Mastodon; 300: Bluesky; 5,000: LINE's most."""

_SENDER = 16
"""Characters that the name of the sender takes at most where room is short."""

_LEAST = 8
"""Characters below which a cut sentence says nothing."""


def short_text(record: EmergencyRecord, limit: int) -> str:
    """Return a text of at most ``limit`` full-width characters; half-width ones count half. A longer limit says more, and in the same order.

    What comes first is never cut away: title, end, address. Of what is left, the sender has a few characters, what to do has the most, then come where and what.
    """
    message = record.message
    first_line, end, tail = f"{record.mark}{message.title}", _without_year(record.until), record.address
    steps = "".join(message.action)
    optional = [f"（{record.level_words}）"] if record.level and record.level.words not in message.title else []
    phones = [f"電話 {'、'.join(' '.join(filter(None, (phone.name, phone.number))) for phone in record.phones)}"] if record.phones else []
    whole = "\n".join(
        (
            first_line + "".join(optional),
            message.what,
            f"すること：{steps}",
            f"どこ：{message.where}",
            end,
            f"発表：{message.issued_by}",
            *phones,
            tail,
        )
    )
    if width(whole) <= limit:
        return whole
    return _cut(record, limit, shorten(first_line, 36), end)


def _cut(record: EmergencyRecord, limit: int, first_line: str, end: str) -> str:
    """Give what is left after title, end and address to the other answers, each at least a few words."""
    message, room = record.message, limit - width("\n".join((first_line, end, record.address))) - 3
    parts: dict[str, str] = {}
    for name, text, share in (
        ("who", shorten(message.issued_by, _SENDER), 1.0),
        ("do", _steps(message.action, int(room * 0.45)), 0.6),
        ("where", message.where, 0.65),
        ("what", message.what, 1.0),
    ):
        allowed = int(room * share)
        if len(text) <= allowed or allowed >= (_LEAST if name in ("who", "do") else max(_LEAST, len(text) // 2)):
            parts[name] = shorten(text, allowed)
            room -= len(parts[name]) + 0.5
    lines = [
        first_line,
        parts.get("what", ""),
        parts.get("do", ""),
        parts.get("where", ""),
        f"{end}　{parts.get('who', '')}".strip("　"),
        record.address,
    ]
    return "\n".join(line for line in lines if line)


def _steps(steps: tuple[str, ...], room: int) -> str:
    """Return as many whole steps as have room; the first one in any case."""
    kept = steps[0]
    for step in steps[1:]:
        if len(kept) + len(step) > room:
            break
        kept += step
    return kept


def _without_year(end: str) -> str:
    """The year is the present one: what is announced ends soon."""
    return end.partition("年")[2]


def width(text: str) -> float:
    """Return the length of ``text`` in full-width characters; a line break counts half."""
    return (sum(columns(line) for line in text.split("\n")) + text.count("\n")) / 2
