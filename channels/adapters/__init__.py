"""One file for each network. `open_adapter` makes the adapter of a channel.

http       one request, and what its answer means. The only door to the outside
public_resolver  leaves out addresses that are not global
refusals   what an adapter answers where its network cannot
pictures   a picture's bytes
line, mastodon, bluesky, x, webhook, web_push, websub   the networks

To add a network: a kind in ``channels.model``, a table in ``channels.settings``, a file here with a class that keeps `channels.model.Adapter`, a fake server
in tests/servers/networks that keeps to the network's published documentation, and its case in tests/channels/adapters/test_contract.py.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from pydantic import SecretStr

from channels.adapters import bluesky, line, mastodon, web_push, webhook, websub, x
from channels.adapters.bluesky import BlueskyAdapter
from channels.adapters.http import Clock, Http, Limits, StatusRules
from channels.adapters.line import LineAdapter
from channels.adapters.mastodon import MastodonAdapter
from channels.adapters.public_resolver import PublicResolver
from channels.adapters.web_push import Subscriptions, WebPushAdapter
from channels.adapters.webhook import WebhookAdapter
from channels.adapters.websub import WebSubAdapter
from channels.adapters.x import XAdapter, XKeys
from channels.model import Adapter
from channels.settings import (
    AnyChannel,
    BlueskyChannel,
    ChannelsError,
    LineChannel,
    MastodonChannel,
    WebhookChannel,
    WebPushChannel,
    WebSubChannel,
    XChannel,
    require_https,
)
from public_address import https_host


@dataclass(frozen=True)
class Outside:
    """What adapters get from outside. ``pause``: seconds between two looks at what a network works on. ``may_send``: see `WebPushAdapter`."""

    clock: Clock = lambda: datetime.now(UTC)
    subscriptions: Subscriptions | None = None
    pause: float = 1.0
    may_send: Callable[[str], object] = https_host
    public_only: bool = True


def open_adapter(settings: AnyChannel, secret: SecretStr, outside: Outside | None = None) -> Adapter:
    """Return the adapter of a channel. Close it.

    :raises ChannelsError: the secret is not of the network's form, or there is no place with subscriptions.
    """
    return _Opening(settings.name, settings.deadline, secret.get_secret_value().strip(), outside or Outside()).open(settings)


@dataclass(frozen=True, repr=False)
class _Opening:
    name: str
    deadline: float
    secret: str
    outside: Outside

    def open(self, settings: AnyChannel) -> Adapter:
        match settings:
            case LineChannel():
                return LineAdapter(
                    self._http(line.STATUSES), settings.server, self.secret, settings.audience, settings.is_silent, self.outside.pause
                )
            case MastodonChannel():
                http = self._http(mastodon.STATUSES)
                return MastodonAdapter(http, settings.server, self.secret, settings.visibility, self.outside.pause)
            case BlueskyChannel():
                return BlueskyAdapter(self._http(bluesky.STATUSES), settings.server, settings.handle, self.secret)
            case XChannel():
                return self._x(settings)
            case WebhookChannel():
                return self._webhook(settings)
            case WebPushChannel():
                return self._web_push(settings)
            case WebSubChannel():
                return WebSubAdapter(self._http(websub.STATUSES), settings.hub, settings.feeds)

    def _x(self, settings: XChannel) -> Adapter:
        words = tuple(self.secret.split())
        if len(words) not in (1, 4):
            raise ChannelsError(
                f"{self.name}: the secret has {len(words)} words: either four (API key, API key secret, access token, access token secret), "
                "or one access token of OAuth 2.0 / 鍵は4行か1行です"
            )
        prices = x.traits(settings.yen, settings.yen_with_link)
        return XAdapter(self._http(x.STATUSES, *words), settings.server, XKeys(words), settings.account, prices)

    def _webhook(self, settings: WebhookChannel) -> Adapter:
        if settings.url is not None:
            http = self._http(webhook.GATEWAY_STATUSES)
            return WebhookAdapter(http, settings.url, settings.format, self.secret, webhook.GATEWAY)
        try:
            require_https(self.secret)
        except ValueError as error:
            raise ChannelsError(f"{self.name}: the secret is the address of {settings.format}: {error} / 秘密はアドレスです") from None
        return WebhookAdapter(self._http(webhook.CHAT_STATUSES, self.secret), self.secret, settings.format, "", webhook.CHAT)

    def _web_push(self, settings: WebPushChannel) -> Adapter:
        if self.outside.subscriptions is None:
            raise ChannelsError(f"{self.name}: there is no database with subscriptions / 購読の記録がありません")
        try:
            key = web_push.read_key(self.secret)
        except ValueError as error:
            raise ChannelsError(f"{self.name}: {error}. Make one: todoke channels key FILE / 鍵が読めません") from None
        http = self._http(web_push.STATUSES)
        http.limits = replace(http.limits, whole=min(http.limits.whole, web_push.LONGEST_REQUEST))
        http.keep, http.at_once = True, web_push.AT_ONCE
        http.resolver = PublicResolver() if self.outside.public_only else None
        life = timedelta(hours=settings.use_hours)
        return WebPushAdapter(http, key, settings.contact, self.outside.subscriptions, life, self.outside.may_send)

    def _http(self, statuses: StatusRules, *secrets: str) -> Http:
        limits = Limits(connect=min(5.0, self.deadline), whole=self.deadline)
        return Http(self.name, statuses, self.outside.clock, limits, (self.secret, *secrets))
