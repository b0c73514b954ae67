"""Templates are parsed and compiled once for all tests of a process: the same text in an environment with the same settings gives the same code.

A program compiles its templates once; the suite makes hundreds of sites, bundles and services in one process, and each would compile them all again,
and parse them once more to see which uses which (`plugins.incremental.template_digests`; a third of the computing time of a small site's build).
"""

from __future__ import annotations

from functools import wraps
from types import CodeType
from typing import Any

from jinja2 import Environment, nodes


def keep() -> None:
    """Let every environment of this process find what another one like it has parsed or compiled."""
    _keep_parsed()
    _keep_compiled()


def _keep_parsed() -> None:
    """Whoever asks for a template's syntax only reads it."""
    parse_anew, kept = Environment.parse, dict[tuple[object, ...], nodes.Template]()

    @wraps(parse_anew)
    def parse_once(self: Environment, *arguments: Any, **options: Any) -> nodes.Template:
        key = (*arguments, *options.items(), *_syntax(self))
        if key not in kept:
            kept[key] = parse_anew(self, *arguments, **options)
        return kept[key]

    setattr(Environment, "parse", parse_once)  # noqa: B010 - no type has room for it


def _keep_compiled() -> None:
    compile_anew, kept = Environment.compile, dict[tuple[object, ...], CodeType]()

    @wraps(compile_anew)
    def compile_once(self: Environment, source: Any, *arguments: Any, **options: Any) -> Any:
        if not isinstance(source, str):
            return compile_anew(self, source, *arguments, **options)
        key = (source, *arguments, *options.items(), *_syntax(self), *_working(self))
        if key not in kept:
            code = compile_anew(self, source, *arguments, **options)
            if not isinstance(code, CodeType):
                return code
            kept[key] = code
        return kept[key]

    setattr(Environment, "compile", compile_once)  # noqa: B010 - no type has room for it


def _syntax(environment: Environment) -> tuple[object, ...]:
    """Everything on which the syntax tree of a text depends."""
    return (
        environment.block_start_string,
        environment.block_end_string,
        environment.variable_start_string,
        environment.variable_end_string,
        environment.comment_start_string,
        environment.comment_end_string,
        environment.line_statement_prefix,
        environment.line_comment_prefix,
        environment.trim_blocks,
        environment.lstrip_blocks,
        environment.newline_sequence,
        environment.keep_trailing_newline,
        *map(type, environment.extensions.values()),
    )


def _working(environment: Environment) -> tuple[object, ...]:
    """Everything else on which the code depends. Filters and tests count themselves and not by name: the compiler works out what is constant."""
    return (
        type(environment),
        environment.undefined,
        environment.autoescape,
        environment.finalize,
        environment.optimized,
        environment.is_async,
        environment.code_generator_class,
        *_items(environment.filters),
        *_items(environment.tests),
    )


def _items(functions: dict[str, Any]) -> list[tuple[str, object]]:
    return sorted(functions.items(), key=lambda item: item[0])
