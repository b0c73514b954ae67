"""One run of Pelican with our plugins, into a folder of its own. Imported only when there is something to build: Pelican takes a third of a second."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.metadata import version
from pathlib import Path, PurePosixPath
from typing import Any

from jinja2 import TemplateError
from pelican import Pelican
from pelican.generators import PelicanTemplateNotFound
from pelican.log import console
from pelican.settings import read_settings

from plugins.builder.content_loader import CONTENT_CACHE, document_warnings, file_warnings, table_warnings
from plugins.builder.held_back.report import HeldBack
from plugins.builder.options import MANIFEST, BuildFailed, BuildOptions
from plugins.builder.rerender import Rerenderer
from plugins.checks.built.page_weight import pages_over_budget
from plugins.checks.plugin import WARNINGS
from plugins.clock import TrackedClock, ValidityInterval
from plugins.context import CONTINUATION, Continuation, add_context
from plugins.csv_table import LARGEST
from plugins.diagnostics import ContentErrors, Diagnostic
from plugins.digest import NoDigest, digest
from plugins.files import make_private_folder
from plugins.frontmatter import moments
from plugins.frontmatter.library import LIBRARY
from plugins.frontmatter.text_edits import EDITS, EditFollowers
from plugins.incremental.pelican_compat import PelicanChanged, check_pelican
from plugins.incremental.plan import PLAN, RenderPlan
from plugins.incremental.writer import RenderFailed, render_pending
from plugins.inputs import InputFolder, UnreadableInput
from plugins.magazine.plugin import REFUSED
from plugins.readings.table import PATH as READINGS_TABLE
from plugins.situation.tables import SITUATION, Situation
from plugins.situation.upcoming import upcoming
from plugins.typography.font import SYSTEM

_CODE = Path(__file__).parent.parent

_LIBRARIES = ("pelican", "jinja2", "markdown", "pymdown-extensions", "markupsafe", "budoux", "lxml", "pydantic")
"""Another version of one of these may give the same page other bytes."""

_LOCATIONS = frozenset({"OUTPUT_PATH", "PATH", "PUBLICATIONS", "NOW", "THEME", "PLUGIN_PATHS"})
"""Settings that say where things are, not what they are; and the moment, which is tracked (`plugins.clock`)."""


def global_fingerprint(settings: Mapping[str, Any], code: Path) -> str:
    """Return a digest of what every page depends on: ``settings``, every file of code and table below ``code``, and the versions of the libraries."""
    hasher = hashlib.blake2b(digest_size=10)
    for name in sorted(set(settings) - _LOCATIONS):
        hasher.update(f"{name}={_setting_digest(settings[name])}\0".encode())
    hasher.update(_library_versions())
    for file in sorted((*code.rglob("*.py"), *code.rglob("*.csv"))):
        stat = file.stat()
        hasher.update(file.relative_to(code).as_posix().encode() + b"\0" + _file_digest(file, stat.st_mtime_ns, stat.st_size))
    return hasher.hexdigest()


@cache
def _library_versions() -> bytes:
    """Return the versions of the libraries that this process has, whatever is installed while it runs. To read them takes 4 ms of each build."""
    return "".join(f"{name}=={version(name)}\0" for name in _LIBRARIES).encode()


@lru_cache(maxsize=1_000)  # for a process that builds more than once: three hundred files of code
def _file_digest(file: Path, _modified: int, _size: int) -> bytes:
    return hashlib.blake2b(file.read_bytes()).digest()


def _names_that_stay_whole(content: Path) -> str:
    """Return a digest of the editors' table of readings: a title may break otherwise, and any page may show it."""
    try:
        return hashlib.blake2b(InputFolder(content).read(str(READINGS_TABLE), LARGEST)).hexdigest()
    except UnreadableInput:  # there is none, or the build will say what is wrong with it
        return ""


def _setting_digest(value: Any) -> str:
    """Return a digest; for a function or an object the name of its type, since its code is among the plugins or the libraries."""
    try:
        return digest(value)
    except NoDigest:
        return type(value).__qualname__


@dataclass(frozen=True)
class RunResult:
    """What a run made: its render plan, the interval in which that holds, and the warnings of the checks.

    ``rerenderer`` renders single pages again in the same process. ``moments`` is the file of what begins and ends next (`plugins.frontmatter.moments`).
    ``held_back`` are the issues of which no mail was made. ``plugins`` are the names of Pelican's plugins that took part.
    """

    plan: RenderPlan
    rerenderer: Rerenderer
    validity: ValidityInterval
    warnings: tuple[Diagnostic, ...]
    moments: bytes
    held_back: tuple[HeldBack, ...] = ()
    plugins: tuple[str, ...] = ()


