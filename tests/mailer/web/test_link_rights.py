"""What the holder of a link may do: end one list; see and end all; ask to join again, which the reader confirms by mail; nothing once it is revoked."""

from __future__ import annotations

import asyncio
import hashlib
import re
import socket
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
from itsdangerous import URLSafeSerializer

from mailer.config.file import load_config
from mailer.database.engine import Database, create_database
from mailer.database.readers import subscriptions
from mailer.database.readers.subscriptions import ImportedSubscriber
from mailer.message.links import OLD_SALT, LinkClaim, LinkSigner, Purpose
from mailer.model.ids import SubscriberId
from mailer.model.readers.subscription import Preference
from mailer.secrets import Secret
from mailer.subscribers.confirmation import INTERVAL, LIFETIME, ConfirmationMailer
from mailer.web.app import AppOptions, create_app
from tests.samples.mail.databases import with_tables
from tests.samples.mail.mail_bundles import LIST, NOW, SECRET, VERSION, Clock, people, write_config
from tests.servers.smtp import Behaviour, Receiver

TOKENS = LinkSigner((Secret(SECRET),))
HTML, LIGHT, STOP = Preference.HTML, Preference.LIGHT, Preference.STOP
JOIN = b"list.fukko-press=light"


def old_token(subscriber_id: int, key: str = LIST.key) -> str:
    """As versions up to 0.2 signed it."""
    arguments = {"digest_method": hashlib.sha256, "key_derivation": "hmac"}
    return str(URLSafeSerializer(SECRET, salt=OLD_SALT, signer_kwargs=arguments).dumps([subscriber_id, key]))


@dataclass
class Service:
    """The service on a real database, with a real relay for its confirmations."""

    database: Database
    receiver: Receiver
    folder: Path
    clock: Clock
    can_mail: bool = True

    def ask(self, method: str, path: str, content: bytes = b"") -> httpx.Response:
        mailer = ConfirmationMailer(load_config(write_config(self.folder, self.receiver.port)), TOKENS, lambda _relay: None)
        app = create_app(self.database, TOKENS, {LIST.key: LIST}, self.clock, AppOptions(confirm=mailer.send if self.can_mail else None))

        async def once() -> httpx.Response:
            async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="https://mail.example.jp") as client:
                return await client.request(method, path, content=content)

        return asyncio.run(once())

    def choices(self) -> dict[str, Preference]:
        return {each.list: each.preference for each in subscriptions.preferences(self.database, SubscriberId(1))}

    def join_link(self) -> str:
        """The link in the last confirmation that was mailed."""
        found = re.search(r"https://mail\.example\.jp(/join/\S+)", self.receiver.accepted[-1].mail.get_content())
        assert found is not None
        return found[1]


def link(purpose: Purpose = Purpose.PREFERENCES, version: int = VERSION, key: str = LIST.key) -> str:
    return f"/{purpose}/{TOKENS.sign(LinkClaim(SubscriberId(1), key, version, purpose))}"


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    with Receiver() as receiver, closing(create_database(with_tables(f"sqlite:///{tmp_path / 'x.db'}"))) as database:
        readers = people(2, "fukko-press", "mailmaga")
        subscriptions.import_subscribers(database, readers, source="t", now=NOW, first_version=lambda: VERSION)
        yield Service(database, receiver, tmp_path, Clock())


def leave(service: Service) -> None:
    assert service.ask("POST", link(Purpose.UNSUBSCRIBE)).status_code == 200


def test_an_unsubscribe_link_ends_its_own_list_and_does_nothing_else(service: Service) -> None:
    assert service.ask("GET", link(Purpose.UNSUBSCRIBE)).status_code == 200
    token = link(Purpose.UNSUBSCRIBE).rpartition("/")[2]
    shown = service.ask("GET", f"/preferences/{token}")
    assert "配信を停止しますか" in shown.text and "mailmaga" not in shown.text
    assert service.ask("POST", f"/preferences/{token}", b"everything=stop").status_code == 400
    assert service.ask("POST", f"/join/{token}").status_code == 400
    assert service.choices() == {"fukko-press": HTML, "mailmaga": HTML}
    leave(service)
    assert service.choices() == {"fukko-press": STOP, "mailmaga": HTML}


def test_a_preferences_link_does_not_unsubscribe_by_one_click(service: Service) -> None:
    assert service.ask("POST", f"/unsubscribe/{link().rpartition('/')[2]}").status_code == 400
    assert service.choices() == {"fukko-press": HTML, "mailmaga": HTML}


def test_joining_again_by_link_waits_for_the_confirmation_that_was_mailed_to_the_reader(service: Service) -> None:
    leave(service)
    answer = service.ask("POST", link(), JOIN + b"&list.mailmaga=light")
    assert answer.status_code == 200 and "確認のメールをお送りしました" in answer.text
    assert service.choices() == {"fukko-press": STOP, "mailmaga": LIGHT}
    (message,) = service.receiver.accepted
    assert message.recipients == ("reader1@example.jp",)
    assert LIST.title in str(message.mail["Subject"]) and message.mail["Auto-Submitted"] == "auto-generated"
    for _ in range(3):
        assert service.ask("GET", service.join_link()).status_code == 200
    assert service.choices()["fukko-press"] is STOP
    for _ in range(2):
        assert "再開しました" in service.ask("POST", service.join_link()).text
    assert service.choices() == {"fukko-press": LIGHT, "mailmaga": LIGHT}


