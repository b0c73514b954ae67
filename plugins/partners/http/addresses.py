"""Which addresses the importer may connect to. Pure.

Strangers choose a feed's address and its redirects. The machine that runs the importer can reach places that strangers cannot reach (cloud
metadata at 169.254.169.254, routers, databases). So only global unicast addresses are allowed (server-side request forgery, OWASP).
"""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass, replace
from ipaddress import IPv4Network, IPv6Network

from yarl import URL

import public_address
from plugins.partners.model.errors import RefusedAddressError

Network = IPv4Network | IPv6Network

WEB_PORTS = frozenset({80, 443})
"""A feed on any other port of a stranger's host is more often a database than a blog."""


@dataclass(frozen=True)
class AddressRules:
    """Global addresses on ports 80 and 443, and besides them only what is named here.

    ``extra_networks``: addresses allowed on any port; a real import has none. ``extra_hosts``: hosts with the port that
    ``publications.toml`` gives for a feed.
    """

    extra_networks: tuple[Network, ...] = ()
    extra_hosts: frozenset[tuple[str, int]] = frozenset()

    def allowing_port_of(self, url: str) -> AddressRules:
        """Return rules that allow the port of ``url``, an address that an editor wrote, on its own host."""
        try:
            parsed = URL(url)
            host = (parsed.host or "", parsed.port or 0)
        except ValueError:
            return self
        return replace(self, extra_hosts=self.extra_hosts | {host})


GLOBAL_ONLY = AddressRules()

WITH_LOOPBACK = AddressRules((ipaddress.ip_network("127.0.0.0/8"), ipaddress.ip_network("::1/128")))
"""For the demonstration and the tests, whose servers run on this machine."""


@dataclass(frozen=True)
class UrlOverride:
    """Where the addresses of one feed are really asked for.

    ``server`` is set by ``--url``, for demonstrations and tests: it answers for the host of ``site``, and no other host is asked.
    """

    rules: AddressRules
    site: str
    server: str | None = None

    def resolve(self, address: str) -> str | None:
        """Return where to ask for ``address``, or None if nobody in the rehearsal answers for its host."""
        if self.server is None:
            return address
        try:
            asked, server = URL(address), URL(self.server)
        except ValueError:
            return None
        if asked.host == server.host:
            return address
        return str(server.origin().join(asked.relative())) if asked.host == URL(self.site).host else None


def check_address(text: str, rules: AddressRules) -> None:
    """Raise RefusedAddressError unless the IP address ``text`` may be connected to."""
    try:
        address = public_address.parse(text)
    except ValueError:
        raise RefusedAddressError(text, "IP アドレスではありません / not an IP address") from None
    if _in_extra_networks(text, rules):
        return
    if not public_address.is_global(address):
        raise RefusedAddressError(text, "公開のアドレスではありません / not a global address")


def check_url(text: str, rules: AddressRules) -> URL:
    """Return ``text`` as the very object that is requested, or raise RefusedAddressError.

    The same object is checked and requested, so that two parsers cannot disagree about the host. Host names are checked when they are
    resolved, at the moment of connecting (``client.FilteringResolver``); a literal address never reaches the resolver, so it is checked here.
    """
    try:
        url = URL(text)
        host = url.host or ""
        port = url.port
    except ValueError as error:
        raise RefusedAddressError(text[:200], str(error)) from None
    if url.scheme not in ("http", "https") or not host or not port:
        raise RefusedAddressError(text[:200], "http:// か https:// だけです / only http:// or https://")
    if url.user is not None or url.password is not None:  # RFC 9110, section 4.2.4: userinfo serves to disguise an authority
        raise RefusedAddressError(host, "アドレスに名前やパスワードがあります / user or password in the address")
    if public_address.is_numeric(host):
        check_address(host, rules)
    if port not in WEB_PORTS and (host, port) not in rules.extra_hosts and not _in_extra_networks(host, rules):
        raise RefusedAddressError(f"{host}:{port}", "ポートは 80 と 443 だけです / only ports 80 and 443")
    return url


def _in_extra_networks(host: str, rules: AddressRules) -> bool:
    """Tell whether ``host`` is an address of the extra networks. A name is not, wherever it leads."""
    try:
        address = public_address.parse(host)
    except ValueError:
        return False
    return any(address in network for network in rules.extra_networks)
