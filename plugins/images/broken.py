"""Pictures that end in the middle, or are damaged: whoever decodes them to the end finds out. `todoke check` tells them as a build does."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from plugins.diagnostics import Diagnostic
from plugins.frontmatter.library import Library
from plugins.frontmatter.model.document import Document
from plugins.frontmatter.parse.image_files import UnreadableImage, image_permalink, open_picture
from plugins.images import variants
from plugins.inputs import InputFolder, UnreadableInput


def broken_picture(content: Path, library: Library, path: PurePosixPath, error: UnreadableImage) -> Diagnostic:
    """Return the diagnostic of the picture at ``path`` below ``content``, where a document shows it."""
    source, line = next(_mentions(InputFolder(content), library, path), (path, 1))
    ja, _, en = str(error).partition(" / ")
    return Diagnostic(
        PurePosixPath(content.name) / source,
        line,
        f"画像「{path}」が読めません。{ja}。PNGかJPEGで保存し直し、置き直してください",
        f"image {str(path)!r}: {en or ja}; save it again as PNG or JPEG",
        "F405",
        cause=PurePosixPath(content.name) / path,
    )


def find_broken(content: Path, library: Library) -> list[Diagnostic]:
    """Decode every picture that a document shows, also one that is not public yet, and return a diagnostic for each that is broken."""
    files, shown = InputFolder(content), {path for document in library.documents.values() for path in document.named_files}
    pictures = sorted(PurePosixPath(path) for path in shown if path.startswith("images/") and not variants.is_vector(PurePosixPath(path)))
    errors = ((path, _decode(files, path)) for path in pictures)
    return [broken_picture(content, library, path, error) for path, error in errors if error]


def _decode(files: InputFolder, path: PurePosixPath) -> UnreadableImage | None:
    try:
        with open_picture(io.BytesIO(files.read(str(path)))) as image:
            image.load()
    except UnreadableImage as error:
        return error
    except UnreadableInput:
        return None  # gone since the documents were read
    return None


def _mentions(files: InputFolder, library: Library, path: PurePosixPath) -> Iterator[tuple[PurePosixPath, int]]:
    """Yield source and line of each document that names a picture. An issue that carries the article shows it too, and is not at fault."""
    for document in library.documents.values():
        if _shows(document, path):
            lines = files.read(str(document.path)).decode("utf-8-sig").splitlines()
            yield from ((document.path, number) for number, line in enumerate(lines, 1) if path.name in line)


def _shows(document: Document, path: PurePosixPath) -> bool:
    address = image_permalink(path)
    return bool(document.picture and document.picture.url == address) or address in document.image_urls
