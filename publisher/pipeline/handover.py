"""Gives to the mailer what may be sent: never before the first mirror shows the issue's page.

The mailer's commands decide and do everything else: `todoke ready` says what could be sent, `todoke schedule --now` freezes an issue for the worker,
`todoke send` sends it. Both examine the approval again, and an issue is frozen once: so a repetition sends nothing twice.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from publisher.config import PublishConfig
from publisher.model.errors import PublisherError
from publisher.model.release import Release, ReleasedFile
from publisher.pipeline.commands import Commands
from publisher.pipeline.live import check_pages, page_of
from publisher.pipeline.moments import DueMoment
from publisher.release.scan import digest

EX_TEMPFAIL = 75
"""`todoke send` has not reached everybody yet (sysexits.h): the next one goes on."""

_COMMAND_TIMEOUT = 600.0
"""Seconds for the mailer's commands that send nothing: freezing a million readers takes two minutes."""


@dataclass(frozen=True)
class WaitingIssue:
    """One issue as `todoke ready` lists it (docs/reference/machine-output.md). ``date`` and ``address`` are empty for a broken one."""

    name: str
    list_key: str
    state: str
    approval: str
    date: dt.datetime | None
    address: str
    why: str


@dataclass(frozen=True)
class HandedOver:
    """``done`` are the issues that went to the mailer, ``waiting`` those for which a person has to do something, ``held`` those that should go and could not.

    The values say how, and why.
    """

    done: Mapping[str, str]
    waiting: Mapping[str, str]
    held: Mapping[str, str]


NOTHING = HandedOver({}, {}, {})


def waiting_issues(config: PublishConfig, commands: Commands, output: Path) -> list[WaitingIssue]:
    """Ask the mailer what could be sent. Raises `PublisherError`."""
    ended = commands.todoke(
        "ready", "--format", "json", *_places(config, output), folder=_folder(config), timeout=_COMMAND_TIMEOUT, is_mail=True
    )
    if ended.status:
        raise PublisherError(f"todoke ready: {' '.join(ended.words.split())}")
    try:
        return [_waiting(record) for record in json.loads(ended.out)]
    except (ValueError, KeyError, TypeError) as error:
        raise PublisherError(f"todoke ready: not the answer that was expected: {error} / 答えが読めません") from error


def _waiting(record: Mapping[str, Any]) -> WaitingIssue:
    date = dt.datetime.fromisoformat(record["date"]) if record["date"] else None
    name = f"{record['list']}/{record['number']}"
    return WaitingIssue(name, record["list"], record["state"], record["approval"], date, record["archive_url"] or "", record["why"])


def why_not(config: PublishConfig, issue: WaitingIssue, now: dt.datetime) -> str:
    """Return what a person has to do before the issue goes out by itself; empty if nothing."""
    settings = config.publish
    if issue.state == "broken" or issue.approval == "missing":
        return issue.why
    if issue.approval == "approved":
        return ""
    if issue.list_key not in settings.lists_without_approval:
        return (
            f"the list {issue.list_key} needs no approval, so it goes out only by hand (todoke schedule {issue.name} --now), or by itself if it is in "
            "lists_without_approval / 承認のいらない号は自動では送りません"
        )
    if issue.state == "reopened":
        return f"it was called off and opened again: todoke schedule {issue.name} --now / 出し直しは人が決めます"
    if issue.state == "new" and (issue.date is None or now - issue.date > dt.timedelta(hours=settings.newest_hours)):
        return f"it is older than newest_hours: todoke schedule {issue.name} --now / 古い号は自動では送りません"
    return ""


