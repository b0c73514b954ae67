"""The page of `held-back.json` names every key that a build writes, and no other."""

from __future__ import annotations

import re
from dataclasses import fields
from pathlib import Path, PurePosixPath

from plugins.builder.held_back.report import HeldBack
from plugins.diagnostics import Diagnostic

PAGE = Path(__file__).parents[2] / "docs/reference/held-back.md"


def test_the_reference_names_every_key() -> None:
    record = HeldBack("content/a.md", (Diagnostic(PurePosixPath("content/a.md"), 1, "", "", "F101"),)).as_record()
    rows = re.findall(r"^\| ((?:`\w+`(?:, )?)+) \|", PAGE.read_text("utf-8"), re.MULTILINE)
    assert {name for row in rows for name in re.findall(r"\w+", row)} == record.keys()
    assert {field.name for field in fields(Diagnostic)} == record["diagnostics"][0].keys()
