"""JSON-LD of what belongs to the whole site: publisher, portal, breadcrumbs, tables of open data. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from plugins.frontmatter.model.registry import DataLicense, Publication, Site

JsonLd = dict[str, object]
"""One JSON-LD object; the values are strings, numbers, lists and objects of the same form."""

CONTEXT = "https://schema.org"
"""The ``@context`` of every object that stands alone on a page."""

REGION = "宮城県"
"""The prefecture, where schema.org asks for a region and the document names no municipality."""


def organisation(site: Site, base: str) -> JsonLd:
    """Return the publisher (schema.org/GovernmentOrganization). ``base`` is the site's address without a trailing slash, here and below."""
    return {
        "@type": "GovernmentOrganization",
        # An identifier of its own lets other objects of the site refer to the publisher without repeating it.
        "@id": f"{base}/#organisation",
        "name": site.organisation,
        "url": f"{base}/",
        "logo": {"@type": "ImageObject", "url": f"{base}/theme/mark.svg"},
        "address": {"@type": "PostalAddress", "streetAddress": site.address, "addressCountry": "JP"},
        "email": site.contact,
    }


def department(publication: Publication, site: Site, base: str) -> JsonLd:
    """Return the department behind a publication, as a part of the publisher (schema.org/GovernmentOrganization)."""
    return {
        "@type": "GovernmentOrganization",
        "name": publication.department,
        "url": f"{base}{publication.url}",
        "email": publication.contact,
        "parentOrganization": {"@type": "GovernmentOrganization", "@id": f"{base}/#organisation", "name": site.organisation},
    }


def website(site: Site, base: str) -> JsonLd:
    """Return the portal (schema.org/WebSite) with its publisher and its search (schema.org/SearchAction)."""
    return {
        "@context": CONTEXT,
        "@type": "WebSite",
        "name": site.title,
        "url": f"{base}/",
        "description": site.description,
        "inLanguage": "ja",
        "publisher": organisation(site, base),
        "potentialAction": {
            "@type": "SearchAction",
            "target": {"@type": "EntryPoint", "urlTemplate": f"{base}/search/?q={{search_term_string}}"},
            # "query-input" is no property of schema.org: search engines define it for the search box of a site.
            "query-input": "required name=search_term_string",
        },
    }


def breadcrumbs(site: Site, base: str, crumbs: Sequence[tuple[str, str | None]], page_url: str) -> JsonLd:
    """Return the path from the portal to the page (schema.org/BreadcrumbList).

    ``crumbs`` are names and root-relative addresses; a crumb without an address is the page itself, which lies at ``page_url``.
    """
    path = [(site.title, "/"), *crumbs]
    items = [
        {"@type": "ListItem", "position": position, "name": name, "item": f"{base}{url or page_url}"}
        for position, (name, url) in enumerate(path, 1)
    ]
    return {"@context": CONTEXT, "@type": "BreadcrumbList", "itemListElement": items}


def dataset(
    publication: Publication,
    site: Site,
    base: str,
    *,
    url: str,
    table: str,
    columns: Mapping[str, str],
    years: tuple[int, int],
) -> JsonLd:
    """Return a table of open data (schema.org/Dataset), with its licence where the site has one.

    ``url`` is the root-relative page that shows the table, ``table`` the path of the CSV file below ``base``, ``columns`` each column's name and
    meaning, ``years`` the first and the last fiscal year. A fiscal year begins on 1 April.
    """
    described: JsonLd = {
        "@context": CONTEXT,
        "@type": "Dataset",
        "name": f"{publication.title} 事業の進み具合",
        # Google takes 50 characters at least, and a publication may describe itself with fewer.
        "description": f"{publication.description}市町村と年度ごとに、計画した量と完成した量を分野別の表（CSV）で公開しています。",
        "url": base + url,
        "inLanguage": "ja",
        "creator": {"@type": "GovernmentOrganization", "name": publication.department},
        "temporalCoverage": f"{years[0]}-04-01/{years[1] + 1}-03-31",
        "spatialCoverage": {"@type": "AdministrativeArea", "name": REGION},
        "variableMeasured": [{"@type": "PropertyValue", "name": name, "description": meaning} for name, meaning in columns.items()],
        "distribution": [{"@type": "DataDownload", "encodingFormat": "text/csv", "contentUrl": f"{base}/{table}"}],
    }
    return described | ({"license": _license(site.data_license)} if site.data_license else {})


def _license(data_license: DataLicense) -> JsonLd:
    """The terms as schema.org/CreativeWork: ``license`` allows a bare address too, but then a catalogue has no name to show."""
    return {"@type": "CreativeWork", "name": data_license.name, "url": data_license.url}
