"""DMARC (RFC 9989, May 2026): which policy holds for a From, and whether another domain is aligned with it. No list of public suffixes: a tree walk."""

from __future__ import annotations

from dataclasses import dataclass

from mailer.doctor.spf import Questions
from mailer.message.dkim.records import tags

MOST_LABELS = 8
"""Section 4.10: a longer name is cut to seven labels after the first question, so that nobody is made to ask a hundred."""
POLICIES = ("none", "quarantine", "reject")


@dataclass(frozen=True, slots=True)
class DmarcRecord:
    """A record and the domain at which it stands."""

    domain: str
    text: str

    @property
    def values(self) -> dict[str, str]:
        """Its tags."""
        return tags(self.text)

    def value(self, tag: str, default: str = "") -> str:
        """One tag in lower case."""
        return self.values.get(tag, default).lower()


@dataclass(frozen=True, slots=True)
class DmarcPolicy:
    """What receivers do with mail of `domain` that is not authenticated. `record` is None if there is none at all.

    `policy` is that of the record for this name: ``p`` at the name itself, ``sp`` or ``np`` from above. `is_test`: ``t=y``, one step milder.
    """

    domain: str
    record: DmarcRecord | None
    organizational: str
    policy: str = ""
    is_test: bool = False


def walk(questions: Questions, domain: str) -> tuple[DmarcRecord, ...]:
    """The records that are met on the way up from the domain (section 4.10), the nearest first.

    :raises DnsUnavailable: nobody answered.
    """
    labels, records = domain.lower().rstrip(".").split("."), list[DmarcRecord]()
    is_first = True
    while labels:
        record = _record_at(questions, ".".join(labels))
        if record is not None:
            records.append(record)
            if record.value("psd") in ("y", "n"):
                break
        labels = labels[-(MOST_LABELS - 1) :] if is_first and len(labels) > MOST_LABELS else labels[1:]
        is_first = False
    return tuple(records)


def organizational_domain(domain: str, records: tuple[DmarcRecord, ...]) -> str:
    """The domain under which names count as one (section 4.10.2)."""
    start = domain.lower().rstrip(".")
    for record in records:
        if record.value("psd") == "n":
            return record.domain
        if record.value("psd") == "y" and record.domain != start:
            labels = start.split(".")
            return ".".join(labels[-(record.domain.count(".") + 2) :])
    return min((record.domain for record in records), key=lambda each: each.count("."), default=start)


def policy_of(questions: Questions, domain: str, *, exists: bool = True) -> DmarcPolicy:
    """The policy that holds for mail From this domain (section 4.10.1).

    :param exists: whether the domain has any record in the DNS; if not, ``np`` counts.
    :raises DnsUnavailable: nobody answered.
    """
    start = domain.lower().rstrip(".")
    records = walk(questions, start)
    organizational = organizational_domain(start, records)
    record = next((each for each in records if each.domain == start), None)
    record = record or next((each for each in records if each.domain == organizational), None) or (records[-1] if records else None)
    if record is None:
        return DmarcPolicy(start, None, organizational)
    policy = record.value("p", "none")
    if record.domain != start:
        policy = record.value("sp", policy)
        policy = policy if exists else record.value("np", policy)
    return DmarcPolicy(start, record, organizational, policy if policy in POLICIES else "none", record.value("t") == "y")


def is_aligned(questions: Questions, other: str, policy: DmarcPolicy, tag: str) -> bool:
    """Whether a domain that was authenticated counts for From's domain: the same (``s``), or of one organizational domain (section 4.10.2).

    :param tag: ``adkim`` or ``aspf``.
    :raises DnsUnavailable: nobody answered.
    """
    name = other.lower().rstrip(".")
    if name == policy.domain:
        return True
    if policy.record is not None and policy.record.value(tag, "r") == "s":
        return False
    return organizational_domain(name, walk(questions, name)) == policy.organizational


def _record_at(questions: Questions, domain: str) -> DmarcRecord | None:
    """The one record at the name. Two of them count as none (section 4.10, step 2)."""
    records = [text for text in questions.text(f"_dmarc.{domain}") if _is_dmarc(text)]
    return DmarcRecord(domain, records[0]) if len(records) == 1 else None


def _is_dmarc(text: str) -> bool:
    """Whether it begins with the version, spelt so (section 4.8)."""
    first, _, _ = text.partition(";")
    name, _, version = first.partition("=")
    return name.strip() == "v" and version.strip() == "DMARC1"
