"""Every internal address on the built site leads somewhere: pages, anchors, feeds, sitemaps, style sheets, redirects.

1. Read every file that can hold addresses, by its kind.
2. Keep the addresses that stay on the site, and make each root-relative.
3. Look for the file, and for HTML files also for the element that a fragment names.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from html import escape
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import unquote, urljoin

import lxml.html
import tinycss2
from lxml import etree

from plugins.diagnostics import Diagnostic
from plugins.frontmatter.model.link_targets import path_of

# Attributes of HTML that hold one address (HTML Standard, index of attributes). ``srcset`` holds several and is read apart.
_ADDRESS_ATTRIBUTES = ("href", "src", "poster", "action", "data", "cite", "longdesc", "formaction")
_SCHEME = re.compile(r"^[a-z][a-z0-9+.-]*:|^//", re.IGNORECASE)
# ``<meta http-equiv=refresh content="0; url=/gone/">`` (HTML Standard, shared declarative refresh steps)
_REFRESH = re.compile(r"^\s*[\d.]+\s*[;,]\s*(?:url\s*=\s*)?[\"']?([^\"']+)", re.IGNORECASE)
_SITEMAP = re.compile(r"^Sitemap:\s*(\S+)/sitemap\.xml\s*$", re.MULTILINE)

_MESSAGES = {
    "L101": ("このアドレスのページやファイルがありません", "no such page or file"),
    "L102": ("行き先のページに、この目印（id）がありません", "the page has no such anchor"),
    "L103": ("メールの行き先のページがありません", "the page that the mail links to is not on the site"),
}


@dataclass(frozen=True)
class LinkReport:
    """The result: number of files read, number of internal addresses followed, and a diagnostic for each that leads nowhere."""

    files: int
    addresses: int
    diagnostics: tuple[Diagnostic, ...]


@dataclass(frozen=True)
class _File:
    addresses: frozenset[str]
    anchors: frozenset[str]


def check_links(site: Path) -> LinkReport:
    """Follow every internal address in every HTML, XML, JSON Feed and CSS file below ``site``.

    The site's public address is taken from ``robots.txt``, so that absolute addresses of our own (canonical, feeds, sitemaps) are followed too.
    Raises `FileNotFoundError` if there is no page at all.
    """
    base = _public_address(site)
    paths = {f"/{path.relative_to(site).as_posix()}": path for path in sorted(site.rglob("*")) if path.is_file()}
    files = {name: _READERS[path.suffix](path) for name, path in paths.items() if path.suffix in _READERS}
    if not any(name.endswith(".html") for name in files):
        raise FileNotFoundError(f"{site} にページがありません。先に todoke build をしてください / no page below {site}: build first")
    diagnostics, count = set[Diagnostic](), 0
    for name, file in files.items():
        for address in file.addresses:
            target = _internal(address, name, base)
            if target is None:
                continue
            count += 1
            if rule := _broken_rule(target, paths, files):
                diagnostics.add(_diagnostic(paths[name], address, rule))
    return LinkReport(len(files), count, tuple(sorted(diagnostics)))


def check_mail_links(mail: Path, site: Path) -> tuple[Diagnostic, ...]:
    """Return a diagnostic for each address in ``mail.html`` of every bundle that should be on the site and is not."""
    base = _public_address(site)
    diagnostics = set[Diagnostic]()
    for path in sorted(mail.rglob("mail.html")):
        for address in _read_html(path).addresses:
            target = _internal(address, "/", base) if address.startswith(base) else None
            file = site / unquote(path_of(target or "")).lstrip("/")
            if target and not (file / "index.html").is_file() and not file.is_file():
                diagnostics.add(_diagnostic(path, address, "L103"))
    return tuple(sorted(diagnostics))


def _public_address(site: Path) -> str:
    robots = site / "robots.txt"
    match = _SITEMAP.search(robots.read_text(encoding="utf-8")) if robots.is_file() else None
    return match[1] if match else ""


def _internal(address: str, page: str, base: str) -> str | None:
    """Return the root-relative address that ``address`` means on ``page``; None if it leads out of the site."""
    address = address.strip()
    if base and (address == base or address.startswith((f"{base}/", f"{base}#"))):
        address = address[len(base) :] or "/"
    if _SCHEME.match(address):
        return None
    try:
        return urljoin(page, address)
    except ValueError:  # brackets that hold no IPv6 address: it leads nowhere, in the site or out of it
        return address


def _broken_rule(target: str, names: Collection[str], files: Mapping[str, _File]) -> str:
    """Return the code of the rule that the root-relative address ``target`` breaks, or nothing."""
    path, _, fragment = target.partition("#")
    name = unquote(path_of(path))
    name = f"{name}index.html" if name.endswith("/") else name
    if name not in names:
        return "L101"
    if fragment and name in files and name.endswith(".html") and unquote(fragment) not in files[name].anchors:
        return "L102"
    return ""


def _diagnostic(path: Path, address: str, rule: str) -> Diagnostic:
    """The readers keep no lines, which would cost memory on thousands of good pages: the few broken addresses are looked for again."""
    lines = path.read_text(encoding="utf-8", errors="replace").split("\n")
    line = next((number for number, text in enumerate(lines, 1) if address in text or escape(address) in text), 1)
    return Diagnostic(PurePosixPath(path.as_posix()), line, *_MESSAGES[rule], rule, subject=address)


def _read_html(path: Path) -> _File:
    root: Any = lxml.html.document_fromstring(path.read_bytes(), parser=lxml.html.HTMLParser(encoding="utf-8"))
    return _File(frozenset(_html_addresses(root)), frozenset(map(str, root.xpath("//@id | //a/@name"))))


def _html_addresses(root: Any) -> Iterator[str]:
    for element in root.iter(etree.Element):
        for name in _ADDRESS_ATTRIBUTES:
            if (value := element.get(name)) is not None and not (name == "data" and element.tag != "object"):
                yield value
        if candidates := element.get("srcset"):
            yield from (candidate.split()[0] for candidate in candidates.split(",") if candidate.strip())
        if style := element.get("style"):
            yield from _css_addresses(style)
        if element.tag == "meta":
            yield from _meta_addresses(element)
        if element.tag == "script" and element.get("type") == "application/ld+json":
            yield from _json_addresses(json.loads(element.text or "null"))


def _meta_addresses(meta: Any) -> Iterator[str]:
    content = meta.get("content", "")
    if meta.get("http-equiv", "").lower() == "refresh" and (match := _REFRESH.match(content)):
        yield match[1]
    if meta.get("property") in ("og:image", "og:url") or meta.get("name") == "twitter:image":
        yield content


def _read_xml(path: Path) -> _File:
    """Sitemaps hold addresses as text, feeds as attributes and inside the HTML of their entries."""
    addresses: set[str] = set()
    for element in etree.parse(path, etree.XMLParser(resolve_entities=False, no_network=True)).iter(etree.Element):
        name = etree.QName(element).localname
        if name in ("loc", "id", "uri", "icon", "logo"):
            addresses.add(element.text or "")
        if name == "link":
            addresses.add(str(element.get("href", "")))
        if element.get("type") == "html":
            addresses |= _fragment_addresses(element.text or "")
    return _File(frozenset(addresses), frozenset())


def _read_json(path: Path) -> _File:
    """Of a JSON Feed every web address, and those inside the HTML of its items; other JSON files are data."""
    data = json.loads(path.read_bytes())
    if not (isinstance(data, dict) and "jsonfeed.org" in str(data.get("version", ""))):
        return _File(frozenset(), frozenset())
    in_items = set[str]().union(*(_fragment_addresses(str(item.get("content_html", ""))) for item in data.get("items", [])))
    return _File(frozenset(in_items | set(_json_addresses(data))), frozenset())


def _read_css(path: Path) -> _File:
    addresses = _css_addresses(path.read_text(encoding="utf-8"))
    return _File(frozenset(address for address in addresses if not address.startswith("#")), frozenset())


def _css_addresses(css: str) -> list[str]:
    """Return the addresses of every ``url()`` and ``@import`` in a style sheet, or in the value of a ``style`` attribute."""
    return list(_token_addresses(tinycss2.parse_component_value_list(css))) if "url(" in css.lower() or "@import" in css.lower() else []


def _token_addresses(tokens: Any) -> Iterator[str]:
    """``url(x)`` is one token, ``url("x")`` a function (CSS Syntax Level 3, §4.3.6)."""
    after_import = False
    for token in tokens:
        if token.type == "url" or (token.type == "string" and after_import):
            yield token.value
        elif token.type == "function" and token.lower_name == "url":
            yield from (argument.value for argument in token.arguments if argument.type == "string")
        for inner in ("content", "arguments"):
            yield from _token_addresses(getattr(token, inner, None) or ())
        after_import = (token.type == "at-keyword" and token.lower_value == "import") or (after_import and token.type == "whitespace")


def _fragment_addresses(html: str) -> set[str]:
    """Return the addresses in a fragment without its own anchors: a feed reader shows it outside of our pages."""
    if not html.strip():
        return set()
    addresses = _html_addresses(lxml.html.fragment_fromstring(html, create_parent="div"))
    return {address for address in addresses if not address.startswith("#")}


def _json_addresses(data: object) -> Iterator[str]:
    if isinstance(data, dict):
        for name, value in data.items():
            if name != "@id":  # JSON-LD: a name within the data, and no address that anybody opens
                yield from _json_addresses(value)
    elif isinstance(data, list):
        for value in data:
            yield from _json_addresses(value)
    elif isinstance(data, str) and re.fullmatch(r"https?://[^\s<>]+", data):
        yield data


_READERS = {".html": _read_html, ".xml": _read_xml, ".json": _read_json, ".css": _read_css}
"""File name suffix → what reads the addresses of such a file. A new kind of file is one function here."""
