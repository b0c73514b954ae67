"""The sample site as of a fixed moment, its pages, and one page for every template."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from zoneinfo import ZoneInfo

from plugins.builder.options import MANIFEST, BuildOptions, BuildReport
from plugins.builder.run import build
from plugins.incremental.manifest import templates_of

MOMENT = dt.datetime(2021, 3, 31, 12, 0, tzinfo=ZoneInfo("Asia/Tokyo"))
"""On this day the sample has open jobs, coming events and a notice in force: every template has a page."""


def build_sample(output: Path) -> tuple[BuildReport, dict[str, str]]:
    """Build the sample into ``output``; return the report and, by address, the name of the template each page was made with."""
    report = build(BuildOptions(MOMENT, output=output))
    return report, {address_of(name): template for name, template in templates_of(output / MANIFEST).items()}


def address_of(name: str) -> str:
    """Return the address of a file of the site: ``a/index.html`` is ``/a/``."""
    return f"/{Path(name).as_posix()}".removesuffix("index.html")


def every_page(site: Path) -> list[str]:
    """Return the addresses of all HTML pages below ``site``, sorted."""
    return sorted(address_of(path.relative_to(site).as_posix()) for path in site.rglob("*.html"))


def one_of_each(templates: dict[str, str]) -> list[str]:
    """Return one page per template; of templates that show documents or sections, one per publication, since each kind has its own parts."""
    first: dict[tuple[str, str], str] = {}
    for url, template in sorted(templates.items()):
        part = url.split("/")[1] if template in ("article.html", "section.html", "shelf.html", "page.html") else ""
        first.setdefault((template, part), url)
    return sorted(first.values())
