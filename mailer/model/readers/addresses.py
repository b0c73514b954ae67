"""Addresses and names of people: which may go into an envelope and a header. Pure."""

from __future__ import annotations

import re
import unicodedata

from email_validator import EmailNotValidError, validate_email

from mailer.model.errors import AddressError
from mailer.model.returned.receivers import receiver_of

# The part before the @ (RFC 5321 section 4.1.2): Dot-string, Quoted-string, and atoms with dots anywhere, which Japanese carriers gave out.
_ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_DOT_STRING = re.compile(rf"{_ATOM}(?:\.{_ATOM})*")
_WITH_DOTS = re.compile(rf"\.*{_ATOM}(?:\.+{_ATOM})*\.*")
_QUOTED_STRING = re.compile(r'"((?:[ !#-\[\]-~]|\\[ -~])*)"')
_DOMAIN = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?")
LONGEST_LOCAL_PART = 64  # octets, RFC 5321 section 4.5.3.1.1
LONGEST_ADDRESS = 254  # octets: a path has 256 with its brackets (RFC 5321 section 4.5.3.1.3)

DOTLESS = frozenset({"gmail.com", "googlemail.com"})
"""One provider whose mailboxes have the same address with dots and without."""

ENCODED_WORD = re.compile(r"=\?[^?\s]*\?[bq]\?[^?\s]*\?=", re.IGNORECASE)  # RFC 2047
LONGEST_NAME = 100  # characters
FILLERS = "\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0"  # letters and a pattern of Braille that are drawn as nothing
# Controls of the reading direction can make one address look like another.
BIDI_CONTROLS = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f")


def parse(text: str) -> str:
    """The address in the one form that is stored and sent to: ASCII, the domain in lower case, an IDN domain as A-labels (RFC 5890).

    A part before the @ in quotation marks keeps them only if it needs them. One with dots as a carrier gave it out stays as it was written.

    :raises AddressError: not an address (RFC 5321 section 4.1.2), has control characters, or needs SMTPUTF8.
    """
    if unsafe_characters(text):
        raise AddressError(text, "the address has control characters, line breaks or an encoded word")
    local, at, domain = text.strip(" ").rpartition("@")
    if at and local.startswith('"'):
        return _joined(text, _requoted(text, local), domain)
    # Until 2009 the carriers gave out addresses with dots doubled, leading or before the @. Anywhere else such a dot is a mistake in typing.
    if at and receiver_of(domain).is_carrier and _WITH_DOTS.fullmatch(local) and not _DOT_STRING.fullmatch(local):
        return _joined(text, local, domain)
    return _validated(text, text.strip(" "))


def quoted(address: str) -> str:
    """The address as RFC 5321 and RFC 5322 want it: the part before the @ in quotation marks if it is no Dot-string.

    :param address: as `parse` returns it.
    :raises AddressError: not such an address; it could break out of an envelope or a header.
    """
    local, at, domain = address.rpartition("@")
    if at and _DOMAIN.fullmatch(domain):
        if _DOT_STRING.fullmatch(local) or _QUOTED_STRING.fullmatch(local):
            return address
        if _WITH_DOTS.fullmatch(local):
            return f'"{local}"@{domain}'
    raise AddressError(address, "the address has characters that must not reach an envelope or a header, or is none")


def address_key(address: str) -> str:
    """Equal for two addresses of the same person: in lower case, without quotation marks around dots.

    RFC 5321 section 2.4 lets hosts tell case apart; none of note does.

    :param address: as `parse` returns it.
    """
    local, at, domain = address.lower().rpartition("@")
    if _WITH_DOTS.fullmatch(local[1:-1]) and local[0] == local[-1] == '"':
        local = local[1:-1]
    return f"{local}{at}{domain}"


def mailbox_key(address: str) -> str:
    """Equal for addresses that most likely end in one mailbox: without `+tag`, and at Gmail without dots. For counting only, never for sending:
    whoever fills somebody's mailbox writes `victim+1`, `victim+2`.

    :param address: as `parse` returns it.
    """
    local, at, domain = address_key(address).rpartition("@")
    base = local.partition("+")[0] or local
    if domain in DOTLESS:
        base, domain = base.replace(".", "") or base, "gmail.com"
    return f"{base}{at}{domain}"


def spellings(address: str) -> tuple[str, ...]:
    """The forms in lower case under which `parse` may have stored the address: without quotation marks around dots, and with them."""
    key = address_key(address)
    local, at, domain = key.rpartition("@")
    is_odd = _WITH_DOTS.fullmatch(local) and not _DOT_STRING.fullmatch(local)
    return (key, f'"{local}"{at}{domain}') if is_odd else (key,)


def _requoted(text: str, local: str) -> str:
    """The content of a quoted part: without quotation marks where it can stand so, else with no more backslashes than it needs."""
    match = _QUOTED_STRING.fullmatch(local)
    if match is None:
        if not local.isascii():
            raise AddressError(text, "the part before @ is not ASCII; such addresses (SMTPUTF8, RFC 6531) are not supported yet")
        raise AddressError(text, "the quotation marks before the @ are not closed, or there is more than one pair of them")
    content = re.sub(r"\\(.)", r"\1", match[1])
    return content if _DOT_STRING.fullmatch(content) else '"' + re.sub(r'["\\]', r"\\\g<0>", content) + '"'


def _joined(text: str, local: str, domain: str) -> str:
    address = _validated(text, f"a@{domain}").replace("a", local, 1)
    if len(local) > LONGEST_LOCAL_PART or len(address) > LONGEST_ADDRESS:
        raise AddressError(text, f"the address is too long: {LONGEST_LOCAL_PART} characters before the @, {LONGEST_ADDRESS} in all")
    return address


def _validated(text: str, address: str) -> str:
    try:
        parsed = validate_email(address, check_deliverability=False, test_environment=True, allow_smtputf8=True, strict=True)
    except EmailNotValidError as error:
        raise AddressError(text, str(error)) from None
    if parsed.ascii_email is None:
        raise AddressError(text, "the part before @ is not ASCII; such addresses (SMTPUTF8, RFC 6531) are not supported yet")
    return parsed.ascii_email


def check_name(name: str) -> str:
    """The name without outer spaces.

    :raises AddressError: it is too long, or has characters that could break out of a header.
    """
    if unsafe_characters(name):
        raise AddressError(name, "the name has control characters, line breaks or an encoded word")
    if len(name.strip()) > LONGEST_NAME:
        raise AddressError(name, f"the name is longer than {LONGEST_NAME} characters")
    return name.strip()


def is_blank(text: str) -> bool:
    """Whether nothing of the text can be seen or heard: spaces, controls, joiners, fillers, marks without a letter (Unicode, UAX #44, 5.7.1)."""
    return not any(unicodedata.category(character)[0] in "LNPS" and character not in FILLERS for character in text)


def unsafe_characters(text: str) -> bool:
    """Whether the text has characters that end a line, control a terminal, turn the reading direction, or are no text.

    Encoded words count too: a mail program would decode them, and nobody has checked what comes out.
    """
    return ENCODED_WORD.search(text) is not None or any(
        unicodedata.category(character) in ("Cc", "Cs", "Zl", "Zp") or character in BIDI_CONTROLS for character in text
    )
