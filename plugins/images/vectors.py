"""Every SVG file that the site may publish, looked through before a document names it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from plugins.diagnostics import Diagnostic, unexpected
from plugins.frontmatter.parse.source import is_publishable
from plugins.frontmatter.parse.vector_pictures import UnsafeVector, read_vector
from plugins.inputs import InputFolder, UnreadableInput, survey

FOLDERS = ("images", "files", "data")
"""Folders below ``content/`` whose files are published as they are when a document names them."""


def check_vectors(content: Path) -> list[Diagnostic]:
    """Return a diagnostic for each SVG file that is more than a picture. Paths are relative to ``content``."""
    return [diagnostic for path in _find(content) if (diagnostic := _check(content, path))]


def _check(content: Path, path: PurePosixPath) -> Diagnostic | None:
    try:
        read_vector(InputFolder(content).read(str(path)))
    except UnreadableInput:
        return None  # gone or changed since it was found; whoever reads it next says so
    except UnsafeVector as error:
        ja, _, en = str(error).partition(" / ")
        return Diagnostic(path, 1, f"公開できないSVGです。{ja}", f"this SVG file cannot be published: {en or ja}", "F407")
    except Exception as error:
        return unexpected(path, error, rule="F407")
    return None


def _find(content: Path) -> Iterator[PurePosixPath]:
    for folder in FOLDERS:
        # A link in the place of a folder is an error that `plugins.frontmatter.library` tells: what it leads to is not looked at.
        names = survey(content / folder).files if (content / folder).is_dir() and not (content / folder).is_symlink() else ()
        for path in sorted(f"{folder}/{name}" for name in names):
            if path.lower().endswith((".svg", ".svgz")) and is_publishable(path):
                yield PurePosixPath(path)
