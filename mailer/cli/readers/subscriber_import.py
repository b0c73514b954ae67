"""`todoke subscribers import`: a file of another system, what it holds and what would be done, the question, the import."""

from __future__ import annotations

import gc
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from mailer import bundle
from mailer.cli.readers import import_tables
from mailer.cli.runtime import (
    CONFIG,
    MAIL,
    ConfigPath,
    MailPath,
    command_session,
    console,
    notify,
    now,
    open_for_command,
    say,
    system_account,
    verbosity,
    wrong_usage,
)
from mailer.config.file import load_config
from mailer.database import audit_log
from mailer.database.engine import Database
from mailer.model.audit_log import AuditEvent
from mailer.model.issue import MailList
from mailer.model.readers.subscription import FORMATS
from mailer.subscribers.imports.columns import Field
from mailer.subscribers.imports.content import Choices, FileContent, read_content
from mailer.subscribers.imports.load import Loaded, load
from mailer.subscribers.imports.spool import Spool, open_spool
from mailer.subscribers.imports.statuses import Membership

MEANINGS = {"status": tuple(membership.value for membership in Membership), "format": FORMATS}
"""What a word of the file may be mapped to."""


def import_subscribers(
    file: Annotated[
        Path, typer.Argument(metavar="FILE", help="A CSV with a heading, or a roster with one address a line. 購読者の一覧のファイル")
    ],
    lists: Annotated[
        list[str] | None, typer.Option("--list", metavar="KEY", help="The list of every line; may be repeated. 全員を登録する配信先")
    ] = None,
    mapping: Annotated[
        list[str] | None,
        typer.Option(
            "--map",
            metavar="FIELD=COLUMN",
            help="Which column is email, name, family, given, lists, format, status or date (heading or number; - for none); or what a word means: "
            "status:WORD=left, list:WORD=KEY, format:WORD=light. May be repeated. 列や言葉の意味",
        ),
    ] = None,
    encoding: Annotated[
        str | None, typer.Option("--encoding", metavar="NAME", help="If it is not found by itself, for example euc_jp. 文字コード")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would happen. 試すだけ")] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask. 確認しない")] = False,
    config: ConfigPath = CONFIG,
    mail: MailPath = MAIL,
) -> None:
    """Add subscribers from a file of another system; safe to repeat. Ends with 1 if lines were refused. 購読者をファイルから登録する"""
    with command_session(), open_spool() as spool, _without_collector():
        settings = load_config(config)
        known = bundle.read_lists(mail)
        choices = _choices(lists or [], mapping or [], encoding, known)
        content = read_content(file, known, choices, spool)
        with open_for_command(settings) as database:
            if not dry_run:
                audit_log.require_key(database.seal)
            if dry_run or not content.is_plain:
                console().print(import_tables.content_tables(content))
            for line in import_tables.refusal_lines(content):
                notify(line)
            if dry_run or not (yes or content.is_plain):
                _say_all(import_tables.result_lines(content, _run(spool, content, database, keep=False), is_planned=True))
            if not dry_run:
                _ask(content, yes=yes)
                _say_all(import_tables.result_lines(content, _import(spool, content, database), is_planned=False))
    if content.refusals or content.unknown:
        raise typer.Exit(1)


@contextmanager
def _without_collector() -> Iterator[None]:
    """Rows are tuples of texts, which refer to nothing in a circle: looking for circles among a million of them takes a fifth of the time."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def _ask(content: FileContent, *, yes: bool) -> None:
    """Return if the import is wanted. What was guessed is asked about; a file of our own form is not."""
    if yes or content.is_plain:
        return
    if not sys.stdin.isatty():
        notify(
            "Nothing was imported: what the columns hold was guessed. Check it above, then add --yes. "
            "登録していません。列の読み取りを確かめて、--yes を付けてください。"
        )
        raise typer.Exit(1)
    typer.confirm("Import it? 登録しますか", abort=True)


def _import(spool: Spool, content: FileContent, database: Database) -> Loaded:
    facts = {"file": content.name, "sha256": content.digest, "rows": str(content.accepted)}
    _record(database, "subscribers import begun", facts)
    loaded = Loaded()
    try:
        _run(spool, content, database, keep=True, loaded=loaded)
    except KeyboardInterrupt:
        _record(database, "subscribers import stopped", facts | _numbers(loaded))
        notify(
            f"Stopped after {loaded.rows:,} of {content.accepted:,} rows. What was imported stays; the same command goes on with the rest. "
            f"{loaded.rows:,}行まで登録して止めました。同じコマンドで続きを登録します。"
        )
        raise typer.Exit(1) from None
    _record(database, "subscribers imported", facts | _numbers(loaded))
    return loaded


def _run(spool: Spool, content: FileContent, database: Database, *, keep: bool, loaded: Loaded | None = None) -> Loaded:
    total = loaded or Loaded()
    is_shown = sys.stderr.isatty() and verbosity() >= 0
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, transient=True, disable=not is_shown) as progress:
        task = progress.add_task("import 登録" if keep else "compare 照合", total=content.accepted)
        for each in load(spool, content, database, now=now, keep=keep, loaded=total):
            progress.update(task, completed=each.rows)
    return total


def _numbers(loaded: Loaded) -> dict[str, str]:
    return {"people": str(loaded.people), "subscriptions": str(loaded.subscriptions), "already": str(loaded.already)}


def _record(database: Database, what: str, details: Mapping[str, str]) -> None:
    audit_log.append(database, AuditEvent(system_account(), what, "", details), now=now())


def _say_all(sentences: list[str]) -> None:
    for line in sentences:
        say(line)


def _choices(lists: list[str], mapping: list[str], encoding: str | None, known: Mapping[str, MailList]) -> Choices:
    """Read the options. Ends with status 2 if one cannot be understood."""
    for key in lists:
        _require_list(key, known)
    columns: dict[Field, str] = {}
    words: dict[tuple[str, str], str] = {}
    for entry in mapping:
        before, colon, after = entry.partition(":")
        if colon and before in ("status", "list", "format"):
            word, equals, meaning = after.rpartition("=")
            if not equals or (before != "list" and meaning not in MEANINGS[before]):
                meanings = ", ".join(MEANINGS.get(before, ("a list",)))
                wrong_usage(f"--map {entry}: write it as {before}:WORD=MEANING; there are: {meanings}. 書き方を確かめてください。")
            if before == "list":
                _require_list(meaning, known)
            words[before, word] = meaning
        else:
            field, equals, column = entry.partition("=")
            if not equals or not column or field not in {*Field}:
                wrong_usage(f"--map {entry}: write it as FIELD=COLUMN; there are: {', '.join(Field)}. 書き方を確かめてください。")
            columns[Field(field)] = column
    return Choices(columns, words, tuple(dict.fromkeys(lists)), encoding)


def _require_list(key: str, known: Mapping[str, MailList]) -> None:
    if key not in known:
        wrong_usage(f"There is no list {key!r}; there are: {', '.join(sorted(known))}. その配信先はありません。")
