"""`todoke subscribers add|remove|erase|lift|expire`: what a clerk does for a reader, and what time does. Each has a dry run and an entry in the audit log."""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

import regular_file
from mailer import bundle, log, secrets
from mailer.cli.readers.reading import ask, ask_address, note, subscriber_of
from mailer.cli.readers.subscriber_listing import Number
from mailer.cli.runtime import CONFIG, MAIL, ConfigPath, MailPath, command_session, notify, now, open_for_command, say, wrong_usage
from mailer.cli.screen.tables import count
from mailer.config.file import load_config
from mailer.config.settings import Config
from mailer.database import audit_log
from mailer.database.engine import Database
from mailer.database.readers import clerk, retention, sign_ups, suppressions
from mailer.database.readers.clerk import PaperForm
from mailer.database.scrub import scrub
from mailer.delivery.right import forget_old_batches
from mailer.message.sealed import TokenSealer
from mailer.model.errors import AddressError, CsvError, RightMissing, RightUnknown
from mailer.model.ids import SubscriberId
from mailer.model.readers import addresses
from mailer.model.readers.consent import Words
from mailer.model.readers.subscription import FORMATS, HTML
from mailer.model.readers.suppression import SuppressionReason
from mailer.sending.run import run_event_loop
from mailer.subscribers import clock_check
from mailer.subscribers.erase import ErasedReader, erase_reader

LONGEST_NUMBER = 60
"""Characters of a paper form's number."""

DryRun = Annotated[bool, typer.Option("--dry-run", help="Only say what would happen. 試すだけ")]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask. 確認しない")]
Why = Annotated[str, typer.Option("--why", metavar="TEXT", help="The reason, without an address; the audit log keeps it. 理由")]
Lists = Annotated[list[str] | None, typer.Option("--list", metavar="KEY", help="A list; may be repeated. 配信先")]


def add_subscriber(
    lists: Lists = None,
    number: Annotated[
        str, typer.Option("--paper", metavar="NUMBER", help="The number of the signed paper form, which is kept. 申込書の番号")
    ] = "",
    words: Annotated[
        Path | None,
        typer.Option("--words", metavar="FILE", help="The text of the paper form, UTF-8; it is kept with the consent. 申込書の文面"),
    ] = None,
    form: Annotated[str, typer.Option("--form", help="html or light. 形式")] = HTML,
    dry_run: DryRun = False,
    config: ConfigPath = CONFIG,
    mail: MailPath = MAIL,
) -> None:
    """Subscribe a reader by a signed paper form; asks for the address and the name. 申込書で登録する

    Both are read from the terminal, or from two lines of standard input: the address, then the name, which may be empty.
    """
    with command_session():
        if not lists or not number.strip() or len(number) > LONGEST_NUMBER or addresses.unsafe_characters(number):
            wrong_usage("Name the lists with --list and the paper form with --paper. --list と --paper を書いてください。")
        if form not in FORMATS:
            wrong_usage(f"--form is one of {', '.join(FORMATS)}. 形式は {'か'.join(FORMATS)} です。")
        settings, known = load_config(config), bundle.read_lists(mail)
        if unknown := [key for key in lists if key not in known]:
            wrong_usage(f"There is no list {unknown[0]!r}; there are: {', '.join(sorted(known))}. その配信先はありません。")
        address, name = ask_address(), _ask_name()
        paper = PaperForm(address, name, tuple(dict.fromkeys(lists)), number.strip(), form, _words(words))
        with open_for_command(settings) as database:
            audit_log.require_key(database.seal)
            added = clerk.add(database, paper, now=now(), keep=not dry_run)
            if not dry_run:
                facts = {"subscriber": str(added.subscriber_id), "lists": " ".join(added.subscribed), "paper": paper.number}
                note(database, "subscriber added", facts)
        for key in added.blocked:
            notify(f"{key}: an operator has closed the address; see `todoke subscribers lift`. 送らないと決めた宛先です。")
        who = "The reader" if dry_run else f"Subscriber {added.subscriber_id}"
        verb = "would be subscribed to" if dry_run else "is subscribed to"
        already = f"; was already: {' '.join(added.already)}" if added.already else ""
        say(f"{who} {verb} {' '.join(added.subscribed) or 'nothing new'}{already}. {'試しただけです。' if dry_run else '登録しました。'}")
    if added.blocked:
        raise typer.Exit(1)


