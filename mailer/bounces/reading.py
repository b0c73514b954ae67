"""A returned message → bounces. The readers are asked in the order in which they are to be trusted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from mailer.bounces import auto_replies, delivery_status, plain_reports
from mailer.bounces.classify import classify
from mailer.bounces.delivery_status import RecipientStatus
from mailer.bounces.last_resort import LastResort
from mailer.bounces.mime import Mail
from mailer.bounces.plain_reports import is_warning, without_copy
from mailer.bounces.receivers import Receiver
from mailer.bounces.reply_parts import complete
from mailer.model.returned.bounce import Bounce, BounceClass, Refusal, Verdict

NO_FAILURE = frozenset({"delivered", "relayed", "expanded"})


def read_bounces(mail: Mail, content: bytes, last_resort: LastResort | None, taught: Sequence[Receiver] = ()) -> tuple[Bounce, ...]:
    """What the message says of its recipients. Empty: it was not understood.

    :param content: the message as it came, for flufl.bounce.
    :param last_resort: None: flufl.bounce is not asked.
    """
    reports = delivery_status.read_reports(mail)
    if reports:
        return tuple(_of_report(each, taught) for each in reports)
    plain = plain_reports.read_plain(mail)
    if plain is not None:
        verdict = classify(plain[1], taught)
        return (Bounce(plain[1], _not_given_up(verdict) if is_warning(plain[1]) else verdict, "plain"),)
    automatic = (Bounce(Refusal(""), Verdict(BounceClass.AUTO_REPLY), "automatic"),)
    if auto_replies.is_notice(mail):
        return automatic
    bounces = _by_words(mail, taught) or _by_flufl(mail, content, last_resort, taught)
    return bounces or (automatic if auto_replies.is_automatic(mail) else ())


def _of_report(status: RecipientStatus, taught: Sequence[Receiver]) -> Bounce:
    if status.action in NO_FAILURE:
        return Bounce(status.refusal, Verdict(BounceClass.AUTO_REPLY, "", status.action), "dsn")
    verdict = classify(status.refusal, taught)
    return Bounce(status.refusal, _not_given_up(verdict) if status.action == "delayed" else verdict, "dsn")


def _not_given_up(verdict: Verdict) -> Verdict:
    """The server tries again: nothing is final yet, whatever the last try was told."""
    is_final = verdict.bounce_class in (BounceClass.UNKNOWN, BounceClass.MOVED, BounceClass.OTHER)
    return replace(verdict, bounce_class=BounceClass.TEMPORARY) if is_final else verdict


def _by_words(mail: Mail, taught: Sequence[Receiver]) -> tuple[Bounce, ...]:
    """What the operator has taught may be about any text."""
    refusal = complete(Refusal(without_copy(mail.text())))
    lower = f"{mail.header('Subject')} {refusal.text}".lower()
    for receiver in taught:
        verdict = receiver.verdict(refusal, lower) if receiver.concerns(refusal) else None
        if verdict is not None:
            return (Bounce(refusal, verdict, "taught"),)
    return ()


def _by_flufl(mail: Mail, content: bytes, last_resort: LastResort | None, taught: Sequence[Receiver]) -> tuple[Bounce, ...]:
    if last_resort is None:
        return ()
    failures = last_resort.failures(content)
    prose = without_copy(mail.text())
    bounces = [_bounce_from_prose(address, prose, taught) for address in failures.permanent]
    bounces += [
        Bounce(Refusal(prose[:500], address), Verdict(BounceClass.TEMPORARY, "", "flufl"), "flufl") for address in failures.temporary
    ]
    return tuple(bounces)


def _bounce_from_prose(address: str, prose: str, taught: Sequence[Receiver]) -> Bounce:
    refusal = complete(Refusal(prose, address))
    verdict = classify(refusal, taught)
    return Bounce(refusal, _not_given_up(verdict) if is_warning(refusal) else verdict, "flufl")
