"""Contrast of every piece of text with its background: as sent, in our dark colours, and when a client inverts all colours.

Clients that darken a mail by themselves invert the lightness of every colour, or its three channels; both are computed here.
Text colour and background are looked up as a browser would: the inlined style, the rules of the dark block by their specificity, then the parents.
"""

from __future__ import annotations

import colorsys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from cssselect import parse as parse_selector
from lxml.cssselect import CSSSelector
from tinycss2.color3 import RGBA, parse_color

from plugins.diagnostics import Diagnostic
from plugins.magazine.gate.diagnostic import Report
from plugins.magazine.gate.styles import Style, StyleRule, dark_rules, declarations
from plugins.typography.colour import contrast as contrast_ratio

LEAST = 4.5
"""WCAG 2.2, 1.4.3 Contrast (Minimum), for text of any size."""

BLACK, WHITE = "#000000", "#ffffff"
"""The colours of text and page where no style says another (HTML Standard, rendering; CSS Color, ``CanvasText`` and ``Canvas``)."""

Pair = tuple[str, str]
"""Text colour and background, both ``#rrggbb``."""


@dataclass(frozen=True)
class _MatchedRule:
    specificity: tuple[int, int, int]
    position: int
    elements: frozenset[Any]
    style: Style


def check_contrast(root: Any, report: Report) -> Iterator[Diagnostic]:
    """Yield each pair of colours of the parsed HTML part that cannot be read."""
    light, dark = _colour_pairs(root, {}), _colour_pairs(root, _dark_styles(root))
    schemes: list[tuple[str, dict[Pair, str], Callable[[str], str]]] = [
        ("そのままの色", light, str),
        ("暗い配色", dark, str),
        ("明るさを反転した色", light, invert_lightness),
        ("色を反転した色", light, invert_channels),
    ]
    for scheme, pairs, change in schemes:
        for (text, background), words in pairs.items():
            if (ratio := contrast_ratio(change(text), change(background))) < LEAST:
                yield report(
                    words,
                    f"「{words[:20]}」の文字色{text}と地色{background}は、{scheme}で対比が{ratio:.2f}です。{LEAST}以上の色にしてください",
                    f"{words[:20]!r}: {text} on {background} has contrast {ratio:.2f} ({scheme}): {LEAST} or more",
                    "M401",
                )


def invert_lightness(colour: str) -> str:
    """Return the colour of the same hue with its lightness inverted, as Outlook and Gmail for iOS do."""
    hue, lightness, saturation = colorsys.rgb_to_hls(*_channels(colour))
    return _hex(*colorsys.hls_to_rgb(hue, 1 - lightness, saturation))


def invert_channels(colour: str) -> str:
    """Return the negative of the colour."""
    red, green, blue = _channels(colour)
    return _hex(1 - red, 1 - green, 1 - blue)


def _channels(colour: str) -> tuple[float, float, float]:
    red, green, blue = (int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
    return red, green, blue


def _hex(*channels: float) -> str:
    return "#" + "".join(f"{round(min(1.0, max(0.0, channel)) * 255):02x}" for channel in channels)


def _colour_pairs(root: Any, changed: dict[Any, Style]) -> dict[Pair, str]:
    """Return each pair that occurs, with words that are shown in it. ``changed`` holds styles that win over the inlined ones."""
    pairs: dict[Pair, str] = {}
    for element, words in _texts(root):
        styles = [{**declarations(each.get("style", "")), **changed.get(each, {})} for each in (element, *element.iterancestors())]
        if any(style.get("display") == "none" for style in styles):
            continue
        pairs.setdefault((_inherited(styles, "color", BLACK), _inherited(styles, "background-color", WHITE)), words)
    return pairs


def _texts(root: Any) -> Iterator[tuple[Any, str]]:
    """Yield each element with the words that stand directly in it; an image with its alternative text."""
    for element in root.find("body").iter():
        if not isinstance(element.tag, str):
            continue
        words = "".join([element.text or "", *(child.tail or "" for child in element)]).strip()
        if element.tag == "img":
            words = element.get("alt", "")
        if words:
            yield element, words


def _inherited(styles: list[dict[str, str]], name: str, default: str) -> str:
    """Return the first colour from the element outwards. A background is not inherited, but shows through those that are transparent."""
    colours = (_opaque(style[name]) for style in styles if name in style)
    return next((colour for colour in colours if colour), default)


@lru_cache(maxsize=256)  # a mail has about ten colours
def _opaque(value: str) -> str | None:
    """Return a colour as ``#rrggbb``; None for ``transparent``, ``inherit`` and what no browser reads.

    A half-transparent colour counts as opaque: functions such as ``rgba()`` are not in ``support.csv``, so the mail is refused anyway.
    """
    colour = parse_color(value)
    return _hex(*colour[:3]) if isinstance(colour, RGBA) and colour.alpha > 0 else None


def _dark_styles(root: Any) -> dict[Any, Style]:
    """Return what the dark block says of each element; later and more specific rules win. All of it is ``!important``."""
    css = "\n".join(style.text or "" for style in root.iter("style"))
    rules = [matched for position, rule in enumerate(dark_rules(css)) for matched in _matched(root, position, rule)]
    styles: dict[Any, Style] = {}
    for rule in sorted(rules, key=lambda rule: (rule.specificity, rule.position)):
        for element in rule.elements:
            styles[element] = {**styles.get(element, {}), **rule.style}
    return styles


def _matched(root: Any, position: int, rule: StyleRule) -> Iterator[_MatchedRule]:
    for selector in parse_selector(rule.selectors):
        elements: Any = CSSSelector(selector.canonical())(root)
        yield _MatchedRule(selector.specificity(), position, frozenset(elements), rule.style)
