"""`todoke emergency status`: since when a notice is live, and where."""

from __future__ import annotations

import asyncio
import datetime as dt
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer

from emergency.cli.options import CONFIG, CONTENT, EX_LATE, FOLDER, JAPAN, Config, Content, Format, Mailer, Output, now
from emergency.model import EmergencyError, Request, Verb
from emergency.outside.mail import MailState
from emergency.outside.observation import MirrorState, Observation, observe
from emergency.outside.seen import FirstSeen
from emergency.people import hand_over_calmly
from emergency.places import read_places
from emergency.preview import preview


def status(
    notice: Annotated[Path, typer.Argument(metavar="NOTICE", help="The source of the notice. お知らせの原稿")],
    chosen: Format = "text",
    config: Config = CONFIG,
    mailer: Mailer = None,
    content: Content = CONTENT,
    output: Output = None,
) -> None:
    """Say since when a notice is live on each mirror and in the mail, fetched from outside. いつから、どこで見られるか（外から確かめます）

    Every form is fetched from the public address of each mirror, and compared with the built site. Exit status 0: it is live everywhere; 3: somewhere it
    is not; 1: there is no such notice in force.
    """
    places = read_places(config, content, output, mailer)
    folder = config.parent / FOLDER
    try:
        previewed = asyncio.run(preview(Request(notice, Verb.ANY), places, folder / "looked-at"))
    except EmergencyError as error:
        typer.echo(" ".join(str(error).split()), err=True)
        raise typer.Exit(1) from None
    seen = asyncio.run(observe(previewed, places, FirstSeen(folder / "seen.json"), now()))
    if chosen == "json":
        typer.echo(json.dumps(seen.record(), ensure_ascii=False))
    else:
        for line in _lines(seen):
            typer.echo(line)
    if words := asyncio.run(hand_over_calmly(folder, places)):
        typer.echo(words, err=True)
    raise typer.Exit(0 if seen.is_live else EX_LATE)


def _lines(seen: Observation) -> Iterator[str]:
    yield seen.title
    if seen.trouble:
        yield seen.trouble
    if not seen.mirrors:
        yield "no mirror: it is live nowhere / 公開先がありません"
    for mirror in seen.mirrors:
        yield from _mirror_lines(mirror)
    for mail in seen.mails:
        yield _mail_line(mail)


def _mirror_lines(mirror: MirrorState) -> Iterator[str]:
    if mirror.is_live:
        yield f"LIVE 公開中  mirror {mirror.name} since {_time(mirror.since)}; {len(mirror.forms)} files are as they should be"
        return
    wrong = [form for form in mirror.forms if form.failure]
    yield f"NOT LIVE 未公開  mirror {mirror.name}" + (
        f": {mirror.failure}" if mirror.failure else f": {len(wrong)} of {len(mirror.forms)} files"
    )
    for form in wrong[:10]:
        yield f"    {form.path}: {form.failure}"


def _mail_line(mail: MailState) -> str:
    if mail.failure:
        return f"NOT LIVE 未配信  mail {mail.issue}: {mail.failure}"
    words = "LIVE 配信済み" if mail.is_live else "UNDER WAY 配信中"
    return f"{words}  mail {mail.issue}: {mail.sent:,} of {mail.readers:,} sent, {mail.waiting:,} not tried yet"


def _time(moment: dt.datetime | None) -> str:
    return moment.astimezone(JAPAN).strftime("%Y-%m-%d %H:%M:%S %Z") if moment else "-"
