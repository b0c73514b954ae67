"""Writes the markup of pictures: ``<picture>`` with every candidate, the permalink as the last, and always width and height.

With width and height, a browser keeps the space before the picture has come, and the text below does not jump.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from markupsafe import Markup, escape

from plugins.frontmatter.model.document import Picture
from plugins.images import variants

ARTICLE = "(min-width: 42rem) 40rem, 92vw"
"""The ``sizes`` attribute of a picture in the text of an article: the width at which the theme shows it."""

_IMG = re.compile(r'<img(?P<rest>(?:[^>"]|"[^"]*")*)>')
_ATTRIBUTE = re.compile(r'([a-z]+)="([^"]*)"')


@dataclass(frozen=True)
class ImageVariants:
    """The responsive set of one picture: its address (``/pictures/<hash>/``), and the original's width and height in pixels."""

    folder: str
    width: int
    height: int

    def srcset(self, extension: str) -> str:
        """Return the candidates of one format with their widths, as the attribute ``srcset`` lists them."""
        return ", ".join(f"{self.folder}{width}.{extension} {width}w" for width in variants.widths(self.width))


@dataclass(frozen=True)
class PictureTags:
    """The variants of each picture by its permalink. A picture without variants (an SVG, a GIF) is shown by its permalink alone."""

    by_permalink: Mapping[str, ImageVariants]

    @property
    def tracking_key(self) -> str:
        """For `plugins.incremental`. The markup depends on the picture alone, and the digest of its file is a part of its variants' address."""
        return "picture tags"

    def show(self, picture: Picture, sizes: str = ARTICLE, *, alt: str | None = None, eager: bool = False) -> Markup:
        """Return the markup of ``picture``. An empty ``alt`` marks it as decoration; ``eager`` is for a picture that is visible at once."""
        loading = "" if eager else ' loading="lazy"'
        text = escape(picture.alt if alt is None else alt)
        image = f'<img src="{picture.url}" alt="{text}" width="{picture.width}" height="{picture.height}"{loading} decoding="async">'
        return self._wrap(picture.url, image, sizes)

    def add_sources(self, html: str, *, first_eager: bool) -> str:
        """Return a body in which every picture has its candidates. With ``first_eager``, the first picture is loaded without waiting for a scroll."""
        eager_left = 1 if first_eager else 0

        def wrap(match: re.Match[str]) -> str:
            nonlocal eager_left
            attributes = dict(_ATTRIBUTE.findall(match["rest"]))
            sizes = attributes.get("sizes", ARTICLE)
            image = match[0].replace(f' sizes="{sizes}"', "")  # "sizes" belongs to the sources: an image without "srcset" may not have it
            if eager_left:
                eager_left -= 1
                image = image.replace(' loading="lazy"', "")
            return self._wrap(attributes.get("src", ""), image, sizes)

        return _IMG.sub(wrap, html)

    def offers(self, addresses: frozenset[str]) -> tuple[ImageVariants | None, ...]:
        """Return everything on which the markup of a body with the pictures at ``addresses`` depends."""
        return tuple(self.by_permalink.get(address) for address in sorted(addresses))

    def _wrap(self, address: str, image: str, sizes: str) -> Markup:
        image_variants = self.by_permalink.get(address)
        if image_variants is None:
            return Markup(image)  # noqa: S704 - built above from escaped parts, or a body that was checked when it was read
        sources = "".join(
            f'<source type="image/{name}" srcset="{image_variants.srcset(name)}" sizes="{sizes}">' for name in variants.MODERN
        )
        return Markup(f"<picture>{sources}{image}</picture>")  # noqa: S704 - as above
