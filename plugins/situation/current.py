"""What holds at one moment: of each thing the newest row, and 不明 where that row is older than its kind allows. Unknown beats an old "open". Pure."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from plugins.clock import compare_all
from plugins.frontmatter.model.registry import Place
from plugins.frontmatter.model.telephones import Telephone
from plugins.situation.row import Point, SituationRow
from plugins.situation.shelters import Shelter
from plugins.situation.table_kinds import CAPACITY, MARKS, PEOPLE, SHELTERS, UNKNOWN, Kind, Tone
from plugins.situation.tables import Tables

_BEST_FIRST: Mapping[int, int] = {1: 0, 2: 1, 3: 2, 0: 3}
_WORST_FIRST: Mapping[int, int] = {3: 0, 2: 1, 0: 2, 1: 3}
"""The order of tones in a list."""


@dataclass(frozen=True)
class Entry:
    """What a page shows of one thing. ``word`` is its state, or 不明; then ``last_word`` is the state that it had at ``updated``.

    ``updated`` is None if nobody has told anything so far. ``until`` is the moment at which it becomes unknown. ``facts`` are labels and texts, ``passing``
    those of them that say nothing any more once the entry is unknown.
    """

    anchor: str
    key: str
    name: str
    places: tuple[Place, ...]
    word: str
    tone: Tone
    last_word: str
    updated: dt.datetime | None
    until: dt.datetime | None
    address: str
    point: Point | None
    phone: Telephone | None
    url: str
    facts: tuple[tuple[str, str], ...] = ()
    passing: tuple[tuple[str, str], ...] = ()
    values: tuple[tuple[str, str], ...] = ()

    @property
    def is_unknown(self) -> bool:
        return self.tone == 0

    @property
    def mark(self) -> str:
        """A shape for the state."""
        return MARKS[self.tone]

    @property
    def as_of(self) -> str:
        """``3月31日10時40分``; with the year once the entry is unknown. It says the day, so that it is true on a copy that somebody has kept."""
        if self.updated is None:
            return ""
        moment = self.updated
        year = f"{moment.year}年" if self.is_unknown else ""
        return f"{year}{moment.month}月{moment.day}日{moment.hour}時{moment.minute:02}分"


def newest(rows: Iterable[SituationRow], now: dt.datetime) -> dict[str, SituationRow]:
    """Return by key the newest row that is not later than ``now``: a row may be written before its moment, as a water point that opens at 14:00."""
    rows = tuple(rows)
    plain = compare_all(now, (row.updated for row in rows))
    by_key: dict[str, SituationRow] = {}
    for row in rows:
        if row.updated <= plain and (row.key not in by_key or by_key[row.key].updated < row.updated):
            by_key[row.key] = row
    return by_key


def entries(tables: Tables, kind: Kind, now: dt.datetime, hours: int, *, with_designated: bool = True) -> tuple[Entry, ...]:
    """Return what holds at ``now`` of each thing of ``kind``; ``hours`` is the age from which a row is unknown.

    With ``with_designated``, shelters of which nobody has told anything follow as unknown.
    """
    rows, limit = newest(tables.rows.get(kind.key, ()), now), dt.timedelta(hours=hours)
    plain = compare_all(now, (row.updated + limit for row in rows.values()))
    designated = tables.shelters if kind is SHELTERS else {}
    entries = [
        _entry(row, kind, row.updated + limit, designated.get(key), is_unknown=plain >= row.updated + limit) for key, row in rows.items()
    ]
    if with_designated:
        entries += [_untold(shelter) for key, shelter in designated.items() if key not in rows]
    order = _WORST_FIRST if kind.worst_first else _BEST_FIRST
    return tuple(sorted(entries, key=lambda entry: (order[entry.tone], entry.name, entry.key)))


def _entry(row: SituationRow, kind: Kind, until: dt.datetime, shelter: Shelter | None, *, is_unknown: bool) -> Entry:
    values = dict(row.values)
    if shelter and shelter.capacity:
        values.setdefault(CAPACITY, shelter.capacity)
    return Entry(
        anchor_of(kind, row.key),
        row.key,
        row.name,
        row.places,
        UNKNOWN if is_unknown else row.state.word,
        0 if is_unknown else row.state.tone,
        row.state.word,
        row.updated,
        until,
        row.address or (shelter.address if shelter else ""),
        row.point or (shelter.point if shelter else None),
        row.phone or (shelter.phone if shelter else None),
        row.url or (shelter.url if shelter else ""),
        _lasting(values, kind, shelter, with_people=is_unknown),
        () if is_unknown else _passing(values, kind),
        tuple(values.items()),
    )


def _untold(shelter: Shelter) -> Entry:
    values = {CAPACITY: shelter.capacity} if shelter.capacity else {}
    return Entry(
        anchor_of(SHELTERS, shelter.key),
        shelter.key,
        shelter.name,
        (shelter.place,),
        UNKNOWN,
        0,
        "",
        None,
        None,
        shelter.address,
        shelter.point,
        shelter.phone,
        shelter.url,
        _lasting(values, SHELTERS, shelter, with_people=True),
        (),
        tuple(values.items()),
    )


def anchor_of(kind: Kind, key: str) -> str:
    """Return the name of an entry's place on a page: names in Japanese make long addresses."""
    return "r" + hashlib.blake2b(f"{kind.key} {key}".encode(), digest_size=5).hexdigest()


