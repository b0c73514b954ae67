"""Every internal address on the built site leads somewhere: pages, anchors, feeds, sitemaps, style sheets, redirects."""

from __future__ import annotations

import json
import re
from collections.abc import Container, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urldefrag, urljoin, urlsplit

import lxml.html
from lxml import etree

_ADDRESSED = ("href", "src", "poster", "action", "data", "cite", "longdesc", "formaction")
_SCHEME = re.compile(r"^[a-z][a-z0-9+.-]*:|^//", re.IGNORECASE)
_CSS_URL = re.compile(r"url\(\s*[\"']?([^\"')]+)[\"']?\s*\)")
_REFRESH = re.compile(r"^\s*[\d.]+\s*[;,]\s*(?:url\s*=\s*)?[\"']?([^\"']+)", re.IGNORECASE)
_SITEMAP = re.compile(r"^Sitemap:\s*(\S+)/sitemap\.xml\s*$", re.MULTILINE)


@dataclass(frozen=True, order=True)
class BrokenLink:
    """``page`` (root-relative file) names an address that leads nowhere; ``why`` is ``page`` or ``anchor``."""

    page: str
    address: str
    why: str

    def __str__(self) -> str:
        ja = "このアドレスのページやファイルがありません" if self.why == "page" else "行き先のページに、この目印（id）がありません"
        en = "no such page or file" if self.why == "page" else "the page has no such anchor"
        return f"{self.page}: {self.address}: {ja} / {en}"


@dataclass(frozen=True)
class LinkReport:
    """The result: files read, internal addresses followed, and what is broken."""

    files: int
    addresses: int
    broken: tuple[BrokenLink, ...]


@dataclass(frozen=True)
class _File:
    addresses: frozenset[str]
    anchors: frozenset[str]


def check_links(site: Path) -> LinkReport:
    """Follow every internal address in every HTML, XML, JSON Feed and CSS file below ``site``.

    The site's public address is taken from ``robots.txt``, so that absolute addresses of our own (canonical, feeds, sitemaps) are followed too.
    Raises `FileNotFoundError` if there is no page at all.
    """
    base = _base(site)
    found = {f"/{path.relative_to(site).as_posix()}": path for path in sorted(site.rglob("*")) if path.is_file()}
    files = {name: _read(path) for name, path in found.items() if path.suffix in _READERS}
    if not any(name.endswith(".html") for name in files):
        raise FileNotFoundError(f"no page below {site}: build first")
    broken, count = set[BrokenLink](), 0
    for name, file in files.items():
        for address in file.addresses:
            target = _internal(address, name, base)
            if target is not None:
                count += 1
                broken |= _missing(name, address, target, found.keys(), files)
    return LinkReport(len(files), count, tuple(sorted(broken)))


def _base(site: Path) -> str:
    robots = site / "robots.txt"
    said = _SITEMAP.search(robots.read_text(encoding="utf-8")) if robots.is_file() else None
    return said[1] if said else ""


def _internal(address: str, page: str, base: str) -> str | None:
    """The root-relative address that ``address`` means on ``page``; None if it leads out of the site."""
    address = address.strip()
    if base and (address == base or address.startswith((f"{base}/", f"{base}#"))):
        address = address[len(base) :] or "/"
    if _SCHEME.match(address):
        return None
    return urljoin(page, address)


def _missing(page: str, address: str, target: str, found: Container[str], files: dict[str, _File]) -> set[BrokenLink]:
    path, fragment = urldefrag(target)
    name = unquote(urlsplit(path).path)
    name = f"{name}index.html" if name.endswith("/") else name
    if name not in found:
        return {BrokenLink(page, address, "page")}
    if fragment and name in files and name.endswith(".html") and unquote(fragment) not in files[name].anchors:
        return {BrokenLink(page, address, "anchor")}
    return set()


def _read(path: Path) -> _File:
    return _READERS[path.suffix](path)


