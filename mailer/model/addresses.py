"""Addresses and names of people: what may go into an envelope and a header, and what may not. Pure."""

from __future__ import annotations

import re
import unicodedata

from email_validator import EmailNotValidError, validate_email

from mailer.model.errors import AddressError

ENCODED_WORD = re.compile(r"=\?[^?\s]*\?[bq]\?[^?\s]*\?=", re.IGNORECASE)  # RFC 2047
LONGEST_NAME = 100  # characters
# Overrides of the reading direction can make one address look like another.
BIDI_CONTROLS = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f")


def parse(text: str) -> str:
    """The address in the one form we store and send to: ASCII, domain in lower case, IDN domains as A-labels.

    :raises AddressError: not an address (RFC 5321 section 4.1.2), has control characters, or needs SMTPUTF8.
    """
    if unsafe_characters(text):
        raise AddressError(text, "the address has control characters, line breaks or an encoded word")
    try:
        found = validate_email(text.strip(" "), check_deliverability=False, test_environment=True, allow_smtputf8=True, strict=True)
    except EmailNotValidError as error:
        raise AddressError(text, str(error)) from None
    if found.ascii_email is None:
        raise AddressError(text, "the part before @ is not ASCII; such addresses (SMTPUTF8, RFC 6531) are not supported yet")
    return found.ascii_email


def address_key(address: str) -> str:
    """What makes two addresses the same person's: no case. RFC 5321 lets hosts tell case apart; none of note does."""
    return address.lower()


def check_name(name: str) -> str:
    """The name without outer spaces, or a refusal.

    :raises AddressError: too long, or characters that could break out of a header.
    """
    if unsafe_characters(name):
        raise AddressError(name, "the name has control characters, line breaks or an encoded word")
    if len(name.strip()) > LONGEST_NAME:
        raise AddressError(name, f"the name is longer than {LONGEST_NAME} characters")
    return name.strip()


def unsafe_characters(text: str) -> bool:
    """Whether the text has characters that end a line, steer a terminal, turn the reading direction, or are no text.

    Encoded words too: a mail program would decode them, and what comes out has not been looked at.
    """
    return ENCODED_WORD.search(text) is not None or any(
        unicodedata.category(sign) in ("Cc", "Cs", "Zl", "Zp") or sign in BIDI_CONTROLS for sign in text
    )
