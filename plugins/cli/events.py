"""The command line's ``events``: the edge, where files are read and written and people are spoken to."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from plugins.cli.console import moment, print_faults, say, stop

if TYPE_CHECKING:
    from plugins.events.table_import.importer import TableImport
    from plugins.frontmatter.model.registry import Registry


def import_events(
    file: Annotated[Path, typer.Argument(help="イベント一覧のCSV / the CSV of events", exists=True, dir_okay=False)],
    content: Annotated[Path, typer.Option(help="原稿のフォルダー / the content folder")] = Path("content"),
    publications: Annotated[Path, typer.Option(help="出版物の一覧 / the list of publications")] = Path("publications.toml"),
    publication: Annotated[str, typer.Option(help="入れる出版物。書かなければ催しの出版物 / where to, by default that of events")] = "",
    now: Annotated[
        str | None, typer.Option(help="いまの日時。掲載日になり、年のない日付はこの日に近い年とみなします / the present")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="何も書かない / write nothing")] = False,
    json_output: Annotated[bool, typer.Option("--json", help="JSONで書く / write JSON")] = False,
) -> None:
    """イベント一覧（推奨データセット）を記事にします。 Turn a table of events into Markdown files. Ends with 1 if any row was refused."""
    from plugins.diagnostics import ContentErrors
    from plugins.events.table_import.files import write
    from plugins.events.table_import.importer import import_table
    from plugins.events.table_import.table import UnreadableTable
    from plugins.frontmatter.model.registry import read_registry

    at = moment(now)
    try:
        registry = read_registry(publications, content / "data" / "municipalities.csv")
        taken = import_table(file.read_bytes(), content, _publication(registry, publication), registry, at.astimezone(registry.site.zone))
    except ContentErrors as errors:
        print_faults(errors.faults)
    except (UnreadableTable, ValueError) as error:
        stop(f"{file}: {error}")
    if not dry_run:
        write(content, taken.planned)
    _show(taken, json_output, dry_run)
    if taken.refusals:
        raise typer.Exit(1)


def _publication(registry: Registry, wanted: str) -> str:
    of_events = [key for key, publication in registry.publications.items() if publication.content_type == "event"]
    if wanted and wanted not in of_events:
        raise ValueError(f"「{wanted}」は催しの出版物ではありません / {wanted!r} is no publication of events: {', '.join(of_events)}")
    if not of_events:
        raise ValueError("催しの出版物がありません / publications.toml has no publication of kind event")
    return wanted or of_events[0]


def _show(taken: TableImport, as_json: bool, dry_run: bool) -> None:
    counts = {kind: sum(1 for each in taken.planned if each.outcome.name == kind) for kind in ("NEW", "RENEWED", "SAME", "KEPT")}
    refused = taken.rows - len(taken.planned)
    if as_json:
        files = [{"path": str(each.path), "outcome": each.outcome.name.lower()} for each in taken.planned]
        notes = [{"line": n.line, "column": n.column, "refusal": n.refusal, "ja": n.ja, "en": n.en} for n in taken.notes]
        typer.echo(json.dumps({"rows": taken.rows, "refused": refused, "files": files, "notes": notes}, ensure_ascii=False, indent=2))
        return
    for note in taken.notes:
        typer.echo(f"{'取り込めません refused' if note.refusal else '直しました repaired'} {note}")
    for each in taken.planned:
        if each.outcome.name != "SAME":
            typer.echo(f"{each.path}: {each.outcome.value}")
    say(
        f"{taken.rows}行のうち、新規{counts['NEW']}、更新{counts['RENEWED']}、変化なし{counts['SAME']}、手直しのため保留{counts['KEPT']}、取り込めない{refused}"
        f" / {taken.rows} rows: {counts['NEW']} new, {counts['RENEWED']} renewed, {counts['SAME']} unchanged, {counts['KEPT']} kept, {refused} refused"
        f"{'（何も書いていません / nothing written）' if dry_run else ''}"
    )
