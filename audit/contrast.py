"""Contrast where axe-core could not decide: over pictures, gradients, halos, and in the part of a table that is scrolled away.

axe reads style sheets; we read pixels. The page is drawn twice, with the letters and without. Where the two differ, there are letters; what lies under
them and one pixel around them, in the picture without letters, is their ground. The smallest ratio must be enough (WCAG 2.2, 1.4.3: 4.5 to 1, large
letters 3 to 1); only the mixed pixels at the edge of a box are left out, which are few.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Any

from PIL import Image, ImageChops, ImageFilter
from playwright.sync_api import Page

_ENOUGH, _ENOUGH_LARGE = 4.5, 3.0
_EDGES = 0.02
"""The part of the pixels that may be the edge of a box, where two colours are mixed."""

_SEEN = 24
"""Difference of a channel (0 to 255) from which a pixel is part of a letter, not the noise of an edge."""

# Scrolled regions are opened, so that all of their text is drawn. The colours stay as they are.
_OPEN_REGIONS = "[role=region], .table { overflow: visible !important } .help { position: static !important }"
_HIDE_LETTERS = """[data-undecided], [data-undecided] * { color: transparent !important; -webkit-text-fill-color: transparent !important; text-shadow: none !important }
text[data-undecided], text[data-undecided] * { fill: transparent !important }"""
_DESCRIBE = """selectors => selectors.map(selector => {
  const e = document.querySelector(selector);
  if (!e) return null;
  e.toggleAttribute('data-undecided', true);
  const style = getComputedStyle(e), size = parseFloat(style.fontSize), range = document.createRange();
  range.selectNodeContents(e);
  const box = e instanceof SVGElement ? e.getBoundingClientRect() : range.getBoundingClientRect();
  let opacity = 1;
  for (let at = e; at; at = at.parentElement) opacity *= parseFloat(getComputedStyle(at).opacity);
  const scale = e instanceof SVGElement ? Math.abs(e.getScreenCTM().a) : 1;
  return {
    colour: e instanceof SVGElement ? style.fill : style.color, opacity,
    large: size * scale >= 24 || size * scale >= 18.66 && parseInt(style.fontWeight) >= 700,
    box: [box.left + scrollX, box.top + scrollY, box.right + scrollX, box.bottom + scrollY],
  };
})"""
_FORGET = "() => document.querySelectorAll('[data-undecided]').forEach(e => e.removeAttribute('data-undecided'))"

_Colour = tuple[float, float, float]


def contrast_problems(page: Page, selectors: Sequence[str]) -> list[str]:
    """Return for each element of the open page why its contrast is too small or cannot be measured; an empty text if it is enough."""
    opened = page.add_style_tag(content=_OPEN_REGIONS)
    described = page.evaluate(_DESCRIBE, list(selectors))
    with_letters = _draw(page)
    hidden = page.add_style_tag(content=_HIDE_LETTERS)
    ground = _draw(page)
    for tag in (hidden, opened):
        tag.evaluate("tag => tag.remove()")
    page.evaluate(_FORGET)
    return [_problem(description, with_letters, ground) for description in described]


def _draw(page: Page) -> Image.Image:
    return Image.open(io.BytesIO(page.screenshot(full_page=True, animations="disabled"))).convert("RGB")


def _problem(description: Any, with_letters: Image.Image, ground: Image.Image) -> str:
    """Return why the contrast is not enough; an empty text if it is."""
    colour = description and _parse(description["colour"])
    if not colour:
        return "its colour cannot be read"
    left, top, right, bottom = description["box"]
    frame = (max(int(left) - 1, 0), max(int(top) - 1, 0), min(int(right) + 2, ground.width), min(int(bottom) + 2, ground.height))
    if frame[0] >= frame[2] or frame[1] >= frame[3]:
        return "it is not drawn"
    *rgb, alpha = colour
    pixels = _ground_pixels(with_letters.crop(frame), ground.crop(frame))
    if not pixels:
        return "its letters are not drawn"
    ratio = _smallest(
        [(_ratio(_over((rgb[0], rgb[1], rgb[2]), pixel, alpha * description["opacity"]), pixel), count) for count, pixel in pixels]
    )
    enough = _ENOUGH_LARGE if description["large"] else _ENOUGH
    return "" if ratio >= enough else f"contrast {ratio:.2f} of {enough}"


def _smallest(ratios: list[tuple[float, int]]) -> float:
    """Return the smallest ratio, without the few pixels of edges."""
    left = int(_EDGES * sum(count for _, count in ratios))
    for ratio, count in sorted(ratios):
        if count > left:
            return ratio
        left -= count
    raise AssertionError("edges are a part of the pixels")


def _ground_pixels(with_letters: Image.Image, ground: Image.Image) -> list[tuple[int, _Colour]]:
    """Return the colours under the letters and one pixel around them, with the number of their pixels."""
    channels = ImageChops.difference(with_letters, ground).split()
    strongest = ImageChops.lighter(ImageChops.lighter(channels[0], channels[1]), channels[2])
    letters = strongest.point([255 if level >= _SEEN else 0 for level in range(256)])
    mask = letters.filter(ImageFilter.MaxFilter(3))
    marked = Image.merge("RGBA", (*ground.split(), mask))
    colours = marked.getcolors(marked.width * marked.height) or []
    return [(count, (colour[0], colour[1], colour[2])) for count, colour in colours if isinstance(colour, tuple) and colour[3]]


def _parse(colour: str) -> tuple[float, float, float, float] | None:
    """Read a computed colour (CSS Color 4, 15.1): ``rgb(r, g, b)`` or ``rgba(r, g, b, a)``."""
    name, _, rest = colour.partition("(")
    if name not in ("rgb", "rgba"):
        return None
    red, green, blue, *alpha = (float(number) for number in rest.rstrip(")").split(","))
    return red, green, blue, alpha[0] if alpha else 1.0


def _over(colour: _Colour, ground: _Colour, alpha: float) -> _Colour:
    red, green, blue = (alpha * upper + (1 - alpha) * lower for upper, lower in zip(colour, ground, strict=True))
    return red, green, blue


def _ratio(one: _Colour, other: _Colour) -> float:
    """Return the contrast ratio (WCAG 2.2, "contrast ratio")."""
    darker, lighter = sorted((_luminance(one), _luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(colour: _Colour) -> float:
    red, green, blue = (value / 255 / 12.92 if value / 255 <= 0.04045 else ((value / 255 + 0.055) / 1.055) ** 2.4 for value in colour)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
