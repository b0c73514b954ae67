"""Pelican's side of the pictures: which are used, where they go, and faults with the line that names them."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path, PurePosixPath

from pelican import Pelican, signals
from pelican.generators import Generator
from pelican.writers import Writer

from plugins.context import IMAGES
from plugins.diagnostics import ContentErrors, Diagnostic
from plugins.frontmatter.library import LIBRARY, Library
from plugins.frontmatter.model.document import Document
from plugins.frontmatter.parse.image_files import UnreadableImage, image_permalink, image_size
from plugins.images import variants
from plugins.images.encode import ImageEncoder, Original
from plugins.images.picture_tag import ImageVariants, PictureTags


def add_generator(_pelican: Pelican) -> type[ImagesGenerator]:
    """Tell Pelican of the generator."""
    return ImagesGenerator


def register() -> None:
    """Register with Pelican."""
    signals.get_generators.connect(add_generator)


SOURCES = "images"
"""The folder of pictures below ``content/``; ``drawings`` in it are what pictures were drawn from, and stay here."""


class ImagesGenerator(Generator):  # type: ignore[misc]
    """Makes the pictures before any page is written, so that one that cannot be read stops the build."""

    def generate_context(self) -> None:
        """Make what is missing, and give templates ``show_picture(picture, sizes, alt, eager)``. Raises `ContentErrors`."""
        self.library: Library = self.settings[LIBRARY]
        self.content = Path(self.settings["PATH"])
        self.darkroom = ImageEncoder(Path(self.settings["CACHE"]) / "pictures")
        self.files = {path: Original.of(self.content / path) for path in find_images(self.content) if not variants.is_vector(path)}
        shown = self._shown()
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            made = dict(zip(self.files, pool.map(lambda path: self._make(path, shown=path in shown), self.files), strict=True))
        faults = [self._fault(path, error) for path, error in made.items() if isinstance(error, UnreadableImage)]
        if faults:
            raise ContentErrors(faults)
        gallery = PictureTags({image_permalink(path): found for path, found in made.items() if isinstance(found, ImageVariants)})
        self.settings[IMAGES] = gallery
        self.context["show_picture"] = gallery.show

    def generate_output(self, _writer: Writer) -> None:
        """Copy everything from the cache to its address."""
        for path in find_images(self.content):
            if variants.is_vector(path):
                self._put(self.content / path, f"/{path}")
        for path, negative in self.files.items():
            address = image_permalink(path)
            self._put(self.darkroom.permanent(negative, address), address)
            made = self.settings[IMAGES].prints.get(address)
            for name in variants.names(made.width) if made else ():
                self._put(self.darkroom.variant(negative, name), f"{made.folder}{name}")

    def _put(self, file: Path, address: str) -> None:
        target = Path(self.output_path) / address.lstrip("/")
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(file, target)

    def _shown(self) -> set[PurePosixPath]:
        """The pictures that a live page shows. Others keep their standing address: a mail that was sent still asks for it."""
        shown = {address for d in self.library.public for address in (*d.image_urls, d.picture.url if d.picture else "")}
        return {path for path in self.files if image_permalink(path) in shown}

    def _make(self, path: PurePosixPath, *, shown: bool) -> ImageVariants | UnreadableImage | None:
        negative = self.files[path]
        try:
            self.darkroom.permanent(negative, image_permalink(path))
            if not shown:
                return None
            width, height = image_size(negative.file)
            for name in variants.names(width):
                self.darkroom.variant(negative, name)
        except UnreadableImage as error:
            return error
        return ImageVariants(f"/pictures/{negative.digest}/", width, height)

    def _fault(self, path: PurePosixPath, error: UnreadableImage) -> Diagnostic:
        place, line = next(self._places(path), (PurePosixPath(path), 1))
        return Diagnostic(
            PurePosixPath(self.content.name) / place,
            line,
            f"画像「{path}」が途中で壊れています。PNGかJPEGで保存し直してください（{error}）",
            f"image {str(path)!r} is broken: save it again as PNG or JPEG ({error})",
        )

    def _places(self, path: PurePosixPath) -> Iterator[tuple[PurePosixPath, int]]:
        """Yield source and line of every mention of a picture."""
        for document in self.library.documents.values():
            if _names(document, path):
                lines = (self.content / document.path).read_text(encoding="utf-8-sig").splitlines()
                yield document.path, next((number for number, line in enumerate(lines, 1) if path.name in line), 1)


def _names(document: Document, path: PurePosixPath) -> bool:
    address = image_permalink(path)
    return bool(document.picture and document.picture.url == address) or address in document.image_urls


def find_images(content: Path) -> list[PurePosixPath]:
    """Return every picture below ``content/images/`` but the drawings, in a fixed order."""
    found = (PurePosixPath(path.relative_to(content).as_posix()) for path in (content / SOURCES).rglob("*") if path.is_file())
    return sorted(path for path in found if path.parts[1] != "drawings" and not path.name.startswith("."))