def _html(path: Path) -> _File:
    root: Any = lxml.html.document_fromstring(path.read_bytes(), parser=lxml.html.HTMLParser(encoding="utf-8"))
    return _File(frozenset(_addresses(root)), frozenset(map(str, root.xpath("//@id | //a/@name"))))


def _addresses(root: Any) -> Iterator[str]:
    for element in root.iter(etree.Element):
        for name in _ADDRESSED:
            if (value := element.get(name)) is not None and not (name == "data" and element.tag != "object"):
                yield value
        if sources := element.get("srcset"):
            yield from (part.split()[0] for part in sources.split(",") if part.strip())
        if style := element.get("style"):
            yield from _CSS_URL.findall(style)
        if element.tag == "meta":
            yield from _named_in_meta(element)
        if element.tag == "script" and element.get("type") == "application/ld+json":
            yield from _web_addresses(json.loads(element.text or "null"))


def _named_in_meta(meta: Any) -> Iterator[str]:
    content = meta.get("content", "")
    if meta.get("http-equiv", "").lower() == "refresh" and (found := _REFRESH.match(content)):
        yield found[1]
    if meta.get("property") in ("og:image", "og:url") or meta.get("name") == "twitter:image":
        yield content


def _xml(path: Path) -> _File:
    """Sitemaps hold addresses as text, feeds as attributes and inside the HTML of their entries."""
    found: set[str] = set()
    for element in etree.parse(path, etree.XMLParser(resolve_entities=False, no_network=True)).iter(etree.Element):
        name = etree.QName(element).localname
        if name in ("loc", "id", "uri", "icon", "logo"):
            found.add(element.text or "")
        if name == "link":
            found.add(str(element.get("href", "")))
        if element.get("type") == "html":
            found |= _inner(element.text or "")
    return _File(frozenset(found), frozenset())


def _json(path: Path) -> _File:
    """Of a JSON Feed every web address, and those inside the HTML of its items; other JSON files are data."""
    data = json.loads(path.read_bytes())
    if not (isinstance(data, dict) and "jsonfeed.org" in str(data.get("version", ""))):
        return _File(frozenset(), frozenset())
    inner = set[str]().union(*(_inner(str(item.get("content_html", ""))) for item in data.get("items", [])))
    return _File(frozenset(inner | set(_web_addresses(data))), frozenset())


def _css(path: Path) -> _File:
    addresses = _CSS_URL.findall(path.read_text(encoding="utf-8"))
    return _File(frozenset(address for address in addresses if not address.startswith("#")), frozenset())


def _inner(html: str) -> set[str]:
    """Addresses in a fragment. Its own anchors are left out: a reader shows it outside of our pages."""
    if not html.strip():
        return set()
    return {a for a in _addresses(lxml.html.fragment_fromstring(html, create_parent="div")) if not a.startswith("#")}


def _web_addresses(data: object) -> Iterator[str]:
    if isinstance(data, dict):
        for name, value in data.items():
            if name != "@id":  # a name within the data, no address that anybody opens
                yield from _web_addresses(value)
    elif isinstance(data, list):
        for value in data:
            yield from _web_addresses(value)
    elif isinstance(data, str) and re.fullmatch(r"https?://[^\s<>]+", data):
        yield data


_READERS = {".html": _html, ".xml": _xml, ".json": _json, ".css": _css}


def check_mail_links(mail: Path, site: Path) -> tuple[BrokenLink, ...]:
    """Return the addresses in ``mail.html`` of every bundle that should be on the site and are not: a mail cannot be mended once it is sent."""
    base = _base(site)
    broken = set[BrokenLink]()
    for path in sorted(mail.rglob("mail.html")):
        name = path.relative_to(mail).as_posix()
        for address in _html(path).addresses:
            target = _internal(address, "/", base) if address.startswith(base) else None
            file = site / unquote(urlsplit(target or "").path).lstrip("/")
            if target and not (file / "index.html").is_file() and not (file.is_file()):
                broken.add(BrokenLink(f"mail/{name}", address, "page"))
    return tuple(sorted(broken))
