"""The preferences page behind the second link of every message: GET shows, POST changes, nothing else has any effect."""

from __future__ import annotations

import asyncio
import json
import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest
from axe_playwright_python.base import AXE_SCRIPT
from hypothesis import given
from hypothesis import strategies as st
from lxml import html
from playwright.sync_api import Browser

from mailer.config.settings import SOURCE_URL
from mailer.database.engine import Database, create_database
from mailer.database.readers import subscriptions
from mailer.message.links import NOBODY, JoinClaim, LinkClaim, LinkSigner, Purpose
from mailer.model.errors import PreferenceError
from mailer.model.ids import SubscriberId
from mailer.model.readers.subscription import ListPreference, Preference
from mailer.secrets import Secret
from mailer.web import preferences
from mailer.web.app import create_app
from mailer.web.requests import PROTECTIVE
from tests.samples.mail.databases import with_tables
from tests.samples.mail.mail_bundles import LIST, NOW, SECRET, VERSION, Clock, people

TOKENS = LinkSigner((Secret(SECRET),))
START = {"fukko-press": Preference.HTML, "mailmaga": Preference.HTML}


@pytest.fixture
def database(tmp_path: Path) -> Database:
    opened = create_database(with_tables(f"sqlite:///{tmp_path / 'x.db'}"))
    subscriptions.import_subscribers(opened, people(2, "fukko-press", "mailmaga"), source="t", now=NOW, first_version=lambda: VERSION)
    return opened


def ask(database: Database, method: str, path: str = "", content: bytes = b"", origin: str = "https://elsewhere.example") -> httpx.Response:
    async def once() -> httpx.Response:
        transport = httpx.ASGITransport(app=create_app(database, TOKENS, {LIST.key: LIST}, Clock()))
        async with httpx.AsyncClient(transport=transport, base_url="https://mail.example.jp") as client:
            return await client.request(method, path or link(), content=content, headers={"Origin": origin})

    return asyncio.run(once())


def link(subscriber_id: int = 1, key: str = "fukko-press") -> str:
    return f"/preferences/{TOKENS.sign(LinkClaim(SubscriberId(subscriber_id), key, VERSION, Purpose.PREFERENCES))}"


def unsubscribe_link() -> str:
    return f"/unsubscribe/{TOKENS.sign(LinkClaim(SubscriberId(1), 'fukko-press', VERSION))}"


def choices(database: Database, subscriber_id: int = 1) -> dict[str, Preference]:
    return {each.list: each.preference for each in subscriptions.preferences(database, SubscriberId(subscriber_id))}


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_a_get_or_head_request_changes_nothing(database: Database, method: str) -> None:
    for query in ("", "?list.fukko-press=stop", "?everything=stop"):
        assert ask(database, method, link() + query).status_code == 200
    assert choices(database) == START


def test_the_page_shows_every_list_of_the_person_and_works_without_javascript(database: Database) -> None:
    answer = ask(database, "GET")
    page: Any = html.fromstring(answer.text)
    assert [legend.text for legend in page.iter("legend")] == [LIST.title, "mailmaga"]
    assert [each.get("value") for each in page.xpath("//input[@checked]")] == ["html", "html"]
    assert all(page.xpath(f"//label[@for='{each.get('id')}']") for each in page.xpath("//input"))
    assert '<html lang="ja">' in answer.text and "width=device-width" in answer.text
    assert not re.search(r"<script|src=|https?://", answer.text.replace(SOURCE_URL, ""))
    assert {name: answer.headers[name] for name in PROTECTIVE} == PROTECTIVE
    assert "set-cookie" not in answer.headers


def test_what_the_page_posts_is_what_the_page_understands(database: Database) -> None:
    """Fill the form as a browser does: each fieldset's checked radio, and the button's name where it has one."""
    page: Any = html.fromstring(ask(database, "GET").text)
    save, _pause, revoke, everything = page.forms
    assert {name for name, _ in save.form_values()} == {"list.fukko-press", "list.mailmaga", "often.fukko-press"}, (
        "mailmaga is not published: nothing is asked about it"
    )
    assert [(each.get("name"), each.get("value")) for each in everything.iter("button")] == [("everything", "stop")]
    assert [(each.get("name"), each.get("value")) for each in revoke.iter("button")] == [("links", "revoke")]


