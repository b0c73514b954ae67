"""Bytes that a database or a header may not take, in each place of returned mail and letters: the message is read or put aside, and those behind it are read."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from mailer.database.returned import delivery_problems
from mailer.model.ids import SubscriberId
from mailer.model.returned.folder import Folder
from tests.mailer.inbound.arrivals import Office, letter, office

EVIL = [
    b"a\0b", b"\xff\xfe\xed\xa0\x80", b"\x1b[31mred\x1b[0m", b"\xe2\x80\xae\xc2\x85\xe2\x80\xa8", b"=?utf-8?b?AAEC/w==?=", b"=?utf-7?q?+AAA-?=",
    b"=?iso-2022-jp?b?G1s=?=", b"\x81\x40\x81", b"%s%n{0}{x}", b"x" * 90_000,
]  # fmt: skip
"""NUL, no UTF-8, an escape, directions, NUL in base64, UTF-7, a cut escape of ISO-2022-JP, half a letter of cp932, formats, a long one."""


@pytest.fixture
def home(tmp_path: Path, database_url: str) -> Iterator[Office]:
    with office(tmp_path, database_url) as opened:
        yield opened


def report(evil: bytes) -> bytes:
    return (
        b'From: MAILER-DAEMON@mx.example.net\r\nSubject: %b\r\nContent-Type: multipart/report; report-type=delivery-status; boundary="b"\r\n\r\n'
        b"--b\r\nContent-Type: text/plain\r\n\r\n%b\r\n--b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; %b\r\n\r\n"
        b"Final-Recipient: rfc822; %b\r\nAction: failed\r\nStatus: 5.2.2%b\r\nRemote-MTA: dns; %b\r\nDiagnostic-Code: smtp; 552 5.2.2 full %b\r\n\r\n--b--\r\n"
    ).replace(b"%b", evil)


def complaint(evil: bytes, stamped: str) -> bytes:
    return (
        b'From: fbl@example.net\r\nSubject: %b\r\nContent-Type: multipart/report; report-type=feedback-report; boundary="b"\r\n\r\n'
        b"--b\r\nContent-Type: text/plain\r\n\r\n%b\r\n--b\r\nContent-Type: message/feedback-report\r\n\r\nFeedback-Type: abuse%b\r\nUser-Agent: %b\r\n"
        b"Version: 1\r\nReporting-MTA: dns; %b\r\n\r\n--b\r\nContent-Type: message/rfc822\r\n\r\nReturn-Path: <"
        + stamped.encode()
        + b">\r\n\r\nx\r\n--b--\r\n"
    ).replace(b"%b", evil)


def test_no_byte_in_a_report_or_a_complaint_keeps_the_messages_behind_it_waiting(home: Office) -> None:
    for evil in EVIL:
        home.put(home.stamped(1), report(evil))
        home.put(home.stamped(3), complaint(evil, home.stamped(3)))
    home.put(home.stamped(2), report(b"x"))
    home.read()
    assert home.spool.names() == []
    assert not [reason for reason in home.folder(Folder.FAILED) if "unexpected" in reason]
    assert len(delivery_problems.problems_of(home.database, SubscriberId(2))) == 1
    for reason in home.folder(Folder.PILE):
        assert reason.isprintable()


def test_no_byte_in_a_letter_keeps_the_messages_behind_it_waiting(home: Office) -> None:
    for evil in EVIL:
        for recipient in ("fukko-press-subscribe@example.jp", "fukko-press-help@example.jp", "fukko-press-confirm@example.jp"):
            forged = b"From: " + evil + b" <a" + evil + b"@example.org>\r\nSubject: " + evil + b"\r\n\r\n" + evil
            plain = b"From: hanako@example.org\r\nSubject: " + evil + b"\r\nX: " + evil + b"\r\n\r\n" + evil
            home.put(recipient, forged, sender="a@example.org")
            home.put(recipient, plain, sender="hanako@example.org")
    home.put("fukko-press-subscribe@example.jp", letter("taro@example.org", "x@example.jp"), sender="taro@example.org")
    home.read()
    assert not [reason for reason in home.folder(Folder.FAILED) if "unexpected" in reason]
    assert ("taro@example.org", "fukko-press", "html") in home.confirmations.asked
