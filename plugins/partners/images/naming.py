"""Which pictures of an entry are wanted, what their files are called, and the body that shows them. Pure.

A file is named after its entry and a piece of the SHA-256 of the picture's address, so that an existing file need not be fetched again.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass

import lxml.html

from plugins.partners.model.urls import without_scheme
from plugins.partners.sanitize.elements import Element
from plugins.partners.sanitize.image_marks import escape_directives, to_link
from plugins.partners.sanitize.sanitizer import final_pass

MOST_PICTURES = 40
"""Of one entry. Later ones stay links."""

_SUFFIXES = ("jpg", "webp", "svg")
_IMAGE_FILE = re.compile(r"\.(?:jpe?g|png|gif|webp|avif|svg)$", re.IGNORECASE)


@dataclass(frozen=True)
class ImageToFetch:
    """One picture: its address in the body, its description, and the addresses to try, the best first (a link around it to the full size)."""

    src: str
    description: str
    candidates: tuple[str, ...]

    def name(self, stem: str, suffix: str) -> str:
        """Return the name of its file beside ``stem``.md."""
        return f"{stem}-{hashlib.sha256(without_scheme(self.src).encode()).hexdigest()[:8]}.{suffix}"

    def names(self, stem: str) -> tuple[str, ...]:
        """Return the names that its file can have."""
        return tuple(self.name(stem, suffix) for suffix in _SUFFIXES)


def images_to_fetch(body: str) -> tuple[ImageToFetch, ...]:
    """Return the pictures of a sanitized body, each once, in order."""
    if "<img" not in body:
        return ()
    images = [ImageToFetch(image.get("src"), image.get("alt", ""), _candidates(image)) for image in _tree(body).iter("img")]
    return tuple({image.src: image for image in reversed(images)}.values())[::-1][:MOST_PICTURES]


def _candidates(image: Element) -> tuple[str, ...]:
    """Return the address of the full picture if a link around leads to one, and the picture's own."""
    link = _link_around(image)
    href = "" if link is None else link.get("href", "")
    return tuple(dict.fromkeys([*([href] if _IMAGE_FILE.search(href) else []), image.get("src")]))


def _link_around(image: Element) -> Element | None:
    """Return the link that holds this picture and nothing else."""
    parent = image.getparent()
    alone = parent.tag == "a" and len(parent) == 1 and not (parent.text or "").strip() and not (image.tail or "").strip()
    return parent if alone else None


def show_downloaded(body: str, names: Mapping[str, str | None], title: str, original: str) -> str:
    """Return ``body`` with its pictures from beside the entry. ``names``: address → file; None for a counter, which is removed.

    A picture that is not in ``names`` could not be had and becomes a link to the original entry.
    """
    if "<img" not in body:
        return body
    tree = _tree(body)
    for image in list(tree.iter("img")):
        src = image.get("src")
        if src not in names:
            to_link(image, original)
        elif (name := names[src]) is None:
            _remove(image)
        else:
            _show(image, name, title)
    return final_pass("\n\n".join(lxml.html.tostring(block, encoding="unicode").strip() for block in tree))


def _show(image: Element, name: str, title: str) -> None:
    """Point to the file. A link that only led to the same picture goes; a picture without a description gets one from the title."""
    link = _link_around(image)
    image.set("src", name)
    image.set("alt", image.get("alt") or escape_directives(f"「{title}」の画像"))
    if link is not None and _IMAGE_FILE.search(link.get("href", "")):
        link.drop_tag()


def _remove(image: Element) -> None:
    """Remove a picture, and the elements that held nothing else."""
    parent = image.getparent()
    image.drop_tree()
    while parent.getparent() is not None and not len(parent) and not parent.text_content().strip():
        parent, empty = parent.getparent(), parent
        empty.drop_tree()


def _tree(body: str) -> Element:
    tree: Element = lxml.html.fragment_fromstring(body, create_parent="div")
    return tree
