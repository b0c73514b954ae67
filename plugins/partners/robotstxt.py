"""What a robots.txt says to us (RFC 9309, 2.2). Pure, and linear in time: its writer may be hostile, too."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from urllib.parse import quote, urlsplit

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
