"""What a reader may choose on the preferences page, and what a posted form asks for. Pure: bytes in, choices out."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, tzinfo
from urllib.parse import parse_qs

from mailer.model.errors import PreferenceError
from mailer.model.issue import ListClass, MailList, is_safe_key
from mailer.model.readers.subscription import STOP, Frequency, ListPreference, Preference

FIELD = "list."
"""Begins the name of each list's field, so that no list can be called like another field of the page."""
OFTEN = "often."
"""Begins the name of the field that says how often a list is wanted."""
EVERYTHING = "everything"
REVOCATION = b"links=revoke"
"""What the button posts that makes the links in older mails useless."""
PERSON = b"person=ask"
"""What the button posts that asks for the link to the reader's own page."""
FORGIVE = b"problems=forgive"
"""What the button posts that says that the address is good, whatever came back."""
PAUSE = re.compile(rb"pause=(\d{4}-\d{2}-\d{2}|none)")
LONGEST_PAUSE = timedelta(days=366)
MOST_FIELDS = 200
"""More than all lists of a prefecture; `parse_qs` refuses a body with more before it builds them."""


@dataclass(frozen=True, slots=True)
class ListOffer:
    """One list as the page shows it."""

    key: str
    title: str
    preference: Preference
    frequency: Frequency
    is_digestible: bool


def list_offers(current: Iterable[ListPreference], lists: Mapping[str, MailList]) -> tuple[ListOffer, ...]:
    """Return the lists of a reader with their titles; a list that is not published any more is shown by its key."""
    return tuple(
        ListOffer(
            each.list,
            lists[each.list].title if each.list in lists else each.list,
            each.preference,
            each.frequency,
            is_digestible=each.list in digestible(lists),
        )
        for each in current
    )


def digestible(lists: Mapping[str, MailList]) -> frozenset[str]:
    """The lists that readers may have in a digest: a warning waits for none."""
    return frozenset(key for key, mail_list in lists.items() if mail_list.list_class is not ListClass.EMERGENCY)


def parse_pause(body: bytes, now: datetime, zone: tzinfo) -> datetime | None:
    """Return the beginning of the day on which the reader wants mail again, or None for at once.

    :param body: as `PAUSE` matches it.
    :raises PreferenceError: not a day between tomorrow and a year from now.
    """
    match = PAUSE.fullmatch(body)
    if match is None:
        raise PreferenceError("The form cannot be read.")
    if match[1] == b"none":
        return None
    try:
        until = datetime.combine(date.fromisoformat(match[1].decode()), time(), zone)
    except ValueError:
        raise PreferenceError("There is no such day.") from None
    if not now < until <= now + LONGEST_PAUSE:
        raise PreferenceError("The day is not between tomorrow and a year from now.")
    return until


def split_joins(
    current: Iterable[ListPreference], choices: Mapping[str, Preference]
) -> tuple[dict[str, Preference], dict[str, Preference]]:
    """Return what is changed at once, and the lists that were left and are chosen again: those need a confirmation by mail."""
    left = {each.list for each in current if each.preference is Preference.STOP}
    joins = left & {key for key, choice in choices.items() if choice is not Preference.STOP}
    return {key: choices[key] for key in choices.keys() - joins}, {key: choices[key] for key in sorted(joins)}


def parse_form(body: bytes, current: Iterable[ListPreference]) -> dict[str, Preference]:
    """Return what the form asks to change, by list: only the reader's own lists, only what differs.

    :param body: `application/x-www-form-urlencoded`, as the page's two forms post it.
    :raises PreferenceError: a field that the page does not have; then nothing is to be changed.
    """
    now = {each.list: each.preference for each in current}
    try:
        fields = parse_qs(
            body.decode("ascii"), keep_blank_values=True, strict_parsing=bool(body), max_num_fields=MOST_FIELDS, errors="strict"
        )
    except ValueError:
        raise PreferenceError("The form cannot be read.") from None
    if fields == {EVERYTHING: [STOP]}:
        return {key: Preference.STOP for key in now if now[key] is not Preference.STOP}
    choices = _parse_fields({name: values for name, values in fields.items() if not name.startswith(OFTEN)}, now)
    return {key: choice for key, choice in choices.items() if now[key] is not choice}


def parse_frequencies(body: bytes, offered: Collection[str]) -> dict[str, Frequency]:
    """Return how often each list is wanted, as the same form asks for it.

    :param body: `parse_form` has read it.
    :param offered: the reader's own lists that may come in a digest.
    :raises PreferenceError: a field that the page does not have; then nothing is to be changed.
    """
    wishes: dict[str, Frequency] = {}
    for name, values in parse_qs(body.decode("ascii"), keep_blank_values=True, max_num_fields=MOST_FIELDS, errors="strict").items():
        key = name.removeprefix(OFTEN)
        if not name.startswith(OFTEN):
            continue
        if key not in offered or len(values) != 1 or values[0] not in [*Frequency]:
            raise PreferenceError("The form has a field that this page does not have.")
        wishes[key] = Frequency(values[0])
    return wishes


def _parse_fields(fields: Mapping[str, list[str]], now: Mapping[str, Preference]) -> dict[str, Preference]:
    choices: dict[str, Preference] = {}
    for name, values in fields.items():
        key = name.removeprefix(FIELD)
        if not name.startswith(FIELD) or not is_safe_key(key) or key not in now or len(values) != 1 or values[0] not in [*Preference]:
            raise PreferenceError("The form has a field that this page does not have.")
        choices[key] = Preference(values[0])
    return choices
