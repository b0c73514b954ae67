"""`todoke announce`."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from channels.announcement import is_drill, is_live
from channels.cli.lookup import find, posts_of
from channels.cli.runtime import (
    CONFIG,
    EX_LATE,
    AnyAnnouncement,
    Channels,
    ConfigPath,
    Format,
    Person,
    actor,
    adapter_opener,
    environ,
    errors_on_one_line,
    now,
    settings_of,
)
from channels.destinations import Destinations, destinations
from channels.dispatch.channel import Timing
from channels.dispatch.releases import releases_of
from channels.dispatch.worker import Posting, Worker
from channels.outbox.outbox import Outbox, PostState, StoredPost, open_outbox
from channels.outbox.planning import Moments, records_named
from channels.preview.page import ShownPost, page
from channels.settings import ChannelsError, Settings

What = Annotated[
    str, typer.Argument(metavar="NOTICE|ARTICLE", help="Its source, its address, or LIST/NUMBER of an issue. 原稿のファイル、アドレス、号")
]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Show what each channel would get, and post nothing. 文だけを見る")]
Html = Annotated[
    Path | None, typer.Option("--html", metavar="FILE", help="Write the texts as a page to look at and to copy from. 文のページを書く")
]
Withdraw = Annotated[bool, typer.Option("--withdraw", help="Take back what was posted of it. 出した告知を取り消す")]
Seconds = Annotated[float, typer.Option("--seconds", min=0, help="How long to wait; a worker goes on with the rest. 待つ秒数")]
Output = Annotated[
    Path | None, typer.Option("--output", help="The folder of the build, if it is not that of the settings. ビルド結果のフォルダー")
]
FINAL = frozenset({PostState.SENT, PostState.FAILED, PostState.EXPIRED})


def announce(
    what: What,
    channel: Channels = [],  # noqa: B006 - Typer's form of an option that may be repeated
    dry_run: DryRun = False,
    html: Html = None,
    withdraw: Withdraw = False,
    person: Person = "",
    seconds: Seconds = 60.0,
    chosen: Format = "text",
    output: Output = None,
    config: ConfigPath = CONFIG,
) -> None:
    """Announce a notice, an article or an issue on other networks, now. ほかのネットワークで告知します

    What was posted already is not posted again; what has changed since is corrected. No network waits for another. Exit status 0: all of it is out; 3:
    something is late, refused, or nobody knows (`todoke channels status`); 1: nothing could be done.
    """
    with errors_on_one_line():
        settings = _of_output(settings_of(config), output)
        to = destinations(settings).only(tuple(channel))
        if withdraw:
            _carry_out(lambda outbox: _withdraw(outbox, what, to), settings, to, person, seconds, chosen)
            return
        announcement = find(what, settings)
        _require_public(announcement, settings, dry_run=dry_run)
        posts = posts_of(announcement, to)
        if not posts:
            raise ChannelsError(f"no channel takes {announcement.record} / この告知を受ける告知先がありません")
        written = _write_page(html or settings.texts / f"{announcement.record.replace('/', '--')}.html", announcement, posts)
        if dry_run:
            _print_texts(announcement, posts, chosen)
        else:
            _carry_out(lambda outbox: _enter(outbox, announcement, to), settings, to, person, seconds, chosen)
    if html:
        typer.echo(f"{written}", err=True)


def _of_output(settings: Settings, output: Path | None) -> Settings:
    """Return the settings for a built site that lies elsewhere."""
    if output is None:
        return settings
    return settings.model_copy(update={"announcements": output.absolute() / "announcements", "site": output.absolute() / "site"})


def _require_public(announcement: AnyAnnouncement, settings: Settings, *, dry_run: bool) -> None:
    """A link in a post must lead somewhere. A notice does not wait: its post says what its page says."""
    releases = releases_of(settings)
    if dry_run or announcement.is_urgent or releases is None or releases.has(announcement.address, announcement.moment):
        return
    raise ChannelsError(
        f"{announcement.address} is not public yet: run todoke publish first / まだ公開されていません。先に todoke publish をしてください"
    )


def _write_page(path: Path, announcement: AnyAnnouncement, posts: Sequence[ShownPost]) -> Path:
    """Write the page with the texts. It is there before anything is posted: when no network can be reached, somebody else posts from it."""
    title = announcement.wording("ja")[1].title
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(page(title, announcement.address, posts), "utf-8")
    except OSError as error:
        typer.echo(f"{path}: the page with the texts cannot be written / 文のページが書けません: {error.strerror}", err=True)
    return path


def _print_texts(announcement: AnyAnnouncement, posts: Sequence[ShownPost], chosen: str) -> None:
    for post in posts:
        draft = post.draft
        if chosen == "json":
            record = {"record": announcement.record, "channel": post.channel, "kind": post.kind, "drill": post.is_drill, "why": post.why}
            record |= {"text": draft.text, "language": draft.language, "length": draft.length, "most": draft.ruler.most} if draft else {}
            typer.echo(json.dumps(record, ensure_ascii=False))
        elif draft is None:
            typer.echo(f"── {post.channel}: {post.why}\n")
        else:
            cut = "  (cut 省略あり)" if draft.is_cut else ""
            typer.echo(f"── {post.channel}  {draft.length}/{draft.ruler.most} {draft.ruler.unit}{cut}\n{draft.text}\n")


def _enter(outbox: Outbox, announcement: AnyAnnouncement, to: Destinations) -> str:
    """Enter it, by order of a person: an issue need not have been sent, nor a page be on a mirror."""
    if is_live(announcement):
        outbox.enter(announcement, to.live, Moments(now()))
    elif is_drill(announcement):
        outbox.enter(announcement, to.drills, Moments(now()))
    return announcement.record


def _withdraw(outbox: Outbox, what: str, to: Destinations) -> str:
    records = [record for record in records_named(what) if outbox.of_record(record)]
    if not records:
        raise ChannelsError(f"nothing of {what} was announced / その告知は出ていません")
    outbox.withdraw(records[0], to, now())
    return records[0]


@dataclass(slots=True)
class _Follower:
    """Prints what becomes of the posts of one record, once each."""

    outbox: Outbox
    record: str
    names: frozenset[str]
    chosen: str
    _reported: dict[str, tuple[PostState, str]]

    def posts(self) -> list[StoredPost]:
        return [post for post in self.outbox.of_record(self.record) if post.channel in self.names]

    def is_done(self) -> bool:
        """Print what is new. True: every post has come to an end."""
        posts = self.posts()
        for post in posts:
            told = (post.state, post.reason)
            if post.state in FINAL | {PostState.UNKNOWN} and self._reported.get(post.key) != told:
                self._reported[post.key] = told
                typer.echo(line_of(post, self.chosen))
        return all(post.state in FINAL for post in posts)


def line_of(post: StoredPost, chosen: str) -> str:
    """What became of one post, as a line."""
    if chosen == "json":
        names = ("key", "record", "channel", "part", "remote", "address", "reason", "attempts")
        return json.dumps(
            {name: getattr(post, name) for name in names} | {"state": post.state.value, "drill": post.is_drill}, ensure_ascii=False
        )
    where = post.address or post.remote
    return f"{post.channel}: {post.state.value} {post.part} {where} {post.reason}".rstrip()


def _carry_out(enter: Callable[[Outbox], str], settings: Settings, to: Destinations, person: str, seconds: float, chosen: str) -> None:
    with open_outbox(settings.mailer, actor(person), environ()) as outbox:
        record = enter(outbox)
        follower = _Follower(outbox, record, frozenset(to.names), chosen, {})
        worker = Worker(Posting(settings, to, outbox, adapter_opener(outbox), Timing(now), environ()))
        asyncio.run(_work(worker, follower, seconds))
        for name, trouble in worker.troubles.items():
            typer.echo(f"{name}: {trouble}", err=True)
        late = [post for post in follower.posts() if post.state not in FINAL]
        for post in late:
            if post.state is not PostState.UNKNOWN:
                typer.echo(line_of(post, chosen))
        if late or any(post.state is not PostState.SENT for post in follower.posts()):
            raise typer.Exit(EX_LATE)


async def _work(worker: Worker, follower: _Follower, seconds: float) -> None:
    """Post until everything has come to an end, or the time is over. What a worker of another process holds is posted by that one."""
    posting, end = asyncio.create_task(worker.run(takes_in=False)), time.monotonic() + seconds
    try:
        while not await asyncio.to_thread(follower.is_done) and time.monotonic() < end and not posting.done():
            await asyncio.wait({posting}, timeout=0.1)
    finally:
        is_over = posting.done()
        posting.cancel()
        with suppress(asyncio.CancelledError):
            if is_over:
                posting.result()
            await posting
    follower.is_done()
