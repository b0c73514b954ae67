"""The record of a DKIM key in the DNS (RFC 6376 section 3.6.1): written for the operator, and compared with the key. Pure."""

from __future__ import annotations

from base64 import b64decode, b64encode
from binascii import Error

from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from mailer.message.dkim.keys import DkimKey

LONGEST_STRING = 255  # octets of one character-string (RFC 1035 section 3.3.14)


def name(domain: str, selector: str) -> str:
    """Where the record stands."""
    return f"{selector}._domainkey.{domain}"


def public_value(key: DkimKey) -> str:
    """The tag ``p=``: SubjectPublicKeyInfo (RFC 5280) in base64."""
    return b64encode(key.private.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).decode()


def text(key: DkimKey) -> str:
    """The content of the record. No ``t=s``: From may be in a domain below the key's."""
    return f"v=DKIM1; k=rsa; p={public_value(key)}"


def zone_line(key: DkimKey) -> str:
    """A line for the zone file: the text in strings of 255 octets at most."""
    content = text(key)
    strings = " ".join(f'"{content[at : at + LONGEST_STRING]}"' for at in range(0, len(content), LONGEST_STRING))
    return f"{name(key.domain, key.selector)}. IN TXT ( {strings} )"


def tags(record: str) -> dict[str, str]:
    """A tag list (RFC 6376 section 3.2) as a mapping. A tag that is written twice makes it empty: such a list is invalid."""
    values: dict[str, str] = {}
    for part in record.split(";"):
        tag, separator, value = part.partition("=")
        if not separator:
            continue
        if tag.strip() in values:
            return {}
        values[tag.strip()] = value.strip()
    return values


def rejection(record: str, key: DkimKey) -> str:
    """Why a verifier would not accept the key's signatures by this record; empty if it would."""
    values = tags(record)
    if values.get("v", "DKIM1") != "DKIM1":
        return "it is no DKIM record (v= is not DKIM1)"
    if "p" not in values:
        return "it has no key (p=)"
    if not values["p"]:
        return "the key is revoked (p= is empty)"
    if values.get("k", "rsa") != "rsa":
        return f"it is for another kind of key (k={values['k']})"
    if "h" in values and "sha256" not in {each.strip() for each in values["h"].split(":")}:
        return "it does not allow SHA-256 (h=)"
    if not {"*", "email"} & {each.strip() for each in values.get("s", "*").split(":")}:
        return "it is not for mail (s=)"
    if not _same_key("".join(values["p"].split()), public_value(key)):
        return "it has another key than the file"
    return ""


def is_test(record: str) -> bool:
    """Whether the record says that the domain is testing DKIM (``t=y``): verifiers may then ignore it."""
    return "y" in {each.strip() for each in tags(record).get("t", "").split(":")}


def _same_key(published: str, own: str) -> bool:
    try:
        return b64decode(published, validate=True) == b64decode(own)
    except (Error, ValueError):
        return False
