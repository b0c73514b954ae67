"""Firefox, started once, and pages of our own for it to open."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from audit.engines.firefox import firefox
from audit.engines.recorder import record
from audit.engines.window import Window
from audit.server import serving


@pytest.fixture(scope="session")
def firefox_window() -> Iterator[Window]:
    with firefox() as window:
        yield window


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Callable[[str], str]]:
    """Takes the body of a page, and returns the page's address."""
    with serving(tmp_path, record) as address:

        def serve(body: str) -> str:
            html = f"<!doctype html><html lang=ja><head><meta charset=utf-8><title>題</title></head><body>{body}</body></html>"
            (tmp_path / "index.html").write_text(html, encoding="utf-8")
            return f"{address}/"

        yield serve
