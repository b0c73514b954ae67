"""Pictures of an entry → files beside it. Here: which are wanted, what each file is called, and the body that shows them. Pure.

A file is named after its entry and a piece of the SHA-256 of the picture's address, so that what is there already need not be fetched.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass

import lxml.html

from plugins.partners.model.urls import canonical
from plugins.partners.sanitize.elements import Element
from plugins.partners.sanitize.image_marks import harmless, to_link
from plugins.partners.sanitize.sanitizer import final_pass

MOST_PICTURES = 40
"""Of one entry. Later ones stay links."""

_SUFFIXES = ("jpg", "webp")
_PICTURE_PAGE = re.compile(r"\.(?:jpe?g|png|gif|webp)$", re.IGNORECASE)


@dataclass(frozen=True)
class ImageToFetch:
    """One picture: its address in the body, its words, and where to try, the best first (the full size that a small one links to)."""

    src: str
    words: str
    tries: tuple[str, ...]

    def name(self, stem: str, suffix: str) -> str:
        """Return the name of its file beside ``stem``.md."""
        return f"{stem}-{hashlib.sha256(canonical(self.src).encode()).hexdigest()[:8]}.{suffix}"

    def names(self, stem: str) -> tuple[str, ...]:
        """Return the names that its file can have."""
        return tuple(self.name(stem, suffix) for suffix in _SUFFIXES)


def images_to_fetch(body: str) -> tuple[ImageToFetch, ...]:
    """Return the pictures of a clean body, each once, in order."""
    if "<img" not in body:
        return ()
    found = [ImageToFetch(picture.get("src"), picture.get("alt", ""), _tries(picture)) for picture in _tree(body).iter("img")]
    return tuple({each.src: each for each in reversed(found)}.values())[::-1][:MOST_PICTURES]


def _tries(picture: Element) -> tuple[str, ...]:
    """Return the address of the full picture if a link around leads to one, and the picture's own."""
    link = _link_around(picture)
    full = [] if link is None else [link.get("href", "")]
    return tuple(dict.fromkeys([*(each for each in full if _PICTURE_PAGE.search(each)), picture.get("src")]))


def _link_around(picture: Element) -> Element | None:
    """Return the link that holds this picture and nothing else."""
    parent = picture.getparent()
    alone = parent.tag == "a" and len(parent) == 1 and not (parent.text or "").strip() and not (picture.tail or "").strip()
    return parent if alone else None


def show_downloaded(body: str, names: Mapping[str, str | None], title: str, original: str) -> str:
    """Return ``body`` with its pictures from beside the entry. ``names``: address → file; None for a counter, which goes.

    A picture that is not in ``names`` could not be copied and becomes a link to the original entry.
    """
    if "<img" not in body:
        return body
    tree = _tree(body)
    for picture in list(tree.iter("img")):
        src = picture.get("src")
        if src not in names:
            to_link(picture, original)
        elif (name := names[src]) is None:
            _drop(picture)
        else:
            _show(picture, name, title)
    return final_pass("\n\n".join(lxml.html.tostring(block, encoding="unicode").strip() for block in tree))


def _show(picture: Element, name: str, title: str) -> None:
    """Point to the copy. A link that only led to the same picture goes; words are made up for one that has none."""
    link = _link_around(picture)
    picture.set("src", name)
    picture.set("alt", picture.get("alt") or harmless(f"「{title}」の画像"))
    if link is not None and _PICTURE_PAGE.search(link.get("href", "")):
        link.drop_tag()


def _drop(picture: Element) -> None:
    """Remove a picture, and what held nothing else."""
    holder = picture.getparent()
    picture.drop_tree()
    while holder.getparent() is not None and not len(holder) and not holder.text_content().strip():
        holder, empty = holder.getparent(), holder
        empty.drop_tree()


def _tree(body: str) -> Element:
    tree: Element = lxml.html.fragment_fromstring(body, create_parent="div")
    return tree
