"""Which addresses the importer may connect to. Pure.

A feed's address and its redirects are chosen by strangers; the machine we run on can reach places that strangers
cannot (cloud metadata at 169.254.169.254, routers, databases). Only global unicast addresses are allowed.
"""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass, replace
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network

from yarl import URL

from plugins.partners.model.errors import RefusedAddressError


@dataclass(frozen=True)
class UrlOverride:
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


Address = IPv4Address | IPv6Address


Network = IPv4Network | IPv6Network


_NAT64 = ipaddress.ip_network("64:ff9b::/96")  # RFC 6052


_NUMERIC = re.compile(r"(?:0[xX][0-9a-fA-F]*|\d+)(?:\.(?:0[xX][0-9a-fA-F]*|\d+))*\.?")


WEB_PORTS = frozenset({80, 443})
"""A feed on any other port of a stranger's host is more often a database than a blog."""


@dataclass(frozen=True)
class AddressRules:
    """Global addresses on ports 80 and 443, and besides them only what is named here.

    ``extra`` are networks whose addresses are allowed on any port; real imports have none. ``places`` are hosts with the port
    that ``publications.toml`` wrote for a feed.
    """

    extra: tuple[Network, ...] = ()
    places: frozenset[tuple[str, int]] = frozenset()

    def knowing(self, url: str) -> AddressRules:
        """Return rules that allow the port of ``url``, an address that an editor wrote, on its own host."""
        try:
            written = URL(url)
            place = (written.host or "", written.port or 0)
        except ValueError:
            return self
        return replace(self, places=self.places | {place})


GLOBAL_ONLY = AddressRules()


WITH_LOOPBACK = AddressRules((ipaddress.ip_network("127.0.0.0/8"), ipaddress.ip_network("::1/128")))
"""For the demonstration and the tests, whose servers run on this machine."""


def check_address(text: str, rules: AddressRules) -> None:
    """Raise RefusedAddressError unless the IP address ``text`` may be connected to."""
    try:
        address = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        raise RefusedAddressError(text, "IP アドレスではありません / not an IP address") from None
    if _is_extra(text, rules):
        return
    if not all(_is_global(each) for each in (address, *_carried(address))):
        raise RefusedAddressError(text, "公開のアドレスではありません / not a global address")


def _is_global(address: Address) -> bool:
    """Tell whether an address is global unicast; multicast counts as global in the registry, but not for us."""
    if address in _NAT64:  # lies in a reserved block, yet is how an IPv6-only network reaches IPv4; ``_carried`` checks the inside
        return True
    return address.is_global and not (address.is_multicast or address.is_reserved or address.is_unspecified)


def _carried(address: Address) -> tuple[Address, ...]:
    """Return the IPv4 addresses that an IPv6 address leads to: mapped, 6to4 (RFC 3056), Teredo (RFC 4380), NAT64."""
    if isinstance(address, IPv4Address):
        return ()
    found = (address.ipv4_mapped, address.sixtofour, *(address.teredo or ()))
    translated = IPv4Address(int(address) & 0xFFFF_FFFF) if address in _NAT64 else None
    return tuple(each for each in (*found, translated) if each is not None)


def check_url(text: str, rules: AddressRules) -> URL:
    """Return ``text`` as the very object that is requested, or raise RefusedAddressError.

    Checking and requesting the same object leaves no room for two parsers to disagree about the host. Host names are
    checked when they are resolved, at the moment of connecting (``resolver``); literal addresses never reach it.
    """
    try:
        url = URL(text)
        host = url.host or ""
        port = url.port
    except ValueError as error:
        raise RefusedAddressError(text[:200], str(error)) from None
    if url.scheme not in ("http", "https") or not host or not port:
        raise RefusedAddressError(text[:200], "http:// か https:// だけです / only http:// or https://")
    if url.user is not None or url.password is not None:
        raise RefusedAddressError(host, "アドレスに名前やパスワードがあります / user or password in the address")
    if ":" in host or _NUMERIC.fullmatch(host):
        check_address(host, rules)
    if port not in WEB_PORTS and (host, port) not in rules.places and not _is_extra(host, rules):
        raise RefusedAddressError(f"{host}:{port}", "ポートは 80 と 443 だけです / only ports 80 and 443")
    return url


def _is_extra(host: str, rules: AddressRules) -> bool:
    """Tell whether ``host`` is an address of the extra networks; names are not, wherever they lead."""
    try:
        address = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return False
    return any(address in network for network in rules.extra)
