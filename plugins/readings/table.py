"""The table of readings: ``content/data/readings.csv`` (columns 表記, 読み) and the names of the municipalities."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from plugins.context import Key
from plugins.csv_table import UnreadableCsv, read_csv
from plugins.diagnostics import Diagnostic, RuleDescription
from plugins.frontmatter.model.registry import Registry
from plugins.inputs import InputFolder

PATH = PurePosixPath("data/readings.csv")
NIHON = "日本"
"""Its row says how the site reads it; nobody who speaks on air needs to be told."""
_KANA = re.compile(r"[ぁ-ゖー]+")

RULES = (
    RuleDescription(
        "D301",
        "ひらがなでない読み",
        "a reading that is not hiragana",
        "読みは、ふりがなと放送の原稿にそのまま出ます",
        "the reading is shown as it stands, above the name and in the script to read on air",
    ),
)


@dataclass(frozen=True)
class ReadingTable:
    """``names`` maps a name to its reading in hiragana."""

    names: dict[str, str] = field(default_factory=dict)

    def with_brackets(self, text: str) -> str:
        """Put the reading in brackets after the first occurrence of each name, unless a bracket follows already.

        Of names that begin alike the longest is taken. After 気仙沼市（けせんぬまし） the shorter 気仙沼 needs no reading.
        """
        names = self.names.keys() - {NIHON}
        if not names:
            return text
        done: set[str] = set()

        def add_brackets(match: re.Match[str]) -> str:
            name = match[0]
            after = text[match.end() : match.end() + 1]
            is_part = bool(after) and name[-1] in "市町村" and after in "民長役立議営"  # 石巻市民会館
            if is_part or after in ("（", "(") or any(longer.startswith(name) for longer in done):
                return name
            done.add(name)
            return f"{name}（{self.names[name]}）"

        longest_first = sorted(names, key=lambda name: (-len(name), name))  # an alternation takes the first name that fits
        return re.sub("|".join(map(re.escape, longest_first)), add_brackets, text)


READINGS = Key[ReadingTable]("reading table", __name__)


def read_table(content: Path, registry: Registry) -> tuple[ReadingTable, list[Diagnostic]]:
    """Read the table below ``content``, which may be missing, and add the municipalities. The paths of diagnostics are relative to ``content``."""
    names = {place.name: place.reading for place in registry.places.values()}
    files = InputFolder(content)
    if files.stat(str(PATH)) is None:
        return ReadingTable(names), []
    try:
        rows = read_csv(files, PATH, ("表記", "読み"))
    except UnreadableCsv as error:
        return ReadingTable(), [error.diagnostic]
    diagnostics, lines = list[Diagnostic](), dict[str, int]()
    for row in rows:
        name, reading = row.cells["表記"], row.cells["読み"]
        if name in lines and names[name] != reading:
            ja = f"「{name[:60]}」の読みが、{lines[name]}行目（{names[name][:60]}）とちがいます。どちらかの行を消してください"
            diagnostics.append(Diagnostic(PATH, row.line, ja, f"line {lines[name]} gives another reading: delete one of the two", "D301"))
        elif name and _KANA.fullmatch(reading):
            names[name], lines[name] = reading, row.line
        else:
            ja = f"「{name[:60]}」の読み「{reading[:60]}」は、ひらがなで書いてください"
            diagnostics.append(Diagnostic(PATH, row.line, ja, "the reading has to be in hiragana", "D301"))
    return ReadingTable(names), diagnostics
