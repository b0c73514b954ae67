"""Returned mail of more than forty receivers is read as its receiver means it."""

from __future__ import annotations

import pytest

from mailer.bounces import mime
from mailer.bounces.reading import read_bounces
from tests.samples.mail.bounce_corpus import CARRIERS, Case
from tests.samples.mail.bounce_corpus_mailboxes import MAILBOXES
from tests.samples.mail.bounce_corpus_servers import NO_BOUNCES, SERVERS

CORPUS = (*CARRIERS, *MAILBOXES, *SERVERS, *NO_BOUNCES)


@pytest.mark.parametrize("case", CORPUS, ids=[case.name for case in CORPUS])
def test_a_returned_message_is_read_as_its_receiver_means_it(case: Case) -> None:
    bounces = read_bounces(mime.parse(case.content), case.content, None)
    assert len(bounces) == 1
    assert (bounces[0].refusal.recipient, bounces[0].verdict.bounce_class) == (case.address, case.bounce_class), bounces[0]


def test_the_corpus_has_more_than_forty_receivers() -> None:
    assert len({case.name.partition(",")[0] for case in CORPUS}) >= 40
