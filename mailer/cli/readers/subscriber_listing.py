"""`todoke subscribers list|find|show|export|stats|affected-by`: who reads what. Each look at addresses is an entry of the audit log, without an address."""

from __future__ import annotations

import csv
import io
import itertools
from collections.abc import Iterable
from dataclasses import asdict
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any

import typer

from mailer import private_files
from mailer.cli.readers import reader_tables
from mailer.cli.readers.reading import ask_address, note, subscriber_of
from mailer.cli.runtime import (
    CONFIG,
    ConfigPath,
    FormatOption,
    command_session,
    console,
    now,
    open_for_command,
    parse_ref,
    say,
    wrong_usage,
)
from mailer.cli.screen import machine_output
from mailer.cli.screen.machine_output import OutputFormat
from mailer.config.file import load_config
from mailer.database.readers import person_data, reader_counts, reader_records, subscriptions
from mailer.database.readers.reader_records import ListedReader
from mailer.model.errors import CsvError, SubscriberUnknown

LATELY = timedelta(days=30)
LIST_COLUMNS = ("number", "address", "name", "list", "state", "format", "since")
EXPORT_COLUMNS = ("email", "name", "lists", "format")

Number = Annotated[int, typer.Argument(metavar="NUMBER", help="The reader's number, which `find` shows. 購読者の番号")]
ListOption = Annotated[str | None, typer.Option("--list", metavar="KEY", help="Only this list. この配信先だけ")]


def list_subscribers(
    key: ListOption = None,
    state: Annotated[str | None, typer.Option("--state", help="Only subscribed or unsubscribed. この状態だけ")] = None,
    limit: Annotated[int, typer.Option("--limit", min=1, help="At most so many lines. 最大の行数")] = 100,
    output_format: FormatOption = OutputFormat.TEXT,
    config: ConfigPath = CONFIG,
) -> None:
    """List readers with their addresses. The audit log keeps that it was done. 購読者の一覧"""
    with command_session():
        if state not in (None, "subscribed", "unsubscribed"):
            wrong_usage("--state is subscribed or unsubscribed. --state は subscribed か unsubscribed です。")
        with open_for_command(load_config(config)) as database:
            note(database, "subscribers listed", {"list": key or "", "state": state or "", "limit": str(limit)})
            rows = [_listed(row) for row in itertools.islice(reader_records.subscriptions_of_all(database, key, state), limit + 1)]
        shown = rows[:limit]
        if output_format is OutputFormat.JSON:
            typer.echo(machine_output.to_json(shown))
        elif output_format is OutputFormat.CSV:
            typer.echo(machine_output.to_csv(shown, LIST_COLUMNS), nl=False)
        else:
            console().print(reader_tables.listed(shown, has_more=len(rows) > limit))


def find_subscriber(config: ConfigPath = CONFIG) -> None:
    """Ask for an address and show the reader's number, with which the other commands work. アドレスから番号を調べる

    The address is read from the terminal or from standard input, so that it is neither in the list of processes nor in the history of the shell.
    """
    with command_session():
        settings = load_config(config)
        address = ask_address()
        with open_for_command(settings) as database:
            number = subscriptions.find(database, address)
            note(database, "subscriber looked for", {"subscriber": "" if number is None else str(number)})
        if number is None:
            raise SubscriberUnknown("No subscriber has this address.")
        say(f"subscriber {number}. 番号は {number} です。")


def show_subscriber(
    number: Number,
    output_format: FormatOption = OutputFormat.TEXT,
    config: ConfigPath = CONFIG,
) -> None:
    """Show all that is known of a reader. 一人について分かっていることを示す"""
    with command_session():
        with open_for_command(load_config(config)) as database:
            record = subscriber_of(database, number)
            note(database, "subscriber shown", {"subscriber": str(number)})
        if output_format is OutputFormat.JSON:
            typer.echo(machine_output.to_json(machine_output.plain(asdict(record))))
        else:
            console().print(reader_tables.record(record))


