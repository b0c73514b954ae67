"""Bytes of a file → lines of cells: which encoding, which separator. Files of a million lines are never in memory as a whole."""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import regular_file
from mailer.model.errors import CsvError

BLOCK = 1 << 20
"""Bytes that are read at once."""
BYTE_ORDER_MARKS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
LONGEST_LINE = 1 << 20
"""Characters. A file that is one line without an end must not fill the memory."""
SEPARATORS = (",", ";", "\t")
ENCODINGS = {"utf-8-sig": "UTF-8 with BOM", "utf-8": "UTF-8", "utf-16": "UTF-16", "cp932": "Shift_JIS (cp932)", "iso2022_jp": "ISO-2022-JP"}
"""Codec → its name for people."""
ESCAPE = b"\x1b$"
"""Begins Japanese text in ISO-2022-JP (RFC 1468)."""
QUOTED_TWICE = re.compile(r'^""(?=[^",;\t])')
"""Some systems write one quotation mark too many before the first name of the heading."""


@dataclass(frozen=True, slots=True)
class Line:
    """The cells of one row. `number` counts from 1 where it begins: a quoted cell may have several lines."""

    number: int
    cells: list[str]


def encoding_of(path: Path, chosen: str | None = None) -> str:
    """The codec of a file.

    UTF-8 is tried before cp932: Japanese text in cp932 is practically never valid UTF-8.

    :param chosen: what the operator says; it is checked too.
    :raises CsvError: none of them, or not the chosen one.
    :raises OSError: the file cannot be read.
    """
    with regular_file.open_bytes(path) as file:
        start = file.read(4096)
    marked = [codec for mark, codec in BYTE_ORDER_MARKS if start.startswith(mark)]
    for codec in [chosen] if chosen else marked or _candidates(start):
        if _decodes(path, codec):
            return codec
    raise CsvError(
        f"{path.name} is neither UTF-8, UTF-16 nor Shift_JIS (cp932). Save it as “CSV UTF-8” in Excel, or name its encoding with --encoding. "
        "文字コードが分かりません。「CSV UTF-8」で保存してください。"
    )


def lines(path: Path, codec: str, separator: str) -> Iterator[Line]:
    """Yield the rows of a file. Those without text are left out.

    :raises CsvError: it is not CSV.
    """
    with regular_file.open_bytes(path) as raw, io.TextIOWrapper(raw, codec, newline="") as text:
        table = csv.reader(_mended(text), delimiter=separator, strict=True)
        number = 1
        try:
            for cells in table:
                if any(cells) and any(cell.strip() for cell in cells):
                    yield Line(number, cells)
                number = table.line_num + 1
        except csv.Error as error:
            raise CsvError(
                f"Line {table.line_num} is not CSV ({error}). Check the quotation marks. {table.line_num}行目の引用符を確かめてください。"
            ) from error


def plain_lines(path: Path, codec: str) -> Iterator[Line]:
    """Yield the lines of a file that is no table, each as one cell. Empty lines and comments are left out."""
    with regular_file.open_bytes(path) as raw, io.TextIOWrapper(raw, codec) as text:
        for number, line in enumerate(_bounded(text), 1):
            if line.strip() and not _is_comment(line):
                yield Line(number, [line.strip()])


def first_line(path: Path, codec: str) -> str:
    """The first line with text that is no comment of a roster; empty if there is none."""
    with regular_file.open_bytes(path) as raw, io.TextIOWrapper(raw, codec) as text:
        return next((line.strip("\r\n") for line in _bounded(text) if line.strip() and not _is_comment(line)), "")


def separator_of(heading: str) -> str:
    """The separator that stands most often in the heading, outside of quotation marks; a comma if there is none."""
    bare = re.sub(r'"[^"]*"', "", QUOTED_TWICE.sub('"', heading))
    return max(SEPARATORS, key=bare.count)


def _is_comment(line: str) -> bool:
    return line.startswith("#") and not any(separator in line for separator in SEPARATORS)


def _candidates(start: bytes) -> list[str]:
    if ESCAPE in start:
        return ["iso2022_jp"]
    if start[1::2].count(0) > len(start) // 8:  # ASCII in two bytes, the higher one second
        return ["utf-16-le"]
    if start[::2].count(0) > len(start) // 8:
        return ["utf-16-be"]
    return ["utf-8", "cp932"]


def _decodes(path: Path, codec: str) -> bool:
    try:
        decoder = codecs.getincrementaldecoder(codec)()
    except LookupError:
        raise CsvError(f"There is no encoding {codec!r}. Write for example utf-8 or cp932.") from None
    try:
        with regular_file.open_bytes(path) as file:
            while block := file.read(BLOCK):
                decoder.decode(block)
        decoder.decode(b"", final=True)
    except UnicodeError:
        return False
    return True


def _mended(text: io.TextIOWrapper) -> Iterator[str]:
    """The lines; a heading that begins with two quotation marks for one is read as it was meant."""
    for number, line in enumerate(_bounded(text)):
        yield QUOTED_TWICE.sub('"', line) if number == 0 else line


def _bounded(text: io.TextIOWrapper) -> Iterator[str]:
    """The lines.

    :raises CsvError: one is longer than any row of readers.
    """
    number = 0
    while line := text.readline(LONGEST_LINE + 1):
        number += 1
        if len(line) > LONGEST_LINE:
            raise CsvError(
                f"Line {number} is longer than {LONGEST_LINE:,} characters: this is no table of readers. "
                f"{number}行目が長すぎます。購読者の表ではありません。"
            )
        yield line