@pytest.mark.parametrize(
    ("body", "after"),
    [
        (b"list.fukko-press=light&list.mailmaga=html", {"fukko-press": Preference.LIGHT, "mailmaga": Preference.HTML}),
        (b"list.fukko-press=stop&list.mailmaga=light", {"fukko-press": Preference.STOP, "mailmaga": Preference.LIGHT}),
        (b"list.mailmaga=stop", {"fukko-press": Preference.HTML, "mailmaga": Preference.STOP}),
        (b"everything=stop", {"fukko-press": Preference.STOP, "mailmaga": Preference.STOP}),
        (b"", START),
    ],
)
def test_posting_changes_what_was_chosen_for_that_person_only_and_may_be_repeated(
    database: Database, body: bytes, after: dict[str, Preference]
) -> None:
    for _ in range(2):
        answer = ask(database, "POST", content=body)
        assert answer.status_code == 200 and "保存しました" in answer.text
        assert choices(database) == after
    page: Any = html.fromstring(answer.text)
    checked = page.xpath("//input[@checked]")
    assert {each.get("name").removeprefix("list."): each.get("value") for each in checked} == after
    assert choices(database, 2) == START


@pytest.mark.parametrize(
    "body",
    [
        b"list.jinzai=html",  # a list that the person never asked for
        b"list.fukko-press=spam",
        b"list.fukko-press=stop&list.fukko-press=html",
        b"everything=html",
        b"everything=stop&list.fukko-press=html",
        b"list.=stop",
        b"nonsense",
        b"list.fukko-press=stop&x=" + b"%00",
        b"\xff=\xfe",
    ],
)
def test_a_form_that_the_page_cannot_have_made_changes_nothing(database: Database, body: bytes) -> None:
    answer = ask(database, "POST", content=body)
    assert answer.status_code == 400 and "何も変わっていません" in answer.text
    assert choices(database) == START


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("path", ["/preferences/no-token-of-ours", link(999)])
def test_a_bad_link_says_what_to_do(database: Database, method: str, path: str) -> None:
    answer = ask(database, method, path, b"everything=stop")
    assert answer.status_code == 400 and LIST.contact in answer.text
    assert choices(database) == START


def test_the_link_of_a_test_message_shows_the_page_and_changes_nothing(database: Database) -> None:
    for method in ("GET", "POST"):
        answer = ask(database, method, link(NOBODY), b"everything=stop")
        assert answer.status_code == 200 and "テスト送信" in answer.text
    assert choices(database) == START


@pytest.mark.parametrize(("method", "status"), [("PUT", 405), ("DELETE", 405), ("OPTIONS", 405)])
def test_every_other_method_is_refused(database: Database, method: str, status: int) -> None:
    assert ask(database, method).status_code == status


def test_a_body_larger_than_any_form_is_refused(database: Database) -> None:
    assert ask(database, "POST", content=b"list.fukko-press=stop&" + b"x" * 5000).status_code == 413
    assert choices(database) == START


def test_no_page_of_the_unsubscribe_link_gives_away_a_link_that_may_do_more(database: Database) -> None:
    for method in ("GET", "POST"):
        assert "/preferences/" not in ask(database, method, unsubscribe_link()).text


@given(st.binary(max_size=80))
def test_whatever_is_posted_is_a_choice_of_the_persons_own_lists_or_refused(body: bytes) -> None:
    try:
        changes = preferences.parse_form(body, [ListPreference(key, choice) for key, choice in START.items()])
    except PreferenceError:
        return
    assert set(changes) <= set(START)


@pytest.fixture
def pages(database: Database) -> list[str]:
    """Asked for in a thread: Playwright's event loop runs in this thread."""
    with ThreadPoolExecutor(1) as thread:
        asked = [("GET", ""), ("POST", ""), ("GET", unsubscribe_link())]
        texts = [thread.submit(ask, database, method, path, b"list.fukko-press=light").result().text for method, path in asked]
        subscriptions.unsubscribe(database, SubscriberId(1), "fukko-press", source="t", now=NOW)
        join = f"/join/{TOKENS.sign_join(JoinClaim(SubscriberId(1), 'fukko-press', VERSION, 'html', NOW))}"
        asked_later = [
            ("POST", "", b"list.fukko-press=html"),
            ("GET", join, b""),
            ("POST", join, b""),
            ("POST", "", b"links=revoke"),
            ("GET", "", b""),
        ]
        return texts + [thread.submit(ask, database, *request).result().text for request in asked_later]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_pages_are_accessible_and_fit_a_phone(pages: list[str], browser: Browser, scheme: str) -> None:
    page = browser.new_page(viewport={"width": 320, "height": 640}, color_scheme="dark" if scheme == "dark" else "light")
    try:
        for text in pages:
            page.set_content(text)
            page.evaluate(AXE_SCRIPT)
            violations = page.evaluate("axe.run().then(result => result.violations)")
            assert violations == [], json.dumps(violations, ensure_ascii=False, indent=1)
            assert page.evaluate("document.documentElement.scrollWidth") == 320
    finally:
        page.close()