def remove_subscriber(
    number: Number,
    lists: Lists = None,
    why: Why = "",
    dry_run: DryRun = False,
    config: ConfigPath = CONFIG,
) -> None:
    """End a reader's subscriptions, all or those of --list. 配信を停止する"""
    with command_session():
        _require_reason(why)
        with open_for_command(load_config(config)) as database:
            subscriber_of(database, number)
            audit_log.require_key(database.seal)
            ended = clerk.remove(database, SubscriberId(number), lists, source="operator", now=now(), keep=not dry_run)
            if not dry_run:
                note(database, "subscriber removed", {"subscriber": str(number), "lists": " ".join(ended), "why": why.strip()})
        verb, japanese = ("would end", "試しただけです。") if dry_run else ("ended", "停止しました。")
        say(f"Subscriber {number}: {verb} {' '.join(ended) or 'nothing'}. {japanese}")


def erase_subscriber(
    number: Number,
    why: Why = "",
    dry_run: DryRun = False,
    yes: Yes = False,
    config: ConfigPath = CONFIG,
) -> None:
    """Erase all that is known of a reader; only a keyed hash of the address and the reason remain. 一人の情報をすべて消す

    Nothing is sent to the address again, whatever is imported, until its owner signs up anew. Backups are not touched.
    """
    with command_session():
        _require_reason(why)
        settings = load_config(config)
        sealer = TokenSealer(secrets.signing_keys(os.environ, settings.secret_file))
        with open_for_command(settings) as database:
            record = subscriber_of(database, number)
            audit_log.require_key(database.seal)
            erase = partial(erase_reader, database, record.subscriber_id, sealer=sealer, spool=settings.spool, source="operator")
            planned = erase(now=now(), keep=False) or ErasedReader(0, 0)
            rows, files = planned.rows, planned.files
            say(
                f"Subscriber {number}: {count(rows, 'row')} and {count(files, 'received message')}. {rows:,}行、受信したメール{files:,}通。"
            )
            if dry_run:
                say("Nothing was erased. 試しただけです。")
                return
            _confirm(yes=yes)
            erased = erase(now=now())
            facts = {"subscriber": str(number), "rows": str(rows), "files": str(files), "why": why.strip()}
            note(database, "subscriber erased", facts)
            if erased is not None and not erased.is_scrubbed:
                _tell_copies()
        say(
            f"Subscriber {number} is erased. Backups still hold the data until they are replaced. 消去しました。控え（バックアップ）は別に扱ってください。"
        )


def lift_suppression(
    why: Why = "",
    key: Annotated[str | None, typer.Option("--list", metavar="KEY", help="Only for this list. この配信先だけ")] = None,
    dry_run: DryRun = False,
    config: ConfigPath = CONFIG,
) -> None:
    """Let mail go to a suppressed address again; asks for the address. It subscribes nobody. 送らない扱いを解く"""
    with command_session():
        _require_reason(why)
        settings = load_config(config)
        address = ask_address()
        with open_for_command(settings) as database:
            held = [
                each for each in suppressions.suppressions_of(database, address) if each.lifted_at is None and key in (None, each.scope)
            ]
            for each in held:
                say(f"{each.reason.value}, {each.scope or 'all lists'}, since {each.since.isoformat()} ({each.source})")
            if dry_run or not held:
                say(f"{count(len(held), 'suppression')}; nothing was changed. 何も変えていません。")
                return
            audit_log.require_key(database.seal)
            by = "operator"
            number = suppressions.lift(database, address, by=by, why=why.strip(), now=now(), reasons=[*SuppressionReason], key=key)
            note(database, "suppression lifted", {"number": str(number), "list": key or "", "why": why.strip()})
        say(f"{count(number, 'suppression')} lifted. {number:,}件を解きました。")


