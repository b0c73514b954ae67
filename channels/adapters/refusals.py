"""What an adapter answers to a request that its network does not know: it is refused, and nothing is asked of the network."""

from __future__ import annotations

from channels.adapters.http import Http
from channels.model import Answer, Post, Posted, Refused, Uncertain


class NoEdits:
    """An adapter whose network has no way to look for a post, to change it or to take it down. It overrides what the network can.

    ``http`` is the adapter's own.
    """

    http: Http

    @property
    def name(self) -> str:
        """The channel's name."""
        return self.http.name

    async def search(self, post: Post) -> Posted | Uncertain | None:  # noqa: ARG002 - the adapter's signature
        """See `Adapter`."""
        return Uncertain(f"{self.name}: the network has no way to look / 確かめる方法がありません")

    async def edit(self, remote: str, post: Post) -> Answer:  # noqa: ARG002
        """See `Adapter`."""
        return Refused(f"{self.name}: a post cannot be changed / 投稿は直せません")

    async def delete(self, remote: str) -> Answer:  # noqa: ARG002
        """See `Adapter`."""
        return Refused(f"{self.name}: a post cannot be taken down / 投稿は消せません")

    async def close(self) -> None:
        """See `Adapter`."""
        await self.http.close()
