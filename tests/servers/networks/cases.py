"""Each network with the adapter that posts to it: what the contract of all adapters, and the tests of those who use adapters, need."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any
from uuid import UUID

from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from py_vapid import Vapid02
from pydantic import SecretStr, TypeAdapter

from channels.adapters import Outside, open_adapter
from channels.model import Adapter, Link, Post
from channels.settings import AnyChannel, ChannelSettings
from tests.servers.networks.bluesky import FakeBluesky
from tests.servers.networks.hub import FakeHub
from tests.servers.networks.line import FakeLine
from tests.servers.networks.mastodon import FakeMastodon
from tests.servers.networks.push_service import FakePushService, Notebook
from tests.servers.networks.trouble import MOMENT, FakeNetwork
from tests.servers.networks.webhook import FakeChat, FakeGateway
from tests.servers.networks.x import FakeX

FEEDS = ("https://news.example.jp/feeds/all.atom.xml", "https://news.example.jp/feeds/ishinomaki.atom.xml")
VAPID = Vapid02()
VAPID.generate_keys()
VAPID_PEM = VAPID.private_pem().decode()
VAPID_PUBLIC = VAPID.public_key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
ADDRESS = "https://news.example.jp/articles/minato-no-asaichi/"
POST = Post(
    key=UUID("6c5b9f3e-0f0c-5a4e-9a55-0d7c3f1f6a01"),
    text=f"女川港の朝市が再開します🐟 さんま & わかめ\n{ADDRESS}",
    language="ja",
    created=MOMENT - timedelta(minutes=2),
    link=Link(ADDRESS, "女川港の朝市が再開します", "毎週日曜日の朝6時から"),
)
Settings = Callable[[Any], dict[str, Any]]


@dataclass(frozen=True)
class Case:
    """``settings``: a table of channels.toml for the fake, ``secret`` what it takes. ``has_keys``: a repeat is recognised."""

    name: str
    fake: Callable[[], FakeNetwork]
    settings: Settings
    secret: Callable[[Any], str]
    has_keys: bool = True

    def channel(self, fake: FakeNetwork, name: str = "test", deadline: float = 30.0) -> AnyChannel:
        """Return the settings of a channel of this network."""
        table = {"name": name, "deadline": deadline, **self.settings(fake)}
        settings: AnyChannel = TypeAdapter(ChannelSettings).validate_python(table)
        return settings

    def open(self, fake: FakeNetwork, deadline: float = 30.0, secret: str | None = None) -> Adapter:
        """Return the adapter as the command line opens it, with the clock of the tests."""
        return open_adapter(
            self.channel(fake, deadline=deadline), SecretStr(self.secret(fake) if secret is None else secret), outside(fake)
        )


def outside(fake: FakeNetwork) -> Outside:
    """Return what adapters get from outside, for servers on loopback."""
    notebook = Notebook([*fake.browsers.values()]) if isinstance(fake, FakePushService) else None
    return Outside(clock=lambda: MOMENT, subscriptions=notebook, pause=0.0, may_send=bool, public_only=False)


def push_service() -> FakePushService:
    """Return a push service whose browsers know our key."""
    return FakePushService(VAPID_PUBLIC, MOMENT.timestamp())


def another(post: Post, number: int = 2, **changes: Any) -> Post:
    """Return a post of another record."""
    return replace(post, key=UUID(int=post.key.int + number), **changes)


def _chat(form: str) -> Case:
    settings: Settings = lambda _fake: {"kind": "webhook", "format": form}  # noqa: E731
    return Case(form, lambda: FakeChat(form), settings, lambda fake: fake.webhook, has_keys=False)


LINE = Case("line", FakeLine, lambda fake: {"kind": "line", "server": fake.address}, lambda fake: fake.token)
NARROWCAST = replace(
    LINE, name="line-narrowcast", settings=lambda fake: {"kind": "line", "server": fake.address, "audience": 4_389_303_728_991}
)
MASTODON = Case("mastodon", FakeMastodon, lambda fake: {"kind": "mastodon", "server": fake.address}, lambda fake: fake.token)
BLUESKY = Case(
    "bluesky", FakeBluesky, lambda fake: {"kind": "bluesky", "server": fake.address, "handle": fake.handle}, lambda fake: fake.password
)
X = Case(
    "x",
    FakeX,
    lambda fake: {"kind": "x", "server": fake.address, "account": fake.account, "yen": 2.3, "yen_with_link": 31},
    lambda fake: "\n".join(fake.keys),
    has_keys=False,
)
X_BEARER = replace(X, name="x-oauth2", secret=lambda fake: fake.token)
GATEWAY = Case(
    "webhook",
    lambda: FakeGateway(MOMENT.timestamp()),
    lambda fake: {"kind": "webhook", "url": fake.address + "/radio"},
    lambda fake: fake.key,
)
WEB_PUSH = Case(
    "web-push", push_service, lambda _fake: {"kind": "web-push", "contact": "mailto:kouhou@pref.example.jp"}, lambda _fake: VAPID_PEM
)
WEBSUB = Case("websub", lambda: FakeHub(FEEDS), lambda fake: {"kind": "websub", "hub": fake.address, "feeds": FEEDS}, lambda _fake: "")
CASES = (LINE, NARROWCAST, MASTODON, BLUESKY, X, X_BEARER, GATEWAY, _chat("slack"), _chat("teams"), _chat("line-works"), WEB_PUSH, WEBSUB)
