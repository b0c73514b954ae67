"""``todoke feeds receive``: the service to which hubs send (WebSub). It runs until it is stopped."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import secrets
import socket
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from urllib.parse import urlsplit

import typer

from plugins.cli.feeds import arguments
from plugins.cli.feeds.commands import Content, Loopback, Proxy, Publications

if TYPE_CHECKING:
    from plugins.partners.update import UpdateReport
    from plugins.partners.websub.service import Service

TOKEN_BYTES = 32


def receive_news(
    callback: Annotated[
        str,
        typer.Option(
            metavar="URL",
            help="この窓口の外から見たアドレス。https のもの / public address of this service, https, such as https://news.example.jp",
        ),
    ],
    host: Annotated[str, typer.Option(help="待ち受けるアドレス / where to listen")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="ポート / port")] = 8027,
    content: Content = Path("content"),
    publications: Publications = Path("publications.toml"),
    state: Annotated[Path, typer.Option(help="前の返事の控え / what servers said last")] = Path("var/feeds.json"),
    allow_loopback: Loopback = False,
    proxy: Proxy = None,
) -> None:
    """協力ブログの知らせ（WebSub）を受け、すぐ取り込む / be told of news of partner blogs by their hubs (WebSub), and import them at once."""
    from plugins.partners.update import Options
    from plugins.partners.websub.service import Service, subscriptions_path
    from plugins.partners.websub.subscription import Subscriptions

    parts = urlsplit(callback)
    if parts.scheme not in ("https", "http") or not parts.hostname or parts.query or parts.fragment:
        raise arguments.usage_error(
            f"--callback は https://news.example.jp の形で書きます / write --callback https://news.example.jp: {callback}"
        )
    settings = arguments.read_settings_or_exit(publications)
    options = Options(
        content, state, datetime.now(UTC), rules=arguments.address_rules(allow_loopback), gap=1.0, proxy=arguments.check_proxy(proxy)
    )
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    subscriptions = Subscriptions.load(subscriptions_path(state))
    service = Service(settings, options, subscriptions, callback, _now, _random_token, _print)
    asyncio.run(_serve(service, host, port))


def _now() -> datetime:
    return datetime.now(UTC)


def _random_token() -> str:
    return secrets.token_urlsafe(TOKEN_BYTES)


def _print(report: UpdateReport) -> None:
    from plugins.cli.feeds.tables import print_update

    print_update(report, as_json=False)


async def _serve(service: Service, host: str, port: int) -> None:
    """Listen, then ask the hubs: they may verify at once. Ends when the server is stopped."""
    import uvicorn

    from plugins.partners.websub.receiver import create_app

    listening = asyncio.Event()

    class Server(uvicorn.Server):
        async def startup(self, sockets: list[socket.socket] | None = None) -> None:
            await super().startup(sockets)
            listening.set()

    async def work() -> None:
        await listening.wait()
        await service.run()

    app = create_app(service.subscriptions, service.notify, service.clock)
    # No access log: the path of a request is the key to a subscription.
    server = Server(uvicorn.Config(app, host=host, port=port, access_log=False, log_config=None, server_header=False))
    working = asyncio.create_task(work())
    working.add_done_callback(lambda _task: setattr(server, "should_exit", True))
    try:
        await server.serve()
    finally:
        working.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await working
