"""The script that a community radio reads on air: whole sentences, times as people speak them, readings of difficult names in brackets. Pure."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from plugins.frontmatter.model.content.event import is_midnight
from plugins.frontmatter.model.content_types import Event
from plugins.frontmatter.model.document import Document
from plugins.frontmatter.model.registry import Publication
from plugins.readings.table import ReadingTable

_WEEKDAYS = "月火水木金土日"
_CHARACTERS_PER_MINUTE = 300
"""The pace of an announcer."""

FRESH = dt.timedelta(days=60)
"""Articles that are older are no news on air: a story of the winter is not read out in summer."""


@dataclass(frozen=True)
class Item:
    """One event or one article in the script. ``lines`` are sentences, ``url`` is the address of the document."""

    title: str
    lines: tuple[str, ...]
    url: str


@dataclass(frozen=True)
class Script:
    """A script in the order in which it is read: opening, items, closing."""

    opening: tuple[str, ...]
    items: tuple[Item, ...]
    closing: tuple[str, ...]

    @property
    def text(self) -> str:
        """The script as plain text: one sentence a line, an empty line between the paragraphs."""
        paragraphs = [self.opening, *(item.lines for item in self.items), self.closing]
        return "\n\n".join("\n".join(lines) for lines in paragraphs) + "\n"

    @property
    def seconds(self) -> int:
        """The time that reading takes. Brackets hold readings for the announcer's eye, and take none."""
        aloud = re.sub(r"（[^）]*）|\s", "", self.text)
        return round(len(aloud) * 60 / _CHARACTERS_PER_MINUTE)


def script(
    events: Sequence[Document], articles: Sequence[Document], publication: Publication, readings: ReadingTable, now: dt.datetime
) -> Script:
    """Return the script of the coming ``events`` and of the newest ``articles`` that are `FRESH`, in their order. Each is told once."""
    day = f"{now.month}月{now.day}日{_WEEKDAYS[now.weekday()]}曜日"
    opening = (f"{publication.title}です。", f"{publication.department}が、{day}にまとめた催しとお店の知らせを、お伝えします。")
    told = {event.url: (event, _event(event, readings)) for event in events}
    told |= {article.url: (article, _article(article)) for article in articles if article.url not in told and article.date + FRESH > now}
    items = [Item(document.meta.title, tuple(_once(lines)), url) for url, (document, lines) in told.items()]
    if not items:
        items = [Item("お知らせ", ("これからの催しは、まだ決まっていません。",), publication.url)]
    return _with_readings(Script(opening, tuple(items), (f"以上、{publication.title}でした。",)), readings)


def _once(lines: Iterable[str]) -> Iterable[str]:
    """The lines without any that was said before, as where a summary begins with the title."""
    return dict.fromkeys(lines)


def _with_readings(script: Script, readings: ReadingTable) -> Script:
    """The script with the reading of each difficult name in brackets, where the name comes first in the whole script."""
    paragraphs = [script.opening, *(item.lines for item in script.items), script.closing]
    aloud = readings.with_brackets("\n\n".join("\n".join(lines) for lines in paragraphs))
    opening, *middle, closing = (tuple(paragraph.split("\n")) for paragraph in aloud.split("\n\n"))
    return Script(opening, tuple(replace(item, lines=lines) for item, lines in zip(script.items, middle, strict=True)), closing)


_OFF = {"中止": "中止になりました。", "延期": "延期になりました。新しい日時は、決まりしだいお伝えします。"}
"""What became of an event to which nobody may come on its day."""


def _event(document: Document, readings: ReadingTable) -> list[str]:
    meta = document.meta
    if not isinstance(meta, Event):
        return []
    place = _place(meta, readings)
    if meta.status in _OFF:
        return [f"{_span(meta)}に予定していた{place}の「{_title(document)}」は、{_OFF[meta.status]}"]
    lines = [f"{_span(meta)}。", f"{place}で、「{_title(document)}」があります。", *_sentences(document.summary)]
    lines += [f"料金は、{_brackets_aloud(meta.fee)}です。"] if meta.fee else []
    # A deadline given as a day is midnight after it: a minute earlier it is still the day that people mean.
    lines += [f"申し込みは、{_day((meta.apply_by - dt.timedelta(minutes=1)).date())}までです。"] if meta.apply_by else []
    return lines


def _place(meta: Event, readings: ReadingTable) -> str:
    """The venue with the municipality in which it lies: that of its address, that of its own name, or else the first. The others take part.

    An address may lie in a municipality that the event does not name; ``readings`` has all of the prefecture.
    """
    venue, address = _without_brackets(meta.venue), meta.address or ""
    listed = [place.name for place in meta.municipalities]
    others = [name for name in sorted(readings.names, key=len, reverse=True) if name[-1] in "市町村"]
    in_address = next((name for name in (*listed, *others) if name in address), "")
    own = in_address or next((name for name in listed if name in venue), "") or next(iter(listed), "")
    return venue if not own or venue.startswith(own) else f"{own}の{venue}"


def _article(document: Document) -> list[str]:
    return [f"お店の便りです。「{_title(document)}」。", *_sentences(document.summary)]


def _title(document: Document) -> str:
    """The title without the municipality in brackets at its end, and without what became of the event, which the sentences say."""
    return re.sub(r"^【(?:中止|延期|日程変更)】|（[^（）]*）$", "", document.meta.title)


def _without_brackets(text: str) -> str:
    """A remark in brackets after the name of a venue is for readers, not for listeners."""
    return re.sub(r"（[^（）]*）", "", text)


def _brackets_aloud(text: str) -> str:
    """A remark in brackets after a fee changes its meaning (（船賃は別）), so it is read after a pause."""
    return re.sub(r"（([^（）]*)）", r"、\1", text.replace("（見本）", ""))


def _sentences(text: str) -> list[str]:
    return [f"{sentence}。" for sentence in text.split("。") if sentence.strip()]


def _span(meta: Event) -> str:
    """``4月17日土曜日、午前9時から午後1時まで``; an event of several days has a day at both ends."""
    first, last = _day(meta.start.date()), _day(meta.last_day)
    is_one_day = meta.last_day == meta.start.date()
    if meta.all_day:
        return first if is_one_day else f"{first}から、{last}まで"
    start = _clock(meta.start.time())
    if meta.end is None:
        return f"{first}、{start}から"
    if is_one_day:
        return f"{first}、{start}から{'夜中の12時' if is_midnight(meta.end) else _clock(meta.end.time())}まで"
    return f"{first}の{start}から、{last}{'' if is_midnight(meta.end) else 'の' + _clock(meta.end.time())}まで"


def _day(day: dt.date) -> str:
    return f"{day.month}月{day.day}日{_WEEKDAYS[day.weekday()]}曜日"


def _clock(time: dt.time) -> str:
    """``午前9時``, ``正午``, ``午後1時半``, ``午後1時15分``."""
    if time == dt.time(12):
        return "正午"
    minutes = "半" if time.minute == 30 else f"{time.minute}分" if time.minute else ""
    return f"{'午前' if time.hour < 12 else '午後'}{time.hour if time.hour < 12 else time.hour - 12}時{minutes}"
