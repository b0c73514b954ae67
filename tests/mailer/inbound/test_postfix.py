"""A real Postfix with the sample configuration hands what comes to it on to the LMTP server."""

from __future__ import annotations

import smtplib
from collections.abc import Iterator

import pytest

from mailer.database.returned import delivery_problems as stored
from mailer.model.ids import SubscriberId
from mailer.model.readers import addresses
from mailer.model.returned.bounce import BounceClass
from tests.mailer.inbound.arrivals import Office, letter, office, running, until
from tests.samples.mail import bounce_formats as by
from tests.servers.postfix import Postfix, postfix

HARD = by.postfix("reader2@example.jp", "mx.example.jp", "550 5.1.1 no such user", "RCPT", "5.1.1")


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory, module_database_url: str) -> Iterator[Office]:
    with office(tmp_path_factory.mktemp("postfix"), module_database_url, inbound='listen = "127.0.0.1:0"\n') as opened:
        yield opened


@pytest.fixture(scope="module")
def server(home: Office) -> Iterator[Postfix]:
    with running(home.service) as place, postfix(f"lmtp:inet:{place}", "example.jp") as started:
        yield started


def give(server: Postfix, sender: str, recipient: str, content: bytes) -> None:
    with smtplib.SMTP("127.0.0.1", server.port, "elsewhere.example", timeout=30) as client:
        client.sendmail(sender, [recipient], content)


def test_a_returned_message_an_empty_mail_and_a_forgery_take_their_ways_through_postfix(home: Office, server: Postfix) -> None:
    give(server, "", home.stamped(2), HARD)
    give(
        server,
        "ta..ro.@docomo.ne.jp",
        "fukko-press-subscribe@example.jp",
        letter("<ta..ro.@docomo.ne.jp>", "fukko-press-subscribe@example.jp"),
    )
    until(lambda: stored.problems_of(home.database, SubscriberId(2)) and home.confirmations.asked)
    assert [each.bounce_class for each in stored.problems_of(home.database, SubscriberId(2))] == [BounceClass.UNKNOWN]
    ((writer, key, form),) = home.confirmations.asked
    assert (addresses.address_key(writer), key, form) == ("ta..ro.@docomo.ne.jp", "fukko-press", "light")
    assert server.log.count("status=sent (250 2.0.0 stored as") == 2


def test_an_address_that_is_nobodys_is_refused_while_the_sender_is_there(home: Office, server: Postfix) -> None:
    with pytest.raises(smtplib.SMTPRecipientsRefused) as refusal:
        give(server, "x@elsewhere.example", "nobody@example.jp", b"Subject: x\r\n\r\nx\r\n")
    assert refusal.value.recipients["nobody@example.jp"][0] == 550
