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
    code = "import sys, plugins.builder.checkout.source_check; print('pelican' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "False\n"


OPENING = {
    "read_bytes",
    "read_text",
    "write_bytes",
    "write_text",
    "rglob",
    "glob",
    "iterdir",
    "walk",
    "scandir",
    "copyfile",
    "copy2",
    "copytree",
    "fdopen",
}
MAY_OPEN = {
    "inputs.py": "the door to what is read below content/ and the theme",
    "files.py": "the way into an output tree",
    "typography/font.py": "a font of the machine, which no editor names",
    "toml_file.py": "settings, which lie outside of content/",
    "frontmatter/model/registry.py": "the line of a setting",
    "checks/levels.py": "as above",
    "builder/content_loader.py": "as above",
    "builder": "its own output and caches, and the files whose times and sizes tell whether anything changed",
    "incremental": "as above",
    "emergency/fast_path": "the output of the last build, and what that build leaves for it",
    "cards": "its own cache",
    "furigana": "the pages of this build, and its own cache",
    "search": "the index of the last build",
    "readings/package_tables.py": "tables that the package ships",
    "typography/folding.py": "as above",
    "images/plugin.py": "its own cache",
    "publications/type_templates.py": "the theme",
    "magazine/bundle.py": "the bundles of the last build",
    "magazine/render/renderer.py": "its own cache",
    "magazine/gate": "a table of the program, and pages in a temporary folder",
    "checks/built": "the built site",
    "preview": "the built site, and the folders to watch",
    "cli": "files that the command line names",
    "events/table_import": "looks for the file of an event, and reads it through the door",
    "partners": "what the importer keeps below var/, and what it has written; `entries.files` goes through the door",
}


def opens_files(file: Path) -> bool:
    calls = [node.func for node in ast.walk(ast.parse(file.read_text("utf-8"))) if isinstance(node, ast.Call)]
    return any(
        (isinstance(call, ast.Attribute) and call.attr in OPENING) or (isinstance(call, ast.Name) and call.id == "open") for call in calls
    )


def test_nothing_but_the_doors_opens_a_file_of_the_sources() -> None:
    opening = {file.relative_to("plugins") for file in FILES if opens_files(file)}
    assert Path("inputs.py") in opening
    allowed = {Path(name) for name in MAY_OPEN}
    assert [str(file) for file in sorted(opening) if not allowed & {file, *file.parents}] == []
