"""The table of receivers (`receivers.toml`): which words of which receiver mean which class.

A rule holds words, not patterns: each must occur in the squeezed, lower-cased text, so that reading takes linear time whatever a stranger writes.
"""

from __future__ import annotations

import tomllib
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from mailer.model.outcome import Phase
from mailer.model.returned import receivers
from mailer.model.returned.bounce import BounceClass, Refusal, Verdict

AFTER_DATA = frozenset({Phase.DATA, Phase.BODY})


@dataclass(frozen=True, slots=True)
class Rule:
    """`says`: words that must all occur; `status`, `codes` and `phases` narrow it down where they are given."""

    says: tuple[str, ...]
    bounce_class: BounceClass
    status: str = ""
    codes: frozenset[int] = frozenset()
    phases: frozenset[Phase] = frozenset()

    def fits(self, refusal: Refusal, lower: str) -> bool:
        """Whether the rule is about this refusal. `lower`: its text in lower case."""
        return (
            all(words in lower for words in self.says)
            and (not self.status or self.status == refusal.status)
            and (not self.codes or refusal.code in self.codes)
            and (not self.phases or refusal.phase in self.phases)
        )

    def __str__(self) -> str:
        """For the operator."""
        return " + ".join(filter(None, (*self.says, self.status, *map(str, sorted(self.codes)), *sorted(self.phases))))


@dataclass(frozen=True, slots=True)
class Receiver:
    """One receiver. `domains`: of its addresses; `hosts`: of its servers. Both with all below them; without either it is about everybody."""

    name: str
    domains: tuple[str, ...]
    hosts: tuple[str, ...]
    rules: tuple[Rule, ...]

    def concerns(self, refusal: Refusal) -> bool:
        """Whether the refusal is this receiver's."""
        return not (self.domains or self.hosts) or is_below(refusal.domain, self.domains) or is_below(refusal.host, self.hosts)

    def verdict(self, refusal: Refusal, lower: str) -> Verdict | None:
        """The class by the first rule that fits."""
        rule = next((rule for rule in self.rules if rule.fits(refusal, lower)), None)
        return None if rule is None else Verdict(rule.bounce_class, self.name, str(rule))


def is_below(name: str, domains: Collection[str]) -> bool:
    """Whether a domain is one of these, or below one of them."""
    return any(name == domain or name.endswith("." + domain) for domain in domains)


@cache
def table() -> tuple[Receiver, ...]:
    """All receivers in the order of the file: those of names first, the words that all servers use last."""
    text = files("mailer.bounces").joinpath("receivers.toml").read_text("utf-8")
    return parse_receivers(tomllib.loads(text)["receiver"])


def parse_receivers(entries: Iterable[Mapping[str, Any]]) -> tuple[Receiver, ...]:
    """Tables of the file → receivers.

    :raises ValueError: a class or a step that there is not.
    :raises KeyError: a rule without its class.
    """
    return tuple(
        Receiver(entry["name"], _domains(entry), tuple(entry.get("hosts", ())), tuple(map(parse_rule, entry["rules"]))) for entry in entries
    )


def _domains(entry: Mapping[str, Any]) -> tuple[str, ...]:
    """The entry's own domains, and those of the receivers that it names (`model.returned.receivers`)."""
    known = (domain for name in entry.get("receivers", ()) for domain in receivers.DOMAINS[receivers.Receiver(name)])
    return (*entry.get("domains", ()), *known)


def parse_rule(entry: Mapping[str, Any]) -> Rule:
    """One rule of a file. `phase = "after data"` stands for both steps from DATA on."""
    says = entry.get("says", ())
    phase = entry.get("phase", "")
    return Rule(
        tuple(words.lower() for words in ((says,) if isinstance(says, str) else says)),
        BounceClass(entry["class"]),
        str(entry.get("status", "")),
        frozenset(entry.get("codes", ())),
        AFTER_DATA if phase == "after data" else frozenset({Phase(phase)} if phase else ()),
    )
