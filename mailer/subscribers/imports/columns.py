"""A heading → what each column holds: by the names that Japanese and English systems give, or as the operator says. Pure."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from mailer.model.errors import CsvError


class Field(StrEnum):
    """What a column may hold."""

    EMAIL = "email"
    NAME = "name"
    FAMILY = "family"
    GIVEN = "given"
    LISTS = "lists"
    FORMAT = "format"
    STATUS = "status"
    DATE = "date"


OWN = ("email", "name", "lists", "format")
"""The columns of our own form: a file that has only these needs no question."""

NAMES: Mapping[Field, frozenset[str]] = {
    Field.EMAIL: frozenset(
        "email mail emailaddress mailaddress address subscriberemail メールアドレス メール eメール eメールアドレス "
        "emailアドレス mailアドレス 電子メール 電子メールアドレス 登録メールアドレス 配信先メールアドレス".split()
    ),
    Field.NAME: frozenset("name fullname displayname realname 氏名 お名前 名前 ハンドルネーム 表示名 会員名 購読者名".split()),
    Field.FAMILY: frozenset("familyname lastname surname 姓 名字 苗字 氏名姓 お名前姓".split()),
    Field.GIVEN: frozenset("givenname firstname 名 氏名名 お名前名".split()),
    Field.LISTS: frozenset("lists list リスト 配信リスト メルマガ メールマガジン マガジン グループ 配信グループ 購読リスト".split()),
    Field.FORMAT: frozenset("format form 形式 配信形式 メール形式 受信形式".split()),
    Field.STATUS: frozenset(
        "status state subscriptionstatus 状態 ステータス 配信状態 登録状態 購読状態 配信ステータス 登録ステータス 購読ステータス 状況 配信状況".split()
    ),
    Field.DATE: frozenset(
        "date created createdat joined subscribedat optintime confirmtime 登録日 登録日時 申込日 申込日時 入会日 購読開始日 購読日".split()
    ),
}


@dataclass(frozen=True, slots=True)
class Column:
    """One column: its position from 0, its heading, and what it holds; None: it is not read."""

    position: int
    heading: str
    field: Field | None


@dataclass(frozen=True, slots=True)
class ColumnMap:
    """All columns of a file. `width` is the number of cells that a row may have with text in them."""

    columns: tuple[Column, ...]
    is_own_form: bool = False

    def position(self, field: Field) -> int | None:
        """Where the field stands."""
        return next((column.position for column in self.columns if column.field is field), None)

    @property
    def width(self) -> int:
        """How many columns the heading has."""
        return len(self.columns)


def map_columns(heading: Sequence[str], chosen: Mapping[Field, str] | None = None, *, needs_lists: bool = True) -> ColumnMap:
    """What each column of the heading holds.

    :param chosen: what the operator says: the heading of a field or its position from 1; `-` for a field that is not to be read.
    :param needs_lists: the file has to say the lists.
    :raises CsvError: a column is missing, or two say that they hold the same.
    """
    names = _without_empty_end([cell.strip() for cell in heading])
    positions = {field: _position(field, column, names) for field, column in (chosen or {}).items()}
    taken = {position for position in positions.values() if position is not None}
    fields: dict[int, Field] = {position: field for field, position in positions.items() if position is not None}
    for position, name in enumerate(names):
        field = _guess(name)
        if field is not None and field not in positions and position not in taken:
            fields[position] = field
    _refuse_same(names, fields)
    _refuse_missing(fields, needs_lists=needs_lists)
    is_own = {name.lower() for name in names} <= {*OWN} and not chosen
    return ColumnMap(tuple(Column(position, name, fields.get(position)) for position, name in enumerate(names)), is_own)


def normalised(text: str) -> str:
    """A heading or a word in the form in which it is compared: one width and case, without spaces, signs and what stands in brackets."""
    plain = unicodedata.normalize("NFKC", text).casefold()
    return re.sub(r"[\s_\-・*※:.]+", "", re.sub(r"\([^)]*\)|\[[^\]]*\]|【[^】]*】", "", plain))


def _guess(name: str) -> Field | None:
    word = normalised(name)
    return next((field for field, names in NAMES.items() if word in names), None)


def _position(field: Field, column: str, names: Sequence[str]) -> int | None:
    if column == "-":
        return None
    if column in names:
        if names.count(column) > 1:
            raise CsvError(
                f"Two columns are named {column!r}: name one by its number, for example --map {field}={names.index(column) + 1}."
            )
        return names.index(column)
    if column.isascii() and column.isdigit() and 1 <= int(column) <= len(names):
        return int(column) - 1
    raise CsvError(f"--map {field}={column}: there is no such column. The file has: {', '.join(filter(None, names))}. その列はありません。")


def _refuse_same(names: Sequence[str], fields: Mapping[int, Field]) -> None:
    for field in Field:
        same = [position for position, each in fields.items() if each is field]
        if len(same) > 1:
            columns = " and ".join(f"{position + 1} ({names[position]!r})" for position in sorted(same))
            raise CsvError(
                f"Columns {columns} both say {field}. Say which one counts, for example --map {field}={min(same) + 1}. "
                f"同じ意味の列が二つあります：{'、'.join(names[position] for position in sorted(same))}。どちらを使うか --map で指定してください。"
            )


def _refuse_missing(fields: Mapping[int, Field], *, needs_lists: bool) -> None:
    required = [Field.EMAIL, *([Field.LISTS] if needs_lists else [])]
    missing = [field.value for field in required if field not in fields.values()]
    if missing:
        raise CsvError(
            f"The first line must name the columns email, lists; missing: {', '.join(missing)}. Say which column it is, for example "
            f"--map email=3, or give the list with --list. 一行目に列の名前が足りません：{', '.join(missing)}。--map か --list で指定してください。"
        )


def _without_empty_end(names: list[str]) -> list[str]:
    """Spreadsheets write separators behind the last column that was ever used."""
    while names and not names[-1]:
        names.pop()
    return names
