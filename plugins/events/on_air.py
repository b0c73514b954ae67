"""The script that the community radio reads on air: whole sentences, numbers as they are spoken, readings of hard names in brackets. Pure."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence
from dataclasses import dataclass

from plugins.frontmatter.model.content_types import Event
from plugins.frontmatter.model.document import Document
from plugins.frontmatter.model.registry import Publication
from plugins.readings.table import ReadingTable

_WEEKDAYS = "月火水木金土日"
_PACE = 300
"""Characters that an announcer reads in a minute."""


@dataclass(frozen=True)
class Item:
    """One piece of the script; ``lines`` are sentences, ``url`` is where it comes from."""

    title: str
    lines: tuple[str, ...]
    url: str


@dataclass(frozen=True)
class Script:
    """Opening, items, closing."""

    opening: tuple[str, ...]
    items: tuple[Item, ...]
    closing: tuple[str, ...]

    @property
    def text(self) -> str:
        """The whole script as plain text: one sentence a line, an empty line between the pieces."""
        pieces = [self.opening, *(item.lines for item in self.items), self.closing]
        return "\n\n".join("\n".join(piece) for piece in pieces) + "\n"

    @property
    def seconds(self) -> int:
        """How long it takes to read, in seconds, without what stands in brackets."""
        spoken = re.sub(r"（[^）]*）|\s", "", self.text)
        return round(len(spoken) * 60 / _PACE)


def script(
    events: Sequence[Document], letters: Sequence[Document], publication: Publication, readings: ReadingTable, now: dt.datetime
) -> Script:
    """Return the script of the coming ``events`` and the newest ``letters`` of the shops."""
    day = f"{now.month}月{now.day}日{_WEEKDAYS[now.weekday()]}曜日"
    opening = (f"{publication.title}です。", f"{publication.department}が、{day}にまとめた催しとお店の知らせを、お伝えします。")
    items = [Item(each.meta.title, _spoken(_event(each), readings), each.url) for each in events]
    items += [Item(each.meta.title, _spoken(_letter(each), readings), each.url) for each in letters]
    if not items:
        items = [Item("お知らせ", ("これからの催しは、まだ決まっていません。",), publication.url)]
    return Script(_spoken(opening, readings), tuple(items), (f"以上、{publication.title}でした。",))


def _spoken(lines: Sequence[str], readings: ReadingTable) -> tuple[str, ...]:
    """The lines with each reading given once."""
    return tuple(readings.with_brackets("\n".join(lines)).split("\n"))


def _event(document: Document) -> list[str]:
    meta = document.meta
    if not isinstance(meta, Event):
        return []
    where = "、".join(place.name for place in meta.municipalities)
    said = [
        f"{_span(meta)}。",
        f"{where}の{_bare(meta.venue)}で、「{_title(document)}」があります。"
        if where
        else f"{_bare(meta.venue)}で、「{_title(document)}」があります。",
    ]
    said += _sentences(document.summary)
    said += [f"料金は、{_aloud(meta.fee)}です。"] if meta.fee else []
    said += [f"申し込みは、{_day((meta.apply_by - dt.timedelta(minutes=1)).date())}までです。"] if meta.apply_by else []
    return said


def _letter(document: Document) -> list[str]:
    return [f"お店の便りです。「{_title(document)}」。", *_sentences(document.summary)]


def _title(document: Document) -> str:
    """The title without the municipality in brackets at its end: the sentence says it already."""
    return re.sub(r"（[^（）]*）$", "", document.meta.title)


def _bare(words: str) -> str:
    """Remarks in brackets are for the eye."""
    return re.sub(r"（[^（）]*）", "", words)


def _aloud(words: str) -> str:
    """What stands in brackets belongs to it, and is read after a pause."""
    return re.sub(r"（([^（）]*)）", r"、\1", words.replace("（見本）", ""))


def _sentences(text: str) -> list[str]:
    return [f"{sentence}。" for sentence in text.split("。") if sentence.strip()]


def _span(meta: Event) -> str:
    """``4月17日土曜日、午前9時から午後1時まで``; over several days each end has its day."""
    first = _day(meta.start.date())
    last = meta.days[-1]
    if meta.all_day:
        return first if last == meta.start.date() else f"{first}から、{_day(last)}まで"
    begins = _clock(meta.start.time())
    if meta.end is None:
        return f"{first}、{begins}から"
    ends = _clock(meta.end.time()) if meta.end.time() != dt.time() else ""
    return (
        f"{first}、{begins}から{ends}まで"
        if last == meta.start.date()
        else f"{first}の{begins}から、{_day(last)}{'の' if ends else ''}{ends}まで"
    )


def _day(day: dt.date) -> str:
    return f"{day.month}月{day.day}日{_WEEKDAYS[day.weekday()]}曜日"


def _clock(time: dt.time) -> str:
    """``午前9時``, ``正午``, ``午後1時半``, ``午後1時15分``."""
    if time == dt.time(12):
        return "正午"
    minutes = "半" if time.minute == 30 else f"{time.minute}分" if time.minute else ""
    return f"{'午前' if time.hour < 12 else '午後'}{time.hour if time.hour < 12 else time.hour - 12}時{minutes}"
