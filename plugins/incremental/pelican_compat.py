"""The functions of Pelican that this package replaces or depends on beyond the documented extension points, and why. Checked before every run.

If a new release of Pelican changes one of them, the build stops and names it. Otherwise pages could be wrong in a way that nobody notices.
`tests/plugins/incremental/test_pelican_compat.py` proves that the build stops.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from pelican.contents import Content
from pelican.generators import Generator
from pelican.urlwrappers import URLWrapper
from pelican.writers import Writer

from plugins.digest import describe_values, name_records


class PelicanChanged(Exception):
    """A function of Pelican is not the one that the incremental build was written for."""


@dataclass(frozen=True)
class PelicanDependency:
    """A function of Pelican, its first parameters, names that its code must use, and why we depend on it."""

    function: Callable[..., Any]
    parameters: tuple[str, ...]
    names: tuple[str, ...]
    reason: str


DEPENDENCIES = (
    PelicanDependency(
        Writer.write_file,
        ("self", "name", "template", "context", "relative_urls", "paginated", "template_name", "override_output", "url"),
        ("render", "makedirs", "_open_w", "content_written"),
        "IncrementalWriter.write_file replaces it: a page that would come out the same is not rendered, and several processes render the others.",
    ),
    PelicanDependency(
        Writer._open_w,
        ("self", "filename", "encoding", "override"),
        ("_written_files", "open"),
        "IncrementalWriter._open_w removes the file first: it may be a link into the last site, which must not be written through.",
    ),
    PelicanDependency(
        Generator.__init__,
        ("self", "context", "settings", "path", "theme", "output_path", "readers_cache_name"),
        ("env", "generator_init", "_templates"),
        "share_environment gives all generators one Jinja environment: each template is compiled once, and every read is recorded.",
    ),
    PelicanDependency(
        Generator.get_template,
        ("self", "name"),
        ("env", "_templates"),
        "It has to use `env` when a template is asked for, not before: otherwise generators keep their own environments.",
    ),
    PelicanDependency(
        Generator._is_potential_source_path,
        ("self", "path", "static"),
        ("context",),
        "DocumentsGenerator writes the paths of all sources into context['generated_content'], so that none is copied as a static file.",
    ),
)


name_records(Content, lambda content: f"{type(content).__name__}:{content.get_relative_source_path()}")
describe_values(URLWrapper, lambda wrapper: f"url {wrapper.name!r} {wrapper.slug!r}")


def check_pelican(dependencies: Iterable[PelicanDependency] = DEPENDENCIES) -> None:
    """Raises `PelicanChanged` for the first function that has other parameters or no longer uses one of the names."""
    for dependency in dependencies:
        parameters = tuple(inspect.signature(dependency.function).parameters)
        has_parameters = parameters[: len(dependency.parameters)] == dependency.parameters
        if not has_parameters or not set(dependency.names) <= _names_used(dependency.function):
            name = dependency.function.__qualname__
            raise PelicanChanged(
                f"Pelicanの {name} が変わりました。plugins/incremental/pelican_compat.py を見てください"
                f" / Pelican's {name} has changed: {dependency.reason}"
            )


def _names_used(function: Callable[..., Any]) -> set[str]:
    """Every name that the bytecode of ``function`` uses, with the functions defined inside it."""
    pending, names = [function.__code__], set[str]()
    while pending:
        code = pending.pop()
        names |= {*code.co_names, *code.co_varnames, *code.co_freevars}
        pending += [constant for constant in code.co_consts if inspect.iscode(constant)]
    return names
