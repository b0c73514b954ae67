"""`todoke emergency write`: the forms of one notice, without a full build; `todoke emergency ready`: whether that would work. What they need is imported when they run."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from plugins.cli.console import (
    HELD_BACK_STATUS,
    Content,
    Now,
    Output,
    moment,
    print_error,
    safe_text,
    say,
    stop,
    stop_with_errors,
    wrong_usage,
)

if TYPE_CHECKING:
    from plugins.emergency.fast_path.publish import FastPath, StageDone


def write(
    file: Annotated[Path, typer.Argument(help="お知らせか訓練の原稿。 The source of a notice or a drill, below content/.")],
    now: Now = None,
    content: Content = Path("content"),
    output: Output = Path("output"),
    cache: Annotated[Path, typer.Option(help="絵の控えのフォルダー。 Folder where drawn cards are kept.")] = Path("var/cache"),
    preview: Annotated[
        Path | None,
        typer.Option(
            help="サイトを変えず、すべての形をこのフォルダーに書く。 Change nothing; write every form into this folder, to be looked at."
        ),
    ] = None,
    only: Annotated[
        Literal["any", "publish", "update", "cancel", "correct"],
        typer.Option(help="この種類の知らせでなければ断る。 Refuse a notice of another kind."),
    ] = "any",
    chosen: Annotated[
        Literal["text", "json"],
        typer.Option("--format", help="できたファイルの書き方。json は段階ごとに1行。 json: one line for each stage."),
    ] = "text",
) -> None:
    """お知らせ1件のすべての形を、全体を作らずに数秒でサイトに置きます。 Put every form of one notice on the site in seconds, without a full build.

    It needs the notice and what the last good build left in the output folder: a broken article, theme or publications.toml holds nothing up.
    First the light page, the section, the portal, the feeds and the mail; then the banner of every other page.
    Exit status 0: all of it; 3: a part could not be written, and is named; 1: nothing changed.
    """
    from plugins.files import WriteRefused

    fast_path = _prepare(file, now, content, output, cache)
    if only not in ("any", fast_path.kind):
        stop(_OTHER_KIND[only].format(file=file))
    try:
        if preview is not None:
            _write_preview(fast_path, preview, chosen)
            return
        failed = [line for stage in fast_path.stages() for line in _print_stage(stage, chosen)]
    except (OSError, WriteRefused) as error:
        stop(f"{output} に書けません。ディスクと権利を確かめてください / cannot write into {output}: {error}")
    if failed:
        stop(f"{len(failed)}件が書けませんでした。ほかはすべて出ています / {len(failed)} parts failed; all else is out", HELD_BACK_STATUS)


def ready(output: Output = Path("output")) -> None:
    """緊急のお知らせをいま出せるかを、落ち着いたときに確かめます。 Say in calm times whether a notice could go out now.

    It reads what the last good build left, as todoke emergency publish would. Exit status 0: it can; 1: it cannot, and what to do is said.
    """
    from plugins.emergency.fast_path.slots import URGENT, fill
    from plugins.emergency.fast_path.snapshot import NoSnapshot, load_snapshot

    try:
        snapshot = load_snapshot(output)
        page = (output / "site" / "index.html").read_bytes()
    except NoSnapshot as error:
        stop(str(error))
    except OSError as error:
        stop(
            f"{error.filename} が読めません。todoke build を一度実行してください / cannot be read; run todoke build once: {error.strerror}"
        )
    if fill(page, URGENT, b"?") == page:
        stop(
            "テーマに <!--urgent--> の印がないため、帯が出せません。テーマを直して todoke build を実行してください / the theme has lost the mark "
            "<!--urgent-->, so no page would get a banner: mend it, and run todoke build"
        )
    typer.echo(f"出せます Ready: {len(snapshot.documents)} notices, {len(snapshot.headers)} documents, {len(snapshot.templates)} templates")


def _print_stage(stage: StageDone, chosen: Literal["text", "json"]) -> list[str]:
    """Print what a stage has written; return a line for each part that failed."""
    words = {"first": "まず読む人に届きます Live", "all_pages": "すべてのページに出ました On every page"}[stage.name]
    mail = f", mail {', '.join(stage.bundles)}" if stage.bundles else ""
    say(f"{words}: {len(stage.paths)} files{mail}", chosen)
    if chosen == "json":
        written = {"stage": stage.name, "paths": stage.paths, "bundles": stage.bundles, "failed": stage.failed}
        sys.stdout.write(f"{json.dumps(written, ensure_ascii=False)}\n")
        sys.stdout.flush()  # whoever reads it begins to publish
    lines = [f"書けませんでした / not written: {what}: {why}" for what, why in stage.failed]
    for line in lines:
        print_error(safe_text(line), "bold red")
    return lines


_OTHER_KIND = {
    "publish": "{file} は前の知らせに続くものです。emergency update、cancel、correct のどれかで出します / it follows another notice: use emergency update, cancel or correct",
    "update": "{file} に updates: 前の原稿.md がありません / it updates no notice: add updates, or use emergency publish",
    "cancel": "{file} に cancels: 前の原稿.md がありません / it cancels no notice: add cancels",
    "correct": "{file} に correction: true と updates: 前の原稿.md がありません / it corrects no notice: add correction: true and updates",
}


def _prepare(file: Path, now: str | None, content: Path, output: Path, cache: Path) -> FastPath:
    """Read the snapshot and the record. Ends with status 1 or 2 if one of them is at fault; then nothing was written."""
    from plugins.diagnostics import ContentErrors
    from plugins.emergency.fast_path.publish import FastPath, path_below
    from plugins.emergency.fast_path.snapshot import NoSnapshot, load_snapshot
    from plugins.emergency.fast_path.source import read_record

    at = moment(now)
    try:
        path = path_below(content, file)
        snapshot = load_snapshot(output)
        return FastPath(snapshot, read_record(content, path, snapshot, at), content, output, cache, at)
    except ValueError:
        wrong_usage(f"{file} は {content} の中にありません / {file} does not lie in {content}: put it there")
    except NoSnapshot as error:
        stop(str(error))
    except ContentErrors as error:
        stop_with_errors(error.diagnostics, "text")  # in JSON each line of the output is a stage


def _write_preview(fast_path: FastPath, folder: Path, chosen: Literal["text", "json"]) -> None:
    from plugins.files import write_into

    files = fast_path.preview()
    for name, data in files.items():
        write_into(folder, name, data, replace=True)
    say(
        f"{folder} に{len(files)}個のファイルを書きました。サイトはそのままです / {len(files)} forms to look at; the site is as it was",
        chosen,
    )
    if chosen == "json":
        typer.echo(json.dumps({"stage": "preview", "paths": sorted(files)}, ensure_ascii=False))
