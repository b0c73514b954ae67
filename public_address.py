"""Whether an address on the Internet is one that strangers may name to us. For all halves; pure.

Strangers choose the address of a feed and of a push subscription. A machine of ours can reach places that they cannot (cloud metadata at
169.254.169.254, routers, databases), so only global unicast addresses are allowed (server-side request forgery, OWASP).
"""

from __future__ import annotations

import ipaddress
import re
from ipaddress import IPv4Address, IPv6Address
from urllib.parse import urlsplit

Address = IPv4Address | IPv6Address

LONGEST = 2000
"""Characters of an address that a stranger may give us. The longest endpoints of push services have about 600 (Windows)."""
_NAT64 = ipaddress.ip_network("64:ff9b::/96")
"""The well-known prefix of RFC 6052, section 2.1."""
_NUMERIC_HOST = re.compile(r"(?:0[xX][0-9a-fA-F]*|\d+)(?:\.(?:0[xX][0-9a-fA-F]*|\d+))*\.?")
"""``127.1``, ``0x7f000001``, ``2130706433``: browsers and inet_aton(3) take them for IPv4 addresses (WHATWG URL, section 3.5)."""
_NAME = re.compile(r"(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]{0,61}[a-z0-9]", re.ASCII)
"""A name in the DNS with two labels at least (RFC 1123 section 2.1); the last is no number."""


def parse(text: str) -> Address:
    """Return the IP address of ``text``. The zone of a link-local one is left out (RFC 4007, section 11).

    :raises ValueError: it is none.
    """
    return ipaddress.ip_address(text.partition("%")[0])


def is_numeric(host: str) -> bool:
    """Whether a host is a literal address, in any way in which programs take it for one."""
    return ":" in host or _NUMERIC_HOST.fullmatch(host) is not None


def is_global(address: Address) -> bool:
    """Whether an address, and each IPv4 address that it leads to, is global unicast."""
    return all(_is_global_unicast(each) for each in (address, *_embedded_ipv4(address)))


def https_host(text: str) -> str:
    """Return the host of an address that we may send to although a stranger names it; empty: we may not.

    It is https at port 443 of a name (services for the public have names), without user, password or fragment. Where the name leads, whoever
    connects looks at the moment of connecting.
    """
    try:
        parts = urlsplit(text)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return ""
    is_plain = len(text) <= LONGEST and text.isascii() and text.isprintable() and not {*" \"'<>\\^`{|}"} & {*text}
    is_https = text.startswith("https://") and port in (None, 443) and "@" not in parts.netloc and not parts.fragment
    return host if is_plain and is_https and len(host) <= 253 and _NAME.fullmatch(host) else ""


def _is_global_unicast(address: Address) -> bool:
    """Tell whether an address is global unicast in the IANA special-purpose registries (RFC 6890), which ``is_global`` follows.

    Not global are private networks (RFC 1918, RFC 4193), link-local ones with the cloud's metadata service (RFC 3927, RFC 4291), loopback,
    shared space of carriers (RFC 6598), documentation (RFC 5737, RFC 3849) and benchmarks (RFC 2544). Multicast (RFC 5771, RFC 4291) counts as
    global in the registries, but nobody serves there.
    """
    if address in _NAT64:  # reserved, yet an IPv6-only network reaches IPv4 through it; ``_embedded_ipv4`` checks the address inside
        return True
    return address.is_global and not (address.is_multicast or address.is_reserved or address.is_unspecified)


def _embedded_ipv4(address: Address) -> tuple[Address, ...]:
    """Return the IPv4 addresses that an IPv6 address leads to.

    IPv4-mapped (RFC 4291, section 2.5.5.2), 6to4 (RFC 3056), Teredo (RFC 4380: server and client), NAT64 (RFC 6052, section 2.2).
    """
    if isinstance(address, IPv4Address):
        return ()
    embedded = (address.ipv4_mapped, address.sixtofour, *(address.teredo or ()))
    translated = IPv4Address(int(address) & 0xFFFF_FFFF) if address in _NAT64 else None
    return tuple(each for each in (*embedded, translated) if each is not None)
