"""What came back is shown on the reader's page, and the reader can undo what followed from it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest
from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Browser

from mailer.database.readers import suppressions
from mailer.message.links import LinkClaim, Purpose
from mailer.model.ids import SubscriberId
from mailer.web.app import create_app
from tests.mailer.inbound.arrivals import SIGNER, Office, office
from tests.samples.mail import bounce_formats as by

READER = "reader2@example.jp"
LINK = f"/preferences/{SIGNER.sign(LinkClaim(SubscriberId(2), 'fukko-press', 5, Purpose.PREFERENCES))}"


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Office]:
    with office(tmp_path, f"sqlite:///{tmp_path / 'var' / 'todoke.db'}") as opened:
        opened.put(opened.stamped(2), by.postfix(READER, "mx.example.jp", "550 5.1.1 no such user", "RCPT", "5.1.1"))
        opened.read()
        yield opened


def ask(home: Office, method: str, content: bytes = b"") -> httpx.Response:
    async def once() -> httpx.Response:
        transport = httpx.ASGITransport(app=create_app(home.database, SIGNER, home.service.lists, home.clock))
        async with httpx.AsyncClient(transport=transport, base_url="https://mail.example.jp") as client:
            return await client.request(method, LINK, content=content, headers={"Origin": "https://mail.example.jp"})

    with ThreadPoolExecutor(1) as thread:  # the browser has a loop in this one
        return thread.submit(lambda: asyncio.run(once())).result()


def test_a_reader_sees_what_came_back_and_says_that_the_address_is_good(home: Office) -> None:
    before = ask(home, "GET").text
    assert "2026年3月11日：そのアドレスはない" in before and "配信を止めています" in before
    assert suppressions.is_suppressed(home.database, READER), "a GET changes nothing"
    after = ask(home, "POST", b"problems=forgive").text
    assert "届かない扱いを取り消しました" in after and "届かなかったメール" not in after
    assert not suppressions.is_suppressed(home.database, READER)


def test_the_page_with_what_came_back_has_no_barriers(home: Office, browser: Browser) -> None:
    page = browser.new_page()
    page.set_content(ask(home, "GET").text)
    page.evaluate(AXE_SCRIPT)
    violations: Any = page.evaluate("axe.run()")["violations"]
    page.close()
    assert violations == []
