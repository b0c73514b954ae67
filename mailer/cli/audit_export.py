"""`todoke audit-export`: what an auditor may have of the mailer, as JSON without a reader's address. `todoke audit-pack` puts it into its zip.

The log is verified as a whole, with its seals; what is printed is the part between two days. An entry whose words hold addresses (a test send names where
it went) is printed with the addresses masked and says so: its hash stays in the chain, and only `todoke audit` on this machine can compute it again.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from pathlib import Path
from typing import Annotated, Any

import typer

from mailer.approval import anchors, approvers, granted
from mailer.approval.approvers import Approver
from mailer.approval.signature import NAMESPACE, PRINCIPAL
from mailer.cli.runtime import CONFIG, ConfigPath, command_session, open_for_command, report_error, wrong_usage
from mailer.cli.screen import machine_output
from mailer.config.file import load_config
from mailer.config.settings import Config
from mailer.database import audit_log
from mailer.database.deliveries import issues, ledger
from mailer.database.engine import Database
from mailer.model.audit_log import FIRST, Anchor, AuditBroken, AuditEntry, verify
from mailer.model.errors import ConfigError, NotPrivate, SecretMissing
from mailer.model.issue import FrozenIssue

FORMAT = 1
ADDRESS = re.compile(r'(?:"[^"]*"|[^\s<>()",;:、。（）「」]+)@[^\s<>",;、。（）「」]+')
"""Whatever could be an address (RFC 5321 section 4.1.2: quoted local parts and address literals too), and more: the log itself still has what is hidden."""
MASK = "(address)"
MOST_REPLIES = 50


def audit_export(
    since: Annotated[str, typer.Option("--from", metavar="DATE", help="The first day, as 2026-04-01. 始めの日")],
    until: Annotated[str, typer.Option("--to", metavar="DATE", help="The last day; it belongs to it. 終わりの日（その日を含む）")],
    anchor: Annotated[
        Path | None,
        typer.Option("--anchor", metavar="FILE", help="A file of anchors kept elsewhere; nothing is added to it. 控えのファイル"),
    ] = None,
    config: ConfigPath = CONFIG,
) -> None:
    """Print log, approvals and counts of a time for an auditor, as JSON without addresses. 監査用に記録を書き出す

    Exit status 1: the log is broken. What there is is printed all the same, and says so.
    """
    with command_session():
        settings = load_config(config)
        first, last = _day(since), _day(until)
        if last < first:
            wrong_usage(f"--to {until} is before --from {since}. 終わりの日が始めの日より前です。")
        begin, end = _midnight(first, settings.time_zone), _midnight(last + timedelta(days=1), settings.time_zone)
        with open_for_command(settings) as database:
            entries = audit_log.entries(database)
            known = (*anchors.read(anchors.path_of(settings)), *(anchors.read(anchor) if anchor else ()))
            problem = _problem(database, entries, known)
            chosen = [entry for entry in entries if begin <= entry.at < end]
            record = {
                "format": FORMAT,
                "from": first.isoformat(),
                "to": last.isoformat(),
                "time_zone": str(settings.time_zone),
                "log": _log(entries, chosen, known, problem),
                "approvals": _approvals(settings, chosen),
                "issues": [_issue(database, each) for each in reversed(issues.all_issues(database)) if begin <= each.frozen_at < end],
            }
        typer.echo(machine_output.to_json(record))
        if problem:
            report_error(problem)
    raise typer.Exit(bool(problem))


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        wrong_usage(f"{text!r} is not a day. Write it as 2026-04-01. 日付は 2026-04-01 の形で書いてください。")


def _midnight(day: date, zone: tzinfo) -> datetime:
    try:
        return datetime.combine(day, time(), zone).astimezone(UTC)
    except OverflowError:
        wrong_usage(f"{day} cannot be counted with. 使えない日付です。")


def _problem(database: Database, entries: Sequence[AuditEntry], known: Sequence[Anchor]) -> str:
    """Return why the log proves nothing, or an empty text."""
    try:
        audit_log.require_guarded(database)
        audit_log.require_key(database.seal)
        verify(entries, database.seal, known)
    except (AuditBroken, SecretMissing, NotPrivate) as error:
        return str(error)
    return ""


def _log(entries: Sequence[AuditEntry], chosen: Sequence[AuditEntry], known: Sequence[Anchor], problem: str) -> dict[str, Any]:
    return {
        "verified": not problem,
        "problem": mask(problem),
        "entries_in_all": len(entries),
        "newest": entries[-1].hash if entries else FIRST,
        "before": chosen[0].previous if chosen else "",
        "anchors": [{"number": each.number, "hash": each.hash, "at": each.at.astimezone(UTC).isoformat()} for each in known],
        "entries": [_entry(entry) for entry in chosen],
    }


def _entry(entry: AuditEntry) -> dict[str, Any]:
    shown = machine_output.audit_entry(entry) | {"previous": entry.previous}
    masked: dict[str, Any] = shown | {
        "actor": mask(entry.event.actor),
        "details": {name: mask(value) for name, value in entry.event.details.items()},
    }
    return masked | {"masked": masked != shown}


def mask(text: str) -> str:
    """Return the text with everything hidden that could be an address."""
    return ADDRESS.sub(MASK, text)


def _approvals(settings: Config, chosen: Sequence[AuditEntry]) -> list[dict[str, Any]]:
    """Return what was signed, by entry of the log, with the key that `approvers.toml` has for the approver today."""
    keys = _known_approvers(settings)
    approvals = [(entry, granted.Approval.from_entry(entry)) for entry in chosen if entry.event.what == granted.APPROVED]
    return [_approval(entry, approval, keys.get(entry.event.actor)) for entry, approval in approvals]


def _known_approvers(settings: Config) -> Mapping[str, Approver]:
    try:
        return {each.name: each for each in approvers.load_approvers(settings.approval.approvers)}
    except ConfigError as error:
        report_error(f"The approvers' keys are missing: {error}")
        return {}


def _approval(entry: AuditEntry, approval: granted.Approval | None, approver: Approver | None) -> dict[str, Any]:
    statement = approval.statement().decode() if approval else ""
    key = approver.public_key if approver else ""
    return {
        "number": entry.number,
        "issue": entry.event.issue,
        "at": entry.at.astimezone(UTC).isoformat(),
        "approver": mask(entry.event.actor),
        "readers": approval.size if approval else None,
        "commit": approval.commit if approval else "",
        "statement": mask(statement),
        "masked": mask(statement) != statement,
        "signature": approval.signature if approval else "",
        "allowed_signers": f'{PRINCIPAL} namespaces="{NAMESPACE}" {key}\n' if key else "",
        "key_fingerprint": approver.fingerprint if approver else "",
    }


def _issue(database: Database, frozen: FrozenIssue) -> dict[str, Any]:
    """Return one issue with numbers alone: deliveries by state, and how often which reply came."""
    issue, counts = frozen.issue, ledger.counts(database, frozen.issue_id)
    replies = ledger.replies(database, frozen.issue_id, MOST_REPLIES)
    return {
        "list": issue.ref.list,
        "number": issue.ref.number,
        "class": issue.list_class.value,
        "subject": mask(issue.subject),
        "digest": issue.digest,
        "status": frozen.status.value,
        "frozen_at": frozen.frozen_at.astimezone(UTC).isoformat(),
        "send_at": frozen.send_at.astimezone(UTC).isoformat() if frozen.send_at else None,
        "deliveries": sum(counts.values()),
        "counts": {state.value: number for state, number in counts.items()},
        "replies": [{"state": each.state.value, "code": each.code, "number": each.number} for each in replies],
    }
