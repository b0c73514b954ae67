"""Addresses inside entries: absolute, without tracking, and harmless to the site builder. Pure."""

from __future__ import annotations

import re
from urllib.parse import SplitResult, quote, urljoin, urlsplit, urlunsplit

WEB = frozenset({"http", "https"})
OTHER = frozenset({"mailto", "tel"})
LONGEST = 2_000
"""Characters; longer addresses are data, not places."""

_TRACKING = frozenset(
    "fbclid gclid dclid gbraid wbraid msclkid yclid twclid ttclid igshid mc_cid mc_eid _hsenc _hsmi mkt_tok oly_anon_id oly_enc_id "
    "vero_id wickedid s_cid ref_src".split()
)
_TRACKING_PREFIXES = ("utm_", "pk_", "mtm_", "hsa_")
_BLANK = re.compile(r"[\x00-\x20\x7f-\xa0\u1680\u2000-\u200f\u2028-\u202f\u205f-\u206f\u3000\ufeff]")
# Pelican replaces {static}… and |static|… wherever a quote follows href=, even inside another attribute's value;
# so no quote, brace or bar may be left in an address.
_UNSAFE = {ord(char): quote(char, safe="") for char in "\"'<>{}|\\^`"}


def absolute(base: str, href: str) -> str | None:
    """Return ``href`` as an absolute address relative to ``base``, or None when it must not be linked.

    Allowed are http and https with a host, mailto and tel. Tracking parameters are dropped.
    """
    try:
        parts = urlsplit(urljoin(base, _BLANK.sub("", href.strip())))
        written = urlunsplit(_without_tracking(parts))
        port = parts.port
    except ValueError:
        return None
    if not _allowed(parts) or port == 0 or len(written) > LONGEST:
        return None
    return written.encode("utf-8", "ignore").decode().translate(_UNSAFE)


def _allowed(parts: SplitResult) -> bool:
    """Tell whether an address has a scheme for readers, and for the web a host and no password in it."""
    if parts.scheme in OTHER:
        return bool(parts.path)
    return parts.scheme in WEB and bool(parts.hostname) and "@" not in parts.netloc


def _without_tracking(parts: SplitResult) -> SplitResult:
    """Drop tracking parameters, leaving the bytes of the others as they were written."""
    if parts.scheme not in WEB:
        return parts
    kept = [piece for piece in parts.query.split("&") if not _is_tracking(piece)]
    return parts._replace(query="&".join(kept))


def _is_tracking(parameter: str) -> bool:
    """Tell whether ``name=value`` only serves to follow readers."""
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
    """Return the form in which two writings of one web address are equal: ``//host/path?query#fragment``.

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


def place(address: str) -> str:
    """Return what stays of an address when a blog moves to another host: path, query and fragment; '' for a home page."""
    parts = urlsplit(canonical(address))
    return urlunsplit(("", "", parts.path, parts.query, parts.fragment))
