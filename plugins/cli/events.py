"""`todoke events import`: parse, call, print. What it needs is imported when it runs."""

from __future__ import annotations

from collections import Counter
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Annotated

import typer

from plugins.cli.console import (
    Format,
    FormatName,
    moment,
    print_diagnostics,
    require,
    safe_text,
    say,
    stop,
    stop_with_errors,
    wrong_usage,
)
from plugins.diagnostics import ContentErrors, Diagnostic

if TYPE_CHECKING:
    from plugins.events.table_import.importer import TableImport
    from plugins.frontmatter.model.registry import Registry

_LARGEST = 20_000_000
"""Bytes. The table of events of a prefecture has some hundred kilobytes; one with a million rows is no table of events."""


def import_events(
    file: Annotated[Path, typer.Argument(help="イベント一覧のCSV / the CSV of events", exists=True, dir_okay=False)],
    content: Annotated[Path, typer.Option(help="原稿のフォルダー / the content folder")] = Path("content"),
    publications: Annotated[Path, typer.Option(help="出版物の一覧 / the list of publications")] = Path("publications.toml"),
    publication: Annotated[str, typer.Option(help="入れる出版物。書かなければ催しの出版物 / where to, by default that of events")] = "",
    now: Annotated[
        str | None, typer.Option(help="いまの日時。掲載日になり、年のない日付はこの日に近い年とみなします / the date of the import")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="何も書かない / write nothing")] = False,
    chosen: Format = "text",
    json_output: Annotated[bool, typer.Option("--json", help="--format json と同じ / the same as --format json", hidden=True)] = False,
) -> None:
    """イベント一覧（推奨データセット）を記事にします。 Turn a table of events into Markdown files. Ends with 1 if any row was refused."""
    from plugins.events.table_import.files import write
    from plugins.events.table_import.importer import import_table
    from plugins.files import WriteRefused
    from plugins.frontmatter.model.registry import read_registry
    from plugins.inputs import UnreadableInput
    from plugins.open_data.table import UnreadableTable

    chosen = "json" if json_output else chosen
    require(publications, folder=content)
    path = PurePosixPath(file.as_posix())
    data = _read(file, path, chosen)
    try:
        registry = read_registry(publications, content / "data" / "municipalities.csv")
        key, date = _publication(registry, publication), moment(now).astimezone(registry.site.zone)
        table = import_table(data, path, content, key, registry, date)
    except ContentErrors as error:
        stop_with_errors(error.diagnostics, chosen)
    except UnreadableTable as error:
        ja, _, en = str(error).partition(" / ")
        stop_with_errors([Diagnostic(path, 1, ja, en, "E101")], chosen)
    except UnreadableInput as error:
        stop_with_errors([error.diagnostic(content.name)], chosen)
    if not dry_run:
        try:
            write(content, table.planned)
        except WriteRefused as error:
            stop(str(error))
    _print_result(table, chosen, dry_run)
    if table.refusals:
        raise typer.Exit(1)


def _read(file: Path, path: PurePosixPath, chosen: FormatName) -> bytes:
    from plugins.inputs import UnreadableInput, read_named

    try:
        data = read_named(file, _LARGEST + 1)
    except UnreadableInput:  # a pipe or a device; its own words are for files of ``content/``, which one may delete
        ja, en = "読めるファイルではありません（パイプや装置は読みません）", "no file that can be read: pipes and devices are not"
        stop_with_errors([Diagnostic(path, 1, ja, en, "E101")], chosen)
    if len(data) > _LARGEST:
        stop_with_errors([Diagnostic(path, 1, "20MBを超えています", "larger than 20 MB", "E101")], chosen)
    return data


def _publication(registry: Registry, key: str) -> str:
    """Return the publication that ``--publication`` names, or else the first of events."""
    of_events = [publication.key for publication in registry.publications.values() if publication.content_type == "event"]
    if key and key not in of_events:
        wrong_usage(f"「{key}」は催しの出版物ではありません / {key!r} is no publication of events: {', '.join(of_events)}")
    if not of_events:
        stop("催しの出版物がありません / publications.toml has no publication of kind event")
    return key or of_events[0]


def _print_result(table: TableImport, chosen: FormatName, dry_run: bool) -> None:
    counts = Counter(file.outcome.name for file in table.planned)
    refused = table.rows - len(table.planned)
    files = [{"path": str(file.path), "outcome": file.outcome.name.lower()} for file in table.planned]
    print_diagnostics(table.diagnostics, chosen, {"rows": table.rows, "refused": refused, "files": files})
    for file in table.planned:
        if file.outcome.name != "SAME":
            typer.echo(safe_text(f"{file.path}: {file.outcome.value}"), err=chosen != "text")
    new, renewed, same, kept = (counts[name] for name in ("NEW", "RENEWED", "SAME", "KEPT"))
    say(
        f"{table.rows}行のうち、新規{new}、更新{renewed}、変化なし{same}、手直しのため保留{kept}、取り込めない{refused}"
        f" / {table.rows} rows: {new} new, {renewed} renewed, {same} unchanged, {kept} kept, {refused} refused"
        f"{'（何も書いていません / nothing written）' if dry_run else ''}",
        chosen,
    )
