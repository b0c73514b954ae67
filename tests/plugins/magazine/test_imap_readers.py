"""The sample's mails in an IMAP mailbox: what mutt shows of each, and what a program that chooses the HTML part gets."""

from __future__ import annotations

import email
import imaplib
from collections.abc import Iterator
from email import policy
from pathlib import Path

import pytest

from plugins.builder.options import BuildReport
from tests.samples.mail.delivered import LINK, delivered
from tests.servers.mail_readers.dovecot import PASSWORD, USER, ImapServer, imap_server
from tests.servers.mail_readers.mutt import read_with_mutt


@pytest.fixture(scope="module")
def messages(sample: BuildReport) -> dict[str, bytes]:
    return delivered(sample.output / "mail")


@pytest.fixture(scope="module")
def server(messages: dict[str, bytes]) -> Iterator[ImapServer]:
    with imap_server(list(messages.values())) as running:
        yield running


def test_mutt_shows_each_mail_as_its_text_part_with_headers_in_japanese(
    server: ImapServer, messages: dict[str, bytes], sample: BuildReport, tmp_path: Path
) -> None:
    shown = read_with_mutt(server.address, len(messages), tmp_path)
    for (name, message), screen in zip(messages.items(), shown, strict=True):
        headers, _, body = screen.partition("\n\n")
        subject = str(email.message_from_bytes(message, policy=policy.default)["Subject"])
        assert f"Subject: {subject}".replace(" ", "") in headers.replace("\n ", "").replace(" ", ""), name
        text = (sample.output / "mail" / name / "mail.txt").read_text("utf-8")
        assert [line.rstrip() for line in body.splitlines() if line][:15] == [line.rstrip() for line in text.splitlines() if line][:15], (
            name
        )
        assert LINK in body.splitlines() and "personal.invalid" not in screen and "<" not in body, name


def test_a_program_that_shows_html_gets_both_parts_whole_from_the_server(server: ImapServer, messages: dict[str, bytes]) -> None:
    mailbox = imaplib.IMAP4("127.0.0.1", server.port)
    mailbox.login(USER, PASSWORD)
    mailbox.select("INBOX", readonly=True)
    for number, (name, message) in enumerate(messages.items(), 1):
        answer = mailbox.fetch(str(number), "(BODYSTRUCTURE BODY.PEEK[])")[1][0]
        assert isinstance(answer, tuple), answer
        structure, fetched = answer
        kinds = [part.get_content_type() for part in email.message_from_bytes(fetched, policy=policy.default).iter_parts()]
        assert (kinds, fetched) == (["text/plain", "text/html"], message), name
        assert b'"alternative"' in structure and b'"utf-8"' in structure.lower(), name
    mailbox.logout()
