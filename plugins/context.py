"""The build that is running: its options, and what packages hand each other while Pelican calls them. The only entry of ours in Pelican's settings.

1. `plugins.builder.pelican_run` makes the `BuildContext` and puts it into Pelican's settings.
2. A package writes a `Key` beside the type that it offers, ``LIBRARY = Key[Library]("library", __name__)``, and provides the value: ``context.provide(LIBRARY, library)``.
3. Other packages import the key: ``context_of(generator.settings)[LIBRARY]`` is a `Library`, for mypy too. So this module knows no package.
"""

from __future__ import annotations

import datetime as dt
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Generic, Protocol, TypeVar

Value = TypeVar("Value")

_ENTRY = "TODOKE_BUILD"
"""Pelican copies its settings into the context of every template, so a template could see it; none of ours does."""


class KeyMisused(Exception):
    """A value was asked for before it was provided, or provided twice. The order of ``PLUGINS`` in ``pelicanconf.py`` is wrong."""


@dataclass(frozen=True, eq=False)
class Key(Generic[Value]):
    """Names a value of a build, and its type. ``owner`` is the module that defines the key. Two keys are never equal, whatever their names."""

    name: str
    owner: str


class _Provided:
    """What was provided so far. No mapping and no dataclass: `plugins.digest.records_in` walks through those, and would visit every document twice."""

    def __init__(self) -> None:
        self.by_key: dict[Key[Any], Any] = {}


@dataclass(frozen=True)
class BuildContext:
    """Options of one build. All paths are absolute.

    ``site`` is the folder into which this run writes; ``site_url`` is the address asked for, or empty for that of ``publications.toml``. Unless it is
    ``strict``, an issue that fails its gate stops no other; ``held`` are the sources of which an older version is read, and no mail is made of them.
    """

    now: dt.datetime
    content: Path
    publications: Path
    site: Path
    theme: Path
    cache: Path
    site_url: str = ""
    validate_mail: bool = True
    shows_drafts: bool = False
    strict: bool = True
    held: frozenset[str] = frozenset()
    _provided: _Provided = field(default_factory=_Provided, init=False, repr=False, compare=False)

    def __getitem__(self, key: Key[Value]) -> Value:
        """Return what was provided under ``key``. Raises `KeyMisused` if nothing was."""
        try:
            return self._provided.by_key[key]  # type: ignore[no-any-return]  # `provide` takes only what the key's type allows
        except KeyError:
            asker = sys._getframe(1).f_globals.get("__name__", "somebody")
            raise KeyMisused(f"{asker} asks for '{key.name}' of {key.owner}, which nobody has provided yet") from None

    def get(self, key: Key[Value]) -> Value | None:
        """Return what was provided under ``key``, or None: for what a site may do without, such as resized images."""
        return self._provided.by_key.get(key)

    def provide(self, key: Key[Value], value: Value) -> None:
        """Provide ``value`` for the rest of the build. Raises `KeyMisused` if there is one already: what a plugin has read does not change."""
        if key in self._provided.by_key:
            raise KeyMisused(f"'{key.name}' of {key.owner} has been provided already")
        self._provided.by_key[key] = value

    def replace(self, key: Key[Value], value: Value) -> None:
        """Put ``value`` in the place of the one provided. Raises `KeyMisused` if there is none.

        One step needs it: `plugins.magazine.plugin` gives the library the HTML of the issues, before any generator reads the library.
        """
        if key not in self._provided.by_key:
            raise KeyMisused(f"'{key.name}' of {key.owner} cannot be replaced before it is provided")
        self._provided.by_key[key] = value

    def withdraw(self, key: Key[Value]) -> None:
        """Forget what was provided, if anything: nobody asks for it any more, and it holds memory."""
        self._provided.by_key.pop(key, None)


@dataclass(frozen=True, eq=False)
class Continuation:
    """A build that goes on in the process of the one before (`plugins.builder.resident`), and takes over from ``last`` what holds still.

    ``changed`` are the paths below ``content/`` of the documents that were written, moved or deleted since. All else is as it was, but for the moment.
    """

    last: BuildContext
    changed: frozenset[str]


CONTINUATION = Key[Continuation]("continuation", __name__)
"""Absent in a build that looks at everything. A package that takes something over says in which case it is what it would make again."""


def add_context(
    settings: dict[str, Any],
    *,
    validate_mail: bool = True,
    shows_drafts: bool = False,
    strict: bool = True,
    held: frozenset[str] = frozenset(),
) -> BuildContext:
    """Make the context of a build from Pelican's ``settings``, leave it there, and return it."""
    folders = (settings[name] for name in ("PATH", "PUBLICATIONS", "OUTPUT_PATH", "THEME", "CACHE"))
    content, publications, site, theme, cache = (Path(folder).absolute() for folder in folders)
    context = BuildContext(
        settings["NOW"], content, publications, site, theme, cache, settings["SITE_ADDRESS"], validate_mail, shows_drafts, strict, held
    )
    settings[_ENTRY] = context
    return context


def context_of(settings: dict[str, Any]) -> BuildContext:
    """Return the build that runs with Pelican's ``settings``. When Pelican was started by itself, that is a build with the default options."""
    context: BuildContext | None = settings.get(_ENTRY)
    return context or add_context(settings)


class ImageMarkup(Protocol):
    """Makes the images in a body offer all their sizes (`plugins.images`)."""

    def add_sources(self, html: str, *, first_eager: bool) -> str: ...
    def offers(self, addresses: frozenset[str]) -> object:
        """Return all that the markup of a body depends on which shows the images at ``addresses``."""


IMAGES = Key[ImageMarkup]("image markup", __name__)
"""Provided by `plugins.images`, asked for by `plugins.publications`, which may not import each other. Absent on a site without images."""

MAILED_PICTURES = Key[frozenset[str]]("pictures that mails show", __name__)
"""The permalinks of the pictures that issues show. Provided by `plugins.magazine`, asked for by `plugins.images`, which may not import each other."""
