"""One thing, one word: each term of the glossary is a name in the code, and no retired word is."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

GLOSSARY = Path("docs/reference/glossary.md").read_text("utf-8")
TERMS = [(cells[0].strip(), re.findall(r"`([^`]+)`", cells[2])) for cells in re.findall(r"(?m)^\| ([^|]+) \| ([^|]+) \| ([^|]+) \|$", GLOSSARY) if cells[0].strip() != "term"]  # fmt: skip
RETIRED = frozenset(re.search(r"```text retired-words\n(.*?)```", GLOSSARY, re.DOTALL).group(1).split())  # type: ignore[union-attr]
ROOTS = (
    "mailer",
    "plugins",
    "publisher",
    "emergency",
    "channels",
    "continuity",
    "sending_right",
    "storage",
    "verifier",
    "alarm",
    "demo",
    "audit",
    "benchmarks",
    "docs",
    "regular_file.py",
    "public_address.py",
    "public_page.py",
    "terminal.py",
    "todoke.py",
    "themes",
)
ORDINARY = frozenset({"values", "parts", "written", "raw", "copies", "again", "readers", "route", "kinds", "notice"})
"""Retired as names of modules, classes and functions, but plain words for a parameter or an attribute."""

KEPT = {
    "Notice",
    "_notice",
    "values",
    "lane",
    "Finding",
    "finding",
    "findings",
    "head",
    "_head",
    "stamp",
    "patience",
    "written",
}
"""The content type of an urgent notice; the method that a mapping has to have; an argument that is stored with waiting jobs; what the verifier reports of a
mirror, which is no diagnostic of a source; Git's HEAD; the time stamp of RFC 3161 and that of a file (stat); a setting in the verifier's own file; the files
that a release writes."""

STORED = {Path("mailer/database/migrations/versions")}
"""Evidence and history keep the words they were written with."""


def python_files() -> list[Path]:
    files = [file for root in ROOTS for file in ([Path(root)] if root.endswith(".py") else Path(root).rglob("*.py"))]
    return sorted(file for file in files if not STORED & set(file.parents))


FILES = python_files()
TEXT = "\n".join(file.read_text("utf-8") for root in (*ROOTS, "publisher") for file in ([Path(root)] if root.endswith(".py") else Path(root).rglob("*")) if file.suffix in {".py", ".html"})  # fmt: skip


@pytest.mark.parametrize(("term", "names"), TERMS, ids=[term for term, _ in TERMS])
def test_each_term_is_a_name_in_the_code(term: str, names: list[str]) -> None:
    assert names, f"say in the third column what {term} is called in the code"
    assert [name for name in names if not re.search(rf"\b{re.escape(name)}\b", TEXT)] == []


def retired_names(file: Path) -> Iterator[str]:
    """Yield file, line and name of every module, class, function, parameter and attribute that has a retired word for its name."""
    if file.stem in RETIRED:
        yield f"{file}: the module"
    for node in ast.walk(ast.parse(file.read_text("utf-8"))):
        name, words = "", RETIRED
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            name = node.name
        elif isinstance(node, ast.arg):
            name, words = node.arg, RETIRED - ORDINARY
        elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
            name, words = node.attr, RETIRED - ORDINARY
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            name, words = node.target.id, RETIRED - ORDINARY
        if name.strip("_").lower() in words and name not in KEPT:
            yield f"{file}:{getattr(node, 'lineno', 0)}: {name}"


def test_no_retired_word_is_the_name_of_anything() -> None:
    """Of all files at once: a test for each of nine hundred would take longer to report than to run."""
    assert [found for file in FILES for found in retired_names(file)] == []


def test_a_retired_word_is_found_wherever_it_names_something(tmp_path: Path) -> None:
    file = tmp_path / "office.py"
    file.write_text("class Mould:\n    rest: int = 0\n\n    def pour(self, letter: int) -> None:\n        self.desk = letter\n", "utf-8")
    assert [line.rpartition(": ")[2] for line in retired_names(file)] == ["the module", "Mould", "rest", "pour", "letter", "desk"]
