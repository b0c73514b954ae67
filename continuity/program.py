"""Runs commands of this program in an installation, as `emergency` does: no half imports another."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

ROOT = Path(__file__).parents[1]
"""Where the program lies: a checkout, or the site-packages of an environment."""


def run(home: Path, *words: str, seconds: float, environment: Mapping[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    """Run `todoke` with these words in the folder of an installation. Raises `subprocess.TimeoutExpired`."""
    variables = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "utf-8", "NO_COLOR": "1", **(environment or {})}
    command = [sys.executable, "-P", "-m", "todoke", *words]
    return subprocess.run(  # noqa: S603 - fixed words
        command, cwd=home, capture_output=True, text=True, check=False, env=variables, timeout=seconds, stdin=subprocess.DEVNULL
    )
