"""Every page of the service, those of errors too, carries the publisher's name and mark, a way home, and whom to ask."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import httpx
import lxml.html
import pytest

from mailer.database.engine import Database, create_database
from mailer.database.readers import subscriptions
from mailer.message.links import LinkClaim, LinkSigner, Purpose
from mailer.model.ids import SubscriberId
from mailer.secrets import Secret
from mailer.web.app import AppOptions, MetricsEndpoint, create_app
from tests.samples.mail.databases import with_tables
from tests.samples.mail.mail_bundles import LIST, NOW, SECRET, VERSION, Clock, people
from tests.samples.mail.sign_ups import SITE

TOKENS = LinkSigner((Secret(SECRET),))
PUBLISHER = replace(SITE, mark=b'<svg xmlns="http://www.w3.org/2000/svg"/>')
BREAKING = {"Authorization": "Bearer key"}


def link(purpose: Purpose) -> str:
    return f"/{purpose}/{TOKENS.sign(LinkClaim(SubscriberId(1), LIST.key, VERSION, purpose))}"


def breaks(_now: datetime) -> bytes:
    raise RuntimeError("a fault of ours")


@pytest.fixture
def database(tmp_path: Path) -> Database:
    opened = create_database(with_tables(f"sqlite:///{tmp_path / 'x.db'}"))
    subscriptions.import_subscribers(opened, people(2), source="t", now=NOW, first_version=lambda: VERSION)
    return opened


@pytest.mark.parametrize(
    ("method", "path", "content", "status", "words"),
    [
        ("GET", "/", b"", 200, "受け取り方"),
        ("GET", link(Purpose.UNSUBSCRIBE), b"", 200, "配信を停止しますか"),
        ("POST", link(Purpose.UNSUBSCRIBE), b"", 200, "配信を停止しました"),
        ("GET", link(Purpose.PREFERENCES), b"", 200, "受け取り方"),
        ("GET", "/unsubscribe/broken", b"", 400, "リンクを確かめられませんでした"),
        ("GET", "/nowhere", b"", 404, "ページが見つかりません"),
        ("GET", link(Purpose.UNSUBSCRIBE).replace("unsubscribe", "return"), b"", 405, "開き直せません"),
        ("POST", link(Purpose.PREFERENCES), b"x" * 5000, 413, "大きすぎます"),
        ("GET", "/metrics", b"", 500, "こちらの都合"),
    ],
)
def test_a_page_carries_name_mark_way_home_and_whom_to_ask(
    database: Database, method: str, path: str, content: bytes, status: int, words: str
) -> None:
    async def ask() -> httpx.Response:
        options = AppOptions(site=PUBLISHER, metrics=MetricsEndpoint(Secret("key"), breaks), source_url="https://x.example")
        app = create_app(database, TOKENS, {LIST.key: LIST}, Clock(), options)
        transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="https://mail.example.jp") as client:
            return await client.request(method, path, content=content, headers=BREAKING)

    answer = asyncio.run(ask())
    assert answer.status_code == status, answer.text
    page = lxml.html.fromstring(answer.text)
    assert words in page.findtext(".//h1", "")
    (brand,) = page.cssselect("header a.brand")
    assert brand.get("href") == f"{SITE.url}/" and SITE.title in "".join(map(str, brand.itertext())) and brand.cssselect("img")
    assert page.cssselect(f"footer a[href='{SITE.url}/']") and LIST.contact in answer.text
    assert "no-store" in answer.headers["Cache-Control"] and answer.headers["Referrer-Policy"] == "no-referrer"
