"""`todoke channels run` and `todoke channels test`."""

from __future__ import annotations

import asyncio
import signal
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Annotated

import typer

from channels.announcement import Announcement, AnnouncementKind, Drill, Wording, site_address
from channels.cli.announce import line_of
from channels.cli.runtime import (
    CONFIG,
    EX_LATE,
    Channels,
    ConfigPath,
    Format,
    actor,
    adapter_opener,
    environ,
    errors_on_one_line,
    log_to_stderr,
    now,
    settings_of,
)
from channels.destinations import Destinations, destinations
from channels.dispatch.channel import Timing
from channels.dispatch.worker import Posting, Worker
from channels.outbox.outbox import PostState, open_outbox
from channels.outbox.planning import Moments
from channels.settings import ChannelsError

Once = Annotated[bool, typer.Option("--once", help="Post what can be posted now, and end. いま出せるものだけを出して終わる")]
Log = Annotated[bool, typer.Option("--log", help="What happens, line by line on standard error. 動きの記録")]
TEST_SECONDS = 60.0


def run(once: Once = False, log: Log = False, config: ConfigPath = CONFIG) -> None:
    """Post what is to be announced, each channel for itself: for good, as a service. 告知を出し続けます（常駐）

    It ends at once when it is asked to (SIGTERM), and may be killed at any moment: what was under way then is found again.
    """
    with errors_on_one_line():
        settings = settings_of(config)
        if log:
            log_to_stderr()
        with open_outbox(settings.mailer, actor(), environ()) as outbox:
            worker = Worker(Posting(settings, destinations(settings), outbox, adapter_opener(outbox), Timing(now), environ()))
            asyncio.run(_until_told(worker, once))
            needs_person = bool(outbox.list_posts(states=(PostState.UNKNOWN, PostState.FAILED), limit=1)) or bool(worker.troubles)
    if once and needs_person:
        raise typer.Exit(EX_LATE)


async def _until_told(worker: Worker, once: bool) -> None:
    working = asyncio.create_task(worker.run(stops_when_idle=once))
    with suppress(NotImplementedError):  # Windows
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, working.cancel)
    with suppress(asyncio.CancelledError):
        await working


def test(channel: Channels = [], chosen: Format = "text", config: ConfigPath = CONFIG) -> None:  # noqa: B006 - Typer's form
    """Post a test to test accounts: channels with `drill = true`, and to no others. 試験用の告知先に、試しの文を出します

    Exit status 0: all of them have it; 3: one has not.
    """
    with errors_on_one_line():
        settings = settings_of(config)
        to = destinations(settings).only(tuple(channel))
        if not to.drills:
            raise ChannelsError(
                "No channel has `drill = true`: a test is posted to test accounts only / 訓練用（drill = true）の告知先がありません"
            )
        announcement = test_announcement(now(), site_address(settings.announcements))
        drills = Destinations((), to.drills)
        with open_outbox(settings.mailer, actor(), environ()) as outbox:
            outbox.enter(announcement, drills.drills, Moments(now()))
            worker = Worker(Posting(settings, drills, outbox, adapter_opener(outbox), Timing(now), environ()))
            asyncio.run(_for_a_while(worker))
            posts = outbox.of_record(announcement.record)
    for post in posts:
        typer.echo(line_of(post, chosen))
    for name, trouble in worker.troubles.items():
        typer.echo(f"{name}: {trouble}", err=True)
    if any(post.state is not PostState.SENT for post in posts):
        raise typer.Exit(EX_LATE)


def test_announcement(moment: datetime, address: str) -> Announcement[Drill]:
    """A test: the type says that it can go to channels of drills only."""
    words = Wording("【訓練】告知の試験です", ("これは試験です。読んだ人がすることは、何もありません。", f"{moment:%Y-%m-%d %H:%M:%S} UTC"))
    record, until = f"test/{moment.isoformat()}", moment + timedelta(hours=1)
    return Announcement(Drill(), record, AnnouncementKind.TEST, "", moment, until, address, "ja", {"ja": words})


async def _for_a_while(worker: Worker) -> None:
    with suppress(TimeoutError):
        async with asyncio.timeout(TEST_SECONDS):
            await worker.run(takes_in=False, stops_when_idle=True)
