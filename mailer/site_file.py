"""`output/mail/site.json` and `mark.svg` → who publishes (docs/reference/bundle.md). A bundle of an older version has neither."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, Field

import regular_file
from mailer import bundle
from mailer.model.errors import BundleError
from mailer.model.site import DEFAULT_COLOUR, ListProfile, SiteProfile

MOST_MARK = 20_000
"""Bytes of the mark: it is shown on each page of a service that must also work on a slow line."""
Colour = Annotated[str, Field(pattern=r"^#[0-9a-fA-F]{6}$")]
Line = Annotated[str, Field(max_length=400)]


class _List(BaseModel):
    description: Line
    department: Line
    colour: Colour
    is_open: bool = Field(alias="open")


class _Site(BaseModel):
    version: Literal[1] = Field(alias="schema")
    title: bundle.Header
    organisation: bundle.Header
    postal_address: Line
    contact: bundle.Address
    url: bundle.Link
    phone: Line = ""
    colour: Colour = DEFAULT_COLOUR
    sample: bool = False
    service: bundle.Link | None = None
    push_key: Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{87}$")] | None = None
    lists: dict[bundle.Key, _List] = {}


def read_site(root: Path, service_url: str) -> SiteProfile | None:
    """Return who publishes, or None where the bundle does not say.

    :param service_url: of this service. Sign-ups are taken if the build sends people here, and not to another service or none.
    :raises BundleError: unreadable, or another schema.
    """
    path = root / "site.json"
    if not path.exists():
        return None
    site = bundle.read_model(_Site, path)
    is_ours = site.service is not None and str(site.service).rstrip("/") == service_url
    return SiteProfile(
        title=site.title,
        organisation=site.organisation,
        postal_address=site.postal_address,
        contact=site.contact,
        url=str(site.url).rstrip("/"),
        phone=site.phone,
        colour=site.colour,
        is_sample=site.sample,
        takes_sign_ups=is_ours,
        push_key=(site.push_key or "") if is_ours else "",
        mark=_mark(root / "mark.svg"),
        lists={key: ListProfile(each.description, each.department, each.colour, each.is_open) for key, each in site.lists.items()},
    )


def _mark(path: Path) -> bytes | None:
    if not path.exists():
        return None
    try:
        raw = regular_file.read_bytes(path)
    except OSError as error:
        raise BundleError(path, f"cannot be read: {error.strerror}.") from error
    if len(raw) > MOST_MARK:
        raise BundleError(path, f"has {len(raw):,} bytes; {MOST_MARK:,} are the most.")
    return raw
