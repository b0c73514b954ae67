"""`todoke inbound`: what came back, what nobody understood, and what the operator makes of it."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

import typer

from mailer import bundle
from mailer.bounces import mime, taught
from mailer.bounces.mime import UnreadableMessage
from mailer.bounces.reading import read_bounces
from mailer.bounces.receivers import Receiver
from mailer.cli.runtime import (
    CONFIG,
    MAIL,
    ConfigPath,
    FormatOption,
    MailPath,
    UtcFlag,
    check_address,
    command_session,
    console,
    now,
    one_line,
    open_for_command,
    say,
    shown_zone,
    system_account,
    wrong_usage,
)
from mailer.cli.screen import machine_output
from mailer.cli.screen.listing import Column, Listing, Row
from mailer.cli.screen.machine_output import OutputFormat
from mailer.config.file import load_config
from mailer.database import audit_log
from mailer.database.readers import subscriptions
from mailer.database.returned import delivery_problems, queue_stops
from mailer.inbound.spool import Spool, age_of
from mailer.log import without_secrets
from mailer.model.audit_log import AuditEvent
from mailer.model.clock import format_time
from mailer.model.returned.bounce import BounceClass
from mailer.model.returned.folder import Folder
from mailer.subscribers import delivery_problems as problems
from mailer.subscribers.asking_again import find_silent, let_silent_rest

MOST_SHOWN = 4_000
"""Characters of a message that `show` prints."""
NameArgument = Annotated[str, typer.Argument(metavar="NAME", help="As `todoke inbound list` shows it. 一覧にある名前")]
ReasonOption = Annotated[str, typer.Option("--reason", metavar="WORDS", help="Why; it is kept. 理由（記録します）")]
QueueArgument = Annotated[str, typer.Argument(metavar="QUEUE", help="A queue of mailer.toml, or `others`. 宛先の組")]


def list_messages(output_format: FormatOption = OutputFormat.TEXT, is_utc: UtcFlag = False, config: ConfigPath = CONFIG) -> None:
    """List messages that wait, could not be read, or were not understood. 読めなかったもの、分からなかったものの一覧"""
    with command_session():
        settings = load_config(config)
        spool = Spool(settings.spool)
        rows = [(folder, name) for folder in Folder for name in spool.names(folder)]
        entries = [{"folder": folder.value, "name": name, "reason": spool.reason(name, folder)} for folder, name in rows]
        if output_format is not OutputFormat.TEXT:
            _print(entries, output_format, ("folder", "name", "reason"))
            return
        if not rows:
            say("Nothing waits and nothing was put aside. 待っているもの、分からなかったものはありません。")
            return
        zone, moment = shown_zone(settings, is_utc), now()
        columns = (
            Column("name\n名前"),
            Column("folder\n置き場"),
            Column("came\n届いた日時", can_wrap=True),
            Column("reason\n理由", can_wrap=True),
        )
        cells = (
            Row((each["name"], each["folder"], format_time(moment - age_of(each["name"], moment), zone), each["reason"]))
            for each in entries
        )
        console().print(Listing(columns, tuple(cells)))


def show(name: NameArgument, config: ConfigPath = CONFIG) -> None:
    """Show a message that was put aside, and how it is read now. 分からなかったメールを見る"""
    with command_session():
        settings = load_config(config)
        spool, folder = _find(Spool(settings.spool), name)
        message = spool.read(name, folder)
        typer.echo(f"to: {one_line(message.recipient)}\nreason: {one_line(spool.reason(name, folder))}")
        try:
            mail = mime.parse(message.content)
        except UnreadableMessage as error:
            typer.echo(f"{error}: {len(message.content):,} bytes")
            return
        for header in ("From", "Subject", "Date", "Auto-Submitted"):
            typer.echo(f"{header}: {one_line(mail.header(header))}")
        for bounce in read_bounces(mail, message.content, None, taught.read_rules(settings.bounce_rules)):
            typer.echo(f"read as: {bounce.verdict.bounce_class} ({one_line(bounce.verdict.receiver)} {one_line(bounce.verdict.rule)})")
        typer.echo("")
        for line in mail.text()[:MOST_SHOWN].splitlines():
            typer.echo(one_line(line))


def teach(
    bounce_class: Annotated[BounceClass, typer.Option("--class", help="What such mail means. 意味")],
    says: Annotated[
        list[str], typer.Option("--says", metavar="WORDS", help="Words of the message; all must occur. 何度でも書ける。メールの中の言葉")
    ],
    domain: Annotated[str, typer.Option("--domain", metavar="DOMAIN", help="Only for recipients there. この宛先だけ")] = "",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what it would change. 試すだけ")] = False,
    config: ConfigPath = CONFIG,
) -> None:
    """Write a rule for returned mail that was not understood, and read the pile again. 読み方を教えて、もう一度読む"""
    with command_session():
        settings = load_config(config)
        spool = Spool(settings.spool)
        rule = Receiver("taught", (domain.lower(),) if domain else (), (), (taught.make_rule(says, bounce_class),))
        fitting = [name for name in spool.names(Folder.PILE) if _fits(spool, name, rule)]
        if not dry_run:
            taught.add_rule(settings.bounce_rules, says, bounce_class, domain=domain)
            for name in fitting:
                spool.requeue(name, Folder.PILE)
        words = ("would be read again（試しただけ）" if dry_run else "are read again もう一度読みます", len(spool.names(Folder.PILE)))
        say(f"{len(fitting)} messages {words[0]}; {words[1]} stay on the pile. 残り {words[1]} 通。")


def read_again(name: NameArgument, config: ConfigPath = CONFIG) -> None:
    """Let a message that was put aside be read once more. もう一度読む"""
    with command_session():
        spool, folder = _find(Spool(load_config(config).spool), name)
        spool.requeue(name, folder)
        say(f"{name} is read again by `todoke receive`. もう一度読みます。")


def numbers(
    days: Annotated[int, typer.Option("--days", min=1, max=3660, help="Of so many days. 何日分")] = 30,
    output_format: FormatOption = OutputFormat.TEXT,
    config: ConfigPath = CONFIG,
) -> None:
    """Count what came back by receiver and class, and complaints by list. 受信側ごとの数、苦情の数"""
    with command_session():
        settings = load_config(config)
        since = now() - timedelta(days=days)
        with open_for_command(settings) as database:
            counted = delivery_problems.problems_by_class(database, since=since)
            complaints = delivery_problems.complaints_by_list(database, since=since)
        rows = [
            {"what": receiver or "others", "class": kind.value, "number": number} for (receiver, kind), number in sorted(counted.items())
        ]
        rows += [{"what": key, "class": "complaint", "number": number} for key, number in sorted(complaints.items())]
        if output_format is not OutputFormat.TEXT:
            _print(rows, output_format, ("what", "class", "number"))
            return
        columns = (Column("receiver or list\n受信側・配信先"), Column("class\n種類"), Column("number\n数", is_number=True))
        shown = tuple(Row((str(row["what"]), str(row["class"]), f"{row['number']:,}")) for row in rows)
        console().print(
            Listing(columns, shown, caption=f"of the last {days} days 直近 {days} 日") if rows else "Nothing came back. 戻りはありません。"
        )


def forgive(
    address: Annotated[str, typer.Argument(metavar="ADDRESS", help="Whose. 購読者のアドレス")],
    reason: ReasonOption,
    config: ConfigPath = CONFIG,
) -> None:
    """Send to an address again that was taken for unknown; nothing that came back counts any more. 届かない扱いを取り消す"""
    with command_session():
        checked = check_address(address)
        with open_for_command(load_config(config)) as database:
            person = subscriptions.find(database, checked)
            is_done = person is not None and problems.forgive(database, person, by=system_account(), why=reason, now=now())
            if is_done:
                event = AuditEvent(system_account(), "problems forgiven", "", {"subscriber": str(person), "why": reason})
                audit_log.append(database, event, now=now())
        say("Mail is sent there again. また届けます。" if is_done else "There was nothing to undo. 取り消すものはありません。")


def stops(output_format: FormatOption = OutputFormat.TEXT, is_utc: UtcFlag = False, config: ConfigPath = CONFIG) -> None:
    """List the queues that are stopped because a receiver refuses too much. 止まっている宛先の組"""
    with command_session():
        settings = load_config(config)
        with open_for_command(settings) as database:
            stopped = queue_stops.stops(database)
        rows = [
            {
                "queue": each.queue or "others",
                "issue": str(each.ref),
                "class": each.bounce_class.value,
                "since": each.since.isoformat(),
                "reason": each.reason,
            }
            for each in stopped
        ]
        if output_format is not OutputFormat.TEXT:
            _print(rows, output_format, ("queue", "issue", "class", "since", "reason"))
            return
        columns = (
            Column("queue\n宛先の組"),
            Column("since\nいつから", can_wrap=True),
            Column("issue\n号"),
            Column("reason\n理由", can_wrap=True),
        )
        zone = shown_zone(settings, is_utc)
        shown = tuple(Row((each.queue or "others ほか", format_time(each.since, zone), str(each.ref), each.reason)) for each in stopped)
        console().print(Listing(columns, shown) if stopped else "No queue is stopped. 止まっている組はありません。")


def release(queue: QueueArgument, reason: ReasonOption, config: ConfigPath = CONFIG) -> None:
    """Send from a stopped queue again. 止まった宛先の組を再開する"""
    with command_session():
        with open_for_command(load_config(config)) as database:
            name = "" if queue == "others" else queue.lower()
            is_released = problems.release_queue(database, name, by=system_account(), why=reason, now=now())
        if not is_released:
            wrong_usage(f"{queue!r} is not stopped. See `todoke inbound stops`. その組は止まっていません。")
        say("Send the issue again: todoke send LIST/NUMBER. 号をもう一度送ってください。")


def ask_again(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say how many. 試すだけ")] = False,
    config: ConfigPath = CONFIG,
    mail: MailPath = MAIL,
) -> None:
    """Let addresses at carriers rest at which nothing was accepted for a year; `todoke receive` asks them. 一年届かない携帯アドレスに確かめる"""
    with command_session():
        settings, lists = load_config(config), bundle.read_lists(mail)
        with open_for_command(settings) as database:
            number = len(find_silent(database, lists, now())) if dry_run else let_silent_rest(database, lists, now())
        words = "would rest（試しただけ）" if dry_run else "rest until their readers answer. 返事があるまで止めました"
        say(f"{number:,} subscriptions {words}. {number:,} 件。")


def _find(spool: Spool, name: str) -> tuple[Spool, Folder]:
    """The folder of a message that was put aside.

    :raises SpoolError: there is no such message.
    """
    folder = next((folder for folder in (Folder.PILE, Folder.FAILED) if spool.path(name, folder).exists()), Folder.PILE)
    return spool, folder


def _fits(spool: Spool, name: str, rule: Receiver) -> bool:
    try:
        message = spool.read(name, Folder.PILE)
        bounces = read_bounces(mime.parse(message.content), message.content, None, (rule,))
    except UnreadableMessage:
        return False
    return any(each.verdict.receiver == rule.name for each in bounces)


def _print(rows: list[dict[str, str | int]] | list[dict[str, str]], output_format: OutputFormat, columns: tuple[str, ...]) -> None:
    shown = [{key: without_secrets(value) if isinstance(value, str) else value for key, value in row.items()} for row in rows]
    typer.echo(machine_output.to_json(shown) if output_format is OutputFormat.JSON else machine_output.to_csv(shown, columns), nl=False)
    if output_format is OutputFormat.JSON:
        typer.echo("")
