"""Compares one answer with what is signed. Pure functions of values."""

from __future__ import annotations

import datetime as dt
import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from html import unescape
from ipaddress import ip_address, ip_network
from urllib.parse import quote, unquote, urljoin, urlsplit

from verifier.model import WELL_KNOWN, Answer, Release, SignedFile

Judgement = list[tuple[str, str]]
"""Kind and words of what is wrong; empty if all is well."""

ALIASES = {  # RFC 7303 section 9.2, RFC 9239 section 6, and what servers have sent for icons since ever
    "text/xml": "application/xml",
    "application/javascript": "text/javascript",
    "image/vnd.microsoft.icon": "image/x-icon",
}


def address_of(path: str) -> str:
    """Return the address that readers use, relative to the site's root and quoted: ``press/index.html`` is ``press/``."""
    return quote(path.removesuffix("index.html") if f"/{path}".endswith("/index.html") else path, safe="/!$&'()*+,;=:@~")


def judge_file(file: SignedFile, answer: Answer, older: Iterable[Release], headers: Mapping[str, str]) -> Judgement:
    """Compare the answer for a released file. ``headers`` are those that each answer must have. An old page is told apart from an altered one."""
    if answer.status >= 500 or answer.status in (408, 429):
        return [("unreachable", f"status {answer.status}")]
    if 300 <= answer.status < 400:
        return [("altered", f"status {answer.status}, leads to {answer.headers.get('location', '')[:200]}")]
    if answer.status != 200:
        return [("missing", f"status {answer.status}")]
    digest = hashlib.sha256(answer.body).hexdigest()
    if digest != file.sha256:
        old = next((release.number for release in older if file.path in release.files and release.files[file.path].sha256 == digest), 0)
        if old:
            return [("rolled-back", f"the page is that of release {old}")]
        if len(answer.body) < file.length and not {"content-length", "transfer-encoding"} & answer.headers.keys():
            return [("unreachable", f"{len(answer.body)} of {file.length} bytes, and the end of the answer cannot be told from a cut")]
        return [("altered", f"SHA-256 {digest[:16]}… instead of {file.sha256[:16]}…, {len(answer.body)} bytes instead of {file.length}")]
    return [("header", words) for words in _headers(file, answer.headers, headers)]


def _headers(file: SignedFile, found: Mapping[str, str], required: Mapping[str, str]) -> list[str]:
    media_type = found.get("content-type", "")
    words = []
    if not _same_type(media_type, file.media_type):
        words.append(f"Content-Type is {media_type[:80]!r}, not {file.media_type!r}")
    cache = found.get("cache-control", "")
    if cache and _lifetime(cache) > _lifetime(file.cache_control):
        words.append(f"Cache-Control is {cache[:80]!r}, not {file.cache_control!r}")
    words += [
        f"{name} is {found.get(name.lower(), '')[:80]!r}, not {value!r}"
        for name, value in required.items()
        if found.get(name.lower()) != value
    ]
    return words


def _same_type(found: str, wanted: str) -> bool:
    """Compare without case, and the character set only where both name one."""
    parts = [[part.strip().lower().strip('"') for part in value.partition("charset=")[::2]] for value in (found, wanted)]
    types = [name.rstrip("; ") for name, _ in parts]
    sets = {charset for _, charset in parts if charset}
    return ALIASES.get(types[0], types[0]) == ALIASES.get(types[1], types[1]) and len(sets) < 2


def _lifetime(rule: str) -> int:
    """Return for how many seconds a shared cache may keep it (RFC 9111 section 4.2.1)."""
    if re.search(r"no-cache|no-store|private", rule, re.IGNORECASE):
        return 0
    ages: dict[str, str] = dict(re.findall(r"(s-maxage|max-age)=\"?([0-9]{1,9})", rule.lower()))
    return int(ages.get("s-maxage", ages.get("max-age", "0")))


def judge_connection(answers: Sequence[Answer], addresses: Sequence[str], now: dt.datetime, days: int, slow: float) -> Judgement:
    """Judge what is the same for all answers of a mirror: where it is, its certificate, its speed (the median)."""
    found: Judgement = []
    networks = [ip_network(each, strict=False) for each in addresses]
    strange = sorted({one.address for one in answers if networks and not any(ip_address(one.address) in each for each in networks)})
    if strange:
        found.append(("dns", f"{', '.join(strange)} is none of {', '.join(addresses)}"))
    ends = min((one.certificate_ends for one in answers if one.certificate_ends), default=None)
    if ends and ends - now < dt.timedelta(days=days):
        found.append(("certificate", f"it ends {ends:%Y-%m-%d %H:%M} UTC"))
    median = sorted(one.seconds for one in answers)[len(answers) // 2] if answers else 0.0
    return [*found, ("slow", f"{median:.1f} s, the bound is {slow:g} s")] if median > slow else found


_LINK = re.compile(r"""\b(?:href|src|action|data|url)\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'>]+))""", re.IGNORECASE)
_BASE = re.compile(r"""<base\b[^>]{0,200}?\bhref\s*=\s*["']?([^"'\s>]+)""", re.IGNORECASE)
"""No parser: a hostile page makes `html.parser` work for hours (CVE-2025-6069), and a link too many costs one request."""


def links(body: bytes, base: str, path: str) -> set[str]:
    """Return the paths of the same site to which a page leads."""
    text = body.decode("utf-8", "replace")
    found = {unescape("".join(groups)).strip() for groups in _LINK.findall(text)}
    moved = _BASE.search(text)
    return {_path(link, f"{base}/{address_of(path)}", unescape(moved[1]) if moved else "", f"{base}/") for link in found} - {""}


def _path(link: str, page: str, base: str, site: str) -> str:
    """Return the path of the site to which a link leads, or an empty one: another site, no address at all, the front page."""
    try:
        target, home = urlsplit(urljoin(urljoin(page, base), link)), urlsplit(site)
    except ValueError:
        return ""
    if target.netloc.lower() != home.netloc.lower() or not target.path.startswith(home.path):
        return ""
    path = unquote(target.path.removeprefix(home.path))
    return f"{path}index.html" if path.endswith("/") else path


def is_released(path: str, release: Release) -> bool:
    """Whether the release has the file, or a folder of that name to whose page a web server leads, or it is part of the proof."""
    return path in release.files or f"{path}/index.html" in release.files or path.startswith(WELL_KNOWN)
