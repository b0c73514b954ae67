"""The subscription service over the real ASGI application: GET changes nothing, POST ends a subscription."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from mailer.config.settings import SOURCE_URL
from mailer.database.engine import Database, create_database
from mailer.database.readers import subscriptions
from mailer.message.links import LinkClaim, LinkSigner, Purpose
from mailer.model.ids import SubscriberId
from mailer.model.issue import MailList
from mailer.secrets import Secret
from mailer.web.app import AppOptions, create_app
from mailer.web.requests import PROTECTIVE, hash_of
from tests.samples.mail.databases import with_tables
from tests.samples.mail.mail_bundles import LIST, NOW, SECRET, VERSION, Clock, people

TOKENS = LinkSigner((Secret(SECRET),))
TITLE = LIST.title
SOURCE = "https://git.example.jp/todoke"


@pytest.fixture
def database(tmp_path: Path) -> Database:
    opened = create_database(with_tables(f"sqlite:///{tmp_path / 'x.db'}"))
    subscriptions.import_subscribers(opened, people(2), source="t", now=NOW, first_version=lambda: VERSION)
    return opened


def ask(
    database: Database, method: str, path: str, content: bytes = b"", lists: Mapping[str, MailList] = {LIST.key: LIST}
) -> httpx.Response:
    async def once() -> httpx.Response:
        transport = httpx.ASGITransport(app=create_app(database, TOKENS, lists, Clock(), AppOptions(source_url=SOURCE)))
        async with httpx.AsyncClient(transport=transport, base_url="https://mail.example.jp") as client:
            return await client.request(method, path, content=content)

    return asyncio.run(once())


def preferences_path() -> str:
    return f"/preferences/{TOKENS.sign(LinkClaim(SubscriberId(1), 'fukko-press', VERSION, Purpose.PREFERENCES))}"


def path(subscriber_id: int = 1, key: str = "fukko-press") -> str:
    return f"/unsubscribe/{TOKENS.sign(LinkClaim(SubscriberId(subscriber_id), key, VERSION))}"


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_a_get_or_head_request_changes_nothing(database: Database, method: str) -> None:
    for _ in range(3):
        assert ask(database, method, path()).status_code == 200
    assert subscriptions.count(database, "fukko-press") == 2


def test_the_page_has_one_form_that_works_without_javascript(database: Database) -> None:
    page = ask(database, "GET", path()).text
    assert '<html lang="ja">' in page and TITLE in page
    assert page.count("<form") == page.count("<button") == 1 and 'method="post"' in page
    assert not re.search(r"<script|src=|https?://", page.replace(SOURCE, ""))


@pytest.mark.parametrize(
    "body",
    [b"List-Unsubscribe=One-Click", b"", b"anything", b'--x\r\nContent-Disposition: form-data; name="List-Unsubscribe"\r\n\r\nOne-Click'],
)
def test_posting_unsubscribes_at_once_and_may_be_repeated(database: Database, body: bytes) -> None:
    responses = [ask(database, "POST", path(), body) for _ in range(2)]
    assert [response.status_code for response in responses] == [200, 200]
    assert TITLE in responses[0].text and "停止しました" in responses[0].text
    assert subscriptions.count(database, "fukko-press") == 1


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize(
    "token",
    [
        "no-token-of-ours",
        "WzEsImZ1a2tvLXByZXNzIl0.forged",
        "x" * 999,
        LinkSigner((Secret("other" * 10),)).sign(LinkClaim(SubscriberId(1), "fukko-press", VERSION)),
    ],
)
def test_a_bad_link_says_what_to_do(database: Database, method: str, token: str) -> None:
    answer = ask(database, method, f"/unsubscribe/{token}")
    assert answer.status_code == 400
    assert LIST.contact in answer.text and token not in answer.text
    assert subscriptions.count(database, "fukko-press") == 2


def test_a_signed_link_for_nobody_is_a_bad_link(database: Database) -> None:
    assert ask(database, "POST", path(999)).status_code == 400


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS"])
def test_every_other_method_is_refused(database: Database, method: str) -> None:
    assert ask(database, method, path()).status_code == 405
    assert subscriptions.count(database, "fukko-press") == 2


def test_a_body_larger_than_any_form_is_refused(database: Database) -> None:
    assert ask(database, "POST", path(), b"x" * 5000).status_code == 413
    assert subscriptions.count(database, "fukko-press") == 2


@pytest.mark.parametrize(
    ("method", "where", "status"),
    [
        ("GET", "/", 200),
        ("GET", path(), 200),
        ("POST", path(), 200),
        ("GET", "/unsubscribe/x", 400),
        ("GET", preferences_path(), 200),
        ("POST", preferences_path(), 200),
        ("GET", "/nowhere", 404),
        ("GET", "/metrics", 404),
        ("GET", "/favicon.ico", 404),
    ],
)
def test_every_page_links_to_the_source_of_the_service(database: Database, method: str, where: str, status: int) -> None:
    """AGPL section 13: everybody who uses the service over a network is offered its source."""
    answer = ask(database, method, where)
    assert (answer.status_code, answer.headers["content-type"]) == (status, "text/html; charset=utf-8")
    footer = answer.text.partition("<footer>")[2]
    assert f'<a href="{SOURCE}">このサービスのソースコード</a>' in footer and LIST.contact in answer.text


def test_the_page_of_a_form_that_cannot_be_read_and_the_page_of_a_fault_link_to_it_too(database: Database) -> None:
    assert SOURCE in ask(database, "POST", preferences_path(), b"nonsense").text
    with database.writing() as connection:
        connection.exec_driver_sql("DROP TABLE subscription")
    assert SOURCE in ask(database, "POST", path()).text


def test_the_default_of_the_link_is_the_repository_that_publiccode_names() -> None:
    assert f'url: "{SOURCE_URL}"' in Path("publiccode.yml").read_text("utf-8")


@pytest.mark.parametrize(("where", "status"), [("/", 200), ("/healthz", 200), (path(), 200), ("/unsubscribe/x", 400), ("/nowhere", 404)])
def test_every_answer_carries_the_protective_headers(database: Database, where: str, status: int) -> None:
    answer = ask(database, "GET", where)
    assert answer.status_code == status
    assert {name: answer.headers[name] for name in PROTECTIVE} == PROTECTIVE
    allowed = answer.headers["Content-Security-Policy"]
    assert allowed.startswith("default-src 'none'; style-src 'sha256-") and "script-src" not in allowed
    for style in re.findall(r"<style>(.*?)</style>", answer.text, re.DOTALL):
        assert hash_of(style) in allowed
    assert "unsafe-inline" not in answer.headers["Content-Security-Policy"]


def test_a_hostile_title_is_shown_as_text(database: Database) -> None:
    lists = {LIST.key: replace(LIST, title="<script>alert(1)</script>")}
    page = ask(database, "GET", path(), lists=lists).text
    assert "<script>" not in page and "&lt;script&gt;" in page


def test_when_the_database_is_away_the_mail_program_is_asked_to_come_again(tmp_path: Path, database: Database) -> None:
    with database.writing() as connection:
        connection.exec_driver_sql("DROP TABLE subscription")
    answer = ask(database, "POST", path())
    assert answer.status_code == 503
    assert "停止されていません" in answer.text
