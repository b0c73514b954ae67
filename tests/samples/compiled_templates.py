"""Templates are parsed and compiled once for all tests of a process: the same text in an environment with the same settings gives the same code.

A program compiles its templates once; the suite makes hundreds of sites, bundles and services in one process, and each would compile them all again,
and parse them once more to see which uses which (`plugins.incremental.template_digests`; a third of the computing time of a small site's build).
What was parsed once is also searched once for the templates that it uses.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import wraps
from types import CodeType
from typing import Any

from jinja2 import Environment, nodes
from jinja2.utils import _PassArg

from plugins.incremental import template_digests


def keep() -> None:
    """Let every environment of this process find what another one like it has parsed or compiled."""
    _keep_parsed()
    _keep_references()
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


def _keep_references() -> None:
    """A syntax tree that was parsed once stays, and is told by its identity: Jinja2 compares trees node by node."""
    search, kept = template_digests._references, dict[int, tuple[str | None, ...]]()

    def search_once(template: nodes.Template) -> Iterator[str | None]:
        if id(template) not in kept:
            kept[id(template)] = tuple(search(template))
        return iter(kept[id(template)])

    template_digests._references = search_once


def _keep_compiled() -> None:
    """The compiler works out what is constant, and so may call filters and tests: code is shared where those that it called are the same objects."""
    compile_anew, kept = Environment.compile, dict[tuple[object, ...], list[tuple[Used, CodeType]]]()

    @wraps(compile_anew)
    def compile_once(
        self: Environment, source: Any, name: str | None = None, filename: str | None = None, raw: bool = False, defer_init: bool = False
    ) -> Any:
        if not isinstance(source, str) or raw or self.is_async:
            return compile_anew(self, source, name, filename, raw, defer_init)  # type: ignore[call-overload]
        known = kept.setdefault((source, name, defer_init, *_syntax(self), *_working(self)), [])
        code = next(
            (code for used, code in known if used == {key: _value(self, *key, is_called) for key, (is_called, _) in used.items()}), None
        )
        if code is None:
            with _noted(self) as used:
                code = compile_anew(self, source, name, filename, raw, defer_init)
            known.append((used, code))
        return code.replace(co_filename=filename or "<template>")  # of all code only this one tells where a template lies

    setattr(Environment, "compile", compile_once)  # noqa: B010 - no type has room for it


Used = dict[tuple[str, str], tuple[bool, object]]
"""("filters" or "tests", name) → whether the compiler called it, and what the code depends on: then the function, otherwise how it is called."""


def _value(environment: Environment, kind: str, name: str, is_called: bool) -> tuple[bool, object]:
    function = getattr(environment, kind).get(name)
    if is_called:
        return True, function
    return False, "absent" if function is None else _PassArg.from_obj(function)


@contextmanager
def _noted(environment: Environment) -> Iterator[Used]:
    """Let the filters and tests of an environment note who asks for them and who calls them, and be as before afterwards."""
    used, before = Used(), (environment.filters, environment.tests)
    environment.filters, environment.tests = (_Noting(kind, environment, used) for kind in ("filters", "tests"))
    try:
        yield used
    finally:
        environment.filters, environment.tests = before
        for key, (is_called, _) in used.items():
            used[key] = _value(environment, *key, is_called)


class _Noting(dict[str, Any]):
    def __init__(self, kind: str, environment: Environment, used: Used) -> None:
        super().__init__(getattr(environment, kind))
        self._kind, self._used = kind, used

    def get(self, name: str, default: Any = None) -> Any:
        key, function = (self._kind, name), super().get(name, default)
        self._used.setdefault(key, (False, None))
        if function is None:
            return None

        @wraps(function)
        def noting(*arguments: Any, **options: Any) -> Any:
            self._used[key] = (True, None)
            return function(*arguments, **options)

        return noting


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
    """Everything else on which the code depends, but for filters and tests."""
    return (
        type(environment),
        environment.undefined,
        environment.autoescape,
        environment.finalize,
        environment.optimized,
        environment.code_generator_class,
        repr(sorted(environment.policies.items())),
    )
