"""The runbook is one page in the documentation and one sheet of paper, with the same lines."""

from __future__ import annotations

import datetime as dt
import io
from pathlib import Path

import pytest
from pypdf import PdfReader

from continuity.kit.sheet import draw, steps
from continuity.model import ContinuityError, SnapshotName
from continuity.settings import Person

NOW = dt.datetime(2026, 11, 29, tzinfo=dt.UTC)
SNAPSHOT = SnapshotName("20261129T060000Z")


def test_the_documentation_has_every_step_in_both_languages() -> None:
    text = Path("docs/how-to/lose-the-building.md").read_text("utf-8")
    rows = [f"| {number} | {step['en']} | {step['ja']} |" for number, step in enumerate(steps()["steps"], 1)]
    assert len(rows) == 10 and [line for line in text.splitlines() if line.startswith("| ") and line[2].isdigit()] == rows
    assert steps()["false_alarm"]["en"] in text and steps()["false_alarm"]["ja"] in text


def test_twelve_people_with_the_longest_names_still_leave_one_page_a_language_and_the_same_bytes() -> None:
    person = Person(name="髙橋" * 15, role="危機対策" * 7, telephone="+81 (0)22-211-0000 # 1234567")
    sheets = [draw([person] * 12, SNAPSHOT, "3.11 Linux x86_64", None, NOW) for _ in range(2)]
    assert sheets[0] == sheets[1] and len(PdfReader(io.BytesIO(sheets[0])).pages) == 2


def test_without_people_there_are_lines_to_fill_in_and_a_font_that_is_none_is_told(tmp_path: Path) -> None:
    page = PdfReader(io.BytesIO(draw([], SNAPSHOT, "3.11 Linux x86_64", None, NOW))).pages[0].extract_text().replace("\0", "")
    assert "".join(page.split()).count("_") > 120
    (tmp_path / "font.otf").write_bytes(b"no font")
    with pytest.raises(ContinuityError, match=r"font\.otf: no font"):
        draw([], SNAPSHOT, "3.11 Linux x86_64", tmp_path / "font.otf", NOW)
