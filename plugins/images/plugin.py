"""Makes the pictures that pages show and puts them into the site. A Pelican plugin."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path, PurePosixPath

from pelican import Pelican, signals
from pelican.generators import Generator
from pelican.writers import Writer

from plugins.context import IMAGES, MAILED_PICTURES, context_of
from plugins.diagnostics import ContentErrors
from plugins.files import write_into
from plugins.frontmatter.library import LIBRARY
from plugins.frontmatter.parse.image_files import UnreadableImage, image_permalink, image_size
from plugins.frontmatter.public_files import public_files
from plugins.images import variants
from plugins.images.broken import broken_picture
from plugins.images.encode import ImageEncoder, Original
from plugins.images.mail_files import MailFiles
from plugins.images.picture_tag import ImageVariants, PictureTags
from plugins.incremental.plan import PLAN
from plugins.inputs import InputFolder
from plugins.typography.font import find_font


def add_generator(_pelican: Pelican) -> type[ImagesGenerator]:
    return ImagesGenerator


def register() -> None:
    signals.get_generators.connect(add_generator)


SOURCES = "images"
"""The folder of pictures below ``content/``."""


class ImagesGenerator(Generator):  # type: ignore[misc]
    """Makes all pictures before the first page, so that a picture that cannot be read stops the build."""

    def generate_context(self) -> None:
        """Encode what the cache lacks, and give templates ``show_picture(picture, sizes, alt, eager)``. Raises `ContentErrors`."""
        build = context_of(self.settings)
        self.library = build[LIBRARY]
        self.content = build.content
        self.encoder = ImageEncoder(build.cache / "pictures")
        self.files = InputFolder(self.content)
        self.paths = sorted(PurePosixPath(path) for path in public_files(self.library) if path.startswith(f"{SOURCES}/"))
        self.originals = {path: Original.of(self.files, str(path)) for path in self.paths if not variants.is_vector(path)}
        used = self._used()
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            results = dict(zip(self.originals, pool.map(lambda path: self._encode(path, used=path in used), self.originals), strict=True))
        mailed = self._make_mailed(build.get(MAILED_PICTURES) or frozenset(), build.cache / "mail-pictures")
        broken = {path: error for path, error in (results | mailed).items() if isinstance(error, UnreadableImage)}
        diagnostics = [broken_picture(self.content, self.library, path, error) for path, error in broken.items()]
        if diagnostics:
            raise ContentErrors(diagnostics)
        self.tags = PictureTags({image_permalink(path): result for path, result in results.items() if isinstance(result, ImageVariants)})
        build.provide(IMAGES, self.tags)
        self.context["show_picture"] = self.tags.show

    def _make_mailed(self, permalinks: frozenset[str], cache: Path) -> dict[PurePosixPath, UnreadableImage]:
        """Make the files that mails load; return what cannot be read."""
        mail_files = MailFiles(cache, find_font(self.settings.get("CARD_FONT", "")))
        shown = (path for path in self.paths if image_permalink(path) in permalinks)
        results = list(mail_files.make(self.files, [file for path in shown for file in mail_files.files_of(path)]))
        self.mailed = {file.address: place for file, place in results if isinstance(place, Path)}
        return {file.path: error for file, error in results if isinstance(error, UnreadableImage)}

    def generate_output(self, _writer: Writer) -> None:
        """Copy every file from the cache to its address."""
        for address, file in self.mailed.items():
            self._copy(file, address)
        for path in filter(variants.is_vector, self.paths):
            write_into(self.output_path, str(path), self.files.read(str(path)))
        for path, original in self.originals.items():
            address = image_permalink(path)
            self._copy(self.encoder.permanent(original, address), address)
            image_variants = self.tags.by_permalink.get(address)
            if image_variants:
                for name in variants.names(image_variants.width):
                    self._copy(self.encoder.variant(original, name), f"{image_variants.folder}{name}")

    def _copy(self, file: Path, address: str) -> None:
        name, plan = address.lstrip("/"), context_of(self.settings).get(PLAN)
        if not (plan and plan.take_over(name)):
            write_into(self.output_path, name, file.read_bytes())

    def _used(self) -> set[PurePosixPath]:
        """The pictures that public pages show, which need a responsive set. Those that a page links to, or that are declared, keep their permalink only."""
        addresses = {address for d in self.library.public for address in (*d.image_urls, d.picture.url if d.picture else "")}
        return {path for path in self.originals if image_permalink(path) in addresses}

    def _encode(self, path: PurePosixPath, *, used: bool) -> ImageVariants | UnreadableImage | None:
        original = self.originals[path]
        try:
            self.encoder.permanent(original, image_permalink(path))
            if not used:
                return None
            width, height = image_size(original.read(), path.suffix)
            for name in variants.names(width):
                self.encoder.variant(original, name)
        except UnreadableImage as error:
            return error
        return ImageVariants(f"/pictures/{original.digest}/", width, height)
