"""Markup of pictures: every candidate that was made, the standing file last, width and height always."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from markupsafe import Markup, escape

from plugins.frontmatter.model.document import Picture
from plugins.images import variants

ARTICLE = "(min-width: 42rem) 40rem, 92vw"
"""How wide the theme shows a picture in the text of an article, as the ``sizes`` attribute says it."""

_IMG = re.compile(r'<img(?P<rest>(?:[^>"]|"[^"]*")*)>')
_ATTRIBUTE = re.compile(r'([a-z]+)="([^"]*)"')


@dataclass(frozen=True)
class ImageVariants:
    """What was made of one picture: where its responsive set lies (``/pictures/<hash>/``), and the original's size in pixels."""

    folder: str
    width: int
    height: int

    def srcset(self, form: str) -> str:
        """Return the candidates of one format with their widths."""
        return ", ".join(f"{self.folder}{width}.{form} {width}w" for width in variants.widths(self.width))


@dataclass(frozen=True)
class PictureTags:
    """The prints by the picture's standing address. A picture that is not there (a drawing) is shown by that address alone."""

    prints: Mapping[str, ImageVariants]

    @property
    def tracking_key(self) -> str:
        """For `plugins.incremental`: what is shown depends on the picture alone, whose version is the digest of its file."""
        return "gallery"

    def show(self, picture: Picture, sizes: str = ARTICLE, *, alt: str | None = None, eager: bool = False) -> Markup:
        """Return the markup of ``picture``; ``alt=""`` says that it adds nothing to the words beside it."""
        loading = "" if eager else ' loading="lazy"'
        words = escape(picture.alt if alt is None else alt)
        image = f'<img src="{picture.url}" alt="{words}" width="{picture.width}" height="{picture.height}"{loading} decoding="async">'
        return self._wrap(picture.url, image, sizes)

    def add_sources(self, html: str, *, first_eager: bool) -> str:
        """Return a body in which every picture offers its candidates. The first may be what the reader waits for."""
        seen = [not first_eager]

        def replaced(found: re.Match[str]) -> str:
            attributes = dict(_ATTRIBUTE.findall(found["rest"]))
            sizes = attributes.get("sizes", ARTICLE)
            image = found[0].replace(f' sizes="{sizes}"', "")  # belongs to the sources, not to an image without candidates
            if not seen[0]:
                seen[0] = True
                image = image.replace(' loading="lazy"', "")
            return self._wrap(attributes.get("src", ""), image, sizes)

        return _IMG.sub(replaced, html)

    def offers(self, addresses: frozenset[str]) -> tuple[ImageVariants | None, ...]:
        """Return all on which the dress of a body depends that shows the pictures at ``addresses``."""
        return tuple(self.prints.get(address) for address in sorted(addresses))

    def _wrap(self, address: str, image: str, sizes: str) -> Markup:
        made = self.prints.get(address)
        if made is None:
            return Markup(image)  # noqa: S704 - built above from escaped parts, or a body that was checked when it was read
        sources = "".join(f'<source type="image/{form}" srcset="{made.srcset(form)}" sizes="{sizes}">' for form in variants.MODERN)
        return Markup(f"<picture>{sources}{image}</picture>")  # noqa: S704 - as above
