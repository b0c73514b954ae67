"""Makes the addresses in a page relative to the page, so that it works from ``file://`` and under any sub-path.

Only tags are touched, attribute by attribute; everything else keeps its bytes. A folder becomes its ``index.html``, since a file system serves none by itself.
What needs a server goes: scripts (a browser fetches nothing from ``file://``), and forms that lead to them are replaced by words. Nothing is fetched from
elsewhere: such addresses are taken out of everything but links that a reader follows.
"""

from __future__ import annotations

import html
import posixpath
import re
from collections.abc import Set
from dataclasses import dataclass
from urllib.parse import quote, unquote, urlsplit

SEARCH_WORDS = (
    '<p class="note">この持ち運び用の写しでは、ことばでさがせません。題名の一覧や目次からおさがしください。 '
    '<span lang="en">Search does not work in this copy; please use the lists of titles.</span></p>'
)

_TAG = re.compile(
    r"""<!--.*?-->|<(script|style)\b[^>]*>.*?</\1\s*>|<form\b.*?</form\s*>|<[a-zA-Z](?:[^"'>]|"[^"]*"|'[^']*')*>""",
    re.DOTALL | re.IGNORECASE,
)
_ATTRIBUTE = re.compile(
    r"""(\s)(href|src|srcset|poster|action|data|cite|background|xlink:href|imagesrcset)\s*=\s*("[^"]*"|'[^']*')""", re.IGNORECASE
)
_STYLE = re.compile(r"""(\sstyle\s*=\s*)("[^"]*"|'[^']*')""", re.IGNORECASE)
_CSS_ADDRESS = re.compile(r"""(url\(\s*)(["']?)([^"')]*)\2(\s*\))|(@import\s+)(["'])([^"']*)\6""", re.IGNORECASE)
_REFRESH = re.compile(r"""(http-equiv\s*=\s*["']?refresh\b.*?content\s*=\s*["']\s*\d+\s*;\s*url=)([^"']*)""", re.IGNORECASE | re.DOTALL)
_TO_FETCH = re.compile(
    r"""rel\s*=\s*["']?[^"'>]*\b(preload|prefetch|preconnect|dns-prefetch|modulepreload|manifest|stylesheet|icon)\b""", re.IGNORECASE
)
_NAMES_ELSEWHERE = re.compile(r"""rel\s*=\s*["']?(canonical|license|author|alternate)\b""", re.IGNORECASE)
_CANONICAL = re.compile(r"""<link rel="canonical" href="(https?://[^"]+)/">""")


@dataclass(frozen=True)
class Site:
    """``paths`` are all files; ``address`` is where the site is public, without a slash at the end, or empty."""

    paths: Set[str]
    address: str = ""


def address_of(front_page: bytes) -> str:
    """Return the public address of a site, as its front page names it, or an empty text."""
    match = _CANONICAL.search(front_page.decode("utf-8", "replace"))
    return match[1] if match else ""


def relative(path: str, data: bytes, site: Site) -> bytes:
    """Return the bytes of a file as they are in the copy. Only pages and style sheets change."""
    if path.endswith(".html"):
        return _page(path, data.decode(), site).encode()
    if path.endswith(".css"):
        return _css(path, data.decode(), site).encode()
    return data


def _page(path: str, text: str, site: Site) -> str:
    def tag(match: re.Match[str]) -> str:
        whole, kind = match[0], (match[1] or "").lower()
        if whole.startswith("<!--"):
            return whole
        if kind == "script":
            return whole if "application/ld+json" in whole.partition(">")[0] else ""
        if kind == "style":
            return _css(path, whole, site)
        if whole[:5].lower() == "<form":
            return _form(whole)
        return _one_tag(path, whole, site)

    return _TAG.sub(tag, text)


def _form(whole: str) -> str:
    """Return words in the place of a form that asks this site; a form that leads elsewhere stays."""
    action = re.search(r"""\saction\s*=\s*["']([^"']*)""", whole.partition(">")[0])
    return whole if action and urlsplit(html.unescape(action[1])).scheme else SEARCH_WORDS


def _one_tag(path: str, tag: str, site: Site) -> str:
    name = tag[1:].split(None, 1)[0].rstrip(">/").lower()
    is_link = name in ("a", "area", "blockquote", "q", "del", "ins") or (
        name == "link" and _NAMES_ELSEWHERE.search(tag) and not _TO_FETCH.search(tag)
    )

    def attribute(match: re.Match[str]) -> str:
        space, key, quoted = match[1], match[2], match[3]
        value = html.unescape(quoted[1:-1])
        if key.lower() in ("srcset", "imagesrcset"):
            new = ", ".join(filter(None, (_candidate(path, one, site) for one in re.split(r",\s+", value.strip()))))
        else:
            new = _address(path, value, site, is_link=bool(is_link))
        return f"{space}{key}={quoted[0]}{html.escape(new)}{quoted[0]}" if new or not value else ""

    if name == "meta":
        return _REFRESH.sub(lambda match: match[1] + _address(path, html.unescape(match[2]), site, is_link=True), tag)
    tag = _ATTRIBUTE.sub(attribute, tag)
    return (
        _STYLE.sub(lambda match: match[1] + match[2][0] + html.escape(_css(path, html.unescape(match[2][1:-1]), site)) + match[2][0], tag)
        if "url(" in tag
        else tag
    )


def _candidate(path: str, candidate: str, site: Site) -> str:
    """Return one picture of a ``srcset``: an address, and perhaps its width."""
    address, *width = candidate.split()
    new = _address(path, address, site, is_link=False)
    return " ".join((new, *width)) if new else ""


def _css(path: str, text: str, site: Site) -> str:
    def address(match: re.Match[str]) -> str:
        if match[5]:
            return f"{match[5]}{match[6]}{_address(path, match[7], site, is_link=False)}{match[6]}"
        return f"{match[1]}{match[2]}{_address(path, match[3], site, is_link=False)}{match[2]}{match[4]}"

    return _CSS_ADDRESS.sub(address, text)


def _address(path: str, value: str, site: Site, *, is_link: bool) -> str:
    """Return an address as it is in the copy; empty for one that would be fetched from elsewhere."""
    if site.address and is_link and (value == site.address or value.startswith(f"{site.address}/")):
        within = value.removeprefix(site.address) or "/"
        return _relative(path, within, site) if _target(within, site) else value
    parts = urlsplit(value)
    if parts.scheme in ("data", "mailto", "tel", "geo") or value.startswith("#"):
        return value
    if parts.scheme or value.startswith("//"):
        return value if is_link else ""
    return _relative(path, posixpath.join("/" + posixpath.dirname(path) + "/", value) if parts.path else f"/{path}", site, parts.fragment)


def _relative(path: str, absolute: str, site: Site, fragment: str = "") -> str:
    """Return the address of ``absolute`` from the page at ``path``. A query goes: it asks a server."""
    target = _target(absolute, site) or _normal(absolute)
    fragment = fragment or urlsplit(absolute).fragment
    relative = quote(posixpath.relpath(target or ".", posixpath.dirname(path) or "."))
    return f"{relative}#{fragment}" if fragment else relative


def _target(absolute: str, site: Site) -> str:
    """Return the file of the site that an address without a host leads to, or an empty text."""
    path = _normal(absolute)
    folder = f"{path}/index.html" if path else "index.html"
    return next((one for one in (path, folder) if one in site.paths), "")


def _normal(absolute: str) -> str:
    """Return the path below the root: none leads out of it, as in a browser (RFC 3986 section 5.2.4)."""
    return posixpath.normpath("/" + unquote(urlsplit(absolute).path)).lstrip("/")
