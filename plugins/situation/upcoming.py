"""The moments at which a row begins to hold, or becomes unknown, for the list of what changes next (`plugins.frontmatter.moments`). Pure."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

from plugins.frontmatter.model.registry import Registry
from plugins.frontmatter.moments import DocumentMoment
from plugins.situation.edition import Edition, drill_edition, real_edition
from plugins.situation.table_kinds import KINDS
from plugins.situation.tables import FOLDERS, Situation, Tables


def upcoming(situation: Situation, registry: Registry, now: dt.datetime) -> list[DocumentMoment]:
    """Return every such moment after ``now``, soonest first."""
    settings = registry.site.situation
    if settings is None:
        return []
    drills = drill_edition(situation.drills, registry, now, settings.unknown_after)
    moments = list(_of_edition(real_edition(situation.real, registry, now, settings.unknown_after), situation.real, "notice", now))
    return sorted(moments + (list(_of_edition(drills, situation.drills, "drill", now)) if drills else []))


def _of_edition(edition: Edition, tables: Tables, folder: str, now: dt.datetime) -> Iterator[DocumentMoment]:
    for kind in KINDS.values():
        path, url = str(FOLDERS[folder] / kind.file), edition.kind_url(kind)
        for entry in edition.of(kind):
            if entry.until and not entry.is_unknown:
                yield DocumentMoment(entry.until.isoformat(), "unknown", path, f"{edition.mark}{entry.name}", url)
        for row in tables.rows.get(kind.key, ()):
            if row.updated > now:
                yield DocumentMoment(row.updated.isoformat(), "begins", path, f"{edition.mark}{row.name}", url)
