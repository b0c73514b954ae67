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

from plugins.context import GALLERY
from plugins.diagnostics import ContentFaults, Fault
from plugins.frontmatter.library import SETTING, Library
from plugins.frontmatter.model.document import Document
from plugins.frontmatter.parse.image_files import UnreadableImage, image_size, standing_address
from plugins.images import variants as recipe
from plugins.images.encode import Darkroom, Negative
from plugins.images.picture_tag import Gallery, Print


def add_generator(_pelican: Pelican) -> type[PicturesGenerator]:
    """Tell Pelican of the generator."""
    return PicturesGenerator


def register() -> None:
    """Register with Pelican."""
    signals.get_generators.connect(add_generator)


SOURCES = "images"
"""The folder of pictures below ``content/``; ``drawings`` in it are what pictures were drawn from, and stay here."""


class PicturesGenerator(Generator):  # type: ignore[misc]
    """Makes the pictures before any page is written, so that one that cannot be read stops the build."""

    def generate_context(self) -> None:
        """Make what is missing, and give templates ``show_picture(picture, sizes, alt, eager)``. Raises `ContentFaults`."""
        self.library: Library = self.settings[SETTING]
        self.content = Path(self.settings["PATH"])
        self.darkroom = Darkroom(Path(self.settings["CACHE"]) / "pictures")
        self.files = {path: Negative.of(self.content / path) for path in find_pictures(self.content) if not recipe.is_drawn(path)}
        shown = self._shown()
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            made = dict(zip(self.files, pool.map(lambda path: self._make(path, shown=path in shown), self.files), strict=True))
        faults = [self._fault(path, error) for path, error in made.items() if isinstance(error, UnreadableImage)]
        if faults:
            raise ContentFaults(faults)
        gallery = Gallery({standing_address(path): found for path, found in made.items() if isinstance(found, Print)})
        self.settings[GALLERY] = gallery
        self.context["show_picture"] = gallery.show

    def generate_output(self, _writer: Writer) -> None:
        """Copy everything from the cache to its address."""
        for path in find_pictures(self.content):
            if recipe.is_drawn(path):
                self._put(self.content / path, f"/{path}")
        for path, negative in self.files.items():
            address = standing_address(path)
            self._put(self.darkroom.standing(negative, address), address)
            made = self.settings[GALLERY].prints.get(address)
            for name in recipe.names(made.width) if made else ():
                self._put(self.darkroom.variant(negative, name), f"{made.folder}{name}")

    def _put(self, file: Path, address: str) -> None:
        target = Path(self.output_path) / address.lstrip("/")
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(file, target)

    def _shown(self) -> set[PurePosixPath]:
        """The pictures that a live page shows. Others keep their standing address: a mail that was sent still asks for it."""
        shown = {address for d in self.library.public for address in (*d.shows, d.picture.url if d.picture else "")}
        return {path for path in self.files if standing_address(path) in shown}

    def _make(self, path: PurePosixPath, *, shown: bool) -> Print | UnreadableImage | None:
        negative = self.files[path]
        try:
            self.darkroom.standing(negative, standing_address(path))
            if not shown:
                return None
            width, height = image_size(negative.file)
            for name in recipe.names(width):
                self.darkroom.variant(negative, name)
        except UnreadableImage as error:
            return error
        return Print(f"/pictures/{negative.digest}/", width, height)

    def _fault(self, path: PurePosixPath, error: UnreadableImage) -> Fault:
        place, line = next(self._places(path), (PurePosixPath(path), 1))
        return Fault(
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
    address = standing_address(path)
    return bool(document.picture and document.picture.url == address) or address in document.shows


def find_pictures(content: Path) -> list[PurePosixPath]:
    """Return every picture below ``content/images/`` but the drawings, in a fixed order."""
    found = (PurePosixPath(path.relative_to(content).as_posix()) for path in (content / SOURCES).rglob("*") if path.is_file())
    return sorted(path for path in found if path.parts[1] != "drawings" and not path.name.startswith("."))
