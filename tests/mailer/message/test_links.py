"""Signed links: who can make one, which keys open it, and what its holder may do."""

from __future__ import annotations

import hashlib
import re
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from itsdangerous import URLSafeSerializer

from mailer.message.links import OLD_SALT, JoinClaim, LinkClaim, LinkSigner, Purpose
from mailer.model.errors import TokenError
from mailer.model.ids import SubscriberId
from mailer.secrets import Secret
from tests.samples.mail.mail_bundles import NOW

OLD, NEW = Secret("old-" * 10), Secret("new-" * 10)
CLAIM = LinkClaim(SubscriberId(7), "fukko-press", 0x12AB, Purpose.UNSUBSCRIBE)
JOIN = JoinClaim(SubscriberId(7), "fukko-press", 0x12AB, "light", NOW + timedelta(microseconds=123))
SIGNER = LinkSigner((NEW,))


def signed_before(value: object, key: Secret = NEW) -> str:
    """A token as versions up to 0.2 made it."""
    arguments = {"digest_method": hashlib.sha256, "key_derivation": "hmac"}
    return str(URLSafeSerializer(key.value, salt=OLD_SALT, signer_kwargs=arguments).dumps(value))


@pytest.mark.parametrize("purpose", [*Purpose])
def test_a_token_opens_and_fits_into_a_path_and_ends_in_no_punctuation(purpose: Purpose) -> None:
    claim = LinkClaim(SubscriberId(7), "fukko-press", 5, purpose)
    token = SIGNER.sign(claim)
    assert SIGNER.read(token) == claim
    assert re.fullmatch(r"[0-9A-Za-z.-]+[0-9a-f]", token)


def test_a_confirmation_says_when_it_was_asked_for_to_the_microsecond() -> None:
    assert SIGNER.read_join(SIGNER.sign_join(JOIN)) == JOIN


def test_after_rotation_old_links_still_open_and_new_ones_use_the_new_key() -> None:
    both = LinkSigner((NEW, OLD))
    assert both.read(LinkSigner((OLD,)).sign(CLAIM)) == CLAIM
    assert both.read_join(LinkSigner((OLD,)).sign_join(JOIN)) == JOIN
    assert SIGNER.read(both.sign(CLAIM)) == CLAIM


def test_a_retired_key_opens_nothing() -> None:
    with pytest.raises(TokenError):
        SIGNER.read(LinkSigner((OLD,)).sign(CLAIM))
    with pytest.raises(TokenError):
        SIGNER.read_join(LinkSigner((OLD,)).sign_join(JOIN))


def test_a_link_of_a_mail_delivered_by_an_older_version_may_still_unsubscribe_and_no_more() -> None:
    """RFC 8058: the address in the header of a delivered mail has to work. Its holder cannot be told from somebody who got the mail forwarded."""
    assert LinkSigner((NEW, OLD)).read(signed_before([7, "fukko-press"], OLD)) == LinkClaim(
        SubscriberId(7), "fukko-press", 0, Purpose.UNSUBSCRIBE
    )
    assert SIGNER.read(signed_before([7, "a" * 64])).list == "a" * 64  # itsdangerous compresses such a payload


@pytest.mark.parametrize("value", [7, "x", [1], [1, 2], ["1", "x"], {"a": 1}, None, [1, "x", "y"], [1, "../x"], [1, ""]])
def test_a_token_of_an_older_version_with_another_content_is_refused(value: object) -> None:
    with pytest.raises(TokenError):
        SIGNER.read(signed_before(value))


@pytest.mark.parametrize("key", ["fukko-press", "a" * 64, "x", "9-"])
@pytest.mark.parametrize("version", [0, 1, 2**31 - 1])
def test_the_two_tokens_of_a_message_are_those_that_sign_makes(key: str, version: int) -> None:
    sign = SIGNER.signer(key)
    for subscriber_id in (1, 10, 987654321):
        claims = [LinkClaim(SubscriberId(subscriber_id), key, version, purpose) for purpose in Purpose]
        tokens = [token.decode() for token in sign(SubscriberId(subscriber_id), version)]
        assert tokens == [SIGNER.sign(claim) for claim in claims]
        assert [SIGNER.read(token) for token in tokens] == claims


def test_whoever_has_the_token_of_one_purpose_cannot_make_that_of_another() -> None:
    unsubscribe, preferences = (SIGNER.sign(LinkClaim(SubscriberId(7), "x", 1, purpose)) for purpose in Purpose)
    assert unsubscribe[1:-32] == preferences[1:-32] and unsubscribe[-32:] != preferences[-32:]
    for swapped in (f"p{unsubscribe[1:]}", f"u{preferences[1:]}", f"j{unsubscribe[1:]}"):
        with pytest.raises(TokenError):
            SIGNER.read(swapped)
    for token in (unsubscribe, preferences, f"j{preferences[1:-32]}html.1.{preferences[-32:]}"):
        with pytest.raises(TokenError):
            SIGNER.read_join(token)
    with pytest.raises(TokenError):
        SIGNER.read(SIGNER.sign_join(JOIN))


TOKENS = [
    *(SIGNER.sign(LinkClaim(SubscriberId(7), "fukko-press", 5, purpose)) for purpose in Purpose),
    SIGNER.sign_join(JOIN),
    signed_before([7, "fukko-press"]),
]


@st.composite
def damaged(draw: st.DrawFn) -> str:
    """A token of ours with a bit turned, cut, lengthened, with a piece of another, or with other letters."""
    token = draw(st.sampled_from(TOKENS))
    at = draw(st.integers(0, len(token) - 1))
    match draw(st.sampled_from(["bit", "cut", "begin", "append", "splice", "case", "text"])):
        case "bit":
            changed = token[:at] + chr(ord(token[at]) ^ 1 << draw(st.integers(0, 6))) + token[at + 1 :]
        case "cut":
            changed = token[:at]
        case "begin":
            changed = token[at + 1 :]
        case "append":
            changed = token + draw(st.text(min_size=1, max_size=4))
        case "splice":
            changed = token[:at] + draw(st.sampled_from(TOKENS))[at:]
        case "case":
            changed = token.swapcase()
        case _:
            changed = draw(st.text(max_size=400) | st.binary(max_size=200).map(lambda raw: raw.decode("latin-1")))
    return changed


@given(damaged())
@settings(derandomize=True, max_examples=5000, deadline=None)
def test_no_damaged_token_is_accepted_for_anything_and_the_error_does_not_repeat_it(token: str) -> None:
    if token in TOKENS:
        return
    for read in (SIGNER.read, SIGNER.read_join):
        with pytest.raises(TokenError) as caught:
            read(token)
        assert len(token) < 8 or token not in str(caught.value)


@given(st.characters(), st.integers(0, 200))
@settings(derandomize=True, max_examples=2000, deadline=None)
def test_every_character_of_a_token_counts(sign: str, place: int) -> None:
    """Also the last one of a signature in base64, which has bits that say nothing."""
    for token in TOKENS:
        at = len(token) - 1 - place % len(token)
        changed = token[:at] + sign + token[at + 1 :]
        for read in (SIGNER.read, SIGNER.read_join):
            if changed != token:
                with pytest.raises(TokenError):
                    read(changed)
