"""Documents, places in the site and the organisation, as schema.org describes them. Pure; every address is absolute."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from plugins.frontmatter.model.content_types import Partner
from plugins.frontmatter.model.document import Document
from plugins.frontmatter.model.registry import Publication, Site


def dataset(
    publication: Publication, base: str, url: str, *, table: str, columns: Mapping[str, str], first_year: int, last_year: int
) -> dict[str, object]:
    """Return a table of open data (schema.org/Dataset).

    ``base`` is the site's address without a slash, ``url`` the root-relative page that shows the table, ``table`` the path of the CSV below
    ``base``, ``columns`` each column's name and meaning. Years are fiscal years: they begin on 1 April.
    """
    return {
        "@context": "https://schema.org",
        "@type": "Dataset",
        "name": f"{publication.title} 事業の進み具合",
        "description": publication.description,
        "url": base + url,
        "inLanguage": "ja",
        "creator": {"@type": "GovernmentOrganization", "name": publication.department},
        "temporalCoverage": f"{first_year}-04-01/{last_year + 1}-03-31",
        "spatialCoverage": {"@type": "Place", "name": "宮城県"},
        "variableMeasured": [{"@type": "PropertyValue", "name": name, "description": words} for name, words in columns.items()],
        "distribution": [{"@type": "DataDownload", "encodingFormat": "text/csv", "contentUrl": f"{base}/{table}"}],
    }


Thing = dict[str, object]


_CONTEXT = "https://schema.org"


def organisation(site: Site, base: str) -> Thing:
    """Return the publisher (schema.org/GovernmentOrganization)."""
    return {
        "@type": "GovernmentOrganization",
        "@id": f"{base}/#organisation",
        "name": site.organisation,
        "url": f"{base}/",
        "logo": {"@type": "ImageObject", "url": f"{base}/theme/mark.svg"},
        "address": {"@type": "PostalAddress", "streetAddress": site.address, "addressCountry": "JP"},
        "email": site.contact,
    }


def site(site: Site, base: str) -> Thing:
    """Return the portal (schema.org/WebSite) with its publisher and its search."""
    return {
        "@context": _CONTEXT,
        "@type": "WebSite",
        "name": site.title,
        "url": f"{base}/",
        "description": site.description,
        "inLanguage": "ja",
        "publisher": organisation(site, base),
        "potentialAction": {
            "@type": "SearchAction",
            "target": {"@type": "EntryPoint", "urlTemplate": f"{base}/search/?q={{search_term_string}}"},
            "query-input": "required name=search_term_string",
        },
    }


def article(site: Site, base: str, document: Document, image: str = "") -> Thing:
    """Return an article of any kind, or an issue. ``image`` is the root-relative address of its card."""
    updated = document.meta.updated or document.date
    thing: Thing = {
        "@context": _CONTEXT,
        "@type": "NewsArticle" if document.meta.is_news else "Article",
        "headline": document.meta.title,
        "description": document.summary,
        "inLanguage": "ja",
        "url": f"{base}{document.url}",
        "mainEntityOfPage": f"{base}{document.url}",
        "datePublished": document.date.isoformat(),
        "dateModified": updated.isoformat(),
        "author": _author(site, base, document),
        "publisher": organisation(site, base),
        "image": [f"{base}{url}" for url in ([document.picture.url] if document.picture else []) + ([image] if image else [])],
        "isAccessibleForFree": True,
    }
    return thing | _about(document) | _origin(document)


def _author(site: Site, base: str, document: Document) -> Thing:
    if isinstance(document.meta, Partner):
        return {"@type": "Organization", "name": document.meta.author, "url": document.meta.original}
    owner = document.publication
    return _department(owner, site, base) if owner else organisation(site, base)


def _department(owner: Publication, site: Site, base: str) -> Thing:
    return {
        "@type": "GovernmentOrganization",
        "name": owner.department,
        "url": f"{base}{owner.url}",
        "email": owner.contact,
        "parentOrganization": {"@type": "GovernmentOrganization", "@id": f"{base}/#organisation", "name": site.organisation},
    }


def _about(document: Document) -> Thing:
    thing: Thing = {}
    if document.publication:
        thing["articleSection"] = document.publication.title
    if document.meta.topics:
        thing["keywords"] = [topic.name for topic in document.meta.topics]
    if document.meta.municipalities:
        thing["contentLocation"] = [{"@type": "AdministrativeArea", "name": place.name} for place in document.meta.municipalities]
    return thing


def _origin(document: Document) -> Thing:
    if not isinstance(document.meta, Partner):
        return {}
    return {"isBasedOn": document.meta.original, "license": {"@type": "CreativeWork", "name": document.meta.licence}}


def breadcrumbs(site: Site, base: str, crumbs: Sequence[tuple[str, str | None]], here: str) -> Thing:
    """Return the way from the portal to the page ``here`` (schema.org/BreadcrumbList); a crumb without an address is the page itself."""
    steps = [(site.title, "/"), *crumbs]
    items = [
        {"@type": "ListItem", "position": position, "name": name, "item": f"{base}{url or here}"}
        for position, (name, url) in enumerate(steps, 1)
    ]
    return {"@context": _CONTEXT, "@type": "BreadcrumbList", "itemListElement": items}
