"""Compares one answer with what is signed. Pure functions of values."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from html import unescape
from ipaddress import ip_address, ip_network
from statistics import median_high
from urllib.parse import quote, unquote, urljoin, urlsplit

from verifier.model import WELL_KNOWN, Answer, Judgement, Release, SignedFile

CERTIFICATE_DAYS = 21

ALIASES = {"text/xml": "application/xml", "application/javascript": "text/javascript", "image/vnd.microsoft.icon": "image/x-icon"}
"""RFC 7303 section 9.2, RFC 9239 section 6, and what servers have sent for icons since ever."""


def address_of(path: str) -> str:
    """Return the address that readers use, relative to the site's root and quoted: ``press/index.html`` is ``press/``."""
    return quote(path.removesuffix("index.html") if f"/{path}".endswith("/index.html") else path, safe="/!$&'()*+,;=:@~")


def judge_file(path: str, file: SignedFile, answer: Answer, older: Iterable[Release], headers: Mapping[str, str]) -> Judgement:
    """Compare the answer for a released file. ``headers`` are those that each answer must have. An old page is told apart from an altered
    one.
    """
    if not answer.is_up:
        return {"unreachable": answer.failure or f"status {answer.status}"}
    if 300 <= answer.status < 400:
        return {"altered": f"status {answer.status}, leads to {answer.headers.get('location', '')[:200]}"}
    if answer.status != 200:
        return {"missing": f"status {answer.status}"}
    digest = hashlib.sha256(answer.body).hexdigest()
    if digest == file.sha256:
        return _judge_headers(file, answer.headers, headers)
    for release in older:
        if path in release.files and release.files[path].sha256 == digest:
            return {"rolled-back": f"the page is that of release {release.number}"}
    if len(answer.body) < file.length and not {"content-length", "transfer-encoding"} & answer.headers.keys():
        return {"unreachable": f"{len(answer.body)} of {file.length} bytes, and the end of the answer cannot be told from a cut"}
    return {"altered": f"SHA-256 {digest[:16]}… instead of {file.sha256[:16]}…, {len(answer.body)} bytes instead of {file.length}"}


def _judge_headers(file: SignedFile, received: Mapping[str, str], required: Mapping[str, str]) -> Judgement:
    expected = {"Content-Type": file.media_type, "Cache-Control": file.cache_control, **required}
    wrong = [name for name, value in required.items() if received.get(name.lower()) != value]
    wrong += [] if _same_type(received.get("content-type", ""), file.media_type) else ["Content-Type"]
    wrong += ["Cache-Control"] if _lifetime(received.get("cache-control", "")) > _lifetime(file.cache_control) else []
    words = "; ".join(f"{name} is {received.get(name.lower(), '')[:80]!r}, not {expected[name]!r}" for name in wrong)
    return {"header": words} if wrong else {}


def _same_type(received: str, expected: str) -> bool:
    """Compare without case, and the character set only where both name one."""
    parts = [[part.strip('"; ') for part in value.lower().partition("charset=")[::2]] for value in (received, expected)]
    types = {ALIASES.get(name, name) for name, _ in parts}
    return len(types) == 1 and len({charset for _, charset in parts} - {""}) < 2


def _lifetime(rule: str) -> int:
    """Return for how many seconds a shared cache may keep it (RFC 9111 section 4.2.1)."""
    ages: dict[str, str] = dict(re.findall(r"(s-maxage|max-age)=\"?([0-9]{1,9})", rule.lower()))
    return 0 if re.search(r"no-cache|no-store|private", rule.lower()) else int(ages.get("s-maxage", ages.get("max-age", "0")))


def judge_connection(responses: Sequence[Answer], addresses: Sequence[str], now: float, slow: float) -> Judgement:
    """Judge what is the same for all answers of a mirror: where it is, its certificate, its speed (the median)."""
    judgement, networks = Judgement(), [ip_network(each, strict=False) for each in addresses]
    strange = sorted({one.address for one in responses if networks and not any(ip_address(one.address) in each for each in networks)})
    if strange:
        judgement["dns"] = f"{', '.join(strange)} is none of {', '.join(addresses)}"
    ends = min((one.certificate_ends for one in responses if one.certificate_ends), default=None)
    if ends and ends.timestamp() - now < CERTIFICATE_DAYS * 86400:
        judgement["certificate"] = f"it ends {ends:%Y-%m-%d %H:%M} UTC"
    if responses and (median := median_high(one.seconds for one in responses)) > slow:
        judgement["slow"] = f"{median:.1f} s, the bound is {slow:g} s"
    return judgement


_LINK = re.compile(r"""\b(?:href|src|action|data|url)\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'>]+))""", re.IGNORECASE)
_BASE = re.compile(r"""<base\b[^>]{0,200}?\bhref\s*=\s*["']?([^"'\s>]+)""", re.IGNORECASE)
"""No parser: a hostile page makes `html.parser` work for hours (CVE-2025-6069), and a link too many costs one request."""


def links(body: bytes, site: str, path: str) -> set[str]:
    """Return the paths of the same site to which a page leads: not other sites, no broken addresses, not the front page."""
    text, paths = body.decode("utf-8", "replace"), set[str]()
    home, moved = urlsplit(f"{site}/"), _BASE.search(text)
    for groups in set(_LINK.findall(text)):
        with suppress(ValueError):
            base = urljoin(f"{site}/{address_of(path)}", unescape(moved[1]) if moved else "")
            target = urlsplit(urljoin(base, unescape("".join(groups)).strip()))
            if target.netloc.lower() == home.netloc.lower() and target.path.startswith(home.path):
                linked = unquote(target.path.removeprefix(home.path))
                paths.add(f"{linked}index.html" if linked.endswith("/") else linked)
    return paths - {""}


def is_released(path: str, release: Release) -> bool:
    """Whether the release has the file, or a folder of that name to whose page a web server leads, or it is part of the proof."""
    return path in release.files or f"{path}/index.html" in release.files or path.startswith(WELL_KNOWN)
