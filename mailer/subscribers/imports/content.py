"""A file read once, from its first line to its last: what it holds, what is refused and why. What can be imported waits in the spool."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain, islice
from pathlib import Path

import regular_file
from mailer.model.errors import AddressError, CsvError
from mailer.model.issue import MailList
from mailer.subscribers.imports import text
from mailer.subscribers.imports.columns import ColumnMap, Field, map_columns
from mailer.subscribers.imports.rows import ImportedRow, RowReader, parse_mailbox
from mailer.subscribers.imports.spool import PORTION, Spool
from mailer.subscribers.imports.statuses import Membership

MOST_SHOWN = 20
"""Refused lines that are named one by one. Every one is counted."""


@dataclass(frozen=True, slots=True)
class Choices:
    """What the operator says about a file. `words` maps (field, word in the file) to what it means; `fixed` are the lists of every row."""

    columns: Mapping[Field, str] = field(default_factory=dict)
    words: Mapping[tuple[str, str], str] = field(default_factory=dict)
    fixed: tuple[str, ...] = ()
    encoding: str | None = None


@dataclass(frozen=True, slots=True)
class RefusedLine:
    """A line that is not imported. `line` counts from 1 and includes the heading."""

    line: int
    reason: str


@dataclass
class FileContent:
    """What a file holds. `columns` is None for a roster, which has no heading; `digest` is the SHA-256 of the file."""

    name: str
    digest: str
    encoding: str
    separator: str = ""
    columns: ColumnMap | None = None
    rows: int = 0
    accepted: int = 0
    memberships: Counter[tuple[str, Membership]] = field(default_factory=Counter)
    lists: Counter[str] = field(default_factory=Counter)
    reasons: Counter[str] = field(default_factory=Counter)
    refused: list[RefusedLine] = field(default_factory=list)

    @property
    def refusals(self) -> int:
        """How many lines are refused?"""
        return self.reasons.total()

    @property
    def unknown(self) -> int:
        """How many lines have a status that nobody knows?"""
        return sum(number for (_, membership), number in self.memberships.items() if membership is Membership.UNKNOWN)

    @property
    def is_plain(self) -> bool:
        """Whether nothing was guessed: our own form, or an address on each line."""
        return self.columns is None or self.columns.is_own_form

    def refuse(self, line: int, reason: str) -> None:
        """Count a refused line; the first are kept."""
        self.reasons[_kind(reason)] += 1
        if len(self.refused) < MOST_SHOWN:
            self.refused.append(RefusedLine(line, reason))


def read_content(path: Path, lists: Mapping[str, MailList], choices: Choices, spool: Spool) -> FileContent:
    """Read the whole file, and put what can be imported into the spool.

    :param lists: all lists there are, by key.
    :raises CsvError: it cannot be read at all, or it is not clear what its columns hold.
    """
    try:
        codec = text.encoding_of(path, choices.encoding)
        result = FileContent(path.name, _digest(path), text.ENCODINGS.get(codec, codec))
        heading = text.first_line(path, codec)
        is_roster = "@" in heading and Field.EMAIL not in choices.columns
        read = _roster(path, codec, heading, choices, result) if is_roster else _table(path, codec, heading, lists, choices, result)
        while portion := list(islice(read, PORTION)):
            _spool(portion, spool, result)
    except OSError as error:
        raise CsvError(f"{path}: cannot be read ({error.strerror}). ファイルを読めません。") from error
    result.accepted = spool.count()
    return result


def _table(
    path: Path, codec: str, heading: str, lists: Mapping[str, MailList], choices: Choices, result: FileContent
) -> Iterator[ImportedRow]:
    result.separator = text.separator_of(heading)
    rows = text.lines(path, codec, result.separator)
    first = next(rows, None)
    names = [] if first is None else first.cells
    if "@" in heading and first is not None:  # no heading: the columns have numbers
        names, rows = [str(number) for number in range(1, len(names) + 1)], chain([first], rows)
    result.columns = map_columns(names, choices.columns, needs_lists=not choices.fixed)
    known = {each.title: key for key, each in lists.items()} | {key: key for key in lists}
    known |= {word: key for (what, word), key in choices.words.items() if what == "list"}
    read = RowReader(result.columns, known, choices.fixed, _memberships(choices.words), _forms(choices.words)).reader()
    for line in rows:
        result.rows += 1
        try:
            yield read(line.number, line.cells)
        except AddressError as error:
            result.refuse(line.number, error.reason)


def _roster(path: Path, codec: str, heading: str, choices: Choices, result: FileContent) -> Iterator[ImportedRow]:
    if "<" not in heading and any(separator in heading for separator in text.SEPARATORS):
        raise CsvError(
            f"{path.name} has no heading. Say what its columns hold, for example --map email=1 --map name=2. 見出しの行がありません。--map で列の番号を指定してください。"
        )
    if not choices.fixed:
        raise CsvError(
            f"{path.name} has no heading: each line is an address. Say for which list they are: --list KEY. "
            "見出しのない名簿です。--list で配信先を指定してください。"
        )
    for line in text.plain_lines(path, codec):
        result.rows += 1
        try:
            yield parse_mailbox(line.number, line.cells[0])._replace(lists=choices.fixed)
        except AddressError as error:
            result.refuse(line.number, error.reason)


def _spool(portion: Sequence[ImportedRow], spool: Spool, result: FileContent) -> None:
    result.memberships.update((row.status, row.membership) for row in portion)
    result.lists.update(key for row in portion for key in row.lists)
    for duplicate in spool.add(portion):
        more = "; one of them has left, so neither is imported" if duplicate.is_ended else ""
        result.refuse(duplicate.line, f"the same address as line {duplicate.first}{more}")


def _memberships(words: Mapping[tuple[str, str], str]) -> dict[str, Membership]:
    return {word: Membership(means) for (what, word), means in words.items() if what == "status"}


def _forms(words: Mapping[tuple[str, str], str]) -> dict[str, str]:
    return {word: means for (what, word), means in words.items() if what == "format"}


def _digest(path: Path) -> str:
    with regular_file.open_bytes(path) as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _kind(reason: str) -> str:
    """The reason without what differs between lines."""
    return re.sub(r"as line \d+", "as an earlier line", reason)
