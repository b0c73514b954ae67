"""`todoke serve` and `todoke work`: the two processes that run until they are stopped."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import replace
from functools import partial
from secrets import token_bytes
from typing import Annotated

import typer

from mailer import log, secrets
from mailer.cli.runtime import (
    CONFIG,
    MAIL,
    ConfigPath,
    LogOption,
    MailPath,
    command_session,
    delivery_context,
    notify,
    now,
    open_for_command,
)
from mailer.config.file import load_config
from mailer.config.settings import Config, RelaySettings
from mailer.database.engine import Database
from mailer.delivery.context import DeliveryContext
from mailer.live_bundle import LiveBundle
from mailer.log import LogKind
from mailer.message.dkim import keys as dkim_keys
from mailer.message.links import LinkSigner
from mailer.message.sealed import TokenSealer
from mailer.model.errors import SecretMissing
from mailer.monitoring.metrics import exposition
from mailer.secrets import Secret
from mailer.sending import lock
from mailer.sending.run import run_event_loop, stop_on_signal
from mailer.subscribers.confirmation import ConfirmationMailer
from mailer.subscribers.sign_up_mailer import SignUpMailer
from mailer.web import server
from mailer.web.app import AppOptions, MetricsEndpoint, create_app
from mailer.web.connections import ConnectionLimits
from mailer.web.push import ALL, NETWORK
from mailer.web.reloading import ReloadingApp
from mailer.web.sign_up.background import WakeUp, make_sign_ups, sending_confirmations
from mailer.web.sign_up.budgets import SignUpBudgets


def serve(
    host: Annotated[str, typer.Option(help="Where to listen. 待ち受けるアドレス")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=1, max=65535, help="Port. ポート")] = 8025,
    connections: Annotated[
        int, typer.Option(min=1, max=100_000, help="Most connections at a time; the longest idle is closed for a new one. 接続の上限")
    ] = ConnectionLimits().connections,
    logs: LogOption = LogKind.TEXT,
    config: ConfigPath = CONFIG,
    mail: MailPath = MAIL,
) -> None:
    """Run the service behind the links in the mails. メールのリンク先の窓口を動かす"""
    with command_session(logs):
        settings = load_config(config)
        keys = secrets.signing_keys(os.environ, settings.secret_file)
        metrics_key = secrets.metrics_key(os.environ, settings.metrics_key_file)
        log.hide(secret.value for secret in (*keys, *([metrics_key] if metrics_key else [])))
        with open_for_command(settings) as database:
            metrics = None if metrics_key is None else MetricsEndpoint(metrics_key, partial(exposition, settings, database))
            live = LiveBundle(mail, settings.service_url, time.monotonic)
            options = _app_options(settings, database, keys, live, metrics)
            app = ReloadingApp(live, lambda head: create_app(database, LinkSigner(keys), head.lists, now, replace(options, site=head.site)))
            server.run(app, host, port, ConnectionLimits(connections))


def _app_options(
    settings: Config, database: Database, keys: tuple[Secret, ...], live: LiveBundle, metrics: MetricsEndpoint | None
) -> AppOptions:
    """Return what the service offers: all that `mailer.toml` names, without sign-ups where no mail can be sent."""
    options = AppOptions(
        metrics=metrics,
        source_url=settings.source_url,
        zone=settings.time_zone,
        digests=settings.digests,
        push_budgets=SignUpBudgets(token_bytes(32), NETWORK, ALL),
        trusted_proxies=settings.trusted_proxies,
    )
    password_for = _relay_passwords(settings)
    if password_for is None:
        return options
    signing, wake, takes_mail = dkim_keys.load_active(settings.dkim), WakeUp(), bool(settings.inbound.domain)
    mailer = SignUpMailer(database, settings, TokenSealer(keys), lambda: live.lists, password_for, takes_replies=takes_mail, dkim=signing)
    return replace(
        options,
        confirm=ConfirmationMailer(settings, LinkSigner(keys), password_for, signing).send,
        sign_ups=make_sign_ups(mailer, keys, wake.set),
        lifespan=sending_confirmations(mailer, wake, now),
    )


def _relay_passwords(settings: Config) -> Callable[[RelaySettings], Secret | None] | None:
    """Return what gives the password for a relay; None, with a warning, where the password of the relay is not at hand: no mail can be sent then."""
    try:
        password = secrets.relay_password(os.environ, settings.relay.password_file) if settings.relay.username else None
    except SecretMissing as error:
        notify(f"{error} Until then nobody can sign up or join a list again. それまで、お申し込みと配信の再開を受け付けられません。")
        return None
    log.hide([password.value] if password else [])
    return lambda relay: password if relay.username else None


def work(logs: LogOption = LogKind.TEXT, config: ConfigPath = CONFIG) -> None:
    """Send whatever is due, until stopped; on PostgreSQL on any number of machines. 配信を続ける（複数の機械でも）"""
    from mailer.sending import worker

    async def until_stopped(context: DeliveryContext) -> None:
        stop = asyncio.Event()
        with stop_on_signal(stop):
            await worker.run_worker(context, stop)
        notify("Stopped as asked; what is left goes on with the next start. 止めました。次に動かすと続きます。")

    with command_session(logs):
        settings = load_config(config)
        with (
            open_for_command(settings, tells_restored=False) as database,
            nullcontext() if database.is_shared else lock.sender_lock(settings),
        ):
            run_event_loop(until_stopped(replace(delivery_context(settings, database), waits_for_relays=True)))
