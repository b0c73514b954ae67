"""`todoke emergency publish`, `update`, `cancel` and `correct`."""

from __future__ import annotations

import asyncio
import json
import subprocess
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Literal

import typer
from rich.text import Text

from emergency import preview as previews
from emergency.cli import screen
from emergency.cli.options import (
    CONFIG,
    CONTENT,
    EX_LATE,
    EX_STOPPED,
    FOLDER,
    Config,
    Content,
    DryRun,
    File,
    First,
    Format,
    Mailer,
    Output,
    Second,
    Seconds,
    now,
)
from emergency.cli.screen import Screen, err
from emergency.hold import SECONDS, hold
from emergency.model import EmergencyError, Places, Report, Request, Verb
from emergency.places import read_places
from emergency.preview import Preview
from emergency.run import Emergency


def _command(verb: Verb, words: str) -> Callable[..., None]:
    """Return the command of one verb, with ``words`` as its help: all four have the same options."""

    def command(
        file: File,
        first: First = "",
        second: Second = "",
        dry_run: DryRun = False,
        seconds: Seconds = 600.0,
        chosen: Format = "text",
        config: Config = CONFIG,
        mailer: Mailer = None,
        content: Content = CONTENT,
        output: Output = None,
    ) -> None:
        _carry_out(Request(file, verb, _people(first, second), seconds), read_places(config, content, output, mailer), dry_run, chosen)

    command.__name__, command.__doc__ = verb.value, words
    return command


publish = _command(
    Verb.PUBLISH,
    """Publish a notice by every way at once: site, mirrors, mail. 緊急のお知らせを、すべての経路で出します

    It waits 60 seconds first, in which Ctrl-C stops it, unless two people are named with --as and --second. No way waits for another: what is dead or
    slow is tried again and reported. Run it again at any time: nothing goes out twice. Exit status 0: all done; 3: something is late or failed; 1: the
    notice is refused, and nothing went out; 130: stopped in time.
    """,
)
update = _command(
    Verb.UPDATE,
    """Publish a notice that updates another; mail that is still to be sent of that one is called off. お知らせを改めます

    FILE is a new source with `updates:`. Everything else is as with emergency publish.
    """,
)
cancel = _command(
    Verb.CANCEL,
    """Publish that another notice is over; mail that is still to be sent of that one is called off. お知らせを終えます（解除）

    FILE is a new source with `cancels:`. Everything else is as with emergency publish.
    """,
)
correct = _command(
    Verb.CORRECT,
    """Publish a correction: its mail reaches exactly those whom the wrong notice has reached. 訂正を出します

    FILE is a new source with `correction: true` and `updates:`, and its title begins with 訂正. Everything else is as with emergency publish.
    """,
)


def _people(first: str, second: str) -> tuple[str, ...]:
    people = tuple(name.strip() for name in (first, second) if name.strip())
    if second.strip() and not first.strip():
        raise typer.BadParameter("--second goes with --as: two people are named. --second は --as と一緒に使います")
    return people


def _carry_out(request: Request, places: Places, dry_run: bool, chosen: Literal["text", "json"]) -> None:
    folder = places.config.parent / FOLDER
    try:
        if dry_run:
            _show_dry_run(request.file, asyncio.run(previews.preview(request, places, folder / "preview")), places, chosen)
            return
        if len(request.people) < 2:
            _hold(request, places, folder)
        report = _run(request, places, folder)
    except EmergencyError as error:
        typer.echo(" ".join(str(error).split()), err=True)
        raise typer.Exit(1) from None
    except KeyboardInterrupt:
        typer.echo(
            "Stopped. What has left goes on; the same command goes on with the rest. 止めました。同じコマンドで続けられます", err=True
        )
        raise typer.Exit(EX_STOPPED) from None
    _print(report, chosen)
    raise typer.Exit(0 if report.is_complete else EX_LATE)


