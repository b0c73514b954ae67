"""The reference of the commands, from Typer's command tree."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import typer

from docs.generate.tables import code, table

Node = Any
"""A command, a group or a parameter of Typer: their classes are private to Typer."""


@dataclass(frozen=True)
class Parameter:
    """One argument or option. ``names`` are all its spellings; ``value`` is what it takes, empty for a flag; ``default`` is empty where there is none."""

    names: tuple[str, ...]
    value: str
    default: str
    help: str
    is_required: bool


@dataclass(frozen=True)
class Command:
    """One command that can be run. ``name`` is written in full, such as ``todoke feeds add``."""

    name: str
    usage: str
    help: str
    parameters: tuple[Parameter, ...]


def commands(app: typer.Typer) -> list[Command]:
    """Return every command of ``app`` in the order of their names; commands that ``--help`` hides are left out."""
    root: Node = typer.main.get_command(app)
    return list(_walk(root, typer.Context(root, info_name="todoke")))


def _walk(command: Node, context: typer.Context) -> Iterator[Command]:
    is_group = hasattr(command, "list_commands")
    if not is_group or command.params:  # a group has a section of its own only for options of its own
        yield _describe(command, context)
    if not is_group:
        return
    for name in sorted(command.list_commands(context)):
        below = command.get_command(context, name)
        if not below.hidden:
            yield from _walk(below, typer.Context(below, info_name=name, parent=context))


def _describe(command: Node, context: typer.Context) -> Command:
    shown = [each for each in command.params if not each.hidden]
    usage = " ".join((context.command_path, *command.collect_usage_pieces(context)))
    parameters = sorted((_parameter(each, context) for each in shown), key=lambda each: each.names[0].startswith("-"))
    return Command(context.command_path, usage, _one_line(command.help), tuple(parameters))


def _parameter(parameter: Node, context: typer.Context) -> Parameter:
    is_option = parameter.param_type_name == "option"
    is_flag = is_option and parameter.is_flag
    names = (*parameter.opts, *parameter.secondary_opts) if is_option else (parameter.display_name_raw,)
    value = "" if is_flag else (is_option and parameter.metavar) or parameter.display_type(context)
    return Parameter(names, value, _default(parameter.default, names, is_flag=is_flag), _one_line(parameter.help), parameter.required)


def _default(value: object, names: tuple[str, ...], *, is_flag: bool) -> str:
    """Return the default as it would be typed. Of a pair such as ``--serve/--no-serve`` the option that holds without either."""
    if is_flag:
        return names[0 if value else 1] if len(names) > 1 and names[1].startswith("--no-") else ""
    value = getattr(value, "value", value)  # an enumeration
    return str(value) if isinstance(value, (str, int, float, Path)) else ""


def _one_line(text: str | None) -> str:
    return " ".join((text or "").split())


def commands_page(app: typer.Typer) -> str:
    """Return Markdown: one section for each command, with every argument and option. Those that all commands have are listed once, with the program."""
    described = commands(app)
    shared = set[Parameter].intersection(*(set(command.parameters) for command in described))
    return "\n".join(_section(command if command.name == "todoke" else _without(command, shared)) for command in described)


def _without(command: Command, shared: set[Parameter]) -> Command:
    return replace(command, parameters=tuple(each for each in command.parameters if each not in shared))


def _section(command: Command) -> str:
    lines = [f"## {command.name}\n", f"{command.help}\n", f"```text\n{command.usage}\n```\n"]
    if command.parameters:
        lines.append(table(("name", "value", "default", "meaning"), map(_row, command.parameters)))
    return "\n".join(lines)


def _row(parameter: Parameter) -> tuple[str, str, str, str]:
    default = "required" if parameter.is_required else code(parameter.default)
    return " ".join(map(code, parameter.names)), code(parameter.value), default, parameter.help
