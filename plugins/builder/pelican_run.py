"""One run of Pelican with our plugins, into a folder of its own. Loaded only when there is something to make."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

from jinja2 import TemplateError
from pelican import Pelican
from pelican.generators import PelicanTemplateNotFound
from pelican.log import console
from pelican.settings import read_settings

from plugins.builder.content_loader import CONTENT_CACHE
from plugins.builder.options import MANIFEST, BuildFailed, BuildOptions
from plugins.builder.rerender import Rerenderer
from plugins.cards.font import SYSTEM
from plugins.checks.built.page_weight import pages_over_budget
from plugins.checks.plugin import WARNINGS
from plugins.clock import TrackedClock, ValidityInterval
from plugins.context import add_context
from plugins.diagnostics import Diagnostic
from plugins.digest import NoDigest, digest
from plugins.incremental.pelican_compat import PelicanChanged, check_pelican
from plugins.incremental.plan import PLAN, RenderPlan
from plugins.incremental.writer import RenderFailed, render_pending

_LIBRARIES = ("pelican", "jinja2", "markdown", "markupsafe", "budoux", "lxml", "pydantic")


_PLACES = frozenset({"OUTPUT_PATH", "PATH", "PUBLICATIONS", "NOW", "THEME", "PLUGIN_PATHS"})
"""Where things lie and when it is: no part of what they are. The moment is read by templates like any other name."""


def global_fingerprint(settings: Mapping[str, Any], code: Path) -> str:
    """Return the digest of ``settings``, of every Python file below ``code``, and of the libraries' versions."""
    hasher = hashlib.blake2b(digest_size=10)
    for name in sorted(set(settings) - _PLACES):
        hasher.update(f"{name}={_named(settings[name])}\0".encode())
    for name in _LIBRARIES:
        hasher.update(f"{name}=={version(name)}\0".encode())
    for file in sorted(code.rglob("*.py")):
        hasher.update(file.relative_to(code).as_posix().encode() + b"\0" + hashlib.blake2b(file.read_bytes()).digest())
    return hasher.hexdigest()


def _named(value: Any) -> str:
    """Functions and objects in the settings are told by their type: their code is part of the plugins or of the versions."""
    try:
        return digest(value)
    except NoDigest:
        return type(value).__qualname__


_CODE = Path(__file__).parent.parent


@dataclass(frozen=True)
class RunResult:
    """What a run made: which pages it rendered and why, which it took over, what the checks warn of, and for which moments that holds.

    ``rereading`` makes single pages again in the same process.
    """

    plan: RenderPlan
    rereading: Rerenderer
    bounds: ValidityInterval
    warnings: tuple[Diagnostic, ...]


class PelicanRun:
    """A run that is prepared. ``places`` are the files and folders, there or not, on which what it makes depends; ``intact`` is as in `RenderPlan`."""

    def __init__(self, order: BuildOptions, site: Path, intact: Callable[[], frozenset[str]] = frozenset) -> None:
        self._site, output = site, order.output.absolute()
        self._present = TrackedClock.at(order.now)
        self._settings = _settings(order, site, self._present)
        options = {"validate_mail": order.validate_mail, "shows_drafts": order.shows_drafts}
        code = global_fingerprint(self._settings | options, _CODE)
        self._build = add_context(self._settings, **options)
        self._plan = RenderPlan(site, output / "site", output / MANIFEST, code, self._present, intact, fresh=order.fresh)
        self._build.provide(PLAN, self._plan)
        if not order.fresh:
            self._build.provide(CONTENT_CACHE, (output / "store.sqlite", code))
        self.places = tuple(map(str, _places(order, self._settings)))

    def run(self, on_page: Callable[[], None]) -> RunResult:
        """Make the site, and the mail beside it; ``on_page`` is called after each page that is made anew. Raises `ContentErrors`, `BuildFailed`."""
        console.quiet = True  # Pelican would praise itself for articles that it did not make
        self._plan.on_page = on_page
        with _errors_raised():
            check_pelican()
            Pelican(self._settings).run()
            render_pending(self._plan)
        if heavy := pages_over_budget(self._site, self._weighed(), self._plan.find_file):
            raise BuildFailed("\n".join(heavy))
        return RunResult(self._plan, Rerenderer(self._build), self._present.validity, self._build.get(WARNINGS) or ())

    def _weighed(self) -> set[str]:
        """The pages that may have become too heavy: what is new, and the portal; all, if a stylesheet or a script is another."""
        plan = self._plan
        pages = plan.rendered if _same_parts(self._site, plan.last_site) else plan.manifest.pages
        names = {name for page in pages for name in (page, *plan.manifest.pages[page].side_files)}
        return {name for name in names | {"index.html"} if name.endswith(".html")}


def _same_parts(site: Path, last: Path) -> bool:
    def parts(folder: Path) -> dict[str, bytes]:
        found = (path for ending in ("*.css", "*.js") for path in (folder / "theme").rglob(ending))
        return {path.relative_to(folder).as_posix(): path.read_bytes() for path in found}

    return parts(site) == parts(last)


def _places(order: BuildOptions, settings: Mapping[str, Any]) -> Iterator[Path]:
    yield from (order.content.absolute(), order.publications.absolute(), order.settings.absolute(), Path(settings["THEME"]), _CODE)
    yield from (_CODE.parent / name for name in ("pelicanconf.py", "publishconf.py"))  # other settings may begin with these
    yield from map(Path, SYSTEM)


def _settings(order: BuildOptions, site: Path, present: TrackedClock) -> dict[str, Any]:
    override: dict[str, Any] = {
        "PATH": str(order.content.absolute()),
        "OUTPUT_PATH": str(site),
        "PUBLICATIONS": str(order.publications.absolute()),
        "NOW": present,
    }
    if order.site_url:
        override["SITE_ADDRESS"] = order.site_url.rstrip("/")
    settings: dict[str, Any] = read_settings(str(order.settings.absolute()), override=override)
    return settings


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
    except (PelicanChanged, PelicanTemplateNotFound, RenderFailed) as error:
        raise BuildFailed(str(error)) from error
    except TemplateError as error:
        raise BuildFailed(f"template: {error.message}") from error
    finally:
        logger.removeHandler(collector)
    if collector.messages:
        raise BuildFailed("Pelican reported: " + "; ".join(collector.messages))
