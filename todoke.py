"""The one command line. It gathers the commands of the site, of the mailer and of the demonstration; it knows nothing else of them.

A command's module is imported when the command is asked for. So `todoke build` with nothing to do loads no mailer, and sending mail loads no Pelican.
"""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Callable, Iterator, Mapping, MutableMapping
from functools import partial
from importlib import import_module
from typing import Annotated, Any, NoReturn

import typer
from typer.core import TyperCommand, TyperGroup

from channels.cli import groups as networks
from continuity.cli import groups as other_building
from demo import groups as sample
from emergency.cli import groups as urgent
from mailer.cli import groups as mail
from plugins.cli import groups as site
from publisher.cli import groups as publication
from terminal import guard_output

HELP = (
    "とどけ：復興の知らせを、だれもが読めるページと、届くメールに。 Reconstruction news as pages everybody can read and mail that arrives."
)
TABLES = {
    "サイト The site": site,
    "緊急 In an emergency": urgent,
    "公開 The mirrors": publication,
    "配信 The mail": mail,
    "告知 Other networks": networks,
    "別の拠点 The other building": other_building,
    "見本 The sample": sample,
}
"""Panel of the help → the module with ``COMMANDS`` ("group name" or "name" → module and function) and ``GROUPS`` (name → help)."""

VERBOSITY = "todoke.verbosity"
"""In the context's ``meta``: -1 quiet, 0, or 1 verbose. Each half reads it; neither imports this module."""

EX_SOFTWARE = 70
"""Exit status for a fault of ours (sysexits.h); 1 and 2 speak of the user's files and of the command line."""

EX_REFUSED = 1
"""Exit status when a file or folder cannot be read or written, as the commands have it for what they find themselves."""

Command = TyperCommand | TyperGroup


class Commands(MutableMapping[str, Any]):
    """The commands of one group by name, in the order of the help. Each is made when it is asked for, and kept."""

    def __init__(self, makers: Mapping[str, Callable[[], Command]]) -> None:
        self._makers = makers
        self._loaded: dict[str, Command] = {}

    def __getitem__(self, name: str) -> Command:
        if name not in self._loaded:
            self._loaded[name] = self._makers[name]()
        return self._loaded[name]

    def __setitem__(self, name: str, command: Command) -> None:
        self._loaded[name] = command

    def __delitem__(self, name: str) -> NoReturn:
        raise TypeError("a command cannot be taken away")

    def __iter__(self) -> Iterator[str]:
        return iter(self._makers)

    def __len__(self) -> int:
        return len(self._makers)


def _show_version(chosen: bool) -> None:
    if chosen:
        from importlib.metadata import version

        typer.echo(f"todoke {version('todoke')}")
        raise typer.Exit


def _be_quiet(context: typer.Context, chosen: bool) -> None:
    if chosen:
        context.meta[VERBOSITY] = -1


def _be_verbose(context: typer.Context, chosen: bool) -> None:
    if chosen:
        context.meta[VERBOSITY] = 1


def _debug(context: typer.Context, chosen: bool) -> None:
    """Send what `plugins` logs for programmers to the error stream: the tracebacks behind diagnostics, of other processes too."""
    if chosen:
        import logging

        context.meta[VERBOSITY] = 1
        logger = logging.getLogger("plugins")
        logger.setLevel(logging.DEBUG)
        logger.addHandler(logging.StreamHandler(sys.stderr))


def _everywhere(
    version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, expose_value=False, help="版を示す。 Show the version.")
    ] = False,
    quiet: Annotated[
        bool, typer.Option("--quiet", "-q", callback=_be_quiet, expose_value=False, help="結果と誤りだけを出す。 Only results and errors.")
    ] = False,
    verbose: Annotated[
        bool, typer.Option("--verbose", "-v", callback=_be_verbose, expose_value=False, help="くわしく出す。 Say more; show tracebacks.")
    ] = False,
    debug: Annotated[
        bool,
        typer.Option(
            "--debug",
            callback=_debug,
            expose_value=False,
            help="読めなかった原稿などの traceback も出す。 Also show the traceback of each file that could not be read.",
        ),
    ] = False,
) -> None:
    """The options that the program and each of its commands have."""


def _plain(name: str, function: Callable[..., object]) -> TyperCommand:
    app = typer.Typer(add_completion=False)
    app.command(name)(function)
    command = typer.main.get_command(app)
    assert isinstance(command, TyperCommand)
    return command


def _command(name: str, panel: str, module: str, function: str) -> TyperCommand:
    command = _plain(name, getattr(import_module(module), function))
    command.params.extend(_plain(name, _everywhere).params)
    command.rich_help_panel = panel
    return command


def _group(name: str, panel: str, words: str) -> TyperGroup:
    group = TyperGroup(name=name, help=words, no_args_is_help=True, rich_markup_mode="rich", rich_help_panel=panel)
    group.commands = _commands(name)
    return group


def _commands(group: str = "") -> Commands:
    """Return the commands of one group, or those that stand alone and the groups themselves."""
    makers: dict[str, Callable[[], Command]] = {}
    for panel, table in TABLES.items():
        for path, (module, function) in table.COMMANDS.items():
            above, _, name = path.rpartition(" ")
            if above == group:
                makers[name] = partial(_command, name, "" if above else panel, module, function)
            elif not group:
                makers.setdefault(above, partial(_group, above, panel, table.GROUPS[above]))
    return Commands(makers)


class Program(TyperGroup):
    """The program: the commands that stand alone, and the groups."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.commands = _commands()


app = typer.Typer(name="todoke", cls=Program, help=HELP, callback=_everywhere, no_args_is_help=True, pretty_exceptions_enable=False)


def main() -> None:
    """Entry point of the ``todoke`` command.

    A command may leave objects in the context's ``obj``: then the process ends without taking apart what it holds. To look through all that a build
    has read, and to free it object by object, takes a quarter of the time of an edit (0.5 of 2.1 s with 10,000 articles), and the system takes the
    memory back anyway.
    """
    kept: list[object] = []
    output = guard_output()
    status = output.finish(_run(kept))
    if kept:
        os._exit(status)
    raise SystemExit(status)


def _run(kept: list[object]) -> int:
    """Run the command and return its exit status. What went wrong is one line; with ``--verbose`` it is a traceback."""
    try:
        app(obj=kept, prog_name="todoke")
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else int(bool(end.code))
    except Exception as error:
        if {"--verbose", "-v", "--debug"} & set(sys.argv):
            typer.echo("".join(traceback.format_exception(error)), err=True, nl=False)
        else:
            typer.echo(" ".join(_sentence(error).split()), err=True)
        return EX_REFUSED if _is_refusal(error) else EX_SOFTWARE
    return 0


def _is_refusal(error: Exception) -> bool:
    """Whether the system refused a file or folder: that is no fault of ours."""
    return isinstance(error, OSError) and error.filename is not None


def _sentence(error: Exception) -> str:
    if isinstance(error, OSError) and _is_refusal(error):
        return f"{error.filename}: 読み書きできません（{error.strerror}） / cannot be read or written: {error.strerror}"
    return f"予期しない誤り: {type(error).__name__}: {error}。--verbose を付けると詳しく出ます / unexpected error: see --verbose"


if __name__ == "__main__":
    main()
