"""Where the site's button posts to: only the site may ask, only browsers are noted, and nobody fills the database."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given
from hypothesis import strategies as st
from starlette.applications import Starlette

from channels.adapters.web_push import public_key
from mailer.database.engine import Database, create_database
from mailer.database.push import push_subscriptions
from mailer.message.links import LinkSigner
from mailer.model.site import SiteProfile
from mailer.secrets import Secret
from mailer.web.app import AppOptions, create_app
from mailer.web.push import read_wish
from mailer.web.sign_up.budgets import Budget, SignUpBudgets
from tests.samples.mail.databases import with_tables
from tests.samples.mail.mail_bundles import LIST, NOW, SECRET
from tests.servers.networks.cases import VAPID
from tests.servers.networks.push_service import encode

KEY = public_key(VAPID)
SITE = "https://news.example.jp"
POINT = encode(ec.generate_private_key(ec.SECP256R1()).public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint))
WISH = {"endpoint": "https://push.example.com/send/abc", "p256dh": POINT, "auth": encode(b"0123456789abcdef"), "key": KEY}
MANY = Budget(free=1000, most=1000, refill=1)


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    with closing(create_database(database_url)) as opened:
        yield opened


@pytest.fixture
def local(tmp_path: Path) -> Iterator[Database]:
    with closing(create_database(with_tables(f"sqlite:///{tmp_path / 'local.db'}"))) as opened:
        yield opened


class Asking:
    """A client of one application, from one network."""

    def __init__(self, app: Starlette) -> None:
        self._transport = httpx.ASGITransport(app=app)

    def request(self, method: str, path: str, **options: Any) -> httpx.Response:
        async def once() -> httpx.Response:
            async with httpx.AsyncClient(transport=self._transport, base_url="https://mail.example.jp") as client:
                return await client.request(method, path, **options)

        return asyncio.run(once())


def client(database: Database, budget: Budget = MANY, push_key: str = KEY, **options: Any) -> Asking:
    site = SiteProfile("とどけ", "宮城県", "仙台市", "k@pref.example.jp", f"{SITE}/miyagi", push_key=push_key)
    given: dict[str, Any] = {"push_budgets": SignUpBudgets(b"k" * 32, budget, MANY), "site": site} | options
    return Asking(create_app(database, LinkSigner((Secret(SECRET),)), {LIST.key: LIST}, lambda: NOW, AppOptions(**given)))


def post(
    asking: Asking, path: str = "subscribe", origin: str | None = SITE, content: bytes | None = None, **changes: str
) -> httpx.Response:
    headers = {"Content-Type": "application/x-www-form-urlencoded"} | ({"Origin": origin} if origin else {})
    return asking.request(
        "POST", f"/push/{path}", content=urlencode(WISH | changes).encode() if content is None else content, headers=headers
    )


def count(database: Database) -> int:
    return push_subscriptions.count(database, KEY)


def test_a_browser_subscribes_twice_is_noted_once_and_ends_it(database: Database) -> None:
    asking = client(database)
    for _ in range(2):
        answer = post(asking)
        assert (answer.status_code, answer.content) == (204, b"")
        assert answer.headers["access-control-allow-origin"] == SITE
        assert answer.headers["vary"] == "Origin"
        assert count(database) == 1
    assert [post(asking, "unsubscribe").status_code for _ in range(2)] == [204, 204]
    assert count(database) == 0


@pytest.mark.parametrize(
    "origin", [None, "null", "https://evil.example", "http://news.example.jp", "https://news.example.jp.evil.example", f"{SITE}/"]
)
def test_only_the_pages_of_the_site_may_ask(local: Database, origin: str | None) -> None:
    answer = post(client(local), origin=origin)
    assert answer.status_code == 403
    assert "access-control-allow-origin" not in answer.headers
    assert count(local) == 0


@pytest.mark.parametrize(
    "changes",
    [
        {"endpoint": ""},
        {"endpoint": "http://push.example.com/1"},
        {"endpoint": "https://169.254.169.254/latest"},
        {"endpoint": "https://localhost/1"},
        {"endpoint": "https://push.example.com/" + "a" * 2000},
        {"endpoint": "https://push.example.com/\r\nX: 1"},
        {"p256dh": ""},
        {"p256dh": "A" * 87},
        {"p256dh": POINT[:-2]},
        {"p256dh": "***"},
        {"auth": ""},
        {"auth": encode(b"0" * 17)},
        {"key": "B" + "A" * 86},
        {"key": ""},
    ],
)
def test_what_is_no_subscription_of_this_site_is_refused(local: Database, changes: dict[str, Any]) -> None:
    answer = post(client(local), **changes)
    assert answer.status_code == 400
    assert answer.headers["access-control-allow-origin"] == SITE
    assert count(local) == 0


@pytest.mark.parametrize(("content", "status"), [(b"", 400), (b"\xff\xfe", 400), (b"a=1&" * 50, 400), (b"{}", 400), (b"x" * 5000, 413)])
def test_bodies_that_are_none_of_ours_are_refused(local: Database, content: bytes, status: int) -> None:
    for path in ("subscribe", "unsubscribe"):
        assert post(client(local), path, content=content).status_code == status
    assert count(local) == 0


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "DELETE", "OPTIONS"])
def test_no_other_method_changes_anything(local: Database, method: str) -> None:
    asking = client(local)
    post(asking)
    for path in ("subscribe", "unsubscribe"):
        assert asking.request(method, f"/push/{path}", headers={"Origin": SITE}, params=WISH).status_code == 405
    assert count(local) == 1


def test_one_network_cannot_fill_the_database(local: Database) -> None:
    asking = client(local, Budget(free=3, most=3, refill=60))
    answers = [post(asking, endpoint=f"https://push.example.com/{number}") for number in range(5)]
    assert [each.status_code for each in answers] == [204, 204, 204, 429, 429]
    assert answers[-1].headers["retry-after"] == "600"
    assert count(local) == 3


@pytest.mark.parametrize("options", [{"push_key": ""}, {"push_budgets": None}, {"site": None}])
def test_without_a_key_of_the_site_there_is_no_such_page(local: Database, options: dict[str, Any]) -> None:
    assert post(client(local, **options)).status_code == 404


@given(st.dictionaries(st.sampled_from([*WISH, "other"]), st.one_of(st.text(), st.sampled_from([*WISH.values()]))))
def test_any_fields_are_a_subscription_or_none(fields: dict[str, str]) -> None:
    wish = read_wish(fields, KEY)
    assert wish is None or (wish.endpoint, wish.auth, wish.server_key) == (WISH["endpoint"], WISH["auth"], KEY)
    assert wish is None or wish.p256dh in (WISH["p256dh"], KEY)  # the site's own key is a point too, and only its sender would miss it
