"""Contrast of every piece of text with what lies behind it: as sent, in our dark colours, and when a client turns all colours round.

Clients that darken a mail by themselves flip the lightness of every colour, or turn its three channels round; both are computed here.
Text and ground are looked up as a browser would: the inlined style, the rules of the dark block with their specificity, then the parents.
"""

from __future__ import annotations

import colorsys
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from cssselect import parse as parse_selector
from lxml.cssselect import CSSSelector

from plugins.diagnostics import Diagnostic
from plugins.magazine.gate.diagnostic import Report
from plugins.typography.colour import contrast as ratio

LEAST = 4.5
"""WCAG 2.2, 1.4.3 Contrast (Minimum), for text of any size."""

_DARK = re.compile(r"@media\s*\(prefers-color-scheme:\s*dark\)\s*\{((?:[^{}]*\{[^{}]*\})*)\s*\}")
_RULE = re.compile(r"([^{}]+)\{([^{}]*)\}")
_NAMED = {"white": "#ffffff", "black": "#000000"}
_PAPER = "#ffffff"

Style = dict[str, str]


@dataclass(frozen=True)
class _Rule:
    specificity: tuple[int, int, int]
    order: int
    matches: frozenset[Any]
    style: Style


def contrast(root: Any, report: Report) -> Iterator[Diagnostic]:
    """Yield each pair of colours of the parsed HTML part that cannot be read."""
    light, dark = _pairs(root, {}), _pairs(root, _dark_styles(root))
    ways: list[tuple[str, dict[tuple[str, str], str], Callable[[str], str]]] = [
        ("そのままの色", light, str),
        ("暗い配色", dark, str),
        ("明るさを反転した色", light, flip_lightness),
        ("色を反転した色", light, flip_channels),
    ]
    for way, pairs, change in ways:
        for (ink, ground), words in pairs.items():
            if (found := ratio(change(ink), change(ground))) < LEAST:
                yield report(
                    words,
                    f"「{words[:20]}」の文字色{ink}と地色{ground}は、{way}で対比が{found:.2f}です。{LEAST}以上の色にしてください",
                    f"{words[:20]!r}: {ink} on {ground} has contrast {found:.2f} ({way}): {LEAST} or more",
                    "M401",
                )


def flip_lightness(colour: str) -> str:
    """Return the colour of the same hue with its lightness turned round, as Outlook and Gmail for iOS do."""
    hue, lightness, saturation = colorsys.rgb_to_hls(*_channels(colour))
    return _hex(colorsys.hls_to_rgb(hue, 1 - lightness, saturation))


def flip_channels(colour: str) -> str:
    """Return the negative of the colour."""
    red, green, blue = _channels(colour)
    return _hex((1 - red, 1 - green, 1 - blue))


def _channels(colour: str) -> tuple[float, float, float]:
    red, green, blue = (int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
    return red, green, blue


def _hex(channels: tuple[float, float, float]) -> str:
    return "#" + "".join(f"{round(channel * 255):02x}" for channel in channels)


def _pairs(root: Any, changed: dict[Any, Style]) -> dict[tuple[str, str], str]:
    """Each (ink, ground) that occurs, with words that are written so."""
    pairs: dict[tuple[str, str], str] = {}
    for element, words in _texts(root):
        styles = [_inline(e) | changed.get(e, {}) for e in (element, *element.iterancestors())]
        if any(style.get("display") == "none" for style in styles):
            continue
        pairs.setdefault((_first(styles, "color", "#000000"), _first(styles, "background-color", _PAPER)), words)
    return pairs


def _texts(root: Any) -> Iterator[tuple[Any, str]]:
    """Each element with the words that stand directly in it; an image with its alternative text."""
    for element in root.find("body").iter():
        if not isinstance(element.tag, str):
            continue
        words = "".join([element.text or "", *(child.tail or "" for child in element)]).strip()
        if element.tag == "img":
            words = element.get("alt", "")
        if words:
            yield element, words


def _first(styles: list[Style], name: str, default: str) -> str:
    found = next((style[name] for style in styles if style.get(name, "transparent") not in ("transparent", "inherit")), default)
    return _NAMED.get(found, found)


def _inline(element: Any) -> Style:
    return _style(element.get("style", ""))


def _style(text: str) -> Style:
    pairs = (declaration.partition(":") for declaration in text.split(";") if ":" in declaration)
    return {name.strip().lower(): _value(value) for name, _, value in pairs}


def _value(text: str) -> str:
    value = text.replace("!important", "").strip().lower()
    return "#" + "".join(sign * 2 for sign in value[1:]) if re.fullmatch(r"#[0-9a-f]{3}", value) else value


def _dark_styles(root: Any) -> dict[Any, Style]:
    """What the dark block says of each element; later and more specific rules win. All of it is ``!important``."""
    css = "\n".join(style.text or "" for style in root.iter("style"))
    rules = [rule for block in _DARK.findall(css) for rule in _rules(root, block)]
    changed: dict[Any, Style] = {}
    for rule in sorted(rules, key=lambda rule: (rule.specificity, rule.order)):
        for element in rule.matches:
            changed[element] = changed.get(element, {}) | rule.style
    return changed


def _rules(root: Any, block: str) -> Iterator[_Rule]:
    for order, (selectors, body) in enumerate(_RULE.findall(block)):
        for parsed in parse_selector(selectors.strip()):
            found: Any = CSSSelector(parsed.canonical())(root)
            yield _Rule(parsed.specificity(), order, frozenset(found), _style(body))
