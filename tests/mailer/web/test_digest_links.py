"""The pages behind the links of a digest, and how often a list comes, chosen on the preferences page."""

from __future__ import annotations

import asyncio
from pathlib import Path

import httpx
import pytest

from mailer.database import audit_log
from mailer.database.engine import Database, create_database
from mailer.database.readers import frequencies, subscriptions
from mailer.database.returned import complaint_effects
from mailer.database.returned.complaint_effects import Complained
from mailer.message.links import LinkClaim, LinkSigner, Purpose
from mailer.model.digest import DIGEST
from mailer.model.ids import SubscriberId
from mailer.model.issue import ListClass, MailList
from mailer.model.readers.subscription import Frequency
from mailer.model.readers.suppression import AddressKeys
from mailer.secrets import Secret
from mailer.web.app import create_app
from tests.samples.mail.databases import with_tables
from tests.samples.mail.mail_bundles import LIST, NOW, SEAL, SECRET, VERSION, Clock, people

TOKENS = LinkSigner((Secret(SECRET),))
READER = SubscriberId(1)


def mail_list(key: str, list_class: ListClass = ListClass.NEWSLETTER) -> MailList:
    return MailList(
        key, f"{key}の便り", LIST.from_name, LIST.from_address, LIST.reply_to, LIST.list_id, list_class, LIST.contact, LIST.archive_url
    )


LISTS = {key: mail_list(key) for key in ("asa", "hiru", "yoru")} | {"kinkyu": mail_list("kinkyu", ListClass.EMERGENCY)}


@pytest.fixture
def database(tmp_path: Path) -> Database:
    opened = create_database(with_tables(f"sqlite:///{tmp_path / 'x.db'}"), SEAL, address_keys=AddressKeys((b"k" * 32,)))
    subscriptions.import_subscribers(opened, people(1, *LISTS), source="t", now=NOW, first_version=lambda: VERSION)
    frequencies.save(opened, READER, {"asa": Frequency.DAILY, "hiru": Frequency.WEEKLY}, by="reader", now=NOW)
    return opened


def ask(database: Database, method: str, path: str, content: bytes = b"") -> httpx.Response:
    async def once() -> httpx.Response:
        transport = httpx.ASGITransport(app=create_app(database, TOKENS, LISTS, Clock()))
        async with httpx.AsyncClient(transport=transport, base_url="https://mail.example.jp") as client:
            return await client.request(method, path, content=content)

    return asyncio.run(once())


def link(purpose: Purpose) -> str:
    path = "unsubscribe" if purpose is Purpose.UNSUBSCRIBE else "preferences"
    return f"/{path}/{TOKENS.sign(LinkClaim(READER, DIGEST, VERSION, purpose))}"


def test_the_page_names_the_lists_that_end_and_one_click_ends_these_only(database: Database) -> None:
    page = ask(database, "GET", link(Purpose.UNSUBSCRIBE)).text
    assert "asaの便り</li>" in page and "hiruの便り</li>" in page and "yoruの便り</li>" not in page.partition("</form>")[0]
    assert len(frequencies.of_reader(database, READER)) == 4, "a GET changes nothing"
    assert ask(database, "POST", link(Purpose.UNSUBSCRIBE), b"List-Unsubscribe=One-Click").status_code == 200
    assert frequencies.of_reader(database, READER) == {"kinkyu": Frequency.ISSUE, "yoru": Frequency.ISSUE}
    assert "まとめのメールは、もう止まっています" in ask(database, "GET", link(Purpose.UNSUBSCRIBE)).text
    assert ask(database, "POST", link(Purpose.UNSUBSCRIBE)).status_code == 200, "it may be repeated"


def test_a_complaint_about_a_digest_ends_the_lists_that_come_in_digests(database: Database) -> None:
    ended = complaint_effects.apply(database, "e1", Complained(READER, None, DIGEST, "abuse", "docomo.ne.jp"), now=NOW)
    assert ended == ("asa", "hiru")
    assert sorted(frequencies.of_reader(database, READER)) == ["kinkyu", "yoru"]


def test_the_preferences_page_shows_and_changes_how_often(database: Database) -> None:
    page = ask(database, "GET", link(Purpose.PREFERENCES)).text
    assert page.count('<option value="daily" selected') == page.count('<option value="weekly" selected') == 1
    assert 'name="often.kinkyu"' not in page, "a warning waits for nothing"
    assert "毎日18時ごろ" in page and "毎週金曜18時ごろ" in page
    before = frequencies.of_reader(database, READER)
    answer = ask(database, "POST", link(Purpose.PREFERENCES), b"often.asa=issue&often.yoru=weekly&list.hiru=stop&often.hiru=daily")
    assert answer.status_code == 200
    expected = {"asa": Frequency.ISSUE, "kinkyu": Frequency.ISSUE, "yoru": Frequency.WEEKLY}
    assert frequencies.of_reader(database, READER) == expected != before
    changed = [entry.event.details for entry in audit_log.entries(database) if entry.event.what == frequencies.CHANGED][2:]
    assert [(each["list"], each["before"], each["after"]) for each in changed] == [("asa", "daily", "issue"), ("yoru", "issue", "weekly")]
    assert "@" not in str(changed)


@pytest.mark.parametrize("body", [b"often.kinkyu=daily", b"often.asa=hourly", b"often.asa=daily&often.asa=issue", b"often.=daily"])
def test_a_field_that_the_page_does_not_have_changes_nothing(database: Database, body: bytes) -> None:
    before = frequencies.of_reader(database, READER)
    assert ask(database, "POST", link(Purpose.PREFERENCES), body).status_code == 400
    assert frequencies.of_reader(database, READER) == before


def test_a_get_with_a_choice_in_its_address_changes_nothing(database: Database) -> None:
    before = frequencies.of_reader(database, READER)
    ask(database, "GET", f"{link(Purpose.PREFERENCES)}?often.asa=issue")
    assert frequencies.of_reader(database, READER) == before