class PelicanRun:
    """A run that is prepared. ``input_paths`` are the files and folders, there or not, that its result depends on."""

    def __init__(
        self,
        options: BuildOptions,
        site: Path,
        find_intact: Callable[[], frozenset[str]] = frozenset,
        going_on: Continuation | None = None,
    ) -> None:
        """``site`` is the folder to write into; ``find_intact`` is as in `RenderPlan`."""
        self._site, output = site, options.output.absolute()
        self._clock = TrackedClock.at(options.now)
        self._settings = _read_settings(options, site, self._clock)
        # Not among Pelican's settings, yet every page depends on them.
        flags = {"validate_mail": options.validate_mail, "shows_drafts": options.shows_drafts}
        last = going_on.last[PLAN] if going_on else None
        names = {"names": _names_that_stay_whole(options.content)}
        fingerprint = last.fingerprint if last else global_fingerprint(self._settings | flags | names, _CODE)
        paths = site, output / "site", output / MANIFEST
        self._plan = RenderPlan(*paths, fingerprint, self._clock, find_intact, fresh=options.fresh, last=last)
        self._build = add_context(self._settings, **flags, strict=options.strict, held=options.held)
        make_private_folder(self._build.cache)  # drafts, and mails before they are sent
        self._build.provide(PLAN, self._plan)
        self._build.provide(EDITS, EditFollowers())
        if going_on:
            self._build.provide(CONTINUATION, going_on)
        if not options.fresh:
            self._build.provide(CONTENT_CACHE, (output / "content-cache.sqlite", fingerprint))
        self.input_paths = tuple(map(str, _input_paths(options, self._settings)))

    def run(self, on_page: Callable[[], None]) -> RunResult:
        """Make the site, and the mail beside it. ``on_page`` is called after each rendered page. Raises `ContentErrors`, `BuildFailed`."""
        console.quiet = True  # Pelican's last line counts its own articles, and there are none
        self._plan.on_page = on_page
        with _errors_raised():
            check_pelican()
            Pelican(self._settings).run()
            render_pending(self._plan)
        if lines := pages_over_budget(self._site, self._pages_to_weigh(), self._plan.find_file):
            raise self._too_heavy(lines)
        self._build.withdraw(CONTINUATION)  # it would keep every build before
        plugins = tuple(map(str, self._settings["PLUGINS"]))
        return RunResult(
            self._plan, Rerenderer(self._build), self._clock.validity, self._warnings(), self._moments(), self._unsent(), plugins
        )

    def _moments(self) -> bytes:
        library, now = self._build.get(LIBRARY), self._clock.plain  # the plain moment: this list must not narrow the interval
        of_tables = upcoming(self._build.get(SITUATION) or Situation(), library.registry, now) if library else []
        return moments.render(sorted([*(moments.upcoming(library, now) if library else []), *of_tables]), now, self._clock.validity)

    def _warnings(self) -> tuple[Diagnostic, ...]:
        library = self._build.get(LIBRARY)
        of_files = file_warnings(self._build.content, library) + document_warnings(self._build.content, library) if library else ()
        of_tables = table_warnings(self._build.content, self._build.get(SITUATION) or Situation(), self._clock.plain)
        return (*(self._build.get(WARNINGS) or ()), *of_files, *of_tables)

    def _too_heavy(self, lines: Sequence[str]) -> Exception:
        """Return errors of the documents whose pages ``lines`` name; a failure of the build if other pages are too heavy, or if it is strict."""
        library, paths = self._build.get(LIBRARY), dict[str, PurePosixPath]()
        for document in library.public if library and not self._build.strict else ():
            paths |= {document.url: document.path, f"/furigana{document.url}": document.path}
        named = [(paths.get(line.partition(": ")[0]), line.partition(": ")[2].partition(" / ")) for line in lines]
        if not all(path for path, _ in named):
            return BuildFailed("\n".join(lines))
        folder = PurePosixPath(self._build.content.name)
        return ContentErrors(
            Diagnostic(folder / path, 1, f"{ja}。記事を分けてください", f"{en}: split the article", "B103")
            for path, (ja, _, en) in named
            if path
        )

    def _unsent(self) -> tuple[HeldBack, ...]:
        refused = self._build.get(REFUSED) or {}
        return tuple(
            HeldBack(f"{self._build.content.name}/{path}", tuple(each), is_public=True, what="mail") for path, each in refused.items()
        )

    def _pages_to_weigh(self) -> set[str]:
        """The pages that may have become too heavy: the rendered ones and the portal; all, if a style sheet or a script changed."""
        plan = self._plan
        pages = plan.rendered if plan.goes_on or _has_same_assets(self._site, plan.last_site) else plan.manifest.pages
        names = {name for page in pages for name in (page, *plan.manifest.pages[page].side_files)}
        return {name for name in names | {"index.html"} if name.endswith(".html")}


def _has_same_assets(site: Path, last_site: Path) -> bool:
    def assets(folder: Path) -> dict[str, bytes]:
        paths = (path for pattern in ("*.css", "*.js") for path in (folder / "theme").rglob(pattern))
        return {path.relative_to(folder).as_posix(): path.read_bytes() for path in paths}

    return assets(site) == assets(last_site)


def _input_paths(options: BuildOptions, settings: Mapping[str, Any]) -> Iterator[Path]:
    yield from (options.content.absolute(), options.publications.absolute(), options.settings.absolute(), Path(settings["THEME"]), _CODE)
    yield from (_CODE.parent / name for name in ("pelicanconf.py", "publishconf.py"))  # another settings file may import these
    yield from map(Path, SYSTEM)  # fonts: installing one changes the cards


def _read_settings(options: BuildOptions, site: Path, clock: TrackedClock) -> dict[str, Any]:
    override: dict[str, Any] = {
        "PATH": str(options.content.absolute()),
        "OUTPUT_PATH": str(site),
        "PUBLICATIONS": str(options.publications.absolute()),
        "NOW": clock,
        # Pelican would copy whole folders and follow every link in them. `plugins.publications.static_files` copies what may be public.
        "STATIC_PATHS": [],
        "THEME_STATIC_PATHS": [],
    }
    if options.site_url:
        override["SITE_ADDRESS"] = options.site_url.rstrip("/")
    settings: dict[str, Any] = read_settings(str(options.settings.absolute()), override=override)
    return settings


class _ErrorCollector(logging.Handler):
    """Collects what Pelican logs as an error: Pelican goes on without the page (getpelican/pelican#1968), a build of ours must not."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.messages: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.messages.append(record.getMessage())


@contextmanager
def _errors_raised() -> Iterator[None]:
    logger, collector = logging.getLogger("pelican"), _ErrorCollector()
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
