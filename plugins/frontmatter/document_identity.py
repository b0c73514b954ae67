"""The identity of a document in feeds, calendars and warnings: it follows neither the address of the site nor a date (decision 0124). Pure."""

from __future__ import annotations

import uuid
from collections.abc import Collection

from plugins.frontmatter.model.addresses import PERMALINK
from plugins.frontmatter.model.content_types import Partner
from plugins.frontmatter.model.document import Header
from plugins.frontmatter.model.registry import Registry, Site

_NAMESPACE = uuid.UUID("a8f3b1d6-6c0e-4d0b-8a55-7f3f0c1e7a11")
"""Ours, drawn once (RFC 9562, 6.6). Another would change every identity of every site."""


def site_identity(site: Site, name: str) -> uuid.UUID:
    """Return the UUID of what is called ``name`` on ``site`` (version 5; RFC 9562, 5.5)."""
    return uuid.uuid5(uuid.uuid5(_NAMESPACE, site.identity or site.organisation), name)


def identity_of(header: Header, registry: Registry) -> str:
    """Return ``urn:uuid:…``; or the whole address of a document that was published before the month ``[site.former_ids] before``.

    The name is that of the publication and of the file. The first of its ``aliases`` that is an address of this site keeps the name of before.
    """
    address = _first_address(header, registry.publications)
    former = registry.site.former_ids
    if former and _month(address, header) < former.before:
        return former.address + address
    return site_identity(registry.site, _name(address, header)).urn


def feed_identity(site: Site, url: str) -> str:
    """Return the identity of the feed at ``url``; where ``[site.former_ids]`` is set, the address that it had at first."""
    return site.former_ids.address + url if site.former_ids else site_identity(site, f"feed {url}").urn


def _first_address(header: Header, publications: Collection[str]) -> str:
    """The address under which readers got the document first."""
    own = (alias for alias in header.meta.aliases if (match := PERMALINK.fullmatch(alias)) and match["publication"] in publications)
    return next(own, header.url)


def _month(address: str, header: Header) -> str:
    match = PERMALINK.fullmatch(address)
    if match:
        return match["month"].replace("/", "-")
    return f"{header.meta.date:%Y-%m}" if header.meta.date else ""


def _name(address: str, header: Header) -> str:
    if isinstance(header.meta, Partner):  # two entries of a blog may have one name in two months; their own id is the only one that stays
        return f"{header.meta.feed} {header.meta.entry_id}"
    match = PERMALINK.fullmatch(address)
    return f"{match['publication']}/{match['name']}" if match else address
