"""A notice or drill as an announcement on other networks. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from plugins.announcements.records import AnnouncedRecord
from plugins.emergency.record import EmergencyRecord, Message
from plugins.frontmatter.model.document import Document
from plugins.frontmatter.model.notices import Alert

CHANGES = {"Cancel": "cancel", "Update": "update", "Alert": "new"}
"""What the record does to the one before, by its kind in CAP."""


def announcement_of(record: EmergencyRecord, document: Document) -> AnnouncedRecord | None:
    """Return the announcement of a record; None if its front matter says ``announce: false``."""
    meta, publication = document.meta, document.publication
    assert isinstance(meta, Alert)
    assert publication is not None  # a notice has one: `record_of`
    if meta.announce is False:
        return None
    change = "correct" if record.is_correction else CHANGES[record.kind]
    mark = "" if change == "cancel" else record.mark  # the end of a warning is no warning
    others = {message.tag: tuple(_words(message)) for message in record.translations}
    return AnnouncedRecord(
        kind="emergency",
        name=_name(str(record.path)),
        publication=publication.key,
        moment=record.sent,
        until=record.expires,
        address=record.address,
        words={**others, "ja": (mark + record.message.title, *_japanese(record))},
        is_drill=record.is_drill,
        is_sample=record.is_sample,
        change=change,
        follows=_name(str(record.followed.path)) if record.followed else None,
    )


def _name(path: str) -> str:
    return f"emergency/{path.removesuffix('.md')}"


def _japanese(record: EmergencyRecord) -> Iterator[str]:
    """The five answers, the most important first: when a network has room for few words, it is known what to do and until when."""
    message = record.message
    yield from (record.until, f"すること：{''.join(message.action)}", message.what, f"どこ：{message.where}", f"発表：{message.issued_by}")


def _words(message: Message) -> Iterator[str]:
    yield message.title
    yield from message.action
    yield from (message.what, message.where)
