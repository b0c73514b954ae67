"""A ping to a WebSub hub: these feeds have changed, fetch them.

How a publisher tells its hub is left to the two (WebSub section 6); hubs take ``hub.mode=publish`` with ``hub.url``, as PubSubHubbub 0.4 had it. A
ping twice is one more look at a feed, so it may be repeated at any time.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import ClassVar

from channels.adapters.http import Http, Reply, StatusRules
from channels.adapters.refusals import NoEdits
from channels.model import Answer, ChannelKind, Post, Posted, Traits

TRAITS = Traits(key_life=timedelta(days=365))
STATUSES = StatusRules(has_keys=True)


@dataclass(repr=False)
class WebSubAdapter(NoEdits):
    """``hub``: its address. ``feeds``: ours, as readers know them."""

    http: Http
    hub: str
    feeds: tuple[str, ...]
    kind: ClassVar[ChannelKind] = ChannelKind.WEBSUB
    traits: ClassVar[Traits] = TRAITS

    async def post(self, post: Post) -> Answer:
        """See `Adapter`. One request for each feed, since not every hub takes several in one; the first that fails is the answer."""
        for feed in self.feeds:
            form = {"hub.mode": "publish", "hub.url": feed, "hub.topic": feed}
            reply = await self.http.ask("POST", self.hub, None, form)
            if not isinstance(reply, Reply):
                return reply
            if not reply.is_good:
                return self.http.judge(reply)
        return Posted(str(post.key))
