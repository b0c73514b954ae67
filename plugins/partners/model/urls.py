"""Addresses inside entries: absolute, without tracking, and harmless to the site builder. Pure."""

from __future__ import annotations

import re
from functools import lru_cache
from urllib.parse import SplitResult, quote, unquote_to_bytes, urljoin, urlsplit, urlunsplit

WEB = frozenset({"http", "https"})
OTHER = frozenset({"mailto", "tel"})
LONGEST = 2_000
"""Characters. Longer addresses carry data and lead nowhere that a reader would go."""

_TRACKING = frozenset(
    "fbclid gclid dclid gbraid wbraid msclkid yclid twclid ttclid igshid mc_cid mc_eid _hsenc _hsmi mkt_tok oly_anon_id oly_enc_id vero_id "
    "utm_source utm_medium utm_campaign utm_term utm_content utm_id utm_name utm_cid utm_reader utm_referrer utm_source_platform "
    "utm_creative_format utm_marketing_tactic pk_campaign pk_kwd pk_keyword pk_source pk_medium pk_content pk_cid mtm_campaign mtm_kwd "
    "mtm_keyword mtm_source mtm_medium mtm_content mtm_cid mtm_group mtm_placement hsa_acc hsa_cam hsa_grp hsa_ad hsa_src hsa_tgt hsa_kw hsa_mt "
    "hsa_net hsa_ver".split()
)
"""Parameters that only mark where a reader came from (Google, Matomo, HubSpot, Meta, Microsoft, Yandex, X, TikTok, Mailchimp, Marketo, Vero).

Whole names, never prefixes: ``pk_no=3`` is the number of an article in many Japanese systems, ``ref_src`` and ``s_cid`` are used by others as ids.
"""

_ESCAPE = re.compile("%[0-9A-Fa-f]{2}")
_UNRESERVED = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")
"""RFC 3986, section 2.3."""

_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f]")
"""Removed anywhere in an address, as browsers remove tab and line feed (WHATWG URL, section 4.4): ``java\\tscript:`` is ``javascript:``."""

_PLAIN = re.compile(r"[!-~]*")
_BLANK = re.compile(r"[\x20\xa0\u1680\u2000-\u200f\u2028-\u202f\u205f-\u206f\u3000\ufeff]")
"""White space and invisible characters: stripped from both ends, percent-encoded inside (``/my photo.jpg`` is ``/my%20photo.jpg``)."""

_ENDS = " \xa0\u1680\u3000\ufeff" + "".join(map(chr, [*range(0x2000, 0x2010), *range(0x2028, 0x2030), *range(0x205F, 0x2070)]))

# Pelican replaces {static}… and |static|… wherever a quote follows href=, even inside another attribute's value
# (pelican/contents.py, _get_intrasite_link_regex). So no quote, brace or bar may be left in an address.
_UNSAFE = {ord(char): quote(char, safe="") for char in "\"'<>{}|\\^`"}


def absolute(base: str, href: str) -> str | None:
    """Return ``href``, resolved against ``base`` (RFC 3986, section 5), or None if it must not be linked.

    Allowed are http and https with a host, mailto and tel. Tracking parameters are dropped.
    """
    return _plain_address(base, href) or _resolved(base, href)


_PLAIN_ADDRESS = re.compile(
    r"(https?://[A-Za-z0-9-][A-Za-z0-9.-]*)?(/(?:[A-Za-z0-9_~%=+@,!$()*:-][A-Za-z0-9_~%=+@,!$()*:.-]*+/?)*+)(?:\?([A-Za-z0-9_~%=+@,!$()*:./?&-]+))?"
)
"""Addresses that RFC 3986 resolves by putting them behind a host: no segment begins with a dot or is empty, no fragment, no parameters of a segment."""


def _plain_address(base: str, href: str) -> str | None:
    """Return what `_resolved` returns, for the addresses that most links have, at a tenth of the cost; else None."""
    match = _PLAIN_ADDRESS.fullmatch(href)
    origin = match and (match[1] or _origin(base))
    if not match or not origin or len(href) > LONGEST - len(origin):
        return None
    query = "&".join(parameter for parameter in match[3].split("&") if not _is_tracking(parameter)) if match[3] else ""
    return f"{origin}{match[2]}?{query}" if query else f"{origin}{match[2]}"


_ORIGIN = re.compile(r"(https?://[A-Za-z0-9-][A-Za-z0-9.-]*(?::[1-9][0-9]{1,3})?)(?:[/?#]|$)")


