"""The mailer's part of the command line: parses, calls, prints. `todoke.py` gathers it with `register`."""

from __future__ import annotations

import asyncio
import os
import sys
from contextlib import nullcontext
from dataclasses import replace
from typing import Annotated

import typer
import uvicorn

from mailer import bundle, log, secrets
from mailer.cli.runtime import CONFIG, MAIL, ConfigPath, LogOption, MailPath, delivery_context, errors_as_lines, now, open_for_command
from mailer.config import Config
from mailer.database.engine import Database
from mailer.delivery.context import DeliveryContext
from mailer.log import LogKind
from mailer.message.links import LinkSigner
from mailer.monitoring.metrics import exposition
from mailer.sending import lock
from mailer.sending.run import run_event_loop, stop_on_signal
from mailer.web.app import MetricsEndpoint, create_app


def serve(
    host: Annotated[str, typer.Option(help="Where to listen. 待ち受けるアドレス")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=1, max=65535, help="Port. ポート")] = 8025,
    config: ConfigPath = CONFIG,
    mail: MailPath = MAIL,
) -> None:
    """Run the service behind the unsubscribe links. 配信停止の窓口を動かす"""
    with errors_as_lines():
        settings = Config.load(config)
        tokens = LinkSigner(secrets.signing_keys(os.environ, settings.secret_file))
        with open_for_command(settings) as database:
            app = create_app(database, tokens, bundle.read_lists(mail), now, metrics=_metrics(settings, database))
            # No access log: the path of a request is the key to somebody's subscription.
            uvicorn.run(app, host=host, port=port, access_log=False, log_level="warning", server_header=False)


def work(logs: LogOption = LogKind.TEXT, config: ConfigPath = CONFIG) -> None:
    """Send whatever is to be sent, until stopped; on PostgreSQL on any number of machines. 配信係として動き続ける"""
    from mailer.sending import worker

    async def until_stopped(around: DeliveryContext) -> None:
        stop = asyncio.Event()
        with stop_on_signal(stop):
            await worker.run_worker(around, stop)

    log.configure(logs, sys.stderr)
    with errors_as_lines():
        settings = Config.load(config)
        with open_for_command(settings) as database, nullcontext() if database.is_shared else lock.sender_lock(settings):
            run_event_loop(until_stopped(replace(delivery_context(settings, database), waits_for_relays=True)))


def _metrics(settings: Config, database: Database) -> MetricsEndpoint | None:
    """Only who shows the key may look; without a key there is no such page."""
    key = secrets.metrics_key(os.environ, settings.metrics_key_file)
    return None if key is None else MetricsEndpoint(key, lambda now: exposition(settings, database, now))