def export_subscribers(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A new file, for this account alone. 書き出すファイル")],
    key: ListOption = None,
    number: Annotated[
        int | None,
        typer.Option("--subscriber", metavar="NUMBER", help="All that is known of one reader, as JSON. 一人について分かっていることすべて"),
    ] = None,
    config: ConfigPath = CONFIG,
) -> None:
    """Write who is subscribed into a CSV that `import` reads, or all about one reader into a JSON file. 購読者を書き出す"""
    with command_session():
        with open_for_command(load_config(config)) as database:
            if number is not None:
                data = person_data.everything_about(database, subscriber_of(database, number).subscriber_id)
                text, rows = machine_output.to_json(data) + "\n", 1
            else:
                text, rows = _table(reader_records.subscriptions_of_all(database, key, "subscribed"))
            _write(file, text)
            note(database, "subscribers exported", {"list": key or "", "subscriber": str(number or ""), "rows": str(rows)})
        say(f"{file}: {rows:,} written; only this account can read it. {rows:,}件を書き出しました。")


def show_stats(
    output_format: FormatOption = OutputFormat.TEXT,
    config: ConfigPath = CONFIG,
) -> None:
    """Show readers in numbers, without an address: by list, by the way they came, suppressed. 購読者の数"""
    with command_session():
        with open_for_command(load_config(config)) as database:
            counted = reader_counts.count_readers(database, now=now(), since=now() - LATELY)
        if output_format is OutputFormat.JSON:
            typer.echo(machine_output.to_json(asdict(counted)))
        else:
            console().print(reader_tables.counts(counted))


def affected_by(
    what: Annotated[
        str, typer.Argument(metavar="WHAT", help="LIST/NUMBER: an issue; LIST: a list; all: everything. 号、配信先、または all")
    ],
    write: Annotated[
        Path | None,
        typer.Option("--write", metavar="FILE", help="Also write their addresses and names into a new CSV, to tell them. 本人への通知用"),
    ] = None,
    output_format: FormatOption = OutputFormat.TEXT,
    config: ConfigPath = CONFIG,
) -> None:
    """Count whom a leak concerns, for the report to the Personal Information Protection Commission. 漏えい等の報告に書く人数"""
    with command_session():
        ref = parse_ref(what) if "/" in what else None
        key = None if ref is not None or what == "all" else what
        with open_for_command(load_config(config)) as database:
            affected_counts = reader_counts.affected(database, ref=ref, key=key)
            note(database, "affected counted", {"what": what, "people": str(affected_counts.people), "written": "yes" if write else ""})
            if write is not None:
                _write(write, _csv(("email", "name"), reader_counts.affected_people(database, ref=ref, key=key)))
        if output_format is OutputFormat.JSON:
            typer.echo(machine_output.to_json(asdict(affected_counts)))
        else:
            console().print(reader_tables.affected(what, affected_counts))


def _listed(row: ListedReader) -> dict[str, Any]:
    return dict(zip(LIST_COLUMNS, (*row[:-1], machine_output.plain(row.since)), strict=True))


def _table(rows: Iterable[ListedReader]) -> tuple[str, int]:
    """One line for each reader and form: a reader may want one list in HTML and another one light."""
    lines: list[tuple[str, ...]] = []
    for _, of_reader in itertools.groupby(rows, key=lambda row: row.subscriber_id):
        each = list(of_reader)
        by_form = {form: [row.list for row in each if row.format == form] for form in dict.fromkeys(row.format for row in each)}
        lines += [(each[0].address, each[0].name, " ".join(lists), form) for form, lists in by_form.items()]
    return _csv(EXPORT_COLUMNS, lines), len(lines)


def _csv(heading: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    out = io.StringIO()
    table = csv.writer(out, lineterminator="\n")
    table.writerow(heading)
    table.writerows(rows)
    return out.getvalue()


def _write(file: Path, text: str) -> None:
    try:
        private_files.write_new(file, text.encode())
    except FileExistsError:
        raise CsvError(
            f"{file} is there already and was not changed. Name a new file. ファイルはもうあります。別の名前を付けてください。"
        ) from None
    except OSError as error:
        raise CsvError(f"{file}: cannot be written ({error.strerror}). ファイルを書けません。") from error