def test_a_confirmation_that_was_used_does_not_bring_back_a_reader_who_leaves_again(service: Service) -> None:
    leave(service)
    service.clock.forward(seconds=1)
    service.ask("POST", link(), JOIN)
    join = service.join_link()
    service.ask("POST", join)
    service.clock.forward(hours=1)
    leave(service)
    assert service.ask("POST", join).status_code == 410
    assert service.choices()["fukko-press"] is STOP


def test_a_confirmation_holds_for_two_days(service: Service) -> None:
    leave(service)
    service.ask("POST", link(), JOIN)
    for passed, status in ((LIFETIME, 200), (timedelta(microseconds=1), 410), (-2 * LIFETIME, 410)):
        service.clock.moment += passed
        assert service.ask("GET", service.join_link()).status_code == status
    assert service.ask("POST", service.join_link()).status_code == 410
    assert service.choices()["fukko-press"] is STOP


def test_nobody_can_fill_a_mailbox_with_confirmations(service: Service) -> None:
    leave(service)
    for _ in range(5):
        assert service.ask("POST", link(), JOIN).status_code == 200
    assert len(service.receiver.accepted) == 1
    service.clock.moment += INTERVAL
    service.ask("POST", link(), JOIN)
    assert len(service.receiver.accepted) == 2


def test_a_confirmation_that_no_relay_took_is_told_and_may_be_asked_for_again_at_once(service: Service) -> None:
    leave(service)
    with Receiver(Behaviour(rcpt={"reader1@example.jp": "550 5.1.1 no"})) as refusing:
        accepting, service.receiver = service.receiver, refusing
        answer = service.ask("POST", link(), JOIN + b"&list.mailmaga=stop")
    assert answer.status_code == 503 and "送れませんでした" in answer.text
    assert service.choices() == {"fukko-press": STOP, "mailmaga": STOP}
    service.receiver = accepting
    assert service.ask("POST", link(), JOIN).status_code == 200
    assert len(accepting.accepted) == 1


@pytest.mark.parametrize("reason", ["no relay", "no password"])
def test_without_a_way_to_ask_the_reader_no_list_is_resumed(service: Service, reason: str) -> None:
    leave(service)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    service.can_mail = reason == "no relay"
    service.receiver.port, port = port, service.receiver.port
    assert service.ask("POST", link(), JOIN).status_code == 503
    service.receiver.port = port
    assert service.choices()["fukko-press"] is STOP


def test_a_revoked_link_meets_a_page_that_says_so_and_the_next_mail_has_new_ones(service: Service) -> None:
    leave(service)
    service.ask("POST", link(), JOIN)
    answer = service.ask("POST", link(), b"links=revoke")
    assert answer.status_code == 200 and "リンクを無効にしました" in answer.text
    for method in ("GET", "POST"):
        for path in (link(), link(Purpose.UNSUBSCRIBE, key="mailmaga"), service.join_link()):
            refused = service.ask(method, path)
            assert refused.status_code == 410 and LIST.contact in refused.text and "何も変わっていません" in refused.text
    assert service.choices() == {"fukko-press": STOP, "mailmaga": HTML}
    assert service.ask("POST", link(Purpose.UNSUBSCRIBE, VERSION + 1, "mailmaga")).status_code == 200
    assert service.choices() == {"fukko-press": STOP, "mailmaga": STOP}


def test_a_link_that_an_older_version_mailed_still_unsubscribes_by_one_click_until_it_is_revoked(service: Service) -> None:
    with service.database.writing() as connection:
        connection.exec_driver_sql("UPDATE subscriber SET token_version = 0")  # as the migration leaves those of before
    assert "配信を停止しますか" in service.ask("GET", f"/preferences/{old_token(1)}").text
    assert service.ask("POST", f"/preferences/{old_token(1)}", b"everything=stop").status_code == 400
    assert service.ask("POST", f"/unsubscribe/{old_token(1)}", b"List-Unsubscribe=One-Click").status_code == 200
    assert service.choices() == {"fukko-press": STOP, "mailmaga": HTML}
    subscriptions.revoke_links(service.database, SubscriberId(1))
    assert service.ask("POST", f"/unsubscribe/{old_token(1, 'mailmaga')}").status_code == 410
    assert service.choices() == {"fukko-press": STOP, "mailmaga": HTML}


def test_the_links_of_a_reader_who_was_erased_rule_nobody_even_if_the_id_comes_back(service: Service) -> None:
    """The id cannot come back in a running database. It can when an old backup is restored: then the version, drawn by lot, differs."""
    with service.database.writing() as connection:
        for table in ("consent WHERE subscriber_id", "subscription WHERE subscriber_id", "subscriber WHERE id"):
            connection.exec_driver_sql(f"DELETE FROM {table} = 1")
    for path in (link(), link(Purpose.UNSUBSCRIBE)):
        assert service.ask("POST", path, b"").status_code == 400
    subscriptions.import_subscribers(service.database, [ImportedSubscriber("new@example.jp", "", (LIST.key,))], source="t", now=NOW)
    with service.database.writing() as connection:
        connection.exec_driver_sql("PRAGMA defer_foreign_keys = ON")
        for table in ("consent", "subscription"):
            connection.exec_driver_sql(f"UPDATE {table} SET subscriber_id = 1 WHERE subscriber_id = 3")
        connection.exec_driver_sql("UPDATE subscriber SET id = 1 WHERE id = 3")
    for path in (link(), link(Purpose.UNSUBSCRIBE), f"/unsubscribe/{old_token(1)}"):
        assert service.ask("POST", path, b"").status_code == 410
    assert service.choices() == {"fukko-press": HTML}
