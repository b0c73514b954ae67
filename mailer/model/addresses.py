"""Addresses and names of people: which may go into an envelope and a header. Pure."""

from __future__ import annotations

import re
import unicodedata

from email_validator import EmailNotValidError, validate_email

from mailer.model.errors import AddressError

ENCODED_WORD = re.compile(r"=\?[^?\s]*\?[bq]\?[^?\s]*\?=", re.IGNORECASE)  # RFC 2047
LONGEST_NAME = 100  # characters
# Controls of the reading direction can make one address look like another.
BIDI_CONTROLS = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f")


def parse(text: str) -> str:
    """The address in the one form that is stored and sent to: ASCII, the domain in lower case, an IDN domain as A-labels (RFC 5890).

    :raises AddressError: not an address (RFC 5321 section 4.1.2), has control characters, or needs SMTPUTF8.
    """
    if unsafe_characters(text):
        raise AddressError(text, "the address has control characters, line breaks or an encoded word")
    try:
        parsed = validate_email(text.strip(" "), check_deliverability=False, test_environment=True, allow_smtputf8=True, strict=True)
    except EmailNotValidError as error:
        raise AddressError(text, str(error)) from None
    if parsed.ascii_email is None:
        raise AddressError(text, "the part before @ is not ASCII; such addresses (SMTPUTF8, RFC 6531) are not supported yet")
    return parsed.ascii_email


def address_key(address: str) -> str:
    """Equal for two addresses of the same person: in lower case. RFC 5321 section 2.4 lets hosts tell case apart; none of note does."""
    return address.lower()


def check_name(name: str) -> str:
    """The name without outer spaces.

    :raises AddressError: it is too long, or has characters that could break out of a header.
    """
    if unsafe_characters(name):
        raise AddressError(name, "the name has control characters, line breaks or an encoded word")
    if len(name.strip()) > LONGEST_NAME:
        raise AddressError(name, f"the name is longer than {LONGEST_NAME} characters")
    return name.strip()


def unsafe_characters(text: str) -> bool:
    """Whether the text has characters that end a line, control a terminal, turn the reading direction, or are no text.

    Encoded words count too: a mail program would decode them, and nobody has checked what comes out.
    """
    return ENCODED_WORD.search(text) is not None or any(
        unicodedata.category(character) in ("Cc", "Cs", "Zl", "Zp") or character in BIDI_CONTROLS for character in text
    )
