"""Who publishes: what the pages of the service and its mails need of the site, so that they look like the publisher's and not like somebody else's."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

DEFAULT_COLOUR = "#0b2a6b"


@dataclass(frozen=True, slots=True)
class ListProfile:
    """What a list is about. `colour` is that of its publication; `is_open`: anybody may sign up for it."""

    description: str
    department: str
    colour: str = DEFAULT_COLOUR
    is_open: bool = False


@dataclass(frozen=True, slots=True)
class SiteProfile:
    """The publisher. `mark` is an SVG, or None; `phone` is for people whom no form helps, and may be empty.

    `push_key`: the public key of the site's button for Web Push, where the build sends browsers to this service; else empty.
    `takes_sign_ups`: the build says that this service takes them. `url` has no slash at the end.
    """

    title: str
    organisation: str
    postal_address: str
    contact: str
    url: str
    phone: str = ""
    colour: str = DEFAULT_COLOUR
    is_sample: bool = False
    takes_sign_ups: bool = False
    push_key: str = ""
    mark: bytes | None = None
    lists: Mapping[str, ListProfile] = field(default_factory=dict)
