"""Feeds of changes (Atom, RFC 4287): each time that the state of a thing became another. Pure."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from io import StringIO
from typing import Any
from urllib.parse import urlsplit

from feedgenerator import Atom1Feed

from plugins.clock import JAPAN, compare_all
from plugins.frontmatter.document_identity import feed_identity, site_identity
from plugins.frontmatter.model.registry import Place, Site
from plugins.situation.current import anchor_of
from plugins.situation.row import SituationRow
from plugins.situation.table_kinds import KINDS, Kind
from plugins.situation.tables import Tables

NEWEST = 100
"""Entries of a feed. On a bad day a municipality tells some dozens of changes in an hour; a reader of feeds asks every hour."""


_BEFORE_ALL = dt.datetime(2011, 3, 11, 14, 46, tzinfo=JAPAN)
"""The age of a feed that has no change. It depends on nothing else of the site: so the fast path of an emergency need not write these feeds."""


@dataclass(frozen=True)
class Change:
    """``row`` tells another state than ``before``, which is empty for the first row of a thing."""

    kind: Kind
    row: SituationRow
    before: str

    @property
    def title(self) -> str:
        """``避難所 石巻市 見本小学校：開設``."""
        where = "、".join(place.name for place in self.row.places) or "県全体"
        return f"{self.kind.title} {where} {self.row.name}：{self.row.state.word}"

    @property
    def summary(self) -> str:
        """What was before, and the facts of the row."""
        moment = self.row.updated
        before = f"前は「{self.before}」でした。" if self.before else ""
        facts = "".join(f"{name}：{text}。" for name, text in self.row.values)
        return f"{moment.month}月{moment.day}日{moment.hour}時{moment.minute:02}分現在。{before}{facts}"


@dataclass(frozen=True)
class Channel:
    """``base`` is the site's address without a slash at the end, ``url`` the page that the feed belongs to."""

    title: str
    site: Site
    base: str
    url: str


def changes(tables: Tables, now: dt.datetime) -> tuple[Change, ...]:
    """Return every change until ``now``, the newest first."""
    plain = compare_all(now, (row.updated for rows in tables.rows.values() for row in rows))
    every_change = [change for kind in KINDS.values() for change in _of_kind(kind, tables.rows.get(kind.key, ()), plain)]
    return tuple(sorted(every_change, key=lambda change: (-change.row.updated.timestamp(), change.kind.key, change.row.key)))


def _of_kind(kind: Kind, rows: Sequence[SituationRow], now: dt.datetime) -> Iterator[Change]:
    states: dict[str, str] = {}
    for row in sorted((row for row in rows if row.updated <= now), key=lambda row: row.updated):
        before = states.get(row.key, "")
        states[row.key] = row.state.word
        if before != row.state.word:
            yield Change(kind, row, before)


def of_place(all_changes: Iterable[Change], place: Place) -> tuple[Change, ...]:
    """Return the changes of one municipality."""
    return tuple(change for change in all_changes if place in change.row.places)


def atom(channel: Channel, all_changes: Sequence[Change], addresses: Sequence[str], mark: str = "") -> bytes:
    """Return the feed of the newest of ``all_changes``; ``addresses`` are those at which each can be read, below the site,
    and ``mark`` begins each title: 【訓練】 or nothing.
    """
    page = channel.base + channel.url
    feed = _Atom(
        title=channel.title,
        link=page,
        feed_url=f"{page}feed.xml",
        description="",
        author_name=channel.site.organisation,
        language="ja",
        feed_guid=feed_identity(channel.site, channel.url),
    )
    for change, address in zip(all_changes[:NEWEST], addresses, strict=False):
        feed.add_item(
            title=mark + change.title,
            link=channel.base + address,
            unique_id=_identity(channel.site, address, change.row.updated),
            description=change.summary,
            pubdate=change.row.updated,
            updateddate=change.row.updated,
            categories=[change.kind.title, *(place.name for place in change.row.places)],
        )
    text = StringIO()
    feed.write(text, "utf-8")
    return text.getvalue().encode()


def _identity(site: Site, address: str, moment: dt.datetime) -> str:
    """Return an identifier of a change: one address tells many changes, so it cannot be the identifier itself. What readers got as a tag (RFC 4151) stays one."""
    page, _, name = address.partition("#")
    if site.former_ids and f"{moment:%Y-%m}" < site.former_ids.before:
        return f"tag:{urlsplit(site.former_ids.address).hostname},{moment:%Y-%m-%d}:{page}{name}/{moment:%H%M}"
    return site_identity(site, f"{page}{name} {moment:%Y-%m-%dT%H:%M}").urn


class _Atom(Atom1Feed):  # type: ignore[misc]
    def latest_post_date(self) -> dt.datetime:
        """Without items, feedgenerator would take the time of the clock, and the same input would give other bytes."""
        return max((item["updateddate"] for item in self.items), default=_BEFORE_ALL)

    def add_item_elements(self, handler: Any, item: dict[str, Any]) -> None:
        """Write the summary as the plain text that it is (RFC 4287, 3.1.1.1; feedgenerator says HTML)."""
        super().add_item_elements(handler, {**item, "description": None})
        handler.addQuickElement("summary", item["description"], {"type": "text"})


def anchor(change: Change) -> str:
    """Return the name of the changed thing's place on a page."""
    return anchor_of(change.kind, change.row.key)
