"""Reads and checks ``progress.csv``. An editor gets every fault of every row in one run, with its line."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from plugins.csv_table import UnreadableCsv, read_csv
from plugins.diagnostics import Diagnostic, RuleDescription, unexpected
from plugins.frontmatter.model.places import place_named
from plugins.frontmatter.model.registry import Registry
from plugins.inputs import InputFolder
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
"""The columns and what they hold, as the page describes them. Their order in the file is free."""

PATH = PurePosixPath("data/progress.csv")
_NUMBER = re.compile(r"[0-9]{1,9}(\.[0-9]{1,3})?")
"""No sign, no separators of thousands: in a CSV file 1,234 is two cells."""


RULES = (
    RuleDescription(
        "D201",
        "復興の進み具合の表の、合わない行",
        "a row of the progress table that does not hold",
        "数はグラフと文になって公開されます。計画を超える完成や、二度数えた行は、事実と違うことを伝えます",
        "the numbers go public as charts and sentences: more done than planned, or a row counted twice, would state something false",
    ),
)


@dataclass(frozen=True)
class _Row:
    """The cells of one line, by column."""

    line: int
    cells: dict[str, str]

    def diagnostic(self, ja: str, en: str) -> Diagnostic:
        return Diagnostic(PATH, self.line, ja, en, "D201")


def read_works(content: Path, registry: Registry) -> tuple[Works, list[Diagnostic]]:
    """Read ``content/data/progress.csv``. Return the rows that hold, and the diagnostics with paths relative to ``content``; without the file, neither."""
    files = InputFolder(content)
    if files.stat(str(PATH)) is None:
        return Works(), []
    try:
        rows = [_Row(row.line, row.cells) for row in read_csv(files, PATH, COLUMNS)]
    except UnreadableCsv as error:
        return Works(), [error.diagnostic]
    results = [(row, _checked(row, registry)) for row in rows]
    works = [(row, work) for row, work in results if isinstance(work, Work)]
    diagnostics = [diagnostic for _, result in results if isinstance(result, list) for diagnostic in result]
    return Works(tuple(work for _, work in works)), diagnostics + _conflicts(works)


def _checked(row: _Row, registry: Registry) -> Work | list[Diagnostic]:
    try:
        return _work(row, registry)
    except Exception as error:  # whatever it is: one row must not stop the others
        return [replace(unexpected(PATH, error), line=row.line)]


def _work(row: _Row, registry: Registry) -> Work | list[Diagnostic]:
    """The typed row, or its diagnostics."""
    diagnostics: list[Diagnostic] = []
    cell = row.cells
    field, place = FIELDS.get(cell["分野"]), place_named(registry.places, cell["市町村"])
    if field is None:
        known = "、".join(FIELDS)
        diagnostics.append(
            row.diagnostic(f"分野「{cell['分野']}」はありません。使えるのは {known} です", f"no field {cell['分野']!r}: use one of {known}")
        )
    if place is None and cell["市町村"] != WHOLE:
        diagnostics.append(
            row.diagnostic(
                f"「{cell['市町村']}」という市町村はありません。「石巻市」のような正式な名前か「{WHOLE}」と書いてください",
                f"no municipality {cell['市町村']!r}: write its full name, or {WHOLE} for the whole prefecture",
            )
        )
    if not re.fullmatch(r"20[0-9]{2}", cell["年度"]):
        diagnostics.append(
            row.diagnostic(
                f"年度「{cell['年度']}」が読めません。2020 のように西暦で書いてください", f"{cell['年度']!r} is no fiscal year: write 2020"
            )
        )
    if not cell["単位"]:
        diagnostics.append(
            row.diagnostic("単位がありません。km、戸、か所のように書いてください", "the unit is missing: write km, 戸, か所")
        )
    diagnostics += _amounts(row)
    if diagnostics or field is None:
        return diagnostics
    return Work(field, place, int(cell["年度"]), float(cell["完成"]), float(cell["計画"]), cell["単位"], cell["状態"])


def _amounts(row: _Row) -> list[Diagnostic]:
    """The diagnostics of the numbers and of the state. Their agreement is checked only if all of them can be read."""
    done, total, state = row.cells["完成"], row.cells["計画"], row.cells["状態"]
    diagnostics = [
        row.diagnostic(f"{name}「{value}」が数ではありません。1234.5 のように半角で書いてください", f"{value!r} is no number: write 1234.5")
        for name, value in (("完成", done), ("計画", total))
        if not _NUMBER.fullmatch(value)
    ]
    if state not in STATES:
        known = "、".join(STATES)
        diagnostics.append(
            row.diagnostic(f"状態「{state}」はありません。使えるのは {known} です", f"no state {state!r}: use one of {known}")
        )
    return diagnostics or _contradictions(row, float(done), float(total), state)


def _contradictions(row: _Row, done: float, total: float, state: str) -> list[Diagnostic]:
    if total == 0:
        return [row.diagnostic("計画が0です。計画のない年度は、行を書かないでください", "nothing is planned (0): leave the row out")]
    if done > total:
        percent = f"{done * 100 / total:.1f}％"
        return [
            row.diagnostic(
                f"完成（{done:g}）が計画（{total:g}）を超えています（{percent}）。二つの数と、列の順を確かめてください",
                f"done ({done:g}) is more than planned ({total:g}): look at both numbers and at the order of the columns",
            )
        ]
    if (done == total) != (state == "完成"):
        return [
            row.diagnostic(
                f"完成（{done:g}）と計画（{total:g}）が、状態「{state}」と合いません", f"done and planned do not agree with state {state!r}"
            )
        ]
    if state == "着手前" and done > 0:
        return [row.diagnostic(f"「着手前」なのに、完成が{done:g}です", f"not yet begun, but done is {done:g}")]
    return []


def _conflicts(works: list[tuple[_Row, Work]]) -> list[Diagnostic]:
    """Rows that contradict an earlier row: the same works twice in one year, or two units in one field."""
    diagnostics: list[Diagnostic] = []
    first_lines: dict[tuple[str, str | None, int], int] = {}
    units: dict[str, tuple[int, str]] = {}
    for row, work in works:
        first = first_lines.setdefault((work.field.name, work.place.name if work.place else None, work.year), row.line)
        if first != row.line:
            diagnostics.append(
                row.diagnostic(
                    f"{first}行目と同じ年度、分野、市町村です。どちらかを消してください", f"same year, field and place as line {first}"
                )
            )
        line, unit = units.setdefault(work.field.name, (row.line, work.unit))
        if unit != work.unit:
            diagnostics.append(
                row.diagnostic(
                    f"単位「{work.unit}」が、{line}行目の「{unit}」と違います。一つの分野では同じ単位にしてください",
                    f"unit {work.unit!r} differs from {unit!r} in line {line}: a field keeps one unit",
                )
            )
    return diagnostics
