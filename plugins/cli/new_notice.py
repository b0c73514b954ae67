"""`todoke new notice` and `todoke new drill`: ask, check, write. The library is imported when a command runs."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from plugins.cli.console import Content, Toml, moment, print_diagnostics, require, say, stop, wrong_usage

if TYPE_CHECKING:
    from plugins.emergency.jma_telegram import Telegram as JmaTelegram
    from plugins.emergency.new_notice import NewSource
    from plugins.frontmatter.model.registry import Registry

What = Annotated[
    str, typer.Option(help="何が起きているか、一文で（省けば聞きます）。 What happens, in one sentence; asked for if left out.")
]
Title = Annotated[str, typer.Option(help="題名。30字まで（省けば聞きます）。 The title, 30 characters at most.")]
Where = Annotated[str, typer.Option(help="どこの人に向けたものか（省けば聞きます）。 Whom it concerns.")]
Until = Annotated[str, typer.Option(help="いつまで。例 2021-03-31T21:00（省けば聞きます）。 Until when.")]
Action = Annotated[list[str] | None, typer.Option(help="いますること。何度でも（省けば聞きます）。 What to do now; repeatable.")]
By = Annotated[str, typer.Option(help="だれが出すか（省けば聞きます）。 Who says so.")]
Hazard = Annotated[str, typer.Option(help="何の災いか。大雨、土砂災害、断水 など（省けば聞きます）。 The hazard.")]
Level = Annotated[str, typer.Option(help="警戒レベル1から5。なければ 情報、注意、警報、特別警報（省けば聞きます）。 Level, or severity.")]
Phone = Annotated[list[str] | None, typer.Option(help="電話。「危機対策課 022-211-2375」の形で、何度でも。 Telephones.")]
Name = Annotated[str, typer.Option(help="ファイルの名前（半角の英小文字、数字、ハイフン）。 Name of the file.")]
Telegram = Annotated[
    Path | None, typer.Option(help="気象庁の電文（XML）から下書きを作ります。 Make a draft of a telegram of the Meteorological Agency.")
]
Now = Annotated[str, typer.Option(help="日時。例 2021-03-31T12:00（省けば今）。 The date; default: now.")]


def new_notice(
    title: Title = "",
    level: Level = "",
    hazard: Hazard = "",
    what: What = "",
    where: Where = "",
    until: Until = "",
    action: Action = None,
    by: By = "",
    phone: Phone = None,
    name: Name = "",
    from_jma: Telegram = None,
    now: Now = "",
    content: Content = Path("content"),
    publications: Toml = Path("publications.toml"),
) -> None:
    """緊急のお知らせの原稿を、五つの問いに答えて作ります。 Write an emergency notice: who, where, what, until when, what to do."""
    given = {"title": title, "level": level, "hazard": hazard, "what": what, "areas": where, "until": until, "issued_by": by}
    _make("notice", given, action, phone, name, from_jma, now, content, publications)


def new_drill(
    title: Title = "",
    level: Level = "",
    hazard: Hazard = "",
    what: What = "",
    where: Where = "",
    until: Until = "",
    action: Action = None,
    by: By = "",
    phone: Phone = None,
    name: Name = "",
    now: Now = "",
    content: Content = Path("content"),
    publications: Toml = Path("publications.toml"),
) -> None:
    """訓練の知らせの原稿を作ります。題名に【訓練】が付きます。 Write a drill; its title gets 【訓練】."""
    given = {"title": title, "level": level, "hazard": hazard, "what": what, "areas": where, "until": until, "issued_by": by}
    _make("drill", given, action, phone, name, None, now, content, publications)


def _make(
    kind: str,
    given: dict[str, str],
    action: list[str] | None,
    phone: list[str] | None,
    name: str,
    telegram: Path | None,
    now: str,
    content: Path,
    publications: Path,
) -> None:
    from plugins.diagnostics import ContentErrors
    from plugins.emergency.new_notice import check_new, from_telegram
    from plugins.files import WriteRefused, write_into
    from plugins.frontmatter.model.registry import read_registry

    require(publications, *([telegram] if telegram else []), folder=content)
    try:
        date, registry = moment(now), read_registry(publications, content / "data" / "municipalities.csv")
        if telegram:
            read = _read(telegram)
            source = from_telegram(read, registry, _folder(registry, "drill" if read.is_drill else "notice"), name)
        else:
            source = _asked(kind, given, action, phone, name, date, _folder(registry, kind), registry)
        if diagnostics := check_new(source, registry, date):
            print_diagnostics(diagnostics, "text")
            stop("書きませんでした。直して、もう一度実行してください / nothing was written: correct this and run it again")
        if (content / source.path).exists():
            stop(f"{content / source.path} はもうあります。--name で別の名前を / exists already: give another --name")
        write_into(content, str(source.path), source.text.encode())
    except ContentErrors as error:
        print_diagnostics(error.diagnostics, "text")
        stop("先に、これらを直してください / correct these first")
    except WriteRefused as error:
        stop(str(error))
    say(f"{content / source.path} を作りました / made")
    say(
        "下書きです。確かめて、draft の行を消してください / a draft: look at it, and delete draft"
        if telegram
        else "todoke preview で見られます / see it with todoke preview"
    )


def _folder(registry: Registry, kind: str) -> str:
    key = next((p.key for p in registry.publications.values() if p.content_type == kind), "")
    if not key:
        wrong_usage(f"kind が {kind} の出版物が publications.toml にありません / no publication of kind {kind}")
    return key


def _read(telegram: Path) -> JmaTelegram:
    from plugins.emergency.jma_telegram import UnreadableTelegram, read_telegram

    try:
        return read_telegram(telegram)
    except UnreadableTelegram as error:
        stop(f"{telegram}: {error}")


def _asked(
    kind: str,
    given: dict[str, str],
    action: list[str] | None,
    phone: list[str] | None,
    name: str,
    date: dt.datetime,
    folder: str,
    registry: Registry,
) -> NewSource:
    """Ask for what was not given, and return the source."""
    from plugins.emergency.new_notice import from_answers
    from plugins.frontmatter.model.notices import DRILL_MARK

    ask = _Questions(folder, registry, date).ask
    answers = {key: value or ask(key) for key, value in given.items()}
    steps = action or [ask("action")]
    title = answers["title"] if kind == "notice" or answers["title"].startswith(DRILL_MARK) else f"{DRILL_MARK}{answers['title']}"
    is_level = answers["level"][-1:].isdigit()
    rows: dict[str, object] = {
        "title": title,
        "expires": _until(answers["until"], date),
        "level": answers["level"] if is_level else None,
        "severity": None if is_level else answers["level"],
        "hazard": answers["hazard"],
        "areas": answers["areas"],
        "what": answers["what"],
        "action": steps,
        "issued_by": answers["issued_by"],
        "phone": phone or (),
    }
    return from_answers(rows, folder, name, date)


@dataclass(frozen=True)
class _Questions:
    """Asks one question at a time. An answer that a build would refuse is told at once and asked for again: nobody types all of it twice at night."""

    folder: str
    registry: Registry
    now: dt.datetime

    def ask(self, key: str) -> str:
        answer: str = typer.prompt(_QUESTIONS[key], value_proc=lambda text: self._checked(key, text))
        return answer

    def _checked(self, key: str, text: str) -> str:
        from plugins.emergency.new_notice import check_answer

        answer = _until(text, self.now) if key == "until" else text.strip()
        field = {"until": "expires", "level": "level" if answer[-1:].isdigit() else "severity"}.get(key, key)
        for diagnostic in check_answer(field, answer, self.folder, self.registry, self.now):
            raise typer.BadParameter(f"{diagnostic.ja} / {diagnostic.en}")
        if key == "until":
            say(f"{answer} まで / until")
        return answer


def _until(text: str, now: dt.datetime) -> str:
    """Return the moment that was meant; as it was typed if it is none, which the check tells."""
    from plugins.emergency.new_notice import until_moment
    from plugins.typography.written_dates import NoSuchMoment

    try:
        return until_moment(text, now)
    except NoSuchMoment:
        return text


_QUESTIONS = {
    "title": "題名（30字まで） Title",
    "level": "警戒レベル 1-5、なければ 情報・注意・警報・特別警報 Level or severity",
    "hazard": "何の災い（大雨、土砂災害、津波、断水、交通 …） Hazard",
    "what": "何が起きていますか（一文で） What happens",
    "areas": "どこの人に向けますか Where",
    "until": "いつまで（21時、明日の6時、2021-03-31 21:00） Until when",
    "issued_by": "だれが出しますか Who",
    "action": "いますること What to do now",
}
