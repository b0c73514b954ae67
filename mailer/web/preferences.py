"""What a reader may choose on the preferences page, and what a posted form says. Pure: bytes in, a choice out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from urllib.parse import parse_qs

from mailer.model.errors import PreferenceError
from mailer.model.issue import MailList, is_safe_key
from mailer.model.subscription import STOP, ListPreference, Preference

FIELD = "list."


EVERYTHING = "everything"


@dataclass(frozen=True, slots=True)
class ListOffer:
    """One list as the page shows it."""

    key: str
    title: str
    choice: Preference


def list_offers(standings: Iterable[ListPreference], lists: Mapping[str, MailList]) -> tuple[ListOffer, ...]:
    """The lists of a reader with their titles; a list that is not published any more is shown by its key."""
    return tuple(ListOffer(one.list, lists[one.list].title if one.list in lists else one.list, one.preference) for one in standings)


def parse_form(body: bytes, standings: Iterable[ListPreference]) -> dict[str, Preference]:
    """What the form asks to change, by list: only the reader's own lists, only what differs.

    :param body: `application/x-www-form-urlencoded`, as the page's two forms post it.
    :raises PreferenceError: a field that the page does not have; then nothing is to be changed.
    """
    now = {one.list: one.preference for one in standings}
    try:
        fields = parse_qs(body.decode("ascii"), keep_blank_values=True, strict_parsing=bool(body), max_num_fields=200, errors="strict")
    except ValueError:
        raise PreferenceError("The form cannot be read.") from None
    wanted = dict.fromkeys(now, Preference.STOP) if fields == {EVERYTHING: [STOP]} else _fields(fields, now)
    return {key: choice for key, choice in wanted.items() if now[key] is not choice}


def _fields(fields: Mapping[str, list[str]], now: Mapping[str, Preference]) -> dict[str, Preference]:
    found: dict[str, Preference] = {}
    for name, values in fields.items():
        key = name.removeprefix(FIELD)
        if not name.startswith(FIELD) or not is_safe_key(key) or key not in now or len(values) != 1 or values[0] not in [*Preference]:
            raise PreferenceError("The form has a field that this page does not have.")
        found[key] = Preference(values[0])
    return found
