"""Pelican plugin: of all files beside partner entries, only the pictures and files that a public page shows or links to go to the site.

The pictures of a draft are as secret as the draft, and the takedown list is in the same folder.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import PurePosixPath

from pelican import signals
from pelican.generators import StaticGenerator

from plugins.context import context_of
from plugins.frontmatter.library import LIBRARY
from plugins.frontmatter.model.document import Document
from plugins.partners.entries.file_copies import SUFFIXES

FOLDER = "partners"


def ignore_unshown_images(generator: StaticGenerator) -> None:
    """Drop the static files of partners that no page shows. Pelican sends the signal after it found all files and before it copies one."""
    documents = context_of(generator.settings)[LIBRARY].live("partner")
    pictures = {address for document in documents for address in (*document.image_urls, document.picture.url if document.picture else "")}
    visible = pictures | _linked_files(documents, [_address(file.source_path, generator.path) for file in generator.staticfiles])
    public = [file for file in generator.staticfiles if _is_public(file.source_path, generator.path, visible)]
    generator.staticfiles = generator.context["staticfiles"] = public


def _linked_files(documents: Iterable[Document], addresses: Iterable[str]) -> set[str]:
    """Return the copies of files to which their entries link. A copy is named after its entry, so only the texts of a few entries are read."""
    owners = {f"/{document.path.with_suffix('')}": document for document in documents}
    pairs = [(address, owners.get(address.rpartition("-")[0])) for address in addresses if PurePosixPath(address).suffix[1:] in SUFFIXES]
    return {address for address, owner in pairs if owner and f'href="{address}"' in owner.text.html}


def _address(source: str, content: str) -> str:
    return f"/{PurePosixPath(source).relative_to(PurePosixPath(content))}"


def _is_public(source: str, content: str, visible: set[str]) -> bool:
    """Tell whether a file is outside the folder of partners or is one of ``visible``."""
    address = _address(source, content)
    return PurePosixPath(address).parts[1] != FOLDER or address in visible


def register() -> None:
    """Register with Pelican."""
    signals.static_generator_finalized.connect(ignore_unshown_images)
