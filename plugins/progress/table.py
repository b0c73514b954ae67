"""Reads ``progress.csv``. Every fault of every row is told, with its line."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from plugins.diagnostics import Diagnostic
from plugins.frontmatter.model.registry import Place, Registry
from plugins.progress.works import FIELDS, STATES, WHOLE, Work, Works

COLUMNS = {
    "分野": "道路、河川、海岸、港湾、空港、公園、下水道、住宅のどれか",
    "市町村": "市町村の正式な名前。県全体の数なら「県全体」",
    "年度": "西暦の年度。2020 は2020年4月1日から2021年3月31日まで。数は年度末のもの",
    "完成": "年度末までに終わった量",
    "計画": "全部の量",
    "単位": "km、か所、戸など。一つの分野では同じ単位",
    "状態": "完成、工事中、着手前のどれか",
}
"""Columns and what they hold, as the page and the manual describe them. Their order in the file is free."""

PATH = PurePosixPath("data/progress.csv")
_NUMBER = re.compile(r"\d{1,9}(\.\d{1,3})?")


@dataclass(frozen=True)
class _Row:
    """The cells of one line, by column."""

    line: int
    cells: dict[str, str]

    def fault(self, ja: str, en: str) -> Diagnostic:
        return Diagnostic(PATH, self.line, ja, en)


def read_works(content: Path, registry: Registry) -> tuple[Works, list[Diagnostic]]:
    """Read ``content/data/progress.csv``; without the file there are no works. Paths in faults are relative to ``content``."""
    file = content / PATH
    if not file.is_file():
        return Works(), []
    try:
        text = file.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError:
        return Works(), [
            Diagnostic(PATH, 1, "UTF-8で保存されていません。「CSV UTF-8」で保存し直してください", "not UTF-8: save it as CSV UTF-8")
        ]
    rows = list(_rows(text))
    if not rows or (missing := [name for name in COLUMNS if name not in rows[0].cells]):
        names = "、".join(missing if rows else COLUMNS)
        return Works(), [Diagnostic(PATH, 1, f"列「{names}」がありません。一行目に列の名前を書いてください", f"columns missing: {names}")]
    read = [(row, _work(row, registry)) for row in rows]
    works = [(row, work) for row, work in read if isinstance(work, Work)]
    faults = [fault for _, found in read if isinstance(found, list) for fault in found]
    return Works(tuple(work for _, work in works)), faults + _clashes(works)


def _rows(text: str) -> Iterator[_Row]:
    """The rows that are not empty, each with the line on which it begins."""
    reader = csv.reader(text.splitlines(keepends=True))
    header: list[str] = []
    begins = 1
    for cells in reader:
        stripped = [cell.strip() for cell in cells]
        if not header:
            header = stripped
        elif any(stripped):
            yield _Row(begins, dict(zip(header, stripped + [""] * len(header), strict=False)))
        begins = reader.line_num + 1


def _work(row: _Row, registry: Registry) -> Work | list[Diagnostic]:
    """The typed row, or everything that is wrong with it."""
    faults: list[Diagnostic] = []
    cell = row.cells
    field, place = FIELDS.get(cell["分野"]), _place(cell["市町村"], registry)
    if field is None:
        known = "、".join(FIELDS)
        faults.append(
            row.fault(f"分野「{cell['分野']}」はありません。使えるのは {known} です", f"no field {cell['分野']!r}: use one of {known}")
        )
    if place is None and cell["市町村"] != WHOLE:
        faults.append(
            row.fault(
                f"「{cell['市町村']}」という市町村はありません。「石巻市」のような正式な名前か「{WHOLE}」と書いてください",
                f"no municipality {cell['市町村']!r}: write its full name, or {WHOLE} for the whole prefecture",
            )
        )
    if not re.fullmatch(r"20\d\d", cell["年度"]):
        faults.append(
            row.fault(
                f"年度「{cell['年度']}」が読めません。2020 のように西暦で書いてください", f"{cell['年度']!r} is no fiscal year: write 2020"
            )
        )
    if not cell["単位"]:
        faults.append(row.fault("単位がありません。km、戸、か所のように書いてください", "the unit is missing: write km, 戸, か所"))
    faults += _amounts(row)
    if faults or field is None:
        return faults
    return Work(field, place, int(cell["年度"]), float(cell["完成"]), float(cell["計画"]), cell["単位"], cell["状態"])


def _place(name: str, registry: Registry) -> Place | None:
    return registry.places.get(name)


def _amounts(row: _Row) -> list[Diagnostic]:
    """Done, planned and state have to agree with each other."""
    done, total, state = row.cells["完成"], row.cells["計画"], row.cells["状態"]
    faults = [
        row.fault(f"{name}「{value}」が数ではありません。1234.5 のように半角で書いてください", f"{value!r} is no number: write 1234.5")
        for name, value in (("完成", done), ("計画", total))
        if not _NUMBER.fullmatch(value)
    ]
    if state not in STATES:
        known = "、".join(STATES)
        faults.append(row.fault(f"状態「{state}」はありません。使えるのは {known} です", f"no state {state!r}: use one of {known}"))
    return faults or _disagreements(row, float(done), float(total), state)


def _disagreements(row: _Row, done: float, total: float, state: str) -> list[Diagnostic]:
    if total == 0:
        return [row.fault("計画が0です。計画のない年度は、行を書かないでください", "nothing is planned (0): leave the row out")]
    if done > total:
        percent = f"{done * 100 / total:.1f}％"
        return [
            row.fault(
                f"完成（{done:g}）が計画（{total:g}）を超えています（{percent}）。二つの数と、列の順を確かめてください",
                f"done ({done:g}) is more than planned ({total:g}): look at both numbers and at the order of the columns",
            )
        ]
    if (done == total) != (state == "完成"):
        return [
            row.fault(
                f"完成（{done:g}）と計画（{total:g}）が、状態「{state}」と合いません", f"done and planned do not agree with state {state!r}"
            )
        ]
    if state == "着手前" and done > 0:
        return [row.fault(f"「着手前」なのに、完成が{done:g}です", f"not yet begun, but done is {done:g}")]
    return []


def _clashes(works: list[tuple[_Row, Work]]) -> list[Diagnostic]:
    """The same works twice in one year, and two units in one field."""
    faults = []
    lines: dict[tuple[str, str | None, int], int] = {}
    units: dict[str, tuple[int, str]] = {}
    for row, work in works:
        first = lines.setdefault((work.field.name, work.place.name if work.place else None, work.year), row.line)
        if first != row.line:
            faults.append(
                row.fault(
                    f"{first}行目と同じ年度、分野、市町村です。どちらかを消してください", f"same year, field and place as line {first}"
                )
            )
        line, unit = units.setdefault(work.field.name, (row.line, work.unit))
        if unit != work.unit:
            faults.append(
                row.fault(
                    f"単位「{work.unit}」が、{line}行目の「{unit}」と違います。一つの分野では同じ単位にしてください",
                    f"unit {work.unit!r} differs from {unit!r} in line {line}: a field keeps one unit",
                )
            )
    return faults