def _hold(request: Request, places: Places, folder: Path) -> None:
    """Show what will leave, and count down. Ends with `EX_STOPPED` after Ctrl-C."""
    previewed = asyncio.run(previews.preview(request, places, folder / "preview"))
    for line in _summary(previewed, places):
        err.print(line)
    try:
        with err.status("") as status:

            def show(left: int) -> None:
                words = f"{left} s until it leaves. Ctrl-C stops it. あと{left}秒で出ます。止めるときは Ctrl-C"
                if err.is_terminal:
                    status.update(Text(words, "bold yellow"))
                elif left % 10 == 0:
                    err.print(words)

            asyncio.run(hold(SECONDS, show, time.monotonic))
    except KeyboardInterrupt:
        typer.echo("Stopped in time: nothing was published or sent. 間に合いました。何も出ていません", err=True)
        raise typer.Exit(EX_STOPPED) from None


def _run(request: Request, places: Places, folder: Path) -> Report:
    shown = Screen()
    if words := _uncommitted(request.file):
        err.print(words)
    with shown.following():
        running = Emergency(request, places, folder, now, shown.show)
        report = asyncio.run(running.run())
    if words := _uncommitted(request.file):  # a person may have committed it meanwhile
        running.board.note(words)
        report = running.board.report
    with (folder / "log.jsonl").open("a", encoding="utf-8") as log:
        log.write(json.dumps(report.record() | {"people": list(request.people)}, ensure_ascii=False) + "\n")
    return report


def _uncommitted(file: Path) -> str:
    """Return what to do about a notice that no commit has: `todoke publish` carries it over, and nobody can build that release anew."""
    try:
        words = ["git", "-C", str(file.resolve().parent), "status", "--porcelain", "--", file.name]
        ended = subprocess.run(  # noqa: S603 - no shell, and the name comes after --
            words, capture_output=True, timeout=5, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    if not ended.stdout.strip():
        return ""
    return (
        f"{file} is in no commit: todoke publish carries it over until one has it, and mail that needs an approval waits for it. Commit it. "
        f"{file} をコミットしてください。それまでは todoke publish が引き継ぎ、承認の要るメールは待ちます"
    )


def _print(report: Report, chosen: Literal["text", "json"]) -> None:
    if chosen == "json":
        typer.echo(json.dumps(report.record(), ensure_ascii=False))
        return
    for line in screen.lines(report):
        typer.echo(line)


def _show_dry_run(file: Path, previewed: Preview, places: Places, chosen: Literal["text", "json"]) -> None:
    if chosen == "json":
        record = {"folder": str(previewed.folder), "forms": previewed.forms, "notice": previewed.notice, "issues": previewed.issues}
        typer.echo(json.dumps(record | {"mirrors": [mirror.name for mirror in places.mirrors]}, ensure_ascii=False))
        return
    for form in previewed.forms:
        typer.echo(f"{(previewed.folder / form).stat().st_size:>9,}  {previewed.folder / form}")
    for line in _summary(previewed, places):
        typer.echo(line)
    if words := _uncommitted(file):
        typer.echo(words)
    typer.echo("Nothing was published or sent. 試しです。何も出ていません")


def _summary(previewed: Preview, places: Places) -> Sequence[str]:
    """Return what would leave, in lines: the words that must be right, and where it goes."""
    notice, words = previewed.notice, previewed.notice.get("messages", {}).get("ja", {})
    level = f"警戒レベル{notice['level']}" if notice.get("level") else notice.get("severity", "")
    mirrors = [mirror.name for mirror in places.mirrors] or ["none: only output/ 公開先なし"]
    drill = "DRILL 訓練です" if notice.get("drill") else "REAL 本当の知らせです"
    return [
        f"{drill}: {previewed.title}",
        f"  {level} / {words.get('where', '')} / until {notice.get('expires', '')}",
        *(f"  {sentence}" for sentence in words.get("action", ())),
        f"  mirrors 公開先: {', '.join(mirrors)}" + (f" ({places.trouble})" if places.trouble else ""),
        *(f"  mail メール: {issue} 「{subject}」" for issue, subject in previewed.issues.items()),
    ]
