"""Addresses inside entries: absolute, without tracking, and harmless to the site builder. Pure."""

from __future__ import annotations

import re
from urllib.parse import SplitResult, quote, urljoin, urlsplit, urlunsplit

WEB = frozenset({"http", "https"})
OTHER = frozenset({"mailto", "tel"})
LONGEST = 2_000
"""Characters. Longer addresses carry data and lead nowhere that a reader would go."""

_TRACKING = frozenset(
    "fbclid gclid dclid gbraid wbraid msclkid yclid twclid ttclid igshid mc_cid mc_eid _hsenc _hsmi mkt_tok oly_anon_id oly_enc_id "
    "vero_id wickedid s_cid ref_src".split()
)
_TRACKING_PREFIXES = ("utm_", "pk_", "mtm_", "hsa_")
_BLANK = re.compile(r"[\x00-\x20\x7f-\xa0\u1680\u2000-\u200f\u2028-\u202f\u205f-\u206f\u3000\ufeff]")
# Pelican replaces {static}… and |static|… wherever a quote follows href=, even inside another attribute's value
# (pelican/contents.py, _get_intrasite_link_regex). So no quote, brace or bar may be left in an address.
_UNSAFE = {ord(char): quote(char, safe="") for char in "\"'<>{}|\\^`"}


def absolute(base: str, href: str) -> str | None:
    """Return ``href``, resolved against ``base`` (RFC 3986, section 5), or None if it must not be linked.

    Allowed are http and https with a host, mailto and tel. Tracking parameters are dropped.
    """
    try:
        parts = urlsplit(urljoin(base, _BLANK.sub("", href.strip())))
        cleaned = urlunsplit(_without_tracking(parts))
        port = parts.port
    except ValueError:
        return None
    if not _allowed(parts) or port == 0 or len(cleaned) > LONGEST:
        return None
    return cleaned.encode("utf-8", "ignore").decode().translate(_UNSAFE)


def _allowed(parts: SplitResult) -> bool:
    """Tell whether an address has a scheme for readers, and for the web a host and no password in it (RFC 9110, section 4.2.4)."""
    if parts.scheme in OTHER:
        return bool(parts.path)
    return parts.scheme in WEB and bool(parts.hostname) and "@" not in parts.netloc


def _without_tracking(parts: SplitResult) -> SplitResult:
    """Drop tracking parameters. The bytes of the other parameters stay as they were written."""
    if parts.scheme not in WEB:
        return parts
    kept = [parameter for parameter in parts.query.split("&") if not _is_tracking(parameter)]
    return parts._replace(query="&".join(kept))


def _is_tracking(parameter: str) -> bool:
    """Tell whether ``name=value`` serves only to follow readers."""
    name = parameter.partition("=")[0].lower()
    return name in _TRACKING or name.startswith(_TRACKING_PREFIXES)


def is_web(address: str) -> bool:
    """Tell whether ``address`` is an absolute http or https address."""
    try:
        parts = urlsplit(address)
    except ValueError:
        return False
    return parts.scheme in WEB and bool(parts.hostname)


def canonical(address: str) -> str:
    """Return one form for all spellings of a web address: ``//host/path?query#fragment``.

    Scheme, the host's case, default ports, tracking parameters and a final slash do not matter. The fragment does:
    old Japanese diaries put several entries on one page. Anything that is no web address is returned as it is.
    """
    cleaned = absolute(address, "") if is_web(address) else None
    if cleaned is None:
        return address
    parts = urlsplit(cleaned)
    host = (parts.hostname or "").rstrip(".")
    port = f":{parts.port}" if parts.port not in (None, 80, 443) else ""
    return urlunsplit(("", host + port, parts.path.rstrip("/"), parts.query, parts.fragment))


def path_of(address: str) -> str:
    """Return the part of an address that stays when a blog moves to another host: path, query and fragment; '' for a home page."""
    parts = urlsplit(canonical(address))
    return urlunsplit(("", "", parts.path, parts.query, parts.fragment))
