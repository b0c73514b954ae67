"""Looks at every mirror and at the mail of one notice, all at the same time."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from emergency.model import MirrorPlace, Places
from emergency.outside.fetch import Seen, fetch_all
from emergency.outside.mail import MailState, mail_state
from emergency.outside.seen import FirstSeen
from emergency.preview import Preview

SECONDS = 10.0
"""The deadline of one request."""

OTHER_PAGES = 5
"""Pages besides the notice's own whose banner is looked at on each mirror."""


@dataclass(frozen=True)
class Form:
    """One form on one mirror. ``since`` is when it was first seen there, ``modified`` what the mirror says."""

    path: str
    failure: str
    since: dt.datetime | None = None
    modified: dt.datetime | None = None


@dataclass(frozen=True)
class MirrorState:
    """One mirror. ``failure`` says why nothing of it could be looked at."""

    name: str
    forms: tuple[Form, ...] = ()
    failure: str = ""

    @property
    def is_live(self) -> bool:
        """Whether every form is there as it should be."""
        return not self.failure and not any(form.failure for form in self.forms)

    @property
    def since(self) -> dt.datetime | None:
        """Since when all of it is there: the youngest of what the mirror says, or else of what we saw."""
        return max((form.modified or form.since for form in self.forms if form.since), default=None) if self.is_live else None


@dataclass(frozen=True)
class Observation:
    """What is live of one notice."""

    title: str
    mirrors: tuple[MirrorState, ...]
    mails: tuple[MailState, ...]
    trouble: str = ""

    @property
    def is_live(self) -> bool:
        """Whether it is live on every mirror and in every mailbox that could be tried; without a mirror it is live nowhere."""
        is_everywhere = all(mirror.is_live for mirror in self.mirrors) and all(mail.is_live for mail in self.mails)
        return bool(self.mirrors) and not self.trouble and is_everywhere

    def record(self) -> dict[str, Any]:
        """Return it for other programs."""
        mirrors = [
            {
                "mirror": each.name,
                "live": each.is_live,
                "since": _iso(each.since),
                "failure": each.failure,
                "forms": [
                    {"path": form.path, "failure": form.failure, "first_seen": _iso(form.since), "last_modified": _iso(form.modified)}
                    for form in each.forms
                ],
            }
            for each in self.mirrors
        ]
        mails = [
            {
                "issue": each.issue,
                "live": each.is_live,
                "readers": each.readers,
                "sent": each.sent,
                "waiting": each.waiting,
                "failure": each.failure,
            }
            for each in self.mails
        ]
        return {"title": self.title, "live": self.is_live, "mirrors": mirrors, "mails": mails, "trouble": self.trouble}


async def observe(previewed: Preview, places: Places, memory: FirstSeen, now: dt.datetime) -> Observation:
    """Fetch every form of the notice from every mirror. ``previewed`` says which forms there are; what readers should get lies in the built site."""
    expected = expected_files(places.output / "site", [form.removeprefix("site/") for form in previewed.forms if form.startswith("site/")])
    web = [mirror for mirror in places.mirrors if mirror.kind != "portable"]
    mails = [] if places.is_mail_off else list(previewed.issues)
    states = await asyncio.gather(*(_mirror(mirror, expected, memory, now) for mirror in web))
    ledger = await asyncio.gather(*(mail_state(issue, places) for issue in mails))
    memory.save()
    return Observation(previewed.title, tuple(states), tuple(ledger), places.trouble)


def expected_files(site: Path, forms: Sequence[str]) -> Mapping[str, bytes]:
    """Return what readers should get: the forms, and some other pages for their banner. A form that is not in the site has no bytes that could be right."""
    files = {form: (site / form).read_bytes() if (site / form).is_file() else b"" for form in forms}
    others = sorted(page for page in _pages(site) if page not in files)
    chosen = others[:: max(1, len(others) // OTHER_PAGES)][:OTHER_PAGES]
    return files | {page: (site / page).read_bytes() for page in chosen}


def _pages(site: Path) -> list[str]:
    return [page.relative_to(site).as_posix() for page in site.rglob("*.html") if "furigana" not in page.parts]


async def _mirror(mirror: MirrorPlace, expected: Mapping[str, bytes], memory: FirstSeen, now: dt.datetime) -> MirrorState:
    if not mirror.url:
        return MirrorState(mirror.name, failure="no url in publish.toml: nobody can look at it from outside / 公開先の url がありません")
    answers = await fetch_all(mirror.url, list(expected.items()), SECONDS)
    return MirrorState(mirror.name, tuple(_form(mirror.name, answer, expected[answer.path], memory, now) for answer in answers))


def _form(mirror: str, answer: Seen, data: bytes, memory: FirstSeen, now: dt.datetime) -> Form:
    since = None if answer.failure else memory.see(mirror, answer.path, data, now)
    return Form(answer.path, answer.failure, since, answer.modified)


def _iso(moment: dt.datetime | None) -> str | None:
    return moment.isoformat() if moment else None
