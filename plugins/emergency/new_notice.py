"""A new notice or drill as a source: from the answers to five questions, or as a draft from a telegram of the Meteorological Agency."""

from __future__ import annotations

import datetime as dt
import json
import re
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from plugins.diagnostics import Diagnostic
from plugins.emergency.jma_telegram import Telegram
from plugins.files import write_into
from plugins.frontmatter.model.fields import Reading
from plugins.frontmatter.model.notices import DRILL_MARK
from plugins.frontmatter.model.places import place_named
from plugins.frontmatter.model.registry import Registry
from plugins.frontmatter.model.words.warning_levels import LEVELS
from plugins.frontmatter.parse.notice_words import check_notice
from plugins.frontmatter.parse.parser import RejectedSource, read_header
from plugins.frontmatter.parse.references import ReferenceResolver
from plugins.typography.phrases import shorten
from plugins.typography.written_dates import iso, read_clock

CHECK = "電文から作った下書きです。地域、終わりの日時、することを確かめてから、draft の行を消してください。"
"""The body of a draft that was made of a telegram."""

_TELEGRAM_HOURS = 6
"""Until when a draft of a telegram without a moment of its own is said to hold: a person has to look at it."""

_LONGEST = 200
"""Characters of a line of front matter (`plugins.frontmatter.model.fields.Line`)."""


@dataclass(frozen=True)
class NewSource:
    """``path`` is relative to ``content/``."""

    path: PurePosixPath
    text: str


def from_answers(fields: Mapping[str, object], folder: str, name: str, date: dt.datetime, body: str = "") -> NewSource:
    """Return the source. ``fields`` are keys of front matter with text, number, truth value or list; what is None or empty is left out."""
    rows = [(key, value) for key, value in fields.items() if value not in (None, "", ())]
    lines = [f"{key}: {json.dumps(value, ensure_ascii=False)}" for key, value in rows]
    front = [lines[0], f"date: {date:%Y-%m-%d %H:%M}", *lines[1:]]
    text = "\n".join(("---", *front, "---", body or str(fields.get("what") or fields["title"]), ""))
    return NewSource(PurePosixPath(folder, str(date.year), f"{name or f'notice-{date:%m%d-%H%M}'}.md"), text)


def from_telegram(telegram: Telegram, registry: Registry, folder: str, name: str) -> NewSource:
    """Return the draft of a notice, or of a drill if the telegram is one; ``folder`` is theirs.

    It is a draft whatever the telegram says: a person looks at it before it goes out.
    """
    date = telegram.reported.astimezone(registry.site.zone)
    end = (telegram.valid or telegram.reported + dt.timedelta(hours=_TELEGRAM_HOURS)).astimezone(registry.site.zone)
    kind = telegram.kinds[0] if telegram.kinds else telegram.title
    level = None if telegram.is_cancelled else telegram.level
    fields = {
        "title": (DRILL_MARK if telegram.is_drill else "")
        + shorten(f"{kind}{'が取り消されました' if telegram.is_cancelled else 'が出ました'}", 30),
        "expires": f"{end:%Y-%m-%d %H:%M}",
        "level": level,
        "severity": None if level else ("情報" if telegram.is_cancelled else telegram.severity),
        "hazard": telegram.hazard,
        "municipalities": [place.name for area in telegram.areas if (place := place_named(registry.places, area))],
        "areas": shorten("、".join(telegram.areas), _LONGEST) or "（地域を書いてください）",
        "what": shorten(telegram.headline or kind, _LONGEST),
        "action": [LEVELS[level].meaning + "。" if level else "（いますることを書いてください）"],
        "issued_by": telegram.publishing_office or None,
        "draft": True,
    }
    return from_answers(fields, folder, name, date, CHECK)


def check_answer(key: str, answer: str, folder: str, registry: Registry, now: dt.datetime) -> list[Diagnostic]:
    """Return what a build would say of one answer alone: every other field holds words that no rule refuses."""
    fields = {**_HARMLESS, "expires": f"{now + dt.timedelta(hours=1):%Y-%m-%d %H:%M}", key: answer}
    if key == "level":
        del fields["severity"]
    return check_new(from_answers(fields, folder, "answer", now), registry, now)


def until_moment(answer: str, now: dt.datetime) -> str:
    """Return the answer to "until when" as front matter reads it; as it is, if it is no moment that people write.

    今日の21時 and 21時 are those of the day of ``now``, 明日の朝 no moment at all. Raises `NoSuchMoment` for a moment that does not exist.
    """
    plain = answer.strip().replace("T", " ")
    match = _RELATIVE.fullmatch(plain)
    if match and (clock := read_clock(match["clock"])):
        day = now.date() + dt.timedelta(days=1 if match["day"] in _TOMORROW else 0)
        return f"{dt.datetime.combine(day, dt.time()) + dt.timedelta(hours=clock[0], minutes=clock[1]):%Y-%m-%d %H:%M}"
    return iso(plain) or plain


_TOMORROW = ("明日", "あす", "あした", "翌日")
_RELATIVE = re.compile(
    r"(?P<day>今日|きょう|本日|今夜|今晩|明日|あす|あした|翌日)?[の \u3000]*(?P<clock>(?:午前|午後)?[ \u3000]*[0-9０-９]{1,2}(?:時|[:：][0-9０-９]{2}).{0,4})"
)
_HARMLESS: Mapping[str, object] = {
    "title": "お知らせ", "severity": "情報", "hazard": "その他", "areas": "県内", "what": "お知らせします。",
    "action": ["ご確認ください。"], "issued_by": "県",
}  # fmt: skip


def check_new(source: NewSource, registry: Registry, now: dt.datetime) -> list[Diagnostic]:
    """Return what a build would say of the source, before it is written."""
    with tempfile.TemporaryDirectory() as folder:
        write_into(folder, str(source.path), source.text.encode())
        read = read_header(Path(folder), source.path, Reading.at(registry, now))
        if isinstance(read, RejectedSource):
            return read.diagnostics
        return check_notice(*read, ReferenceResolver(Path(folder), registry, {}, now))
