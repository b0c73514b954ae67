"""Where a feed's addresses are really asked for: as written, or, in a rehearsal, at the server that stands in for its host. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from yarl import URL

from .address import AddressRules


@dataclass(frozen=True)
class Route:
    """``rules`` for this feed. ``stand_in`` is set by ``--url``, for demonstrations and tests, and then no other host is asked."""

    rules: AddressRules
    site: str
    stand_in: str | None = None

    def place_of(self, address: str) -> str | None:
        """Return where to ask for ``address``, or None when the rehearsal has nobody who could answer for its host."""
        if self.stand_in is None:
            return address
        try:
            written, there = URL(address), URL(self.stand_in)
        except ValueError:
            return None
        if written.host == there.host:
            return address
        return str(there.origin().join(written.relative())) if written.host == URL(self.site).host else None