@dataclass(frozen=True)
class Handover:
    """Hands over the issues of one built site. ``mirror_failure`` says why the first mirror does not show the release, if that is known already."""

    config: PublishConfig
    commands: Commands
    output: Path
    release: Release
    now: dt.datetime
    mirror_failure: str = ""

    def run(self, on_step: Callable[[str], None] = lambda _words: None) -> HandedOver:
        """Hand over what may go. Raises `PublisherError` if the mailer does not say what there is; then nothing went."""
        issues = [issue for issue in waiting_issues(self.config, self.commands, self.output) if self._is_ours(issue)]
        waiting = {issue.name: words for issue in issues if (words := why_not(self.config, issue, self.now))}
        wanted = [issue for issue in issues if issue.name not in waiting]
        held, done = dict(self._not_live(wanted)), dict[str, str]()
        for issue in (issue for issue in wanted if issue.name not in held):
            on_step(issue.name)
            words, is_done = self._give(issue)
            (done if is_done else held)[issue.name] = words
        return HandedOver(done, waiting, held)

    def plan(self) -> HandedOver:
        """Say what would go if every page were live. Changes nothing. Raises `PublisherError`."""
        issues = [issue for issue in waiting_issues(self.config, self.commands, self.output) if self._is_ours(issue)]
        waiting = {issue.name: words for issue in issues if (words := why_not(self.config, issue, self.now))}
        return HandedOver({issue.name: self.config.publish.mail for issue in issues if issue.name not in waiting}, waiting, {})

    def _is_ours(self, issue: WaitingIssue) -> bool:
        """What is frozen belongs to the worker, unless we send ourselves."""
        return issue.state != "sending" or self.config.publish.mail == "send"

    def _not_live(self, issues: Sequence[WaitingIssue]) -> Mapping[str, str]:
        """Return the issues whose page the first mirror does not show, each with the reason."""
        if not issues:
            return {}
        if not self.config.mirrors:
            return dict.fromkeys(
                (issue.name for issue in issues), "publish.toml names no mirror: nobody could see the page / 公開先がありません"
            )
        first = self.config.mirrors[0]
        if self.mirror_failure:
            return dict.fromkeys((issue.name for issue in issues), f"the mirror {first.name} is not live: {self.mirror_failure}")
        if not first.url:
            words = f"the mirror {first.name} has no url in publish.toml, so its page cannot be fetched / 公開先の url がありません"
            return dict.fromkeys((issue.name for issue in issues), words)
        held, files = dict[str, str](), dict[str, ReleasedFile]()
        for issue in issues:
            file = page_of(issue.address, self.release) if issue.address else None
            if file is None:
                held[issue.name] = f"its page {issue.address} is not in release {self.release.number} / ページが公開版にありません"
            elif not self._is_built_so(file):
                held[issue.name] = f"its page was built anew after release {self.release.number} / ページが公開版より新しいものです"
            else:
                files[issue.name] = file
        pages = asyncio.run(check_pages(first.url, list(files.values()), self.config.publish.check_timeout))
        return held | {name: page.failure for name, page in zip(files, pages, strict=True) if page.failure}

    def _is_built_so(self, file: ReleasedFile) -> bool:
        """The mail and the page are of one build: the mail of a newer build must not go with an older page."""
        try:
            return digest(self.output / "site" / file.path) == file.sha256
        except OSError:
            return False

    def _give(self, issue: WaitingIssue) -> tuple[str, bool]:
        """Give one issue to the mailer; return what became of it, and whether that is all that was to be done."""
        is_sending = self.config.publish.mail == "send"
        words = ("send", issue.name) if is_sending else ("schedule", issue.name, "--now")
        try:
            ended = self.commands.todoke(
                *words,
                *_places(self.config, self.output),
                folder=_folder(self.config),
                timeout=None if is_sending else _COMMAND_TIMEOUT,
                is_mail=True,
                ends_early=is_sending,
            )
        except PublisherError as error:
            return str(error), False
        if ended.status == 0:
            return "sent" if is_sending else "frozen and queued for the worker", True
        if is_sending and ended.status == EX_TEMPFAIL:
            return f"not finished; the next publish goes on. {' '.join(ended.words.split())}", False
        return f"todoke {words[0]} refused (status {ended.status}): {' '.join(ended.words.split())}", False


def _places(config: PublishConfig, output: Path) -> tuple[str, ...]:
    return ("--config", str(config.publish.mailer), "--mail", str(output / "mail"))


def _folder(config: PublishConfig) -> Path:
    return config.publish.mailer.parent


def scheduled_mail(config: PublishConfig, commands: Commands) -> list[DueMoment]:
    """Ask the mailer what is scheduled for later. Raises `PublisherError`."""
    words = ("schedule", "--format", "json", "--config", str(config.publish.mailer))
    ended = commands.todoke(*words, folder=_folder(config), timeout=_COMMAND_TIMEOUT, is_mail=True)
    if ended.status:
        raise PublisherError(f"todoke schedule: {' '.join(ended.words.split())}")
    try:
        rows = [row for row in json.loads(ended.out) if row["status"] == "scheduled"]
        return [DueMoment(dt.datetime.fromisoformat(row["send_at"]), "sent", f"{row['list']}/{row['number']}") for row in rows]
    except (ValueError, KeyError, TypeError) as error:
        raise PublisherError(f"todoke schedule: not the answer that was expected: {error} / 答えが読めません") from error
