"""What a release says of how its site was built: the commit, the parameters of the build, the versions that made its bytes.

The build leaves ``output/provenance.json`` (`plugins.builder.provenance`). What names this machine stays here: paths become relative to the repository,
and of what is installed only `todoke` and what it needs is named.
"""

from __future__ import annotations

import datetime as dt
import json
import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, distribution, version
from pathlib import Path, PurePosixPath
from typing import Any

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from publisher.model.errors import PublisherError
from publisher.model.release import BuildParameters

PROVENANCE = "provenance.json"
FORMAT = 1
EXTRAS = ("cards", "furigana", "fast")
"""The extras of the program that change what it makes or how quickly."""

_PATHS = ("folder", "content", "publications", "settings")


@dataclass(frozen=True)
class Provenance:
    """``build`` is None and ``tools`` are only the program's own version if the build left no record. ``tools`` are versions by name."""

    build: BuildParameters | None
    tools: Mapping[str, str]


def read_provenance(output: Path) -> Provenance:
    """Read the record of the build in ``output``. Raises `PublisherError` for a damaged one."""
    file = output / PROVENANCE
    try:
        return _parse(json.loads(file.read_bytes()))
    except FileNotFoundError:
        return Provenance(None, _own_version())
    except (OSError, ValueError, LookupError, TypeError, AttributeError) as error:
        raise PublisherError(
            f"{file}: the record of the build cannot be read: {error}. Run todoke build / ビルドの記録が読めません"
        ) from error


def _parse(record: Mapping[str, Any]) -> Provenance:
    """Raises `ValueError`, `LookupError`, `TypeError` or `AttributeError` for what no build wrote."""
    if record["format"] != FORMAT:
        raise ValueError(f"format {record['format']}")
    return Provenance(BuildParameters(dt.datetime.fromisoformat(record["moment"]), _options(record)), _tools(record))


def _options(record: Mapping[str, Any]) -> dict[str, str]:
    """Return the options of the build that others can repeat: paths in the repository of its folder, and the address if one was given."""
    folder = Path(record["folder"])
    top = ask_git(folder, "rev-parse", "--show-toplevel")
    paths = {name: _below(top, folder / (record[name] if name != "folder" else "")) for name in _PATHS} if top else {}
    options = {name: path for name, path in paths.items() if path} | ({"site-url": record["site_url"]} if record["site_url"] else {})
    for name, value in options.items():
        if not value.isprintable():  # it becomes a line of the manifest
            raise ValueError(f"{name} has control characters")
    return options


def _below(top: str, path: Path) -> str:
    """Return ``path`` relative to ``top``, with ``/``; empty if it lies elsewhere, or leads elsewhere by a link."""
    root, resolved = os.path.realpath(top), os.path.realpath(path)
    return PurePosixPath(os.path.relpath(resolved, root)).as_posix() if os.path.commonpath((root, resolved)) == root else ""


def _tools(record: Mapping[str, Any]) -> dict[str, str]:
    needed = needed_packages()
    packages = {name: value for name, value in record["packages"].items() if not needed or name in needed}
    encoders = {f"pillow:{name}": value for name, value in record["encoders"].items()}
    tools = {**packages, **encoders, "python": record["python"], "platform": record["platform"]}
    if wrong := [name for name, value in tools.items() if not f"{name}{value}".isprintable() or " " in name]:
        raise ValueError(f"the version of {wrong[0]!r} is no text of one line")
    return tools


def needed_packages() -> frozenset[str]:
    """Return the names of the program and of everything that it needs, of what is installed; nothing if the program itself is not."""
    waiting: dict[str, tuple[str, ...]] = {"todoke": EXTRAS}
    installed: set[str] = set()
    while waiting:
        name, extras = waiting.popitem()
        try:
            requirements = distribution(name).requires or ()
        except PackageNotFoundError:
            continue
        installed.add(name)
        for line in requirements:
            needed = _requirement(line, extras)
            if needed and (canonical := canonicalize_name(needed.name)) not in installed:
                waiting[canonical] = tuple(needed.extras)
    return frozenset(installed)


def _requirement(line: str, extras: tuple[str, ...]) -> Requirement | None:
    """Return a requirement that holds here; None for those of other systems and of extras that nobody asked for."""
    try:
        needed = Requirement(line)
    except InvalidRequirement:  # of a package from before PEP 508
        return None
    return needed if needed.marker is None or any(needed.marker.evaluate({"extra": extra}) for extra in (*extras, "")) else None


def _own_version() -> dict[str, str]:
    try:
        return {"todoke": version("todoke")}
    except PackageNotFoundError:
        return {}


def ask_git(folder: Path, *question: str) -> str | None:
    """Return what Git answers, without white space at its ends; None if it refuses or is not there."""
    try:
        answer = subprocess.run(["git", "-C", str(folder), *question], capture_output=True, text=True, check=False)  # noqa: S603, S607 - no shell
    except OSError:
        return None
    return None if answer.returncode else answer.stdout.strip()
