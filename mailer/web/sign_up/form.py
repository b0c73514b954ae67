"""The sign-up form: what was posted → what is asked for, and what is wrong with it. Pure: bytes in, values out.

A form is posted from two places. The portal's pages are files and cannot be signed: what they post fills in the service's own form, and nothing else happens.
The service's own form carries the signed time at which it was made. Somebody who reads it needs three seconds; a form of yesterday is shown again.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs

from mailer.message.sealed import TokenSealer
from mailer.model.errors import AddressError
from mailer.model.readers import addresses
from mailer.model.readers.subscription import FORMATS, HTML, Frequency

MOST_FIELDS = 200
SOONEST, LATEST = timedelta(seconds=3), timedelta(hours=24)
HONEYPOT = "website"
"""A field that no person sees."""
OFTEN = "often."


@dataclass(frozen=True, slots=True)
class SignUpForm:
    """What a form says. `problems` are the names of the fields that must be mended: `address`, `lists`.

    `typed` is what stands in the field of the address; `address` is the address of it, or empty if it is none.
    """

    typed: str = ""
    address: str = ""
    lists: tuple[str, ...] = ()
    form: str = HTML
    frequencies: Mapping[str, Frequency] = field(default_factory=dict)
    signed_time: str = ""
    proof: str = ""
    is_trapped: bool = False
    problems: tuple[str, ...] = ()


def parse(body: bytes, offered: Collection[str], digestible: Collection[str]) -> SignUpForm | None:
    """Read a posted form, or return None if it is none at all.

    :param body: `application/x-www-form-urlencoded`.
    :param offered: the keys of the lists that may be signed up for, in their order; any other is left out.
    :param digestible: the keys of those that may come in a digest.
    """
    try:
        fields = parse_qs(body.decode("ascii"), keep_blank_values=True, max_num_fields=MOST_FIELDS, errors="strict")
    except ValueError:
        return None
    typed = _one(fields, "address").strip()[: addresses.LONGEST_ADDRESS + 1]
    lists = tuple(key for key in offered if key in fields.get("list", []))
    address = _address(typed)
    form = _one(fields, "form")
    return SignUpForm(
        typed=_printable(typed),
        address=address,
        lists=lists,
        form=form if form in FORMATS else HTML,
        frequencies={key: frequency for key in lists if key in digestible and (frequency := _frequency(_one(fields, OFTEN + key)))},
        signed_time=_one(fields, "signed_time"),
        proof=_one(fields, "altcha"),
        is_trapped=bool(_one(fields, HONEYPOT)),
        problems=(*(() if address else ("address",)), *(() if lists else ("lists",))),
    )


def make_signed_time(sealer: TokenSealer, now: datetime) -> str:
    """Return the signed time for a form that is shown now."""
    text = str(int(now.timestamp()))
    return f"{text}.{sealer.sign_time(text)}"


def is_timely(sealer: TokenSealer, signed_time: str, now: datetime) -> bool:
    """Whether the form is one of ours, three seconds old at least and a day at most."""
    age = _age(sealer, signed_time, now)
    return age is not None and SOONEST <= age <= LATEST


def is_early(sealer: TokenSealer, signed_time: str, now: datetime) -> bool:
    """Whether the form is one of ours, and was posted before anybody could have read it: whoever has it filled in by the portal may be that quick."""
    age = _age(sealer, signed_time, now)
    return age is not None and timedelta(0) <= age < SOONEST


def _age(sealer: TokenSealer, signed_time: str, now: datetime) -> timedelta | None:
    text, _, signature = signed_time.partition(".")
    if not (text.isascii() and text.isdigit() and len(text) <= 11 and sealer.verify_time(text, signature)):
        return None
    return now - datetime.fromtimestamp(int(text), UTC)


def _one(fields: Mapping[str, list[str]], name: str) -> str:
    values = fields.get(name, [])
    return values[0] if len(values) == 1 else ""


def _address(typed: str) -> str:
    try:
        return addresses.parse(_narrowed(typed))
    except AddressError:
        return ""


def _narrowed(typed: str) -> str:
    """What a Japanese keyboard writes in full width is meant as ASCII: ｔａｒｏ＠ｅｘａｍｐｌｅ．ｊｐ."""
    return "".join(chr(ord(sign) - 0xFEE0) if "！" <= sign <= "～" else sign for sign in typed)


def _printable(typed: str) -> str:
    return "" if addresses.unsafe_characters(typed) else typed


def _frequency(text: str) -> Frequency | None:
    return Frequency(text) if text in [*Frequency] else None
