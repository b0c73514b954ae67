"""Ask a host's robots.txt before anything else (RFC 9309). What it says holds for a day; nothing of it is kept but "allowed then"."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from urllib.parse import quote, urlsplit

import aiohttp
from yarl import URL

from plugins.partners.http.addresses import AddressRules
from plugins.partners.http.body import MemoryBudget, read_body
from plugins.partners.http.client import PRODUCT, HttpClient, Limits
from plugins.partners.http.fetch import follow_redirects
from plugins.partners.model.errors import FetchError, PartnersError

MOST_RULES = 2_000
"""Rules of the group that speaks to us."""


_PRINTABLE = "/%?=&;:@!$'()*+,-._~[]#"


@dataclass(frozen=True)
class Rule:
    """``allow`` or not, for paths that ``pattern`` matches (``*`` is anything, a final ``$`` the end)."""

    allow: bool
    pattern: str

    def matches(self, path: str) -> bool:
        """Tell whether ``path`` begins with the pattern. Leftmost matches suffice, so nothing is ever tried twice."""
        first, *others = self.pattern.removesuffix("$").split("*")
        ends = self.pattern.endswith("$")
        if not path.startswith(first) or (ends and not others and path != first):
            return False
        position = len(first)
        for number, piece in enumerate(others, 1):
            last = ends and number == len(others)
            found = path.rfind(piece, position) if last else path.find(piece, position)
            if found < 0 or (last and found + len(piece) != len(path)):
                return False
            position = found + len(piece)
        return True


def allows(rules: Iterable[Rule], url: str) -> bool:
    """Tell whether ``url`` may be fetched: the longest matching rule decides, and of two equals the one that allows (2.2.2)."""
    parts = urlsplit(url)
    path = _written(f"{parts.path or '/'}{f'?{parts.query}' if parts.query else ''}")
    matching = [(len(rule.pattern), rule.allow) for rule in rules if rule.matches(path)]
    return max(matching, default=(0, True))[1]


def rules_for(text: str, product: str) -> tuple[Rule, ...]:
    """Return the rules of the groups that name ``product``, or else of those for everybody (2.2.1)."""
    groups = list(_groups(text))
    ours = [rules for names, rules in groups if product.lower() in names]
    chosen = ours or [rules for names, rules in groups if "*" in names]
    return tuple(rule for rules in chosen for rule in rules)[:MOST_RULES]


def _groups(text: str) -> Iterator[tuple[set[str], list[Rule]]]:
    """Yield groups: who is spoken to, and what is said."""
    names: set[str] = set()
    rules: list[Rule] = []
    speaking = False
    for key, value in _lines(text):
        if key == "user-agent":
            if speaking:
                yield names, rules
                names, rules, speaking = set(), [], False
            names.add(value.lower())
        elif key in ("allow", "disallow"):
            speaking = True
            if value.startswith(("/", "*")):  # an empty value forbids nothing
                rules.append(Rule(key == "allow", _written(value)))
    yield names, rules


def _lines(text: str) -> Iterator[tuple[str, str]]:
    for line in text.removeprefix("\ufeff").splitlines():
        key, colon, value = line.partition("#")[0].partition(":")
        if colon:
            yield key.strip().lower(), value.strip()


def _written(path: str) -> str:
    """Return a path with every other character percent-encoded, as 2.2.2 compares them."""
    return quote(path, safe=_PRINTABLE)


LARGEST = 512 * 1024
"""Bytes that are read (RFC 9309, 2.5 asks for at least 500 kibibytes)."""


Rules = tuple[Rule, ...]


REFUSED = "robots.txt が取り込みを断っています。書き手に確かめてください / robots.txt refuses us: ask the writer"


@dataclass
class Robots:
    """The robots.txt of every host of one run, each read once."""

    client: HttpClient
    rules: AddressRules
    limits: Limits
    _read: dict[str, asyncio.Task[Rules | str]] = field(default_factory=dict)

    async def refusal(self, url: str) -> str | None:
        """Return why ``url`` may not be fetched, or None when it may."""
        origin = str(URL(url).origin())
        if origin not in self._read:
            self._read[origin] = asyncio.create_task(self._ask(f"{origin}/robots.txt", self.rules.knowing(url)))
        said = await self._read[origin]
        if isinstance(said, str):
            return said
        return None if allows(said, url) else REFUSED

    async def _ask(self, address: str, rules: AddressRules) -> Rules | str:
        """Read one robots.txt: its rules, or why we must stay away."""
        limits = replace(self.limits, max_bytes=LARGEST, max_expanded=LARGEST)
        try:
            async with follow_redirects(self.client, address, {}, rules, limits) as arrival, MemoryBudget(self.client.large) as space:
                return await _rules(arrival.response, limits, space)
        except PartnersError as error:
            return f"{error}（robots.txt）"
        except TimeoutError:
            return "時間内に返事がありません / timed out（robots.txt）"
        except (aiohttp.ClientError, OSError, ValueError) as error:
            return f"つながりません / cannot be fetched: {type(error).__name__}: {str(error)[:200]}（robots.txt）"


async def _rules(response: aiohttp.ClientResponse, limits: Limits, space: MemoryBudget) -> Rules | str:
    """Read an answer: no such file allows all (2.3.1.3), a failing server forbids all (2.3.1.4), an oversized file counts as none."""
    if response.status >= 500 or response.status == 429:
        return f"HTTP {response.status}: robots.txt が読めないので控えます / robots.txt unavailable, so we stay away"
    if response.status != 200:
        return ()
    encoding = response.headers.get("Content-Encoding", "")
    try:
        body = await read_body(response.content.iter_any(), encoding, limits.max_bytes, limits.max_expanded, space)
    except FetchError:
        return ()
    return rules_for(body.decode("utf-8", "replace"), PRODUCT)
