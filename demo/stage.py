"""One small server for the demonstration: the site, the inbox, the subscription service, and the partner's feed.

In production these are four different machines: a plain web server, nobody's, `todoke serve`, and the partner's own.
"""

from __future__ import annotations

import asyncio
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import uvicorn
from jinja2 import Environment, FileSystemLoader
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from demo.inbox import Inbox, ReceivedMail
from mailer import secrets
from mailer.cli.runtime import now
from mailer.config.file import load_config
from mailer.database.engine import open_database
from mailer.live_bundle import LiveBundle
from mailer.message.links import LinkSigner
from mailer.message.sealed import TokenSealer
from mailer.subscribers.confirmation import ConfirmationMailer
from mailer.subscribers.sign_up_mailer import SignUpMailer
from mailer.web.app import AppOptions, create_app
from mailer.web.sign_up.background import WakeUp, make_sign_ups, sending_confirmations

HERE = Path(__file__).parent
MOST_SHOWN = 60
"""Messages of each issue in the list: a thousand would take longer to draw than to send."""


READY_SECONDS = 1.0
"""Between two looks into the inbox."""


class InboxPages:
    """A list of what arrived, and each message as HTML and as text."""

    def __init__(self, inbox: Inbox) -> None:
        self.inbox = inbox
        self.pages = Environment(loader=FileSystemLoader(HERE / "templates"), autoescape=True)

    def list(self, _request: Request) -> HTMLResponse:
        """Show how many arrived of each issue, and some of them."""
        summaries = sorted(self.inbox.summaries(), key=lambda summary: summary.to.rpartition("<")[2])
        counts = Counter(summary.subject for summary in summaries)
        by_issue = {subject: [summary for summary in summaries if summary.subject == subject][:MOST_SHOWN] for subject in counts}
        return self._page("inbox.html", counts=counts, by_issue=by_issue)

    async def keep_ready(self) -> None:
        """Read what arrives as it arrives, so that nobody waits for the list."""
        while True:
            await asyncio.to_thread(self.inbox.summaries)
            await asyncio.sleep(READY_SECONDS)

    def show(self, request: Request) -> HTMLResponse:
        """Show one message: headers, HTML part in a frame, text part."""
        return self._page("message.html", message=self._message(request))

    def html(self, request: Request) -> HTMLResponse:
        """The HTML part alone, for the frame. Nothing in it may run."""
        policy = "default-src 'none'; img-src 'self'; style-src 'unsafe-inline'"
        return HTMLResponse(self._message(request).html, headers={"Content-Security-Policy": policy})

    def _message(self, request: Request) -> ReceivedMail:
        message = self.inbox.message(request.path_params["key"])
        if message is None:
            raise HTTPException(404, "no such message")
        return message

    def _page(self, template: str, **values: object) -> HTMLResponse:
        return HTMLResponse(self.pages.get_template(template).render(**values))


def create_demo_app(settings: Path, output: Path) -> Starlette:
    """Return the application; ``settings`` is the demonstration's ``mailer.toml``, ``output`` the built tree."""
    config = load_config(settings)
    keys, wake = secrets.signing_keys({}, config.secret_file), WakeUp()
    database, head = open_database(config.database), LiveBundle(output / "mail", config.service_url, time.monotonic).head()
    mailer = SignUpMailer(database, config, TokenSealer(keys), lambda: head.lists, lambda _relay: None)
    confirm, sign_ups = ConfirmationMailer(config, LinkSigner(keys), lambda _relay: None).send, make_sign_ups(mailer, keys, wake.set)
    service = create_app(
        database,
        LinkSigner(keys),
        head.lists,
        now,
        AppOptions(confirm=confirm, source_url=config.source_url, site=head.site, sign_ups=sign_ups),
    )
    pages = InboxPages(Inbox(settings.parent / "inbox" / "new"))

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        async with sending_confirmations(mailer, wake, now)(app):
            ready = asyncio.create_task(pages.keep_ready())
            yield
            ready.cancel()

    return Starlette(
        routes=[
            Route("/inbox/", pages.list),
            Route("/inbox/{key}/", pages.show),
            Route("/inbox/{key}/html", pages.html),
            Mount("/service", app=service),
            Mount("/", app=StaticFiles(directory=output / "site", html=True)),
        ],
        lifespan=lifespan,
    )


def serve_arguments(settings: Path, output: Path, port: int) -> list[str]:
    """Return the arguments for Python that serve this application on 127.0.0.1."""
    return ["-m", "demo.stage", str(settings), str(output), str(port)]


def main(settings: str, output: str, port: str) -> None:
    """Serve until interrupted."""
    uvicorn.run(create_demo_app(Path(settings), Path(output)), host="127.0.0.1", port=int(port), access_log=False, log_level="warning")


if __name__ == "__main__":
    main(*sys.argv[1:])
