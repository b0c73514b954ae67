"""`todoke new issue LIST`: parse, call, print. The library is imported when the command runs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from plugins.cli.console import Content, Toml, moment, print_diagnostics, require, say, stop, wrong_usage

if TYPE_CHECKING:
    from plugins.diagnostics import Diagnostic


def new_issue(
    key: Annotated[str, typer.Argument(metavar="LIST", help="配信先（publications.toml の lists）。 The mail list.")],
    now: Annotated[str, typer.Option(help="号の日時。例 2021-03-31T12:00（省けば今）。 The issue's date; default: now.")] = "",
    content: Content = Path("content"),
    publications: Toml = Path("publications.toml"),
) -> None:
    """次の号の原稿を、前の号のあとに出た記事を並べて作ります。 Open the next issue, filled with what appeared since the last one."""
    from plugins.diagnostics import ContentErrors
    from plugins.files import WriteRefused
    from plugins.frontmatter.library import read_library
    from plugins.frontmatter.model.registry import read_registry
    from plugins.magazine.compose.new_issue import new_issue, write

    require(publications, folder=content)
    try:
        date = moment(now)
        registry = read_registry(publications, content / "data" / "municipalities.csv")
        if key not in registry.lists:
            known = ", ".join(registry.lists)
            wrong_usage(f"「{key}」という配信先はありません。使えるのは {known} です / no list {key!r}: use one of {known}")
        mistakes: list[Diagnostic] = []
        library = read_library(content, registry, date, mistakes=mistakes)
        _refuse_unknown_issues(mistakes, content.name, key)
        path, text = new_issue(library, key, date)
        file = write(content, path, text)
    except ContentErrors as error:
        print_diagnostics(error.diagnostics, "text")
        stop("先に、これらを直してください / correct these first")
    except WriteRefused as error:
        stop(str(error))
    except FileExistsError as error:
        stop(f"{error.filename} はもうあります。上書きしません / exists already; nothing was overwritten")
    say(f"{file} を作りました。「〔ここに」のところを書いてください / made: fill in every 〔ここに…〕")
    if mistakes:
        print_diagnostics(mistakes, "text")
        say(
            "これらのまちがいのある原稿は、並べていません。直ったら書き足してください / left out because of these mistakes: add them when they are right"
        )
    if "\n::" not in text:
        say("前の号のあとに出た記事は、まだありません / nothing has appeared since the last issue")
    say("書きながら todoke preview で見られます。書き終えたら draft の行を消します / see it with todoke preview; then delete draft")


def _refuse_unknown_issues(mistakes: list[Diagnostic], content: str, key: str) -> None:
    """Raise `ContentErrors` for mistakes in issues of the same list: its next number, and what has been in one, are not known."""
    from plugins.diagnostics import ContentErrors

    if own := [each for each in mistakes if each.path.parts[:3] == (content, "mail", key)]:
        raise ContentErrors(own)
