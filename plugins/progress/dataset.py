"""The table as open data: schema.org ``Dataset``, read by search engines for data."""

from __future__ import annotations

from plugins.frontmatter.registry import Publication

from .table import COLUMNS, PATH
from .works import Works


def dataset(publication: Publication, works: Works, base: str, url: str) -> dict[str, object]:
    """Describe the table, its columns, its span of years, and where it is downloaded. ``base`` is the site's address without a slash."""
    first, last = works.years[0], works.years[-1]
    return {
        "@context": "https://schema.org",
        "@type": "Dataset",
        "name": f"{publication.title} 事業の進み具合",
        "description": publication.description,
        "url": base + url,
        "inLanguage": "ja",
        "creator": {"@type": "GovernmentOrganization", "name": publication.department},
        "temporalCoverage": f"{first}-04-01/{last + 1}-03-31",
        "spatialCoverage": {"@type": "Place", "name": "宮城県"},
        "variableMeasured": [{"@type": "PropertyValue", "name": name, "description": words} for name, words in COLUMNS.items()],
        "distribution": [{"@type": "DataDownload", "encodingFormat": "text/csv", "contentUrl": f"{base}/{PATH}"}],
    }
