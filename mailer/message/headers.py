"""The headers of a message as lines: safe, and read as they were written. Pure.

A header is checked here and folded by `folding`. A header that holds links is never folded inside a link.
"""

from __future__ import annotations

import re

from mailer.message.folding import CRLF, UTF_8, fold
from mailer.model.errors import AddressError, MessageError
from mailer.model.readers import addresses
from mailer.model.recipient import Addressee

LONGEST_LINE = 998  # octets without CRLF, RFC 5322 section 2.1.1
_LIST_ID = re.compile(r"[!#-'*+\-./0-9=?A-Z^-~]+")
"""RFC 2919 section 3: dot-atom-text. A dot may stand anywhere: only what could end the header matters here."""
_NOT_IN_A_PHRASE = str.maketrans("", "", '<>"\\')
"""Characters that would end the phrase of a List-Id early in programs that do not parse it."""


def text_line(name: str, text: str, charset: str = UTF_8) -> str:
    """A header with free text, such as Subject.

    :raises MessageError: control characters or line breaks.
    """
    return fold(name, _text(text), charset=charset)


def mailbox_line(name: str, display_name: str, address: str, charset: str = UTF_8) -> str:
    r"""A header with one mailbox (RFC 5322 section 3.4).

    :raises AddressError: control characters or line breaks in either part (`a@b>\r\nRCPT TO:`), or no address.
    """
    try:
        shown, mailbox = addresses.check_name(display_name), addresses.quoted(address)
    except AddressError as error:
        raise AddressError(address, error.reason) from None
    return fold(name, shown, f"<{mailbox}>", charset=charset) if shown else f"{name}: {mailbox}{CRLF}"


def list_id_line(title: str, list_id: str, charset: str = UTF_8) -> str:
    """The List-Id (RFC 2919 section 3).

    :raises MessageError: control characters or line breaks; an identifier that is none.
    """
    if not _LIST_ID.fullmatch(list_id):
        raise MessageError(
            f"{list_id!r} is no identifier for List-Id: letters, digits, hyphens and dots. Correct the list and build again."
        )
    return fold("List-Id", _text(title).translate(_NOT_IN_A_PHRASE).strip(), f"<{list_id}>", charset=charset)


def links_line(name: str, *links: str) -> str:
    """A header with links in angle brackets (RFC 2369 section 2), each whole and on a line of its own.

    :raises MessageError: a link has characters that could end it.
    """
    return f"{name}: " + f",{CRLF} ".join(f"<{_link(link)}>" for link in links) + CRLF


def to_line(recipient: Addressee, charset: str = UTF_8) -> bytes:
    """The To header with its line end.

    :raises AddressError: as `mailbox_line`.
    """
    return mailbox_line("To", recipient.name, recipient.address, charset).encode("ascii")


def _text(value: str) -> str:
    if addresses.unsafe_characters(value):
        raise MessageError(
            f"{value!r} has control characters or line breaks and must not become a header. Correct the issue and build again."
        )
    return value


def _link(url: str) -> str:
    if not url.isascii() or addresses.unsafe_characters(url) or any(character in url for character in "<>\"' "):
        raise MessageError(
            "A link has characters that must not reach a header. Correct service_url in mailer.toml, or build the site again."
        )
    return url
