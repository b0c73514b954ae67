"""What a person names on the command line → the announcement of it, and what each channel would get."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from channels.announcement import Announcement, Purpose, is_drill, is_live, read_folder
from channels.cli.runtime import AnyAnnouncement
from channels.composer.compose import CannotCompose, compose
from channels.destinations import Destination, Destinations
from channels.preview.page import ShownPost
from channels.settings import ChannelsError, Settings


def find(what: str, settings: Settings) -> AnyAnnouncement:
    """Return the announcement of a record, which is named by its source, its record, its address, or LIST/NUMBER.

    :raises ChannelsError: there is none, or several.
    """
    reading = read_folder(settings.announcements)
    named = [each for each in reading.all if what in _names(each) or _without_content(what) in _names(each)]
    if len(named) == 1:
        return named[0]
    if named:
        raise ChannelsError(f"{what} names several records / どれのことか分かりません: {', '.join(each.record for each in named)}")
    damaged = f" {reading.problems[0]}" if reading.problems else ""
    raise ChannelsError(
        f"{settings.announcements}: there is nothing to announce of {what}. An article needs `announce: true`, a build, and an end that has not come.{damaged}"
        " / 告知するものがありません。記事に announce: true を書き、ビルドしてください。期限や終わりの過ぎた記事は告知しません"
    )


def _names(announcement: AnyAnnouncement) -> frozenset[str]:
    bare = announcement.record.partition("/")[2]
    return frozenset({announcement.record, bare, announcement.address, announcement.issue or announcement.record})


def _without_content(what: str) -> str:
    """``content/press/2020/open.md``, with any folder before it, → ``press/2020/open``."""
    path = Path(what).with_suffix("").as_posix() if what.endswith(".md") else what
    return path.rpartition("content/")[2]


def posts_of(announcement: AnyAnnouncement, to: Destinations) -> list[ShownPost]:
    """What each channel that takes it would get."""
    if is_live(announcement):
        return posts_for(announcement, to.live)
    if is_drill(announcement):
        return posts_for(announcement, to.drills)
    return []


def posts_for(announcement: Announcement[Purpose], to: Iterable[Destination[Purpose]]) -> list[ShownPost]:
    """What each of these channels would get."""
    return [_post_for(announcement, each) for each in to if each.takes(announcement)]


def _post_for(announcement: Announcement[Purpose], destination: Destination[Purpose]) -> ShownPost:
    channel = destination.channel
    try:
        return ShownPost(channel.name, channel.kind.value, channel.drill, compose(announcement, destination))
    except CannotCompose as error:
        return ShownPost(channel.name, channel.kind.value, channel.drill, None, str(error))
