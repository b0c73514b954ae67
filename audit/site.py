"""The sample site as of a fixed moment, its pages, and one page for every template."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from zoneinfo import ZoneInfo

from plugins.builder.options import MANIFEST, BuildOptions, BuildReport
from plugins.builder.run import build
from plugins.incremental.manifest import templates_of

MOMENT = dt.datetime(2021, 3, 31, 12, 0, tzinfo=ZoneInfo("Asia/Tokyo"))
"""The time of the build. On this day the sample has open jobs, coming events and a notice in force, so that every template has a page."""

_MANY_TYPES = frozenset({"article.html", "section.html", "shelf.html", "page.html"})
"""The templates that show more than one content type."""


def build_sample(output: Path) -> tuple[BuildReport, dict[str, str]]:
    """Build the sample into ``output``; return the report, and the name of each page's template by the page's address."""
    report = build(BuildOptions(MOMENT, output=output, strict=True))
    return report, {address_of(name): template for name, template in templates_of(output / MANIFEST).items()}


def address_of(name: str) -> str:
    """Return the address of a file of the site: ``a/index.html`` is ``/a/``."""
    return f"/{Path(name).as_posix()}".removesuffix("index.html")


def every_page(site: Path) -> list[str]:
    """Return the addresses of all HTML pages below ``site``, sorted."""
    return sorted(address_of(path.relative_to(site).as_posix()) for path in site.rglob("*.html"))


def one_of_each(templates: dict[str, str]) -> list[str]:
    """Return one page for each template, sorted; ``templates`` are the names of the templates by address.

    Templates that show documents or sections give one page for each publication, because each content type has blocks of its own in them.
    """
    examples: dict[tuple[str, str], str] = {}
    for url, template in sorted(templates.items()):
        section = url.split("/")[1] if template in _MANY_TYPES else ""
        examples.setdefault((template, section), url)
    return sorted(examples.values())


def with_readings(pages: list[str], site: Path) -> list[str]:
    """Return ``pages``, and after them the copies with readings that they have below ``site``: ruby has faults of its own."""
    copies = (f"/furigana{url}" for url in pages)
    return [*pages, *(url for url in copies if (site / f"{url.removeprefix('/')}index.html").is_file())]
