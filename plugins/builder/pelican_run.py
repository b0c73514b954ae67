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

from plugins.builder.content_loader import DRAFTS, STORE
from plugins.builder.options import MANIFEST, BuildFailed, BuildOrder
from plugins.builder.rerender import Rereading
from plugins.cards.font import SYSTEM
from plugins.checks.built.page_weight import overweight
from plugins.checks.plugin import WARNINGS
from plugins.clock import Bounds, Present
from plugins.diagnostics import Fault
from plugins.digest import Volatile, digest
from plugins.incremental.pelican_compat import PelicanChanged, check
from plugins.incremental.plan import SETTING, Plan
from plugins.incremental.writer import RenderFailed, finish_pages

_LIBRARIES = ("pelican", "jinja2", "markdown", "markupsafe", "budoux", "lxml", "pydantic")


_PLACES = frozenset({"OUTPUT_PATH", "PATH", "PUBLICATIONS", "NOW", "THEME", "PLUGIN_PATHS", "INCREMENTAL"})
"""Where things lie and when it is: no part of what they are. The moment is read by templates like any other name."""


def everything(settings: Mapping[str, Any], code: Path) -> str:
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
    except Volatile:
        return type(value).__qualname__


_CODE = Path(__file__).parent.parent


@dataclass(frozen=True)
class Made:
    """What a run made: which pages it rendered and why, which it took over, what the checks warn of, and for which moments that holds.

    ``rereading`` makes single pages again in the same process.
    """

    plan: Plan
    rereading: Rereading
    bounds: Bounds
    warnings: tuple[Fault, ...]


class Making:
    """A run that is prepared. ``places`` are the files and folders, there or not, on which what it makes depends; ``intact`` is as in `Plan`."""

    def __init__(self, order: BuildOrder, site: Path, intact: Callable[[], frozenset[str]] = frozenset) -> None:
        self._site, output = site, order.output.absolute()
        self._present = Present.at(order.now)
        self._settings = _settings(order, site, self._present)
        code = everything(self._settings, _CODE)
        self._plan = Plan(site, output / "site", output / MANIFEST, code, self._present, intact, fresh=order.fresh)
        self._settings[SETTING] = self._plan
        self._settings[STORE] = None if order.fresh else (output / "store.sqlite", code)
        self.places = tuple(map(str, _places(order, self._settings)))

    def run(self, on_page: Callable[[], None]) -> Made:
        """Make the site, and the mail beside it; ``on_page`` is called after each page that is made anew. Raises `ContentFaults`, `BuildFailed`."""
        console.quiet = True  # Pelican would praise itself for articles that it did not make
        self._plan.on_page = on_page
        with _errors_raised():
            check()
            Pelican(self._settings).run()
            finish_pages(self._settings)
        if heavy := overweight(self._site, self._weighed(), self._plan.find):
            raise BuildFailed("\n".join(heavy))
        return Made(self._plan, Rereading(self._settings), self._present.bounds, tuple(self._settings.get(WARNINGS, ())))

    def _weighed(self) -> set[str]:
        """The pages that may have become too heavy: what is new, and the portal; all, if a stylesheet or a script is another."""
        plan = self._plan
        pages = plan.rendered if _same_parts(self._site, plan.last) else plan.now.pages
        names = {name for page in pages for name in (page, *plan.now.pages[page].also)}
        return {name for name in names | {"index.html"} if name.endswith(".html")}


def _same_parts(site: Path, last: Path) -> bool:
    def parts(folder: Path) -> dict[str, bytes]:
        found = (path for ending in ("*.css", "*.js") for path in (folder / "theme").rglob(ending))
        return {path.relative_to(folder).as_posix(): path.read_bytes() for path in found}

    return parts(site) == parts(last)


def _places(order: BuildOrder, settings: Mapping[str, Any]) -> Iterator[Path]:
    yield from (order.content.absolute(), order.publications.absolute(), order.settings.absolute(), Path(settings["THEME"]), _CODE)
    yield from (_CODE.parent / name for name in ("pelicanconf.py", "publishconf.py"))  # other settings may begin with these
    yield from map(Path, SYSTEM)


def _settings(order: BuildOrder, site: Path, present: Present) -> dict[str, Any]:
    override: dict[str, Any] = {
        "PATH": str(order.content.absolute()),
        "OUTPUT_PATH": str(site),
        "PUBLICATIONS": str(order.publications.absolute()),
        "NOW": present,
        "MAIL_VALIDATOR": order.validate_mail,
        DRAFTS: order.shows_drafts,
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
