"""The channels by purpose: those for the real thing, and those for drills and tests. No function gives a channel as both."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic

from channels.announcement import Announcement, AnnouncementKind, Drill, Live, Purpose
from channels.settings import AnyChannel, ChannelsError, Settings


@dataclass(frozen=True, slots=True)
class Destination(Generic[Purpose]):
    """A channel, and what it is for."""

    purpose: Purpose
    channel: AnyChannel

    def takes(self, announcement: Announcement[Purpose]) -> bool:
        """Whether the operator wants this kind of announcement there."""
        channel = self.channel
        if announcement.kind is AnnouncementKind.TEST:
            return True
        return announcement.kind.value in channel.announces and (
            not channel.publications or announcement.publication in channel.publications
        )


@dataclass(frozen=True, slots=True)
class Destinations:
    """All channels of ``channels.toml``."""

    live: tuple[Destination[Live], ...]
    drills: tuple[Destination[Drill], ...]

    @property
    def names(self) -> tuple[str, ...]:
        """The names of all."""
        return (*(each.channel.name for each in self.live), *(each.channel.name for each in self.drills))

    def only(self, names: tuple[str, ...]) -> Destinations:
        """Return the channels of these names; all of them for no name.

        :raises ChannelsError: there is no such channel.
        """
        if not names:
            return self
        if unknown := sorted({*names} - {*self.names}):
            raise ChannelsError(f"There is no channel {', '.join(unknown)} in channels.toml / その名前の配信先はありません")
        return Destinations(
            tuple(each for each in self.live if each.channel.name in names),
            tuple(each for each in self.drills if each.channel.name in names),
        )


def destinations(settings: Settings) -> Destinations:
    """Sort the channels by what they are for."""
    live = tuple(Destination(Live(), channel) for channel in settings.channel if not channel.drill)
    return Destinations(live, tuple(Destination(Drill(), channel) for channel in settings.channel if channel.drill))
