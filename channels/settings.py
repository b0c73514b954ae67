"""``channels.toml`` → `Settings`. Every bad key is reported, all together. Secrets are in no settings: each channel's comes from a file or the environment.

::

    [[channel]]
    name = "mastodon"
    kind = "mastodon"
    server = "https://social.example.jp"
    secret_file = "secrets/mastodon"      # or TODOKE_CHANNEL_MASTODON in the environment
    per_day = 100
    reserved = 20                         # of these, for emergencies only
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, SecretStr, ValidationError, model_validator

from channels.model import ChannelKind
from sending_right.settings import BadSettings, bad_keys, read_table
from storage.model import StorageError
from storage.settings import Section, read_secret

FILE = "channels.toml"
PREFIX = "TODOKE_CHANNEL_"
"""A channel's secret in the environment: this, and its name in capitals with ``_`` for ``-``."""
OWN_MACHINE = ("http://127.0.0.1", "http://localhost", "http://[::1]")
"""Plain HTTP is for servers of this machine (tests, a gateway of one's own): a secret goes with every request."""


class ChannelsError(Exception):
    """The channels cannot be used as they are set up. The message says what to do."""


def require_https(address: str) -> str:
    """Return an address without the slash at its end. Raises ValueError if a secret must not go there."""
    if not address.startswith(("https://", *(f"{own}{end}" for own in OWN_MACHINE for end in (":", "/")))):
        raise ValueError("it must begin with https://")
    return address.rstrip("/")


HttpsUrl = Annotated[str, AfterValidator(require_https)]


class Quota(Section):
    """How many posts a channel may have. ``reserved`` of each number are kept for emergencies; None: no limit of ours."""

    per_hour: int | None = Field(default=None, ge=1)
    per_day: int | None = Field(default=None, ge=1)
    per_month: int | None = Field(default=None, ge=1)
    reserved: int = Field(default=0, ge=0)
    yen_per_month: float | None = Field(default=None, ge=0)
    reserved_yen: float = Field(default=0.0, ge=0)

    @model_validator(mode="after")
    def _leaves_something(self) -> Quota:
        smallest = min((each for each in (self.per_hour, self.per_day, self.per_month) if each is not None), default=None)
        if smallest is not None and self.reserved >= smallest:
            raise ValueError(f"reserved = {self.reserved} leaves nothing of {smallest} posts for articles and issues")
        if self.yen_per_month is not None and self.reserved_yen > self.yen_per_month:
            raise ValueError("reserved_yen is more than yen_per_month")
        return self


class Channel(Quota):
    """What every channel has.

    ``drill``: it gets drills and tests, and nothing else. ``announces``: which announcements it gets. ``publications``: only those of these
    publications, empty for all. ``corrections``: what follows a correction where the network cannot edit a post. ``deadline``: seconds that one
    request may take, by the adapter. ``use_hours``: how old an announcement may be when it is posted. ``hashtags`` stand before the address.
    """

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9-]{0,39}$")
    drill: bool = False
    secret_file: Path | None = None
    announces: tuple[Literal["article", "issue", "emergency"], ...] = ("article", "issue", "emergency")
    publications: tuple[str, ...] = ()
    language: str = Field(default="ja", pattern=r"^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*$")
    corrections: Literal["answer", "delete"] = "answer"
    deadline: float = Field(default=20.0, gt=0, le=300)
    use_hours: float = Field(default=24.0, gt=0, le=24 * 31)
    hashtags: tuple[Annotated[str, Field(pattern=r"^\w{1,50}$")], ...] = ()

    @property
    def variable(self) -> str:
        """The variable of the environment that may hold the secret."""
        return PREFIX + self.name.upper().replace("-", "_")


class LineChannel(Channel):
    """LINE Messaging API. The secret is the channel access token. ``audience``: narrowcast to this audience group; none: broadcast to all friends."""

    kind: Literal[ChannelKind.LINE]
    server: HttpsUrl = "https://api.line.me"
    audience: int | None = Field(default=None, ge=1)
    is_silent: bool = False


class MastodonChannel(Channel):
    """Mastodon, or a server that speaks its API. The secret is an access token. ``limit``: characters of a post on this server."""

    kind: Literal[ChannelKind.MASTODON]
    server: HttpsUrl
    visibility: Literal["public", "unlisted", "private", "direct"] = "public"
    limit: int = Field(default=500, ge=100, le=100_000)


class BlueskyChannel(Channel):
    """Bluesky (AT Protocol). The secret is an app password of ``handle``."""

    kind: Literal[ChannelKind.BLUESKY]
    server: HttpsUrl = "https://bsky.social"
    handle: str = Field(min_length=3, max_length=253)


