"""Every SVG file that the site publishes, looked through: those that no document shows have an address too."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from plugins.diagnostics import Diagnostic, unexpected
from plugins.frontmatter.parse.vector_pictures import UnsafeVector, read_vector

FOLDERS = ("images", "files", "data")
"""Folders below ``content/`` whose files are published as they are."""

_NOT_PUBLISHED = "drawings"
"""A folder below ``images`` with the sources of some pictures."""


def check_vectors(content: Path) -> list[Diagnostic]:
    """Return a diagnostic for each SVG file that is more than a picture. Paths are relative to ``content``."""
    return [diagnostic for path in _find(content) if (diagnostic := _check(content, path))]


def _check(content: Path, path: PurePosixPath) -> Diagnostic | None:
    try:
        read_vector(content / path)
    except UnsafeVector as error:
        ja, en = f"公開できないSVGです（{error}）", f"this SVG file cannot be published ({error})"
        return Diagnostic(path, 1, ja, en, "F407")
    except Exception as error:
        return unexpected(path, error, rule="F407")
    return None


def _find(content: Path) -> Iterator[PurePosixPath]:
    for folder in FOLDERS:
        for root, folders, files in os.walk(content / folder):
            if folder == "images" and Path(root) == content / folder:
                folders[:] = [name for name in folders if name != _NOT_PUBLISHED]
            for name in sorted(files):
                path = Path(root, name)
                if name.lower().endswith((".svg", ".svgz")) and path.is_file() and not path.is_symlink():
                    yield PurePosixPath(path.relative_to(content).as_posix())
