"""What of Pelican is replaced or leaned upon beyond its documented extension points, and why. Checked before every run that makes something.

A new release of Pelican that changes one of these stops the build with the name of the place to look at, instead of giving pages that are subtly
wrong. `tests/plugins/incremental/test_pelican_compat.py` proves that it does.
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
    """Pelican's internals are others than those that the incremental build was written for."""


@dataclass(frozen=True)
class PelicanDependency:
    """A function of Pelican, the parameters that it must have, names that its code must use, and why we depend on it."""

    what: Callable[..., Any]
    parameters: tuple[str, ...]
    names: tuple[str, ...]
    reason: str


LEANINGS = (
    PelicanDependency(
        Writer.write_file,
        ("self", "name", "template", "context", "relative_urls", "paginated", "template_name", "override_output", "url"),
        ("render", "makedirs", "_open_w", "content_written"),
        "IncrementalWriter.write_file stands in its place: a page that would come out the same is not rendered, others are by several processes.",
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
        "share_environment puts one Jinja environment in the place of each generator's own: templates compiled once, every read recorded.",
    ),
    PelicanDependency(
        Generator.get_template,
        ("self", "name"),
        ("env", "_templates"),
        "It has to look at `env` when a template is asked for, not before: that is how the shared environment comes into use.",
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


def check_pelican(leanings: Iterable[PelicanDependency] = LEANINGS) -> None:
    """Raise `PelicanChanged` unless everything is as it is expected."""
    for leaning in leanings:
        found = tuple(inspect.signature(leaning.what).parameters)
        used = _names(leaning.what)
        if found[: len(leaning.parameters)] != leaning.parameters or not set(leaning.names) <= used:
            name = leaning.what.__qualname__
            raise PelicanChanged(
                f"Pelicanの {name} が変わりました。plugins/incremental/pelican_compat.py を見てください / Pelican's {name} has changed: {leaning.reason}"
            )


def _names(function: Callable[..., Any]) -> set[str]:
    """Every name that the code of ``function`` uses, that of the functions inside it too."""
    waiting, found = [function.__code__], set[str]()
    while waiting:
        code = waiting.pop()
        found |= {*code.co_names, *code.co_varnames, *code.co_freevars}
        waiting += [constant for constant in code.co_consts if inspect.iscode(constant)]
    return found