@lru_cache(maxsize=1024)
def _origin(base: str) -> str | None:
    """Return scheme and host of ``base``, if they are plain."""
    match = _ORIGIN.match(base)
    return match[1] if match else None


def _resolved(base: str, href: str) -> str | None:
    try:
        parts = urlsplit(urljoin(base, _without_blanks(href)))
        cleaned = urlunsplit(_without_tracking(parts))
        port = parts.port
    except ValueError:
        return None
    if not _allowed(parts) or port == 0 or len(cleaned) > LONGEST:
        return None
    return cleaned.encode("utf-8", "ignore").decode().translate(_UNSAFE)


def _without_blanks(href: str) -> str:
    if _PLAIN.fullmatch(href):
        return href
    stripped = _CONTROLS.sub("", href).encode("utf-8", "ignore").decode().strip(_ENDS)
    return _BLANK.sub(lambda match: quote(match.group()), stripped)


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
    return parameter.partition("=")[0].lower() in _TRACKING


def without_feed_scheme(address: str) -> str:
    """Return an address without the scheme of feed readers: ``feed:https://…`` or ``feed://…``."""
    stripped = address.strip()
    if not stripped.lower().startswith("feed:"):
        return stripped
    rest = stripped[len("feed:") :]
    return f"http:{rest}" if rest.startswith("//") else rest


def is_web(address: str) -> bool:
    """Tell whether ``address`` is an absolute http or https address."""
    try:
        parts = urlsplit(address)
    except ValueError:
        return False
    return parts.scheme in WEB and bool(parts.hostname)


_NORMAL = re.compile(r"//[a-z0-9.:-]+(?:/[A-Za-z0-9_~-][A-Za-z0-9_~.-]*)*(?:\?[A-Za-z0-9_~=&-]+)?")
"""Addresses in which nothing is left to normalise: nearly all."""


@lru_cache(maxsize=8192)
def canonical(address: str) -> str:
    """Return one form for all spellings of a web address: ``//host/path?query#fragment``.

    Equal are addresses that RFC 3986 calls equal (section 6.2.2: case of host and of percent-encodings, percent-encoded unreserved characters,
    dot segments; section 6.2.3: default port, empty path), a name in its Unicode or ASCII form (RFC 5891), and those that differ only in http or https,
    tracking parameters and a final slash. The fragment matters: old Japanese diaries put several entries on one page. Anything that is no web
    address is returned as it is.
    """
    stripped = without_scheme(address)
    if _NORMAL.fullmatch(stripped):
        return stripped
    if not stripped.startswith("//"):
        return stripped
    parts = urlsplit(stripped)
    path = urlsplit(urljoin("http://host/", _normal_escapes(parts.path or "/"))).path.rstrip("/")
    return urlunsplit(("", _ascii_host(parts.netloc), path, _normal_escapes(parts.query), _normal_escapes(parts.fragment)))


def _normal_escapes(text: str) -> str:
    """Percent-encode whatever is neither unreserved, reserved nor encoded; decode unreserved characters; write ``%E6``, not ``%e6``."""
    encoded = quote(text, safe="%/?#[]@!$&'()*+,;=:")
    return _ESCAPE.sub(_normal_escape, encoded)


def _normal_escape(match: re.Match[str]) -> str:
    char = unquote_to_bytes(match.group()).decode("latin-1")
    return char if char in _UNRESERVED else match.group().upper()


def _ascii_host(netloc: str) -> str:
    try:
        return netloc.encode("idna").decode("ascii")
    except UnicodeError:
        return netloc


def without_scheme(address: str) -> str:
    """Return a web address without scheme, default port, tracking parameters and final slash, its escapes as they were written.

    The files of pictures are named after this form, so it must never change: a picture would be fetched again, and blogs disappear.
    """
    cleaned = absolute(address, "") if is_web(address) else None
    if cleaned is None:
        return address
    parts = urlsplit(cleaned)
    host = (parts.hostname or "").rstrip(".")
    port = f":{parts.port}" if parts.port not in (None, 80, 443) else ""
    return urlunsplit(("", host + port, parts.path.rstrip("/"), parts.query, parts.fragment))


@lru_cache(maxsize=8192)
def path_of(address: str) -> str:
    """Return the part of an address that stays when a blog moves to another host: path, query and fragment; '' for a home page."""
    parts = urlsplit(canonical(address))
    return urlunsplit(("", "", parts.path, parts.query, parts.fragment))
