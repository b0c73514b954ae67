"""The cells of one line → a row for the spool, or why it is refused. Pure, and quick: files have a million lines."""

from __future__ import annotations

import email.utils
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import NamedTuple

from mailer.model.errors import AddressError
from mailer.model.readers import addresses
from mailer.model.readers.subscription import FORMATS, HTML, LIGHT
from mailer.subscribers.imports.columns import ColumnMap, Field, normalised
from mailer.subscribers.imports.statuses import Membership, membership_of

PLAIN = re.compile(r"[A-Za-z0-9_+-]+(?:\.[A-Za-z0-9_+-]+)*")
"""A part before the @ that every rule allows."""
FORMS = {"html": HTML, "htmlメール": HTML, "light": LIGHT, "text": LIGHT, "テキスト": LIGHT, "テキストメール": LIGHT, "軽いメール": LIGHT}
VISIBLE = re.compile(r"[0-9A-Za-z\u3041-\u3096\u30a1-\u30fa\u4e00-\u9fff]")
"""Common characters that are seen: most names have one."""
IDEOGRAPHIC_SPACE = "\u3000"
SEVERAL = re.compile(r"[;,、|\s]+")


class ImportedRow(NamedTuple):
    """One line that can be imported. `form` is html, light, or empty; `membership` other than `SUBSCRIBED` keeps the address from being subscribed."""

    line: int
    address: str
    name: str
    lists: tuple[str, ...]
    form: str
    membership: Membership
    status: str
    date: str


@dataclass(frozen=True)
class RowReader:
    """How the lines of one file are read. `lists`: key by key, title or what the operator says; `fixed`: the lists of every row."""

    columns: ColumnMap
    lists: Mapping[str, str]
    fixed: tuple[str, ...] = ()
    statuses: Mapping[str, Membership] = field(default_factory=dict)
    forms: Mapping[str, str] = field(default_factory=dict)

    def reader(self) -> Callable[[int, list[str]], ImportedRow]:
        """The function that reads one line; it raises AddressError for a line that is refused."""
        width = self.columns.width
        email, name, family, given, lists, form, status, date = (_last(self.columns.position(each), width) for each in Field)
        keys, fixed, padding = frozenset(self.lists.values()), self.fixed, [""] * (width + 1)
        lists_of = lru_cache(4096)(lambda cell: _lists(cell, self.lists, keys))
        membership = lru_cache(4096)(lambda word: membership_of(word, self.statuses))
        has_status = status < width

        def read(line: int, cells: list[str]) -> ImportedRow:
            if len(cells) > width and any(text.strip() for text in cells[width:]):
                raise AddressError("", "more cells than the heading has columns; put quotation marks around a text with commas")
            cells = cells[:width] + padding[len(cells) :] if len(cells) < width else [*cells[:width], ""]
            status_word, day = cells[status].strip(), cells[date].strip()
            means = membership(status_word) if has_status else Membership.SUBSCRIBED
            address = parse_address(cells[email])
            if means is not Membership.SUBSCRIBED:
                return ImportedRow(line, address, "", (), "", means, status_word, day)
            chosen = fixed or lists_of(cells[lists].strip())
            chosen_form = self._form(cells[form].strip()) if cells[form] else ""
            full_name = _checked_name(cells[name] or f"{cells[family].strip()} {cells[given].strip()}")
            return ImportedRow(line, address, full_name, chosen, chosen_form, means, status_word, day)

        return read

    def _form(self, word: str) -> str:
        if not word:
            return ""
        form = self.forms.get(word) or FORMS.get(normalised(word))
        if form is None:
            raise AddressError("", f"unknown format {word!r}; there are: {', '.join(FORMATS)}")
        return form


def parse_address(text: str) -> str:
    """As `addresses.parse`, a hundred times quicker for most addresses: a domain is checked once."""
    local, at, domain = text.strip(" ").rpartition("@")
    if at and len(local) <= addresses.LONGEST_LOCAL_PART and PLAIN.fullmatch(local) and domain.isascii():
        parsed = _domain(domain)
        if parsed and len(local) + 1 + len(parsed) <= addresses.LONGEST_ADDRESS:
            return f"{local}@{parsed}"
    return addresses.parse(text)


def parse_mailbox(line: int, text: str) -> ImportedRow:
    """One line of a roster: an address, alone or with a name as RFC 5322 section 3.4 writes it.

    :raises AddressError: it is none.
    """
    if addresses.unsafe_characters(text):
        raise AddressError(text, "the line has control characters or an encoded word")
    name, address = email.utils.parseaddr(text) if "<" in text else ("", text)
    return ImportedRow(line, parse_address(address.strip()), _checked_name(name), (), "", Membership.SUBSCRIBED, "", "")


@lru_cache(65536)
def _domain(domain: str) -> str:
    """The domain as it is stored, or nothing if it is for `addresses.parse` to say what is wrong with it."""
    try:
        return addresses.parse(f"a@{domain}").removeprefix("a@")
    except AddressError:
        return ""


def _last(position: int | None, width: int) -> int:
    """Where a field stands; an empty cell that is put behind the last column, if the file does not have it."""
    return width if position is None else position


def _checked_name(name: str) -> str:
    if (
        len(name) <= addresses.LONGEST_NAME
        and "=?" not in name
        and VISIBLE.search(name)
        and name.replace(IDEOGRAPHIC_SPACE, " ").isprintable()
    ):
        return name.strip()  # what `check_name` would return, ten times quicker
    checked = addresses.check_name(name)
    return "" if addresses.is_blank(checked) else checked


def _lists(cell: str, known: Mapping[str, str], keys: frozenset[str]) -> tuple[str, ...]:
    """The keys of a cell: a title that may hold spaces, or several keys and titles."""
    words = [cell] if cell in known else [word for word in SEVERAL.split(cell) if word]
    if not words:
        raise AddressError("", "no list is named")
    if unknown := [word for word in words if word not in known]:
        raise AddressError(
            "",
            f"unknown list {', '.join(map(repr, unknown))}; there are: {', '.join(sorted(keys))}. Say what it is: --map 'list:{unknown[0]}=KEY'",
        )
    return tuple(dict.fromkeys(known[word] for word in words))
