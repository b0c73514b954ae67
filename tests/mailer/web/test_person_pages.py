"""The reader's own page: who can open it, what it shows, and an address that is confirmed at the old mailbox and at the new one."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlencode

import pytest

from mailer.config.file import load_config
from mailer.database.engine import create_database
from mailer.database.readers import consents, people, subscriptions, suppressions
from mailer.database.readers.subscriptions import ImportedSubscriber
from mailer.database.schema import metadata
from mailer.message.links import LinkClaim, Purpose
from mailer.model.ids import SubscriberId
from mailer.model.readers.consent import ConsentWay
from mailer.model.readers.subscription import Preference
from mailer.model.readers.suppression import AddressKeys
from tests.samples.mail.mail_bundles import LIST, NOW, VERSION, write_config
from tests.samples.mail.sign_ups import OTHER, Service, link_in, run
from tests.servers.smtp import Receiver

HANAKO, NEW, TARO = "hanako@example.jp", "hanako@new.example.jp", "taro@example.jp"
READER = SubscriberId(1)


@pytest.fixture
def relay() -> Iterator[Receiver]:
    with Receiver() as relay:
        yield relay


@pytest.fixture
def service(database_url: str, tmp_path: Path, relay: Receiver) -> Service:
    database = create_database(database_url, address_keys=AddressKeys((b"k" * 32,)))
    readers = [ImportedSubscriber(HANAKO, "花子", (LIST.key, OTHER.key)), ImportedSubscriber(TARO, "", (LIST.key,))]
    subscriptions.import_subscribers(database, readers, source="t", now=NOW, first_version=lambda: VERSION)
    return Service(database, load_config(write_config(tmp_path, relay.port)))


def preferences_path(service: Service) -> str:
    return f"/preferences/{service.tokens.sign(LinkClaim(READER, LIST.key, VERSION, Purpose.PREFERENCES))}"


def mailed(service: Service, relay: Receiver, to: str) -> str:
    assert service.send() == 1
    assert relay.accepted[-1].recipients == (to,)
    return link_in(relay.accepted[-1].mail.get_content())


def own_page(service: Service, relay: Receiver) -> str:
    assert "お送りします" in service.post(preferences_path(service), "person=ask").text
    return mailed(service, relay, HANAKO)


def test_the_page_shows_and_gives_away_everything_to_whoever_reads_the_mailbox_only(service: Service, relay: Receiver) -> None:
    assert HANAKO not in service.get(preferences_path(service)).text  # a magazine may have been forwarded
    link = own_page(service, relay)
    page, data = service.get(link).text, json.loads(service.get(f"{link}/data.json").content)
    assert HANAKO in page and "花子" in page and LIST.key in page
    assert data["subscriber"][0]["email"] == HANAKO and [each["list"] for each in data["subscription"]] == [LIST.key, OTHER.key]
    assert TARO not in page and TARO not in json.dumps(data)
    assert service.get(f"{link}/data.json").headers["Content-Disposition"].startswith("attachment")


def test_a_reader_is_mailed_the_link_once_a_day(service: Service, relay: Receiver) -> None:
    own_page(service, relay)
    service.post(preferences_path(service), "person=ask")
    assert service.send() == 0
    service.clock.turn(days=1)
    service.post(preferences_path(service), "person=ask")
    assert service.send() == 1


def test_the_link_ends_after_a_day_and_when_links_are_revoked(service: Service, relay: Receiver) -> None:
    link = own_page(service, relay)
    service.clock.turn(hours=24, seconds=1)
    assert service.get(link).status_code == 410
    service.clock.turn(hours=-2)
    assert service.get(link).status_code == 200
    subscriptions.revoke_links(service.database, READER)
    assert service.get(link).status_code == service.get(f"{link}/data.json").status_code == 410


def test_a_new_address_is_confirmed_at_both_and_the_old_links_end(service: Service, relay: Receiver) -> None:
    asked = service.post(own_page(service, relay), urlencode({"address": NEW}))
    assert asked.status_code == 200 and NEW in asked.text
    link = mailed(service, relay, NEW)
    for _ in range(2):
        assert service.get(link).status_code == 200
    assert service.post(link, "").status_code == 400
    assert subscriptions.find(service.database, NEW) is None
    assert "届け先を変えました" in service.post(link, "answer=yes").text
    assert (subscriptions.find(service.database, NEW), subscriptions.find(service.database, HANAKO)) == (READER, None)
    assert service.get(preferences_path(service)).status_code == 410
    assert service.post(link, "answer=yes").status_code == 410


def test_the_address_of_another_reader_is_not_taken_over(service: Service, relay: Receiver) -> None:
    service.post(own_page(service, relay), urlencode({"address": TARO.upper()}))
    assert service.post(mailed(service, relay, "TARO@example.jp"), "answer=yes").status_code == 409
    assert subscriptions.find(service.database, HANAKO) == READER


def test_strangers_cannot_fill_a_mailbox_with_questions_about_new_addresses(service: Service, relay: Receiver) -> None:
    link = own_page(service, relay)
    for _ in range(5):
        service.post(link, urlencode({"address": "victim@example.jp"}))
    service.post("/sign-up", service.form("victim@example.jp"))
    assert service.send() == 1


@pytest.mark.parametrize("body", ["", "address=", "address=x", "address=a%0d%0aBcc%3a@x", "x=%ff", "a"])
def test_a_form_that_is_none_changes_nothing(service: Service, relay: Receiver, body: str) -> None:
    assert service.post(own_page(service, relay), body).status_code == 400
    assert service.send() == 0


def test_a_reader_is_erased_with_everything_but_the_keyed_hash_and_no_old_link_leads_back(service: Service, relay: Receiver) -> None:
    link = own_page(service, relay)
    assert service.post(link, "erase=yes").status_code == 400 and subscriptions.find(service.database, HANAKO) == READER
    assert "登録を消しました" in service.post(link, "erase=yes&sure=yes").text
    assert subscriptions.find(service.database, HANAKO) is None and suppressions.is_suppressed(service.database, HANAKO)
    assert service.get(link).status_code == 410 and service.get(preferences_path(service)).status_code == 400
    assert subscriptions.find(service.database, TARO) is not None


def everything(service: Service) -> list[object]:
    with service.database.reading() as connection:
        return [[*map(tuple, connection.execute(table.select()))] for table in metadata.sorted_tables]


def test_scanners_that_open_every_link_of_every_mail_change_nothing(service: Service, relay: Receiver) -> None:
    own = own_page(service, relay)
    service.post(own, urlencode({"address": NEW}))
    address = mailed(service, relay, NEW)
    service.post("/sign-up", service.form("stranger@example.jp"))
    confirm = mailed(service, relay, "stranger@example.jp")
    token = service.tokens.sign(LinkClaim(READER, LIST.key, VERSION))
    links = [
        own,
        f"{own}/data.json",
        address,
        confirm,
        preferences_path(service),
        f"/unsubscribe/{token}",
        "/",
        "/sign-up",
        f"/sign-up/{LIST.key}",
    ]
    before = everything(service)
    for link in links:
        assert {run(service.ask(method, link)).status_code for method in ("GET", "HEAD")} == {200}
    assert service.get(f"/return/{token}").status_code == 405
    assert everything(service) == before


def test_a_reader_pauses_until_a_day_and_resumes(service: Service) -> None:
    path = preferences_path(service)
    assert "3月20日まで" in service.post(path, "pause=2026-03-20").text
    until = people.paused_until(service.database, READER)
    assert until is not None and until.isoformat() == "2026-03-19T15:00:00+00:00"
    assert (subscriptions.count(service.database, LIST.key, NOW), subscriptions.count(service.database, LIST.key, until)) == (1, 2)
    assert "お休みを終えました" in service.post(path, "pause=none").text
    assert people.paused_until(service.database, READER) is None


@pytest.mark.parametrize("day", ["2026-03-11", "2025-01-01", "2028-01-01", "2026-02-30", "soon", "2026-03-20&x=y", ""])
def test_a_pause_until_no_day_to_come_is_refused(service: Service, day: str) -> None:
    assert service.post(preferences_path(service), f"pause={day}").status_code == 400
    assert people.paused_until(service.database, READER) is None


def test_a_list_that_somebody_else_ended_is_resumed_from_the_last_mail(service: Service, relay: Receiver) -> None:
    token = service.tokens.sign(LinkClaim(READER, LIST.key, VERSION))
    assert "また受け取る" in service.post(f"/unsubscribe/{token}").text
    assert "配信は止まっています" in service.get(f"/unsubscribe/{token}").text
    assert subscriptions.preferences(service.database, READER)[0].preference is Preference.STOP
    assert [service.post(f"/return/{token}").status_code for _ in range(2)] == [200, 200]
    assert relay.recipients == [HANAKO]  # one mail in a quarter of an hour
    assert subscriptions.preferences(service.database, READER)[0].preference is Preference.STOP
    assert service.post(link_in(relay.accepted[-1].mail.get_content())).status_code == 200
    assert subscriptions.preferences(service.database, READER)[0].preference is Preference.HTML
    newest = consents.consents_of(service.database, READER)[-1]
    assert (newest.list, newest.way) == (LIST.key, ConsentWay.PREFERENCES) and newest.words
