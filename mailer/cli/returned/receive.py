"""`todoke receive`: takes returned mail, complaints, empty mails and letters from Postfix, until it is stopped."""

from __future__ import annotations

import asyncio
import os
import time
from dataclasses import replace
from typing import Annotated

import typer

from mailer import log, secrets
from mailer.cli.runtime import CONFIG, MAIL, ConfigPath, LogOption, MailPath, command_session, notify, now, open_for_command, say
from mailer.config.file import load_config
from mailer.config.settings import Config, RelaySettings
from mailer.database.engine import Database
from mailer.inbound.service import InboundService
from mailer.live_bundle import LiveBundle
from mailer.log import LogKind
from mailer.message.dkim import keys as dkim_keys
from mailer.message.links import LinkSigner
from mailer.message.sealed import TokenSealer
from mailer.model.errors import SecretMissing
from mailer.secrets import Secret
from mailer.sending.run import run_event_loop, stop_on_signal
from mailer.subscribers.sign_up_by_mail import SignUpsByMail
from mailer.subscribers.sign_up_mailer import SignUpMailer


def receive(
    listen: Annotated[
        str | None,
        typer.Option(
            "--listen", metavar="PLACE", help="127.0.0.1:8024 or the path of a Unix socket, instead of the setting. 待ち受ける場所"
        ),
    ] = None,
    logs: LogOption = LogKind.TEXT,
    config: ConfigPath = CONFIG,
    mail: MailPath = MAIL,
) -> None:
    """Take returned mail, complaints, empty mails and letters from Postfix by LMTP. 戻ってきたメールと空メールを受け取る"""
    with command_session(logs):
        settings = load_config(config)
        if listen is not None:
            settings = replace(settings, inbound=replace(settings.inbound, listen=listen))
        keys = secrets.signing_keys(os.environ, settings.secret_file)
        log.hide(secret.value for secret in keys)
        if not settings.inbound.authserv_id:
            notify(
                "Nothing says which senders pass DMARC: [inbound] authserv_id is not set. Empty mails are answered at the envelope's sender only. "
                "DMARCの結果を確かめられません。mailer.toml の [inbound] authserv_id を書いてください。"
            )
        with open_for_command(settings) as database:
            run_event_loop(_until_stopped(_service(settings, database, mail, keys)))
        notify("Stopped as asked; what waits is read with the next start. 止めました。次に動かすと続きます。")


def _service(settings: Config, database: Database, mail: MailPath, keys: tuple[Secret, ...]) -> InboundService:
    try:
        password = secrets.relay_password(os.environ, settings.relay.password_file) if settings.relay.username else None
    except SecretMissing as error:
        notify(f"{error} Until then nothing is answered and nothing is passed on. それまで、返信も転送もできません。")
        password = None
    log.hide([password.value] if password else [])
    lists, sealer = LiveBundle(mail, settings.service_url, time.monotonic).lists, TokenSealer(keys)
    signing = dkim_keys.load_active(settings.dkim)

    def password_for(relay: RelaySettings) -> Secret | None:
        return password if relay.username else None

    mailer = SignUpMailer(database, settings, sealer, lambda: lists, password_for, takes_replies=True, dkim=signing)
    by_mail = SignUpsByMail(database, sealer, lists)
    return InboundService(settings, database, lists, LinkSigner(keys), by_mail, now, password_for, sign_up_mailer=mailer, dkim=signing)


async def _until_stopped(service: InboundService) -> None:
    stop = asyncio.Event()
    with stop_on_signal(stop):
        await service.run(stop, lambda place: say(f"Listening at {place} (LMTP). {place} で待っています。"))
