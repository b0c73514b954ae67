"""Refusal → class. What the operator has taught comes first, then the receiver's own row, then the words all servers use, then the codes. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from mailer.bounces import receivers
from mailer.bounces.receivers import Receiver
from mailer.bounces.reply_parts import complete
from mailer.model.returned.bounce import BounceClass, Refusal, Verdict

# RFC 3463 and the IANA registry of enhanced status codes. The class (4 or 5) is looked at separately.
BY_STATUS = {
    "1.1": BounceClass.UNKNOWN,
    "1.2": BounceClass.UNKNOWN,
    "1.3": BounceClass.UNKNOWN,
    "1.6": BounceClass.MOVED,
    "1.7": BounceClass.POLICY,  # bad sender's mailbox address: ours
    "1.8": BounceClass.POLICY,
    "1.10": BounceClass.UNKNOWN,  # RFC 7505: null MX
    "2.2": BounceClass.FULL,
    "2.3": BounceClass.TOO_LARGE,
    "3.1": BounceClass.TEMPORARY,  # the system is full: not this mailbox
    "3.4": BounceClass.TOO_LARGE,
}
BY_SUBJECT = {"3": BounceClass.TEMPORARY, "4": BounceClass.TEMPORARY, "6": BounceClass.CONTENT, "7": BounceClass.POLICY}
BY_CODE = {551: BounceClass.MOVED, 552: BounceClass.FULL, 553: BounceClass.OTHER}
"""RFC 5321 section 4.2.3. 550 and 554 say too little."""


def classify(refusal: Refusal, taught: Sequence[Receiver] = ()) -> Verdict:
    """The class of a refusal. What is not in its fields is taken from its text (`reply_parts.complete`).

    :param taught: the operator's rules (`taught.read_rules`).
    """
    refusal = complete(refusal)
    lower = refusal.text.lower()
    for receiver in (*taught, *receivers.table()):
        if receiver.concerns(refusal):
            verdict = receiver.verdict(refusal, lower)
            if verdict is not None:
                return _softened(refusal, verdict)
    return by_codes(refusal)


def by_codes(refusal: Refusal) -> Verdict:
    """The class by the numbers alone."""
    kind, _, rest = refusal.status.partition(".")
    subject = rest.partition(".")[0]
    bounce_class = BY_STATUS.get(rest) or BY_SUBJECT.get(subject)
    if bounce_class is not None:
        return _softened(refusal, Verdict(bounce_class, "", f"status {refusal.status}"))
    if kind == "4" or (not kind and refusal.code is not None and 400 <= refusal.code < 500):
        return Verdict(BounceClass.TEMPORARY, "", f"code {refusal.code or refusal.status}")
    return Verdict(BY_CODE.get(refusal.code or 0, BounceClass.OTHER), "", f"code {refusal.code}" if refusal.code else "")


def _softened(refusal: Refusal, verdict: Verdict) -> Verdict:
    """An address that is refused with 4yz is not unknown yet (RFC 5321 section 4.2.1): greylisting and broken directories answer so."""
    is_passing = refusal.status.startswith("4") or (not refusal.status and refusal.code is not None and 400 <= refusal.code < 500)
    if is_passing and verdict.bounce_class in (BounceClass.UNKNOWN, BounceClass.MOVED):
        return Verdict(BounceClass.TEMPORARY, verdict.receiver, verdict.rule)
    return verdict
