"""The two halves never import each other; they meet in output/mail only."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

FORBIDDEN = {"plugins": {"mailer", "demo", "todoke"}, "mailer": {"plugins", "pelican", "demo", "todoke"}}


def imported(file: Path) -> set[str]:
    tree = ast.parse(file.read_text(encoding="utf-8"))
    names = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    names |= {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and node.level == 0}
    return {name.split(".")[0] for name in names}


@pytest.mark.parametrize("half", FORBIDDEN)
def test_a_half_imports_nothing_of_the_other(half: str) -> None:
    files = list(Path(half).rglob("*.py"))
    assert files
    found = {str(file): bad for file in files if (bad := imported(file) & FORBIDDEN[half])}
    assert found == {}


def test_the_import_reader_sees_both_forms(tmp_path: Path) -> None:
    file = tmp_path / "x.py"
    file.write_text("import mailer.config\nfrom plugins.builder.run import build\nfrom . import near\n")
    assert imported(file) == {"mailer", "plugins"}
