"""SPF (RFC 7208): may this address send for this domain? `check_host` of section 4, with its limits."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

MOST_LOOKUPS = 10  # section 4.6.4: terms that ask the DNS
MOST_VOID = 2  # section 4.6.4: replies that are empty
MOST_HOSTS = 10  # section 4.6.4: addresses of one mx, names of one ptr
IpAddress = ipaddress.IPv4Address | ipaddress.IPv6Address
_QUALIFIERS = {"+": "pass", "-": "fail", "~": "softfail", "?": "neutral"}
_TERM = re.compile(r"(?P<qualifier>[+?~-]?)(?P<name>[A-Za-z][A-Za-z0-9._-]*)(?P<argument>(?:[:/].*)?)", re.DOTALL)
_MODIFIER = re.compile(r"(?P<name>[A-Za-z][A-Za-z0-9._-]*)=(?P<value>.*)", re.DOTALL)
_MACRO = re.compile(r"%(?:\{([slodiphcrtvSLODIPHCRTV])(\d*)(r?)([.\-+,/_=]*)\}|([%_-]))")
_LENGTHS = re.compile(r"(?P<domain>[^/]*)(?:/(?P<four>\d{1,2}))?(?://(?P<six>\d{1,3}))?")


class Questions(Protocol):
    """What is asked of the DNS (`mailer.doctor.dns.Resolver`)."""

    def text(self, name: str) -> tuple[str, ...]:
        """TXT."""

    def addresses(self, name: str) -> tuple[str, ...]:
        """A and AAAA."""

    def exchanges(self, name: str) -> tuple[str, ...]:
        """MX."""

    def names_of(self, address: str) -> tuple[str, ...]:
        """PTR."""


class Spf(StrEnum):
    """Results of section 2.6, but for `temperror`: that is `DnsUnavailable`."""

    NONE = "none"
    PASS = "pass"  # noqa: S105 - a result of SPF
    FAIL = "fail"
    SOFTFAIL = "softfail"
    NEUTRAL = "neutral"
    PERMERROR = "permerror"


class PermanentError(Exception):
    """The record is wrong, or needs too many questions."""


@dataclass(frozen=True, slots=True)
class SpfResult:
    """`why` is for a person; `lookups` are the questions that count against the limit of ten."""

    result: Spf
    why: str
    record: str = ""
    lookups: int = 0


@dataclass(slots=True)
class _Check:
    questions: Questions
    ip: IpAddress
    sender: str
    hello: str
    lookups: int = 0
    voids: int = 0
    domains: list[str] = field(default_factory=list)

    def count(self, term: str) -> None:
        self.lookups += 1
        if self.lookups > MOST_LOOKUPS:
            raise PermanentError(f"more than {MOST_LOOKUPS} terms ask the DNS, the last one is {term}")

    def filled(self, replies: tuple[str, ...], name: str) -> tuple[str, ...]:
        if not replies:
            self.voids += 1
            if self.voids > MOST_VOID:
                raise PermanentError(f"more than {MOST_VOID} names do not exist, the last one is {name}")
        return replies


def records_of(questions: Questions, domain: str) -> tuple[str, ...]:
    """The SPF records at the name; there may be one (section 4.5).

    :raises DnsUnavailable: nobody answered.
    """
    return tuple(text for text in questions.text(domain) if text.lower() == "v=spf1" or text.lower().startswith("v=spf1 "))


def check_host(questions: Questions, address: str, domain: str, *, sender: str = "", hello: str = "") -> SpfResult:
    """Whether the address may send for the domain.

    :param sender: the return path; without it ``postmaster`` at the domain (section 4.3).
    :raises DnsUnavailable: nobody answered.
    """
    check = _Check(questions, ipaddress.ip_address(address), sender or f"postmaster@{domain}", hello or domain)
    try:
        result, why, record = _evaluate(check, domain)
    except PermanentError as error:
        return SpfResult(Spf.PERMERROR, str(error), next(iter(records_of(questions, domain)), ""), check.lookups)
    return SpfResult(result, why, record, check.lookups)


def _evaluate(check: _Check, domain: str) -> tuple[Spf, str, str]:
    records = records_of(check.questions, domain)
    if not records:
        return Spf.NONE, f"{domain} has no SPF record", ""
    if len(records) > 1:
        raise PermanentError(f"{domain} has {len(records)} SPF records; receivers take none of them")
    terms = records[0].split()[1:]
    redirect = _modifiers(terms).get("redirect")
    for term in terms:
        if _is_modifier(term):
            continue
        if _matches(check, domain, term):
            return Spf(_QUALIFIERS[term[0] if term[0] in _QUALIFIERS else "+"]), f"{term} of {domain}", records[0]
    if redirect is not None:
        check.count(f"redirect={redirect}")
        result, why, _ = _evaluate(check, _expand(check, redirect, domain))
        if result is Spf.NONE:
            raise PermanentError(f"redirect={redirect} of {domain} leads to no SPF record")
        return result, why, records[0]
    return Spf.NEUTRAL, f"no term of {domain} matches, and there is no all", records[0]


def _is_modifier(term: str) -> bool:
    return _MODIFIER.fullmatch(term) is not None


def _modifiers(terms: list[str]) -> dict[str, str]:
    values: dict[str, str] = {}
    for term in terms:
        match = _MODIFIER.fullmatch(term)
        if match is None:
            continue
        name = match["name"].lower()
        if name in values and name in ("redirect", "exp"):
            raise PermanentError(f"{name}= is there twice")
        values[name] = match["value"]
    return values


def _matches(check: _Check, domain: str, term: str) -> bool:
    match = _TERM.fullmatch(term)
    if match is None:
        raise PermanentError(f"{term!r} cannot be read")
    name, argument = match["name"].lower(), match["argument"]
    if name == "all":
        if argument:
            raise PermanentError(f"{term!r} cannot be read")
        return True
    if name in ("ip4", "ip6"):
        return _in_network(check, name, argument, term)
    if name not in ("include", "a", "mx", "ptr", "exists"):
        raise PermanentError(f"{term!r} is no mechanism of SPF")
    check.count(term)
    if name == "include":
        return _included(check, domain, argument, term)
    if name == "exists":
        target = _expand(check, _required(argument, term), domain)
        return any(":" not in address for address in check.filled(check.questions.addresses(target), target))
    if name == "ptr":
        return _is_named(check, _expand(check, argument.removeprefix(":") or domain, domain))
    return _is_host(check, name, domain, argument, term)


def _in_network(check: _Check, name: str, argument: str, term: str) -> bool:
    try:
        network = ipaddress.ip_network(_required(argument, term), strict=False)
    except ValueError:
        raise PermanentError(f"{term!r} has no network") from None
    if network.version != int(name[-1]):
        raise PermanentError(f"{term!r} has an address of the other kind")
    return check.ip.version == network.version and check.ip in network


def _included(check: _Check, domain: str, argument: str, term: str) -> bool:
    target = _expand(check, _required(argument, term), domain)
    result, _, _ = _evaluate(check, target)
    if result is Spf.NONE:
        raise PermanentError(f"{term} of {domain} leads to no SPF record")
    return result is Spf.PASS


def _is_named(check: _Check, target: str) -> bool:
    for name in check.questions.names_of(str(check.ip))[:MOST_HOSTS]:
        is_below = name == target.lower() or name.endswith(f".{target.lower()}")
        if is_below and str(check.ip) in check.questions.addresses(name):
            return True
    return False


def _is_host(check: _Check, name: str, domain: str, argument: str, term: str) -> bool:
    match = _LENGTHS.fullmatch(argument.removeprefix(":"))
    if match is None:
        raise PermanentError(f"{term!r} cannot be read")
    target = _expand(check, match["domain"] or domain, domain)
    hosts: tuple[str, ...] = (target,)
    if name == "mx":
        hosts = check.filled(check.questions.exchanges(target), target)
        if len(hosts) > MOST_HOSTS:
            raise PermanentError(f"{term} of {domain} has more than {MOST_HOSTS} hosts")
    length = match["four"] or "32" if check.ip.version == 4 else match["six"] or "128"
    for host in hosts:
        for address in check.filled(check.questions.addresses(host), host):
            if ipaddress.ip_address(address).version == check.ip.version:
                try:
                    network = ipaddress.ip_network(f"{address}/{length}", strict=False)
                except ValueError:
                    raise PermanentError(f"{term!r} has no such length") from None
                if check.ip in network:
                    return True
    return False


def _required(argument: str, term: str) -> str:
    if not argument.startswith(":") or len(argument) < 2:
        raise PermanentError(f"{term!r} has no value")
    return argument[1:]


def _expand(check: _Check, text: str, domain: str) -> str:
    """Macros (section 7)."""
    if "%" not in text:
        return text
    if "%" in _MACRO.sub("", text):
        raise PermanentError(f"{text!r} has a macro that cannot be read")
    return _MACRO.sub(lambda match: "".join(_macro(check, match, domain)), text)


def _macro(check: _Check, match: re.Match[str], domain: str) -> Iterator[str]:
    if match[5]:
        yield {"%": "%", "_": " ", "-": "%20"}[match[5]]
        return
    local, _, sender_domain = check.sender.rpartition("@")
    ip = check.ip
    values = {
        **{"s": check.sender, "l": local, "o": sender_domain, "d": domain, "h": check.hello, "p": "unknown"},
        "i": str(ip) if ip.version == 4 else ".".join(ip.exploded.replace(":", "")),
        "v": "in-addr" if ip.version == 4 else "ip6",
    }
    value = values.get(match[1].lower())
    if value is None:
        raise PermanentError(f"the macro {match[0]} is for explanations only")
    labels = re.split(f"[{re.escape(match[4] or '.')}]", value)
    labels = labels[::-1] if match[3] else labels
    yield ".".join(labels[-int(match[2]) :] if match[2] and int(match[2]) else labels)
