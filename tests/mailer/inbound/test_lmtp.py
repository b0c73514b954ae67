"""The LMTP server: 250 means that it is on the disk; what is nobody's is refused; hostile clients end nothing."""

from __future__ import annotations

import socket
import stat
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from mailer.database.returned import delivery_problems as stored
from mailer.inbound.lmtp import LmtpLimits
from mailer.inbound.spool import InboundMessage, Spool
from mailer.model.ids import SubscriberId
from mailer.model.returned.folder import Folder
from tests.mailer.inbound.arrivals import Office, deliver, letter, office, running, say, until
from tests.samples.mail import bounce_formats as by
from tests.samples.mail.mail_bundles import NOW

HARD = by.postfix("reader2@example.jp", "mx.example.jp", "550 5.1.1 no such user", "RCPT", "5.1.1")
LIMITS = LmtpLimits(size=200_000, recipients=3, connections=2, idle=20, session=60)


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    folder = tmp_path_factory.mktemp("lmtp")
    with office(folder, f"sqlite:///{folder / 'var' / 'todoke.db'}", inbound='listen = "127.0.0.1:0"\n', readers=40) as opened:
        yield opened


@pytest.fixture
def place(shared: Office) -> Iterator[str]:
    with running(shared.service, LIMITS) as where:
        yield where


def wait_until_read(shared: Office, number: int) -> None:
    until(lambda: stored.problems_of(shared.database, SubscriberId(number)))


def test_a_message_is_on_the_disk_before_it_is_answered_and_each_recipient_has_an_answer(shared: Office, place: str) -> None:
    replies = deliver(place, [shared.stamped(2), "nobody@example.jp", shared.stamped(3)], HARD)
    assert [reply[:3] for reply in replies] == [b"250", b"550", b"250", b"250", b"250"]
    wait_until_read(shared, 2)
    wait_until_read(shared, 3)


def test_lines_that_are_too_long_and_addresses_that_no_rfc_allows_are_taken(shared: Office, place: str) -> None:
    content = by.plain("x" * 50_000 + "\nunderstood by nobody", subject="odd")
    assert deliver(place, [shared.stamped(4)], content, "ta..ro.@docomo.ne.jp")[-1].startswith(b"250")


@pytest.mark.parametrize(
    ("lines", "reply"),
    [
        ((b"EHLO mx", b"QUIT"), b"500"),
        ((b"LHLO mx", b"MAIL FROM:<>", b"RCPT TO:<../../etc/passwd@example.jp>", b"QUIT"), b"550"),
        ((b"LHLO mx", b"MAIL FROM:<> SIZE=999999999", b"QUIT"), b"552"),
        ((b"LHLO mx", b"DATA", b"QUIT"), b"503"),
        ((b"\0\xff\xfe", b"QUIT"), b"500"),
    ],
)
def test_what_is_no_lmtp_or_nobodys_is_refused(place: str, lines: tuple[bytes, ...], reply: bytes) -> None:
    assert any(each.startswith(reply) for each in say(place, *lines))


@pytest.mark.parametrize("end", [b"\n.\n", b"\r.\r", b"\n.\r\n", b"\r\n.\n", b"\r\n.\r", b"\r\n\x00.\r\n", b"\x85.\x85"])
def test_no_end_of_a_message_but_the_right_one_lets_a_second_message_in(shared: Office, place: str, end: bytes) -> None:
    """What a server before ours takes for text must not be a command here (RFC 5321 section 4.1.1.4; "SMTP smuggling", 2023)."""
    inside = b"MAIL FROM:<evil@example.org>\r\nRCPT TO:<" + shared.stamped(5).encode() + b">\r\nDATA\r\nforged"
    content = b"Subject: a\r\n\r\nb" + end + inside
    replies = say(place, b"LHLO mx", b"MAIL FROM:<>", f"RCPT TO:<{shared.stamped(4)}>".encode(), b"DATA", content, b".", b"QUIT")
    assert [reply[:3] for reply in replies] == [b"220", b"250", b"250", b"250", b"354", b"250", b"221"]


def test_more_recipients_than_allowed_are_put_off_and_too_much_data_is_refused(shared: Office, place: str) -> None:
    replies = deliver(place, [shared.stamped(number) for number in range(5, 10)], (b"y" * 70 + b"\r\n") * 4000)
    assert [reply[:3] for reply in replies] == [b"250", b"250", b"250", b"452", b"452", b"552", b"552", b"552"]


def test_a_connection_too_many_is_told_to_come_back(place: str) -> None:
    host, _, port = place.rpartition(":")
    with closing(socket.create_connection((host, int(port)))) as first, closing(socket.create_connection((host, int(port)))) as second:
        assert first.recv(100) and second.recv(100)
        assert say(place)[0].startswith(b"421")


def test_a_message_that_cannot_be_stored_is_not_taken(shared: Office, place: str) -> None:
    new = shared.spool.root / Folder.NEW
    away = new.rename(new.with_name("away"))
    try:
        assert deliver(place, [shared.stamped(11)], HARD)[-1].startswith(b"452")
    finally:
        away.rename(new)


def test_the_unix_socket_is_for_the_group_and_a_dead_ones_place_is_taken(shared: Office) -> None:
    path = shared.config.path.parent / "var" / "lmtp.sock"
    with closing(socket.socket(socket.AF_UNIX)) as dead:
        dead.bind(str(path))
    service = replace(shared.service, config=replace(shared.config, inbound=replace(shared.config.inbound, listen=str(path))))
    with running(service) as where:
        assert stat.S_IMODE(path.stat().st_mode) == 0o660
        assert deliver(where, [shared.stamped(12)], HARD)[-1].startswith(b"250")
        wait_until_read(shared, 12)
    assert not path.exists()


def test_what_waits_from_an_earlier_run_is_read_when_the_service_starts(shared: Office) -> None:
    shared.put(shared.stamped(13), HARD)
    (shared.spool.root / "new" / "half.part").write_bytes(b"a killed process left it")
    with running(shared.service):
        wait_until_read(shared, 13)
    assert not list((shared.spool.root / "new").glob("*.part"))


def test_files_of_the_spool_are_private_and_named_by_what_they_hold(tmp_path: Path) -> None:
    spool = Spool(tmp_path / "inbound")
    spool.prepare()
    message = InboundMessage("a@example.jp", "bounce@example.jp", NOW, letter("a@example.jp", "b@example.jp"))
    path = spool.store(message)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600 and message.digest in path.name
    assert spool.read(path.name) == message
    assert [each.name for each in path.parent.iterdir()] == [path.name]


def test_what_was_put_aside_is_forgotten_when_its_time_is_over_and_what_waits_is_not(tmp_path: Path) -> None:
    spool = Spool(tmp_path / "inbound")
    spool.prepare()
    names = [spool.store(InboundMessage("", "bounce@example.jp", NOW + timedelta(days=day), b"%d" % day)).name for day in (0, 1, 20)]
    spool.keep(names[0], Folder.PILE, "not understood")
    spool.keep(names[2], Folder.FAILED, "damaged")
    assert spool.forget_old(NOW + timedelta(days=10)) == 1
    assert (spool.names(), spool.names(Folder.PILE), spool.names(Folder.FAILED)) == ([names[1]], [], [names[2]])
    assert not list((spool.root / Folder.PILE).iterdir())
