"""Damaged messages end nothing and are not lost; flufl.bounce is contained. `python -m tests.chaos.returned_mail 100000` reads many more."""

from __future__ import annotations

import time
from email.message import Message

import pytest

from mailer.bounces import mime
from mailer.bounces.last_resort import NONE, LastResort
from mailer.bounces.mime import UnreadableMessage
from mailer.bounces.reading import read_bounces
from mailer.model.returned.bounce import BounceClass
from tests.chaos.returned_mail import damaged_office, read_all
from tests.samples.mail import bounce_formats as by
from tests.samples.mail.bounce_corpus_servers import SERVERS

HTML = b"Content-Type: text/html\r\n\r\n"
FLOOD = b"Content-Type: multipart/mixed; boundary=b\r\n\r\n" + b"--b\r\n\r\nx\r\n" * 5_000


def nested(levels: int) -> bytes:
    heads = (b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (level, level) for level in range(levels))
    return b"".join(heads)


def test_of_three_hundred_damaged_messages_none_is_lost_and_none_is_an_error_of_ours() -> None:
    with damaged_office() as home:
        outcome = read_all(home, 300, seed=7)
    assert sum(outcome[name] for name in ("done", "failed", "pile", "the same twice")) == 300
    assert not [name for name in outcome if name.startswith("failed: unexpected")]


@pytest.mark.parametrize(
    "content",
    [FLOOD, nested(50), nested(1_000), b"A: b\r\n" * 5_000 + b"\r\nx", FLOOD * 100],
    ids=["parts", "levels", "boundaries", "headers", "megabytes of parts"],
)
def test_a_message_of_too_many_parts_or_headers_is_unreadable_and_costs_little(content: bytes) -> None:
    began = time.process_time()
    with pytest.raises(UnreadableMessage):
        mime.parse(content)
    assert time.process_time() - began < 5


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\0" * 100_000,
        b"=?utf-8?b?" * 10_000,
        b"Subject: " + b"=?utf-8?q?=41?= " * 20_000,
        b"<" * 200_000,
        b"a@" * 100_000,
        HTML + b"<style>" * 30_000,
        HTML + b"<" * 200_000,
        HTML + b"<script></" * 20_000,
    ],
)
def test_what_is_no_mail_is_read_in_little_time(content: bytes) -> None:
    began = time.process_time()
    assert read_bounces(mime.parse(content), content, None) == ()
    assert time.process_time() - began < 5


def test_flufl_bounce_is_asked_about_what_nothing_else_understood() -> None:
    content = by.plain("Here is your list of failed recipients:\n<taro@town.example.jp> mailbox is full\nHere is your returned mail")
    with LastResort() as last_resort:
        (bounce,) = read_bounces(mime.parse(content), content, last_resort)
        assert (bounce.way, bounce.refusal.recipient, bounce.verdict.bounce_class) == ("flufl", "taro@town.example.jp", BounceClass.FULL)
    assert read_bounces(mime.parse(content), content, None) == ()


def test_a_process_of_flufl_bounce_that_takes_too_long_is_killed_and_the_next_message_has_a_new_one() -> None:
    with LastResort(seconds=0.000_001) as hurried:
        assert hurried.failures(SERVERS[0].content) == NONE
        hurried.seconds = 30
        assert hurried.failures(SERVERS[0].content).permanent == ("taro@town.example.jp",)


def test_our_own_words_that_are_sent_back_are_no_reason() -> None:
    """The subject of the sample issue says `User unknown, mailbox full`."""
    content = by.qmail("taro@town.example.jp", "No reason that anybody knows")
    (bounce,) = read_bounces(mime.parse(content), content, None)
    assert bounce.verdict.bounce_class is BounceClass.OTHER
    assert isinstance(mime.parse(content).root, Message)
