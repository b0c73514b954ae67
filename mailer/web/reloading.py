"""The pages with the lists that hold now: when a build has changed them, the next request finds a new application, and those under way end in the old one."""

from __future__ import annotations

from collections.abc import Callable

from starlette.types import ASGIApp, Receive, Scope, Send

from mailer.live_bundle import BundleHead, LiveBundle


class ReloadingApp:
    """Passes each request to the application of the bundle's head that holds.

    :param make: an application for a head. What must outlast a build (budgets of networks, used proofs) is the caller's to keep.
        Its lifespan is the first one's.
    """

    def __init__(self, live: LiveBundle, make: Callable[[BundleHead], ASGIApp]) -> None:
        self._live = live
        self._make = make
        self._head = live.head()
        self._app = make(self._head)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """See the ASGI specification, "Applications"."""
        head = self._live.head()
        if head is not self._head:
            self._app, self._head = self._make(head), head
        await self._app(scope, receive, send)