def _passing(values: Mapping[str, str], kind: Kind) -> tuple[tuple[str, str], ...]:
    """The facts that hold for hours. The capacity of a shelter stands beside the number of people, and the two ends of a day are one fact."""
    facts = []
    for column in kind.columns:
        text = values.get(column.name, "")
        if not text or not column.is_fact or column.lasts or column.name == "終了時間":
            continue
        if column.name == PEOPLE:
            facts.append((PEOPLE, f"{text}人（定員{values[CAPACITY]}人）" if values.get(CAPACITY) else f"{text}人"))
        elif column.name == "開始時間":
            end = values.get("終了時間")
            facts.append(("時間", f"{text}から{end}まで" if end else f"{text}から"))
        else:
            facts.append((column.name, text))
    if "開始時間" not in values and (end := values.get("終了時間")):
        facts.append(("時間", f"{end}まで"))
    return tuple(facts)


def _lasting(values: Mapping[str, str], kind: Kind, shelter: Shelter | None, *, with_people: bool) -> tuple[tuple[str, str], ...]:
    """The facts that hold for days. The capacity is left out where it stands beside the number of people."""
    facts = [
        (column.name, values[column.name])
        for column in kind.columns
        if column.lasts and column.name != CAPACITY and values.get(column.name)
    ]
    if values.get(CAPACITY) and (with_people or not values.get(PEOPLE)):
        facts.insert(0, (CAPACITY, f"{values[CAPACITY]}人"))
    return (*facts, ("使える災害", "、".join(shelter.hazards))) if shelter and shelter.hazards else tuple(facts)


def of_place(all_entries: Iterable[Entry], place: Place) -> tuple[Entry, ...]:
    """Return the entries of one municipality, and those of the whole prefecture."""
    return tuple(entry for entry in all_entries if place in entry.places or not entry.places)


def count_words(all_entries: Iterable[Entry], kind: Kind) -> tuple[tuple[str, str, Tone, int], ...]:
    """Return word, mark, tone and number of the entries in each state that occurs, in the order of the states; unknown last."""
    entries = tuple(all_entries)
    states = [(state.word, state.tone) for state in kind.states] + [(UNKNOWN, 0)]
    counted = ((word, MARKS[tone], tone, sum(entry.word == word for entry in entries)) for word, tone in states)
    return tuple(each for each in counted if each[3])


def last_update(all_entries: Iterable[Entry]) -> dt.datetime | None:
    """Return when the newest of the entries was told."""
    return max((entry.updated for entry in all_entries if entry.updated), default=None)
