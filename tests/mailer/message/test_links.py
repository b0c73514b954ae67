"""Signed links: who can make one, and which keys open it."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from itsdangerous import URLSafeSerializer

from mailer.message.links import SALT, LinkClaim, LinkSigner
from mailer.model.errors import TokenError
from mailer.model.ids import SubscriberId
from mailer.secrets import Secret

OLD, NEW = Secret("old-" * 10), Secret("new-" * 10)
CLAIM = LinkClaim(SubscriberId(7), "fukko-press")


def test_a_token_opens_and_fits_into_a_path() -> None:
    token = LinkSigner((NEW,)).sign(CLAIM)
    assert LinkSigner((NEW,)).read(token) == CLAIM
    assert re.fullmatch(r"[0-9A-Za-z._-]+", token)


def test_after_rotation_old_links_still_open_and_new_ones_use_the_new_key() -> None:
    both = LinkSigner((NEW, OLD))
    assert both.read(LinkSigner((OLD,)).sign(CLAIM)) == CLAIM
    assert LinkSigner((NEW,)).read(both.sign(CLAIM)) == CLAIM


def test_a_retired_key_opens_nothing() -> None:
    with pytest.raises(TokenError):
        LinkSigner((NEW,)).read(LinkSigner((OLD,)).sign(CLAIM))


@pytest.mark.parametrize("value", [7, "x", [1], [1, 2], ["1", "x"], {"a": 1}, None, [1, "x", "y"]])
def test_a_signed_token_with_another_content_is_refused(value: object) -> None:
    serializer = URLSafeSerializer(NEW.value, salt=SALT, signer_kwargs=LinkSigner((NEW,))._serializer.signer_kwargs)
    with pytest.raises(TokenError):
        LinkSigner((NEW,)).read(str(serializer.dumps(value)))


@given(st.text(max_size=400))
def test_no_text_is_a_token_by_chance_and_the_error_does_not_repeat_the_text(text: str) -> None:
    with pytest.raises(TokenError) as caught:
        LinkSigner((NEW,)).read(text)
    assert len(text) < 8 or text not in str(caught.value)


@given(st.integers(0, 200))
def test_a_changed_token_is_refused(place: int) -> None:
    token = LinkSigner((NEW,)).sign(CLAIM)
    at = place % (len(token) - 1)  # the last character carries unused bits
    changed = token[:at] + ("A" if token[at] != "A" else "B") + token[at + 1 :]
    with pytest.raises(TokenError):
        LinkSigner((NEW,)).read(changed)
