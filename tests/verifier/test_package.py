"""The package by itself: it can be installed alone, and stays small."""

from __future__ import annotations

import ast
import io
import shutil
import subprocess
import sys
import time
import tokenize
from pathlib import Path

from tests.samples.publishing.mirrors import WWW, Mirrors

PACKAGE = Path("verifier")


def code_lines(file: Path) -> int:
    """Return the lines that are neither blank nor comment nor docstring."""
    text = file.read_text(encoding="utf-8")
    docstrings: set[int] = set()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
            docstrings |= set(range(node.lineno, (node.end_lineno or node.lineno) + 1))
    nothing = (tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT, tokenize.ENDMARKER)
    tokens = [token for token in tokenize.generate_tokens(io.StringIO(text).readline) if token.type not in nothing]
    return len({line for token in tokens for line in range(token.start[0], token.end[0] + 1)} - docstrings)


def test_the_whole_package_has_at_most_600_lines_of_code() -> None:
    assert sum(map(code_lines, PACKAGE.glob("*.py"))) <= 600


def test_the_package_imports_the_standard_library_cryptography_and_tuf_only() -> None:
    imported = set()
    for file in PACKAGE.glob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            names = (
                [alias.name for alias in node.names]
                if isinstance(node, ast.Import)
                else [node.module or ""]
                if isinstance(node, ast.ImportFrom)
                else []
            )
            imported |= {name.partition(".")[0] for name in names}
    assert imported - sys.stdlib_module_names == {"verifier", "cryptography", "tuf"}


def install(tmp_path: Path, *packages: str) -> dict[str, str]:
    """Install packages of this repository into a folder of their own; return the environment that has only them."""
    for package in packages:
        shutil.copytree(package, tmp_path / "source" / package, ignore=shutil.ignore_patterns("__pycache__"))
        options = ["--quiet", "--no-deps", "--no-index", "--no-build-isolation", "--target", str(tmp_path / "site")]
        command = [sys.executable, "-m", "pip", "install", *options, str(tmp_path / "source" / package)]
        subprocess.run(command, check=True, capture_output=True)
    return {"PYTHONPATH": str(tmp_path / "site")}


def test_it_is_installed_alone_and_finds_an_alteration(tmp_path: Path, mirrors: Mirrors) -> None:
    environment = install(tmp_path, "verifier")
    mirrors.now = time.time()  # the program alone has the wall clock
    mirrors.publish()
    (tmp_path / "alone").mkdir()
    shutil.copy(mirrors.root / "store" / "metadata" / "1.root.json", tmp_path / "alone" / "root.json")

    def run() -> subprocess.CompletedProcess[str]:
        words = [sys.executable, "-m", "verifier", "--once", "--root", "root.json", f"http://{WWW}:{mirrors.port}"]
        return subprocess.run(words, cwd=tmp_path / "alone", env=environment, capture_output=True, text=True, check=False)

    assert run().returncode == 0
    mirrors.replace("feed.xml", b"Hacked")
    ended = run()
    assert ended.returncode == 1, ended.stderr
    assert "[altered]" in ended.stdout