class XChannel(Channel):
    """X, version 2 of its API. The secret: four lines, API key, API key secret, access token, access token secret (OAuth 1.0a).

    ``account``: the account's number, whose posts are looked at before a repeat. ``yen``, ``yen_with_link``: what one post costs, for the budget.
    """

    kind: Literal[ChannelKind.X]
    server: HttpsUrl = "https://api.x.com"
    account: str = Field(pattern=r"^[0-9]{1,20}$")
    yen: float = Field(ge=0)
    yen_with_link: float = Field(ge=0)


class WebhookChannel(Channel):
    """A POST to an address. The gateway of municipal radio: ``url`` is the address, the secret signs. Slack, Teams and LINE WORKS: the secret is the
    address, since whoever knows it may write. ``limit``: characters of the text.
    """

    kind: Literal[ChannelKind.WEBHOOK]
    url: HttpsUrl | None = None
    format: Literal["todoke", "slack", "teams", "line-works"] = "todoke"
    limit: int = Field(default=2000, ge=100, le=100_000)

    @model_validator(mode="after")
    def _has_its_address_in_one_place(self) -> WebhookChannel:
        if self.format == "todoke" and self.url is None:
            raise ValueError("url is missing: the address of the gateway")
        if self.format != "todoke" and self.url is not None:
            raise ValueError(f"the address of {self.format} is a secret: put it into secret_file, and take url out")
        return self


class WebPushChannel(Channel):
    """Web Push to those who have asked for it on the site; the mailer's database has their subscriptions. The secret is the private key that
    ``todoke channels key`` makes (VAPID). ``contact``: whom a push service may ask.
    """

    kind: Literal[ChannelKind.WEB_PUSH]
    contact: str = Field(pattern=r"^(mailto:.+@.+|https://.+)$")


class WebSubChannel(Channel):
    """A ping to a WebSub hub that feeds have changed. It has no secret."""

    kind: Literal[ChannelKind.WEBSUB]
    hub: HttpsUrl
    feeds: tuple[HttpsUrl, ...] = Field(min_length=1)


ChannelSettings = Annotated[
    LineChannel | MastodonChannel | BlueskyChannel | XChannel | WebhookChannel | WebPushChannel | WebSubChannel, Field(discriminator="kind")
]
AnyChannel = LineChannel | MastodonChannel | BlueskyChannel | XChannel | WebhookChannel | WebPushChannel | WebSubChannel


class Settings(Section):
    """``mailer``: the settings of the mailer, whose database holds the outbox. ``announcements`` is the folder that a build writes, ``site`` the site.

    ``texts`` gets pages with texts to copy. ``releases``: the folder in which ``todoke publish`` writes what became public (its ``announcements``); an
    article is announced when its page is among that. Without it a page counts as public when it is built.
    """

    mailer: Path = Path("mailer.toml")
    announcements: Path = Path("output/announcements")
    site: Path = Path("output/site")
    texts: Path = Path("var/announcement-texts")
    releases: Path | None = None
    channel: tuple[ChannelSettings, ...] = ()

    @model_validator(mode="after")
    def _has_each_name_once(self) -> Settings:
        names = [each.name for each in self.channel]
        if twice := sorted({name for name in names if names.count(name) > 1}):
            raise ValueError(f"two channels have one name: {', '.join(twice)}")
        return self


def load_settings(path: Path) -> Settings:
    """Read the file; relative paths become absolute. Raises `ChannelsError` that names every bad key."""
    try:
        record = read_table(path)
        if not record:
            raise ChannelsError(f"{path}: there is no such file, or nothing in it. See docs/how-to/announce.ja.md / 設定がありません")
        settings = Settings.model_validate(record)
    except BadSettings as error:
        raise ChannelsError(f"{error} / 設定が読めません") from error
    except ValidationError as error:
        raise ChannelsError(f"{path}: {bad_keys(error)} / 設定を直してください") from error
    home = path.resolve().parent
    places = {name: home / value for name, value in settings if isinstance(value, Path)}
    return settings.model_copy(update=places | {"channel": tuple(_absolute(each, home) for each in settings.channel)})


def _absolute(channel: AnyChannel, home: Path) -> AnyChannel:
    return channel.model_copy(update={name: home / value for name, value in channel if isinstance(value, Path)})


def secret_of(channel: AnyChannel, environ: Mapping[str, str] = os.environ) -> SecretStr:
    """Return the channel's secret: the environment's, else the file's; empty for a kind that has none.

    :raises ChannelsError: there is none, or other accounts can read the file.
    """
    if isinstance(channel, WebSubChannel):
        return SecretStr("")
    if value := environ.get(channel.variable, "").strip():
        return SecretStr(value)
    if channel.secret_file is None:
        raise ChannelsError(f"{channel.name}: there is no secret: set secret_file or {channel.variable} / 秘密の鍵がありません")
    try:
        value = read_secret(channel.secret_file)
    except StorageError as error:
        raise ChannelsError(f"{channel.name}: {error}") from error
    if not value:
        raise ChannelsError(f"{channel.name}: {channel.secret_file} is empty / 秘密の鍵が空です")
    return SecretStr(value)
