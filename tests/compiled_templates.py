"""Templates are compiled once for all tests of a process: the same text in an environment with the same settings gives the same code.

A program compiles its templates once; the suite makes hundreds of sites, bundles and services in one process, and each would compile them all again.
"""

from __future__ import annotations

from functools import wraps
from types import CodeType
from typing import Any

from jinja2 import Environment


def keep() -> None:
    """Let every environment of this process find what another one like it has compiled."""
    compile_anew, kept = Environment.compile, dict[tuple[object, ...], CodeType]()

    @wraps(compile_anew)
    def compile_once(self: Environment, source: Any, *arguments: Any, **options: Any) -> Any:
        if not isinstance(source, str):
            return compile_anew(self, source, *arguments, **options)
        key = (source, *arguments, *options.items(), *_settings(self))
        if key not in kept:
            code = compile_anew(self, source, *arguments, **options)
            if not isinstance(code, CodeType):
                return code
            kept[key] = code
        return kept[key]

    setattr(Environment, "compile", compile_once)  # noqa: B010 - no type has room for it


def _settings(environment: Environment) -> tuple[object, ...]:
    """Everything on which the code depends. Filters and tests are among it, themselves and not by name: what is constant is worked out by the compiler."""
    syntax = (
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
    )
    working = (
        type(environment),
        environment.undefined,
        environment.autoescape,
        environment.finalize,
        environment.optimized,
        environment.is_async,
        environment.code_generator_class,
        *map(type, environment.extensions.values()),
    )
    return (*syntax, *working, *sorted(environment.policies), *_items(environment.filters), *_items(environment.tests))


def _items(functions: dict[str, Any]) -> list[tuple[str, object]]:
    return sorted(functions.items(), key=lambda item: item[0])
