"""Has From's domain any authentication that works? Asked before an issue is frozen or sent.

Refused is only what the DNS denies plainly. If nobody answers, the last verdict counts for a week, and without one mail goes: a dead resolver must
not stop the news, least of all an emergency. A good verdict is not asked for again within an hour.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from pathlib import Path

from mailer import private_files
from mailer.config.settings import Config
from mailer.doctor import dmarc, spf
from mailer.doctor.dns import Resolver
from mailer.doctor.mail_domain import signer_of
from mailer.doctor.reserved import is_reserved
from mailer.doctor.spf import Spf
from mailer.message.dkim import keys, records
from mailer.model.errors import DkimError, DnsUnavailable, NotPrivate

FRESH, REMEMBERED = timedelta(hours=1), timedelta(days=7)
FILE = "authentication.json"


class Answer(StrEnum):
    """`example`: a reserved name, or the setting is off; nothing is asked."""

    WORKING = "working"
    MISSING = "missing"
    UNKNOWN = "unknown"
    EXAMPLE = "example"


@dataclass(frozen=True, slots=True)
class Verdict:
    """The answer for one domain, and why, for a person."""

    domain: str
    answer: Answer
    why: str


def judge(config: Config, from_address: str, now: datetime, ask: Callable[[], Resolver] | None = None) -> Verdict:
    """The verdict on From's domain, from the last hour's memory or from the DNS.

    :param ask: makes the resolver; without it, by the settings.
    """
    domain = from_address.rpartition("@")[2].lower()
    if config.authentication.sending == "off" or is_reserved(domain):
        return Verdict(domain, Answer.EXAMPLE, "not examined")
    memory = config.state.parent / FILE
    last = _recall(memory, domain, now)
    if last is not None and last[0].answer is Answer.WORKING and now - last[1] < FRESH:
        return last[0]
    try:
        verdict = examine(config, domain, ask() if ask else Resolver(config.authentication.nameservers))
    except DnsUnavailable as error:
        return last[0] if last is not None else Verdict(domain, Answer.UNKNOWN, str(error))
    if verdict.answer is not Answer.UNKNOWN:
        _remember(memory, verdict, now)
    return verdict


def examine(config: Config, domain: str, resolver: Resolver) -> Verdict:
    """The verdict by the DNS: one aligned way that works is enough (RFC 9989 section 4.1).

    :raises DnsUnavailable: nobody answered.
    """
    if not resolver.exists(domain):
        return Verdict(domain, Answer.MISSING, "the domain does not exist in the DNS")
    policy = dmarc.policy_of(resolver, domain)
    by_dkim = _by_dkim(config, domain, resolver, policy)
    if by_dkim.answer is Answer.WORKING:
        return by_dkim
    by_spf = _by_spf(config, domain, resolver, policy)
    if Answer.WORKING in (by_spf.answer, by_dkim.answer) or by_spf.answer is Answer.UNKNOWN:
        return by_spf
    return Verdict(domain, Answer.MISSING, f"{by_dkim.why}; {by_spf.why}")


def _by_dkim(config: Config, domain: str, resolver: Resolver, policy: dmarc.DmarcPolicy) -> Verdict:
    for name in config.authentication.relay_dkim:
        is_published = any(records.tags(text).get("p") for text in resolver.text(name))
        if is_published and dmarc.is_aligned(resolver, signer_of(name), policy, "adkim"):
            return Verdict(domain, Answer.WORKING, f"the relay signs ({name})")
    signing = config.dkim.domain_for(domain)
    if signing is None:
        return Verdict(domain, Answer.MISSING, "no DKIM key is published for it")
    try:
        selector = keys.active_selector(config.dkim, signing)
        key = keys.all_keys(config.dkim, signing)[selector]
    except (DkimError, NotPrivate, KeyError) as error:
        return Verdict(domain, Answer.MISSING, f"its DKIM key cannot be used ({error})")
    texts = resolver.text(records.name(signing, selector))
    rejections = [records.rejection(text, key) for text in texts]
    if not texts or all(rejections):
        why = rejections[0] if rejections else "it is not there"
        return Verdict(domain, Answer.MISSING, f"the DKIM record {records.name(signing, selector)} does not work: {why}")
    if not dmarc.is_aligned(resolver, signing, policy, "adkim"):
        return Verdict(domain, Answer.MISSING, f"the DKIM domain {signing} is not aligned with it")
    return Verdict(domain, Answer.WORKING, f"signed by {records.name(signing, selector)}")


def _by_spf(config: Config, domain: str, resolver: Resolver, policy: dmarc.DmarcPolicy) -> Verdict:
    bounce = config.return_path.rpartition("@")[2].lower()
    if not spf.records_of(resolver, bounce):
        return Verdict(domain, Answer.MISSING, f"{bounce} has no SPF record")
    if not dmarc.is_aligned(resolver, bounce, policy, "aspf"):
        return Verdict(domain, Answer.MISSING, f"the return path's domain {bounce} is not aligned with it")
    addresses = config.authentication.addresses
    results = [spf.check_host(resolver, address, bounce, sender=config.return_path) for address in addresses]
    if not results:
        return Verdict(domain, Answer.UNKNOWN, f"{bounce} has SPF, and [authentication] addresses does not say from where you send")
    if all(result.result is Spf.PASS for result in results):
        return Verdict(domain, Answer.WORKING, f"SPF of {bounce}")
    return Verdict(domain, Answer.MISSING, next(f"SPF: {result.why}" for result in results if result.result is not Spf.PASS))


def _recall(path: Path, domain: str, now: datetime) -> tuple[Verdict, datetime] | None:
    """The last verdict on a domain, unless it is too old. A file that cannot be read says nothing."""
    values = _stored(path).get(domain)
    try:
        at = datetime.fromisoformat(values["at"]) if values else None
        verdict = Verdict(domain, Answer(values["answer"]), values["why"]) if values else None
    except (KeyError, TypeError, ValueError):
        return None
    if at is None or verdict is None or at.tzinfo is None or not timedelta(0) <= now - at < REMEMBERED:
        return None
    return verdict, at


def _remember(path: Path, verdict: Verdict, now: datetime) -> None:
    """Write it beside the database. That it cannot be written is no reason not to send."""
    values = dict(_stored(path)) | {verdict.domain: asdict(verdict) | {"at": now.isoformat()}}
    temporary = path.with_name(f".{path.name}.new")
    try:
        private_files.make_folder(path.parent)
        temporary.unlink(missing_ok=True)
        private_files.write_new(temporary, json.dumps(values, ensure_ascii=False).encode())
        temporary.replace(path)
    except OSError:
        return


def _stored(path: Path) -> Mapping[str, dict[str, str]]:
    try:
        values = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    return values if isinstance(values, dict) and all(isinstance(value, dict) for value in values.values()) else {}
