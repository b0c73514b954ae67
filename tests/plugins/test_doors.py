"""A package's `plugin.py` is its door to Pelican: importing anything else registers nothing, and checking sources loads no Pelican at all."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

FILES = sorted(Path("plugins").rglob("*.py"))
PACKAGES = [file for file in FILES if file.name == "__init__.py"]
DOORS = {"plugin.py", "content_loader.py"}


@pytest.mark.parametrize("file", PACKAGES, ids=str)
def test_a_package_itself_holds_one_docstring_and_imports_nothing(file: Path) -> None:
    tree = ast.parse(file.read_text("utf-8"))
    assert ast.get_docstring(tree), "say in one sentence what the package hides"
    assert len(tree.body) == 1


def test_only_doors_register_signals() -> None:
    registering = {file for file in FILES if re.search(r"signals\.\w+\.connect", file.read_text("utf-8"))}
    assert registering, "nothing is registered: the plugins have moved"
    assert {file.name for file in registering} <= DOORS


def test_checking_sources_loads_no_pelican() -> None:
    code = "import sys, plugins.builder.source_check; print('pelican' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "False\n"
