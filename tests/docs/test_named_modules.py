"""A docstring or a page that names a module, or something in a module, names what there is: moves leave such names behind."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

PROGRAMS = ("alarm", "audit", "benchmarks", "demo", "emergency", "mailer", "plugins", "publisher", "sending_right", "storage", "verifier")
NAMED = re.compile(rf"`((?:{'|'.join(PROGRAMS)})(?:\.\w+)+)`")
ENDINGS = {"md", "py", "toml", "html", "json", "prom", "service", "timer"}
"""A name that ends so is a file's."""

FILES = [*(path for program in PROGRAMS for path in Path(program).rglob("*.py")), *Path("docs").rglob("*.md")]


def module_file(parts: list[str]) -> Path | None:
    return next((path for path in (Path(*parts).with_suffix(".py"), Path(*parts, "__init__.py")) if path.is_file()), None)


def exists(name: str) -> bool:
    """Tell whether the longest beginning of ``name`` that is a module has the next word in its text."""
    parts = name.split(".")
    for length in range(len(parts), 0, -1):
        file = module_file(parts[:length])
        if file is not None:
            return length == len(parts) or re.search(rf"\b{parts[length]}\b", file.read_text("utf-8")) is not None
    return False


def named_in(file: Path) -> Iterator[str]:
    yield from (name for name in NAMED.findall(file.read_text("utf-8")) if name.rpartition(".")[2] not in ENDINGS)


def test_each_module_that_a_docstring_or_a_page_names_exists() -> None:
    named = {(file.as_posix(), name) for file in FILES if "_build" not in file.parts for name in named_in(file)}
    assert len(named) > 100
    assert sorted(pair for pair in named if not exists(pair[1])) == []


@pytest.mark.parametrize("name", ["mailer.no_such_module.claim", "mailer.delivery.journal.Diary", "plugins.nothing"])
def test_a_name_that_leads_nowhere_is_found(name: str) -> None:
    assert not exists(name)
