"""`todoke subscribers`: a CSV of people onto the lists, and a reader's links revoked."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

import regular_file
from mailer import bundle
from mailer.cli.runtime import CONFIG, MAIL, ConfigPath, MailPath, check_address, command_session, notify, now, open_for_command, say
from mailer.cli.tables import count
from mailer.config.file import load_config
from mailer.database import subscriptions
from mailer.database.subscriptions import ImportResult
from mailer.model.errors import AddressError, CsvError
from mailer.subscribers.csv_import import CsvContent, parse_csv

LONGEST_SOURCE = 64
"""Characters of the column that says where a subscription comes from."""


def import_subscribers(
    file: Annotated[
        Path, typer.Argument(metavar="FILE.csv", help="Columns email,name,lists; format (html, light) is optional. 購読者のCSV")
    ],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would happen. 試すだけ")] = False,
    config: ConfigPath = CONFIG,
    mail: MailPath = MAIL,
) -> None:
    """Add subscribers from a CSV; safe to repeat. Ends with 1 if lines were refused. 購読者をCSVから登録する"""
    with command_session():
        settings = load_config(config)
        content = parse_csv(_read(file), bundle.read_lists(mail))
        with open_for_command(settings) as database:
            source = f"import {file.name}"[:LONGEST_SOURCE]
            result = subscriptions.import_subscribers(database, content.entries, source=source, now=now(), keep=not dry_run)
        for line in refusal_lines(content):
            notify(line)
        for line in result_lines(content, result, dry_run=dry_run):
            say(line)
    if content.refusals:
        raise typer.Exit(1)


def refusal_lines(content: CsvContent) -> list[str]:
    """Return one sentence for each line of the file that was refused."""
    return [f"line {refusal.line}: {refusal.reason.rstrip('.')}. {refusal.line}行目は登録していません。" for refusal in content.refusals]


def result_lines(content: CsvContent, result: ImportResult, *, dry_run: bool) -> list[str]:
    """Return what was done: one line for each person who had left a list and stays off it, then the sum."""
    lines = [
        f"{address} has left {key} and was not subscribed again. 本人が停止した配信には戻していません。" for address, key in result.kept_out
    ]
    verb, japanese = ("would be added", "登録できます（試しただけ）") if dry_run else ("added", "登録しました")
    return [
        *lines,
        f"{count(result.people, 'person', 'people')} and {count(result.subscriptions, 'subscription')} {verb}; "
        f"there already: {result.already:,}; left alone: {len(result.kept_out):,}; lines refused: {len(content.refusals):,} ({content.encoding}). "
        f"{result.people:,}人、{result.subscriptions:,}件を{japanese}。",
    ]


def _read(file: Path) -> bytes:
    """Return the content. A pipe or a device may have no end: only a file is read."""
    try:
        return regular_file.read_bytes(file)
    except OSError as error:
        raise CsvError(f"{file}: cannot be read ({error.strerror}). ファイルを読めません。") from error


def revoke_links(
    address: Annotated[str, typer.Argument(metavar="ADDRESS", help="Whose links. 購読者のアドレス")],
    config: ConfigPath = CONFIG,
) -> None:
    """Make every link in a subscriber's mails so far useless; the next mail has new ones. 届いたメールのリンクを無効にする"""
    with command_session():
        address = check_address(address)
        with open_for_command(load_config(config)) as database:
            subscriber_id = subscriptions.find(database, address)
            if subscriber_id is None:
                raise AddressError(address, "no subscriber has this address")
            subscriptions.revoke_links(database, subscriber_id)
        say(
            f"{address}: older links are revoked; the next mail has new ones. これまでのリンクを無効にしました。次のメールから新しくなります。"
        )
