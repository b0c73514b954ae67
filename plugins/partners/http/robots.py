"""Robots exclusion (RFC 9309): read a host's robots.txt before anything else of it is fetched.

What a robots.txt allows holds for a day (section 2.4); only the time of that permission is kept (``state.FeedState.robots_at``).
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from urllib.parse import quote, unquote_to_bytes, urlsplit

import aiohttp
from yarl import URL

from plugins.partners.http.addresses import AddressRules
from plugins.partners.http.body import MemoryBudget, read_parsable
from plugins.partners.http.client import PRODUCT, HttpClient, Limits
from plugins.partners.http.fetch import connection_words, follow_redirects
from plugins.partners.model.errors import PartnersError

LARGEST = 512 * 1024
"""Bytes that are read; section 2.5 asks for at least 500 kibibytes. The rest of a longer file is not looked at; the rules before it hold."""

_ESCAPE = re.compile("%[0-9A-Fa-f]{2}")
_PRODUCT_TOKEN = re.compile(r"[A-Za-z_-]+")
_RESERVED = "/?#[]@!$&'()*+,;=:"
"""RFC 3986, section 2.2."""

REFUSED = "robots.txt が取り込みを断っています。書き手に確かめてください / robots.txt refuses us: ask the writer"


@dataclass(frozen=True)
class Rule:
    """``allow`` or disallow the paths that ``pattern`` matches (section 2.2.3: ``*`` is any text, a final ``$`` the end)."""

    allow: bool
    pattern: str

    def matches(self, path: str) -> bool:
        """Tell whether ``path`` begins with the pattern.

        The leftmost match of each piece suffices, so nothing is tried twice: a regular expression would need exponential time for ``/*a*a*a…``.
        """
        first, *others = self.pattern.removesuffix("$").split("*")
        to_end = self.pattern.endswith("$")
        if not path.startswith(first) or (to_end and not others and path != first):
            return False
        position = len(first)
        for number, piece in enumerate(others, 1):
            last = to_end and number == len(others)
            start = path.rfind(piece, position) if last else path.find(piece, position)
            if start < 0 or (last and start + len(piece) != len(path)):
                return False
            position = start + len(piece)
        return True


Rules = tuple[Rule, ...]


def allows(rules: Iterable[Rule], url: str) -> bool:
    """Tell whether ``url`` may be fetched: the longest matching rule decides, and of two equals the one that allows (section 2.2.2)."""
    parts = urlsplit(url)
    path = _encoded(f"{parts.path or '/'}{f'?{parts.query}' if parts.query else ''}")
    matching = [(len(rule.pattern), rule.allow) for rule in rules if rule.matches(path)]
    return max(matching, default=(0, True))[1]


def rules_for(text: str, product: str) -> Rules:
    """Return the rules of all groups that name ``product``, or else of the groups for ``*`` (section 2.2.1)."""
    groups = list(_groups(text))
    ours = [rules for names, rules in groups if product.lower() in names]
    chosen = ours or [rules for names, rules in groups if "*" in names]
    return tuple(rule for rules in chosen for rule in rules)


def _groups(text: str) -> Iterator[tuple[set[str], list[Rule]]]:
    """Yield the groups: whom each addresses, and its rules. A group ends where a user-agent line follows a rule (section 2.1)."""
    names: set[str] = set()
    rules: list[Rule] = []
    has_rules = False
    for key, value in _lines(text):
        if key == "user-agent":
            if has_rules:
                yield names, rules
                names, rules, has_rules = set(), [], False
            names.add(_product_token(value))
        elif key in ("allow", "disallow"):
            has_rules = True
            if value.startswith(("/", "*")):  # an empty value forbids nothing (section 2.2.2)
                rules.append(Rule(key == "allow", _encoded(value)))
    yield names, rules


def _lines(text: str) -> Iterator[tuple[str, str]]:
    """Yield key and value of each line; ``#`` begins a comment (section 2.2)."""
    for line in text.removeprefix("\ufeff").splitlines():
        key, colon, value = line.partition("#")[0].partition(":")
        if colon:
            yield key.strip().lower(), value.strip()


def _product_token(value: str) -> str:
    """Return whom a user-agent line addresses: ``Todoke-feeds/1.0 (x)`` is Todoke-feeds, since a token has letters, ``_`` and ``-`` only (section 2.2.1)."""
    token = _PRODUCT_TOKEN.match(value)
    return token.group().lower() if token else value.lower()


def _encoded(path: str) -> str:
    """Return a path in the form in which section 2.2.2 compares paths.

    Octets outside US-ASCII are percent-encoded, percent-encoded unreserved characters are decoded (``/%66eed`` is ``/feed``), and reserved ones stay as
    they are: ``%2F`` is no slash, ``%24`` no end of the pattern.
    """
    return _ESCAPE.sub(_normal_escape, quote(path, safe="%" + _RESERVED + "-._~"))


def _normal_escape(match: re.Match[str]) -> str:
    char = unquote_to_bytes(match.group()).decode("latin-1")
    return char if char.isascii() and (char.isalnum() or char in "-._~") else match.group().upper()


@dataclass
class Robots:
    """The robots.txt of every host of one run, each read once."""

    client: HttpClient
    rules: AddressRules
    limits: Limits
    _by_origin: dict[str, asyncio.Task[Rules | str]] = field(default_factory=dict)

    async def refusal(self, url: str) -> str | None:
        """Return why ``url`` may not be fetched, or None if it may."""
        origin = str(URL(url).origin())
        if origin not in self._by_origin:
            self._by_origin[origin] = asyncio.create_task(self._fetch(f"{origin}/robots.txt", self.rules.allowing_port_of(url)))
        rules = await self._by_origin[origin]
        if isinstance(rules, str):
            return rules
        return None if allows(rules, url) else REFUSED

    async def _fetch(self, address: str, rules: AddressRules) -> Rules | str:
        """Read one robots.txt: its rules, or why nothing of the host may be fetched. Redirects are followed (section 2.3.1.2)."""
        limits = replace(self.limits, max_bytes=LARGEST, max_expanded=LARGEST)
        try:
            async with (
                follow_redirects(self.client, address, {}, rules, limits) as final,
                MemoryBudget(self.client.large_bodies) as budget,
            ):
                return await _read(final.response, limits, budget)
        except PartnersError as error:
            return f"{error}（robots.txt）"
        except TimeoutError:
            return "時間内に返事がありません / timed out（robots.txt）"
        except (aiohttp.ClientError, OSError, ValueError) as error:
            return f"{connection_words(error)}（robots.txt）"


async def _read(response: aiohttp.ClientResponse, limits: Limits, budget: MemoryBudget) -> Rules | str:
    """Read a response: "unavailable" (4xx) allows all (section 2.3.1.3), "unreachable" (5xx, no response) forbids all (section 2.3.1.4).

    429 counts as unreachable: the server asks for fewer requests. Of a body that is broken, the lines that can be read hold (section 2.3.1.5).
    """
    if response.status >= 500 or response.status == 429:
        return f"HTTP {response.status}: robots.txt が読めないので控えます / robots.txt unavailable, so we stay away"
    if response.status != 200:
        return ()
    encoding = response.headers.get("Content-Encoding", "")
    body = await read_parsable(response.content.iter_any(), encoding, limits.max_bytes, budget)
    whole_lines = body if len(body) < limits.max_bytes else body[: body.rfind(b"\n") + 1]  # half a path would be another rule
    return rules_for(whole_lines.decode("utf-8", "replace"), PRODUCT)
