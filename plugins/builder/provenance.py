"""What a build was made from, beside its sources: moment, options, interpreter, packages, encoders. `todoke reproduce` repeats a build from it.

The record is ``output/provenance.json``. It stays on this machine, since it names a folder of it; a release takes from it what others may know.
"""

from __future__ import annotations

import hashlib
import json
import os
import platform
import re
import sys
import sysconfig
from pathlib import Path
from typing import Any

from PIL import features

from plugins.builder.options import BuildOptions
from plugins.files import write_atomically
from plugins.typography.font import SYSTEM, find_font

PROVENANCE = "provenance.json"
FORMAT = 1

_ENCODERS = ("jpg", "libjpeg_turbo", "zlib", "zlib_ng", "webp", "avif", "freetype2", "raqm", "harfbuzz", "fribidi")
"""Parts of Pillow that write or draw pictures. A wheel brings them along; Pillow of a distribution takes those of the system, in any version."""

_DISTRIBUTION = re.compile(r"(.+?)-([^-]+)(?:-.*)?\.(?:dist-info|egg-info)")
"""The name of a folder that an installer leaves, with name and version (Python packaging: recording installed projects)."""


def record(options: BuildOptions) -> dict[str, Any]:
    """Return what is recorded of a build with ``options`` by this process. ``folder`` is where its relative paths begin."""
    return {
        "format": FORMAT,
        "moment": options.now.isoformat(),
        "folder": str(Path.cwd()),
        "content": options.content.as_posix(),
        "publications": options.publications.as_posix(),
        "settings": options.settings.as_posix(),
        "site_url": options.site_url,
        "python": f"{platform.python_implementation()} {platform.python_version()}",
        "platform": sysconfig.get_platform(),
        "packages": installed_packages(sys.path),
        "encoders": _encoders(),
    }


def _encoders() -> dict[str, str]:
    versions = {name: version for name in _ENCODERS if (version := features.version(name))}
    font = find_font()
    return versions | ({"card-font": f"sha256-{_digest(font)}"} if font and str(font) in SYSTEM else {})


def _digest(file: Path) -> str:
    """Return the digest of a font of the system, whose version no package names."""
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def save(options: BuildOptions, folder: Path) -> None:
    """Write the record into ``folder``. Raises `OSError`."""
    write_atomically(folder / PROVENANCE, json.dumps(record(options), ensure_ascii=False, indent=1, sort_keys=True).encode())


def installed_packages(path: list[str]) -> dict[str, str]:
    """Return version by name (normalized as PEP 503 says) of everything installed on ``path``; the first place counts, as for imports.

    Names of folders are enough: to read the metadata of a hundred packages would take longer than to render a page.
    """
    versions: dict[str, str] = {}
    for folder in path:
        try:
            names = os.listdir(folder)  # noqa: PTH208 - names only
        except OSError:
            continue
        for match in filter(None, map(_DISTRIBUTION.fullmatch, names)):
            versions.setdefault(re.sub(r"[-_.]+", "-", match[1]).lower(), match[2])
    return versions
