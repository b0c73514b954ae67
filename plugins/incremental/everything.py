"""What every page depends on: settings, the code of the plugins, versions of the libraries. One digest; when it changes, all is built anew."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

from .digest import Volatile, digest

_LIBRARIES = ("pelican", "jinja2", "markdown", "markupsafe", "budoux", "lxml", "pydantic")
_PLACES = frozenset({"OUTPUT_PATH", "PATH", "PUBLICATIONS", "NOW", "THEME", "PLUGIN_PATHS", "INCREMENTAL"})
"""Where things lie and when it is: no part of what they are. The moment is read by templates like any other name."""


def everything(settings: Mapping[str, Any], code: Path) -> str:
    """Return the digest of ``settings``, of every Python file below ``code``, and of the libraries' versions."""
    hasher = hashlib.blake2b(digest_size=10)
    for name in sorted(set(settings) - _PLACES):
        hasher.update(f"{name}={_named(settings[name])}\0".encode())
    for name in _LIBRARIES:
        hasher.update(f"{name}=={version(name)}\0".encode())
    for file in sorted(code.rglob("*.py")):
        hasher.update(file.relative_to(code).as_posix().encode() + b"\0" + hashlib.blake2b(file.read_bytes()).digest())
    return hasher.hexdigest()


def _named(value: Any) -> str:
    """Functions and objects in the settings are told by their type: their code is part of the plugins or of the versions."""
    try:
        return digest(value)
    except Volatile:
        return type(value).__qualname__
