"""Takes the snapshot of a full build."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from plugins.context import IMAGES, BuildContext, ImageMarkup
from plugins.emergency.fast_path.snapshot import Snapshot, SourceTexts
from plugins.frontmatter.library import LIBRARY, SITE_ADDRESS
from plugins.frontmatter.model.document import Document
from plugins.frontmatter.model.notices import ALERTS, Alert
from plugins.frontmatter.model.places import PATH as MUNICIPALITIES
from plugins.images.picture_tag import ImageVariants, PictureTags
from plugins.inputs import InputFolder, survey
from plugins.publications.feeds import NEWEST, entry_of
from plugins.readings.table import READINGS

_FOLDERS = ("templates/", "emergency/")
"""The folders of a theme from which pages, and the forms of notices, are made."""


def snapshot_of(build: BuildContext, card_font: str | None, *, has_copies: bool) -> Snapshot:
    """Return what the fast path needs of the build that is running. Raises `plugins.inputs.UnreadableInput`."""
    library, readings = build[LIBRARY], build.get(READINGS)
    documents = {path: document for path, document in library.documents.items() if _belongs(document)}
    latest = [d for d in reversed(library.live()) if d.content_type != "issue" and d.meta.is_listed][:NEWEST]
    return Snapshot(
        base=build[SITE_ADDRESS],
        texts=SourceTexts(
            build.publications.read_text(encoding="utf-8-sig"),
            InputFolder(build.content).read(str(MUNICIPALITIES)).decode("utf-8-sig"),
            dict(readings.names) if readings else {},
        ),
        registry=library.registry,
        documents=documents,
        headers={str(path): document.summary_for_links for path, document in library.documents.items()},
        fixed_pages=tuple((page.url, page.meta.title) for page in library.public if page.content_type == "page"),
        newest=tuple(map(entry_of, latest)),
        templates=_templates(build.theme),
        pictures=_pictures(documents.values(), build.get(IMAGES)),
        has_copies=has_copies,
        card_font=card_font,
    )


def _belongs(document: Document) -> bool:
    return isinstance(document.meta, Alert) or bool(document.publication and document.publication.content_type in ALERTS)


def _templates(theme: Path) -> dict[str, str]:
    files = InputFolder(theme)
    return {name: files.read(name).decode() for name in sorted(survey(theme).files) if name.startswith(_FOLDERS)}


def _pictures(documents: Iterable[Document], tags: ImageMarkup | None) -> Mapping[str, ImageVariants]:
    """Return the responsive sets of the pictures that ``documents`` show."""
    if not isinstance(tags, PictureTags):
        return {}
    addresses = {address for d in documents for address in (*d.image_urls, d.picture.url if d.picture else "")}
    return {address: variants for address, variants in tags.by_permalink.items() if address in addresses}
