"""Headers that are safe and that mail programs read as they were written. Pure.

Python's `email` does most of it. Two things are done here: a header that holds one link stays on one line, and a subject is written
as encoded words (RFC 2047) without the loss of a space, which `email` drops where it folds between two of them.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterator
from email.errors import HeaderParseError
from email.headerregistry import Address
from email.policy import EmailPolicy

from mailer.model import addresses
from mailer.model.errors import AddressError
from mailer.model.recipient import Addressee

LONGEST_WORD = 45
"""Bytes of UTF-8 in one encoded word: 60 characters of base64 and 12 around them, below the 75 of RFC 2047 section 2."""

ONE_LINE = 76  # characters; a longer subject becomes encoded words, whose lines may have so many (RFC 2047 section 2)


def fold_encoded_words(name: str, text: str, after: str = "") -> str:
    """A whole header with its line ends; ``after`` is plain and follows the text, such as `` <a@example.jp>``."""
    if text.isascii() and len(name) + len(text) + len(after) < ONE_LINE:
        return f"{name}: {text}{after}\r\n"
    words = "\r\n ".join(f"=?utf-8?b?{b64encode(chunk).decode('ascii')}?=" for chunk in _chunks(text))
    return f"{name}: {words}" + (f"\r\n {after.strip()}" if after else "") + "\r\n"


def _chunks(text: str) -> Iterator[bytes]:
    """UTF-8 in chunks that each hold whole characters: RFC 2047 section 5 forbids to split one between two encoded words."""
    chunk = b""
    for character in text:
        encoded = character.encode("utf-8")
        if len(chunk) + len(encoded) > LONGEST_WORD:
            yield chunk
            chunk = b""
        chunk += encoded
    yield chunk


# `email` would make RFC 2047 encoded words of these long words, and no mail program reads a link there.
UNFOLDED = frozenset({"list-unsubscribe", "list-archive", "archived-at", "message-id"})


LONGEST_LINE = 998  # octets without CRLF, RFC 5322 section 2.1.1


class _MailPolicy(EmailPolicy):
    """`email.policy.SMTP`, except that headers that hold one link stay on one line, and a subject keeps its spaces."""

    def fold(self, name: str, value: str) -> str:
        """As the base class, but links stay whole."""
        if name.lower() in UNFOLDED:
            return f"{name}: {value}\r\n"
        if name.lower() == "subject":
            return fold_encoded_words(name, str(value))
        return str(super().fold(name, value))

    def fold_binary(self, name: str, value: str) -> bytes:
        """As the base class, but links stay whole."""
        if name.lower() in UNFOLDED or name.lower() == "subject":
            return self.fold(name, value).encode("ascii")
        return bytes(super().fold_binary(name, value))


POLICY = _MailPolicy(linesep="\r\n")


def mailbox(name: str, address: str) -> Address:
    r"""A mailbox for a header (RFC 5322 section 3.4).

    :raises AddressError: control characters or line breaks in either part (`a@b>\r\nRCPT TO:`).
    """
    if addresses.unsafe_characters(address) or any(character in address for character in "<> ") or not address.isascii():
        raise AddressError(address, "the address has characters that must not reach an envelope")
    try:
        return Address(addresses.check_name(name), addr_spec=address)
    except (ValueError, IndexError, HeaderParseError) as error:  # which of them depends on the version of Python
        raise AddressError(address, f"is no address for a header: {error}") from None


def format_to(recipient: Addressee) -> bytes:
    """The To header as `email` folds it, with its line end."""
    return POLICY.fold_binary("To", POLICY.header_factory("To", mailbox(recipient.name, recipient.address)))