def expire_subscribers(
    dry_run: DryRun = False,
    compact: Annotated[
        bool,
        typer.Option(
            "--compact", help="Also write SQLite's file anew, so that no old copy of what was deleted is in it. ファイルを作り直す"
        ),
    ] = False,
    clock_is_right: Annotated[
        bool, typer.Option("--clock-is-right", help="Erase though nothing has happened for 40 days. 40日以上動きがなくても消す")
    ] = False,
    config: ConfigPath = CONFIG,
) -> None:
    """Erase what is older than [retention] of mailer.toml allows; run it every day. 保存期間を過ぎた情報を消す"""
    with command_session():
        settings = load_config(config)
        with open_for_command(settings) as database:
            audit_log.require_key(database.seal)
            if not dry_run and not clock_is_right:
                clock_check.require_plausible(database, now())
            expired = retention.expire(database, settings.retention, now=now(), keep=not dry_run)
            if not dry_run:
                sign_ups.purge(database, now(), settings.retention.unconfirmed)
                numbers = {"subscriptions": expired.subscriptions, "consents": expired.consents, "people": expired.people}
                note(database, "retention", {name: str(number) for name, number in numbers.items()})
                _forget_batches(settings, database)
                if compact and not scrub(database, is_thorough=True):
                    _tell_copies()
        verb, japanese = ("would be erased", "試しただけです。") if dry_run else ("erased", "消去しました。")
        say(
            f"{count(expired.subscriptions, 'ended subscription')}, {count(expired.consents, 'consent')}, {count(expired.people, 'person', 'people')} {verb}. "
            f"停止した購読{expired.subscriptions:,}件、同意の記録{expired.consents:,}件、{expired.people:,}人を{japanese}"
        )


def _forget_batches(settings: Config, database: Database) -> None:
    """Remove old files of the right to send, if it is this site's. What cannot be reached is removed another day."""
    with suppress(RightMissing, RightUnknown):
        removed, troubles = run_event_loop(forget_old_batches(settings, database, now()))
        if removed:
            say(f"{count(removed, 'old batch', 'old batches')} removed from the storages of the right. 送る権利の古い記録を消しました。")
        for trouble in troubles:
            notify(trouble)


def _tell_copies() -> None:
    notify(
        "Others are using the database: old copies may be left in its file. When no sender is at work: todoke subscribers expire --compact. "
        "データベースが使用中のため、ファイルに古い写しが残っているかもしれません。あとで expire --compact を実行してください。"
    )


def _require_reason(why: str) -> None:
    """Return if there is a reason that the audit log may keep for good. Ends with status 2 if not."""
    if not why.strip():
        wrong_usage("Say why with --why, for example --why 'asked by letter 2026-12'. --why で理由を書いてください。")
    if log.ADDRESS.search(why) or addresses.unsafe_characters(why):
        wrong_usage("The reason stays in the audit log for good: write it without an address. 理由にメールアドレスを書かないでください。")


def _confirm(*, yes: bool) -> None:
    if yes:
        return
    if not sys.stdin.isatty():
        notify("Nothing was erased: add --yes. 消去していません。--yes を付けてください。")
        raise typer.Exit(1)
    typer.confirm("Erase it for good? 元に戻せません。消去しますか", abort=True)


def _ask_name() -> str:
    try:
        name = addresses.check_name(ask("name 氏名"))
    except AddressError as error:
        wrong_usage(f"The name cannot be used: {error.reason}. その名前は使えません。")
    return "" if addresses.is_blank(name) else name


def _words(path: Path | None) -> Words | None:
    if path is None:
        return None
    try:
        return Words.of(regular_file.read_bytes(path).decode(), path.name[:64])
    except (OSError, UnicodeDecodeError) as error:
        raise CsvError(f"{path}: cannot be read ({getattr(error, 'strerror', None) or 'not UTF-8'}). 文面を読めません。") from error
