"""The printed page: the steps and whom to call, on one sheet of A4; Japanese in front, English behind. The letters are in the file (ISO 32000-1, 9.9)."""

from __future__ import annotations

import datetime as dt
import tomllib
from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Literal

from fontTools.ttLib import TTLibError
from fpdf import FPDF

from continuity.model import ContinuityError, SnapshotName
from continuity.settings import Person

Language = Literal["ja", "en"]
LANGUAGES: tuple[Language, ...] = ("ja", "en")
SCALES = (1.0, 0.9, 0.8, 0.7)
"""Tried in this order until each language has one page; the last is eight points, as small as a newspaper."""
STEPS = Path(__file__).with_name("steps.toml")
FONT_WHEEL = "noto_cjk_sans_jp_bold"
SYSTEM_FONTS = ("/usr/share/fonts/opentype/noto/NotoSansCJK-Bold.ttc", "/usr/share/fonts/google-noto-sans-cjk-fonts/NotoSansCJK-Bold.ttc")
EMPTY_LINES = 3
"""To be filled in by hand, where nobody is named."""
WORDS: Mapping[str, Mapping[Language, str]] = {
    "people": {"ja": "電話する人", "en": "Whom to call"},
    "snapshot": {"ja": "このディスクの控え", "en": "The snapshot on this disk"},
    "machine": {"ja": "プログラムが動く機械", "en": "The program is for"},
    "key": {"ja": "秘密鍵のある金庫（書き込む）", "en": "The safe with the private key (fill in)"},
}


class _Sheet(FPDF):
    """Two pages. ``scale`` makes all letters smaller."""

    def __init__(self, scale: float, font: Path, moment: dt.datetime) -> None:
        super().__init__(format="A4")
        self._scale = scale
        self.set_margin(15)
        self.set_auto_page_break(True, margin=12)
        self.set_title("庁舎を失ったとき / The building is lost")
        self.set_lang("ja")
        self.set_creation_date(moment)
        self.add_font("letters", "", font, collection_font_number=0)

    def line_of(self, size: float, text: str, indent: float = 0.0) -> None:
        """Write a paragraph, and break it where it must be. ``size`` is in points, ``indent`` in millimetres."""
        size *= self._scale
        self.set_font("letters", size=size)
        self.set_x(self.l_margin + indent)
        self.multi_cell(0, size * 0.49, text, align="L", new_x="LMARGIN", new_y="NEXT")


def steps() -> Mapping[str, Any]:
    """Return the runbook: ``title``, ``steps`` and ``false_alarm``, each in both languages."""
    return tomllib.loads(STEPS.read_text("utf-8"))


def draw(people: Sequence[Person], snapshot: SnapshotName, kind: str, font: Path | None, moment: dt.datetime) -> bytes:
    """Return the sheet as PDF, always the same bytes for the same sheet. Raises `ContinuityError`: no font has the letters."""
    file, runbook = font or _font(), steps()
    for scale in SCALES:
        try:
            sheet = _Sheet(scale, file, moment)
        except (OSError, ValueError, RuntimeError, TTLibError) as error:
            raise ContinuityError(f"{file}: no font that can be printed with: {error} / 印刷に使える字形がありません") from error
        for language in LANGUAGES:
            _page(sheet, language, runbook, people, snapshot, kind)
        if sheet.pages_count == len(LANGUAGES):
            break
    return bytes(sheet.output())


def _page(
    sheet: _Sheet, language: Language, runbook: Mapping[str, Any], people: Sequence[Person], snapshot: SnapshotName, kind: str
) -> None:
    sheet.add_page()
    sheet.line_of(20, runbook["title"][language])
    sheet.ln(2)
    sheet.line_of(13, WORDS["people"][language])
    for person in people:
        sheet.line_of(13, f"{person.telephone}　{person.name}{f'（{person.role}）' if person.role else ''}", 4)
    for _ in range(0 if people else EMPTY_LINES):
        sheet.line_of(13, "_" * 40, 4)
    sheet.ln(3)
    for number, step in enumerate(runbook["steps"], 1):
        sheet.line_of(11.5, f"□ {number}. {step[language].replace('`', '')}")
        sheet.ln(0.8)
    sheet.ln(2)
    sheet.line_of(10, runbook["false_alarm"][language].replace("`", ""))
    sheet.ln(3)
    for key, value in (("snapshot", f"{snapshot.time:%Y-%m-%d %H:%M} UTC"), ("machine", f"Python {kind}"), ("key", "_" * 30)):
        sheet.line_of(10, f"{WORDS[key][language]}: {value}")


def _font() -> Path:
    """Return the font of the wheel that the project draws with, or one of the system."""
    spec = find_spec(FONT_WHEEL)
    folders = spec.submodule_search_locations if spec else None
    every = [*(file for folder in folders or () for file in sorted(Path(folder).glob("*.otf"))), *map(Path, SYSTEM_FONTS)]
    font = next((file for file in every if file.is_file()), None)
    if font is None:
        raise ContinuityError(
            "no Japanese font for the printed page: pip install noto-cjk-sans-jp-bold, or [kit] font in continuity.toml / 字形がありません"
        )
    return font
