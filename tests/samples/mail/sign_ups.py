"""A subscription service that takes sign-ups: the real application and database, an address book of one site, a clock that the test turns."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Coroutine
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any, TypeVar
from urllib.parse import urlencode

import httpx
from starlette.applications import Starlette

from mailer.config.settings import Config
from mailer.database.engine import Database
from mailer.message.links import LinkSigner
from mailer.message.sealed import TokenSealer
from mailer.model.ids import SubscriberId
from mailer.model.site import ListProfile, SiteProfile
from mailer.secrets import Secret
from mailer.subscribers.confirmation import ConfirmationMailer
from mailer.subscribers.erase import erase_reader
from mailer.subscribers.sign_up_mailer import SignUpMailer
from mailer.web.app import AppOptions, create_app
from mailer.web.sign_up.budgets import ALL, NETWORK, Budget, SignUpBudgets
from mailer.web.sign_up.pages import SignUps
from mailer.web.sign_up.proof import ProofOfWork
from tests.samples.mail.mail_bundles import LIST, NOW, SECRET

OTHER = replace(LIST, key="mailmaga", title="メルマガ・みやぎ", list_id="mailmaga.todoke.example.jp", from_address="mailmaga@example.jp")
CLOSED = replace(LIST, key="musubimaru", title="むすび丸だより", list_id="musubimaru.todoke.example.jp")
LISTS = {LIST.key: LIST, OTHER.key: OTHER, CLOSED.key: CLOSED}
MARK = b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><rect width="32" height="32" rx="6" fill="#0b2a6b"/></svg>'
SITE = SiteProfile(
    title="とどけ みやぎ復興ポータル",
    organisation="宮城県震災復興本部（見本）",
    postal_address="〒980-8570 宮城県仙台市青葉区本町三丁目8番1号（見本）",
    contact="todoke@example.jp",
    url="https://todoke.example.jp",
    phone="022-000-0000",
    is_sample=True,
    takes_sign_ups=True,
    mark=MARK,
    lists={
        LIST.key: ListProfile("復興の状況と支援の情報をお届けします。", "震災復興本部 復興推進課", "#1a6f8f", is_open=True),
        OTHER.key: ListProfile("県の話題と、地方振興事務所からの便りです。", "総務部 広報課", "#a8451f", is_open=True),
        CLOSED.key: ListProfile("観光事業者の皆さまへ。", "経済商工観光部 観光課", "#b0304f", is_open=False),
    },
)
URL = "https://mail.example.jp"
PATH = re.compile(re.escape(URL) + r"(/[^\s<>]+)")
Result = TypeVar("Result")


def run(coroutine: Coroutine[Any, Any, Result]) -> Result:
    return asyncio.run(coroutine)


@dataclass
class TurnedClock:
    """Shows the time that the test has set."""

    now: datetime = NOW

    def __call__(self) -> datetime:
        return self.now

    def turn(self, **step: float) -> None:
        self.now += timedelta(**step)


@dataclass
class Service:
    """The application, asked without a network. `send` gives what waits to the relay of `config`."""

    database: Database
    config: Config
    network: Budget = NETWORK
    together: Budget = ALL
    clock: TurnedClock = field(default_factory=TurnedClock)
    site: SiteProfile = SITE

    def __post_init__(self) -> None:
        keys = (Secret(SECRET),)
        self.sealer, self.tokens = TokenSealer(keys), LinkSigner(keys)
        self.options = SignUps(
            self.sealer,
            URL,
            SignUpBudgets(b"k" * 32, self.network, self.together),
            ProofOfWork("key", hardness=50),
            partial(_erase, self),
            trusted_proxies=("192.0.2.9/32",),
        )
        self.app = self._app()

    def _app(self) -> Starlette:
        confirm = ConfirmationMailer(self.config, self.tokens, lambda _relay: None).send
        return create_app(self.database, self.tokens, LISTS, self.clock, AppOptions(confirm=confirm, site=self.site, sign_ups=self.options))

    async def ask(self, method: str, path: str, content: str | bytes = b"", host: str = "203.0.113.7", **headers: str) -> httpx.Response:
        transport = httpx.ASGITransport(app=self.app, client=(host, 40000))
        async with httpx.AsyncClient(transport=transport, base_url=URL) as client:
            return await client.request(
                method, path, content=content, headers={name.replace("_", "-"): value for name, value in headers.items()}
            )

    def get(self, path: str) -> httpx.Response:
        return run(self.ask("GET", path))

    def post(self, path: str, content: str | bytes = b"", host: str = "203.0.113.7", **headers: str) -> httpx.Response:
        return run(self.ask("POST", path, content, host, **headers))

    def form(self, address: str = "hanako@example.jp", lists: tuple[str, ...] = (LIST.key,), **more: str) -> str:
        """The service's own form, read for four seconds and filled in."""
        signed_time = re.search(r'name="signed_time" value="([^"]+)"', self.get("/sign-up").text)
        assert signed_time is not None
        self.clock.turn(seconds=4)
        return urlencode(
            [("address", address), *(("list", key) for key in lists), ("form", "html"), *({"signed_time": signed_time[1]} | more).items()]
        )

    def send(self) -> int:
        mailer = SignUpMailer(self.database, self.config, self.sealer, lambda: LISTS, lambda _relay: None)
        return run(mailer.send_waiting(self.clock))


def _erase(service: Service, subscriber_id: SubscriberId, now: datetime) -> None:
    erase_reader(service.database, subscriber_id, sealer=service.sealer, spool=service.config.spool, source="reader", now=now)


def link_in(text: str) -> str:
    """The path of the first link to the service in a mail."""
    match = PATH.search(text)
    assert match is not None, text
    return match[1]
