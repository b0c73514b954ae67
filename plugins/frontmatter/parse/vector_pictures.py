"""SVG files: the size of a picture in CSS pixels, and whether it holds nothing but a picture.

An SVG file is a document: a browser that opens it by its own address runs its scripts with the rights of the site. What could run or load something
is refused and named; nothing is taken out, so that a file is published as its author made it or not at all.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from contextlib import suppress
from typing import Any
from xml.parsers import expat

from lxml import etree

from plugins.frontmatter.model.link_targets import is_allowed

LARGEST = 5_000_000
"""Bytes. A larger drawing is a photograph that was traced, and stops small phones."""

LARGEST_SIDE = 100_000
"""CSS pixels. A larger size is a slip of the unit."""

SVG, XLINK = "{http://www.w3.org/2000/svg}", "{http://www.w3.org/1999/xlink}"
_ACTIVE_NAMESPACES = frozenset({"http://www.w3.org/1999/xhtml", "http://www.w3.org/1998/Math/MathML", "http://www.w3.org/2001/xml-events"})

# SVG 2, chapters 5 to 19, without script, foreignObject, and the elements of HTML that SVG 2 takes over (13.4 embedded content).
_ELEMENTS = frozenset(
    "a animate animateMotion animateTransform circle clipPath defs desc ellipse feBlend feColorMatrix feComponentTransfer feComposite"
    " feConvolveMatrix feDiffuseLighting feDisplacementMap feDistantLight feDropShadow feFlood feFuncA feFuncB feFuncG feFuncR feGaussianBlur"
    " feImage feMerge feMergeNode feMorphology feOffset fePointLight feSpecularLighting feSpotLight feTile feTurbulence filter font font-face"
    " font-face-name font-face-src g glyph hkern image line linearGradient marker mask metadata missing-glyph mpath path pattern polygon polyline"
    " radialGradient rect set solidColor stop style svg switch symbol text textPath title tref tspan use view vkern".split()
)
_PICTURE_DATA = re.compile(r"\s*data:image/(?:png|jpeg|jpg|gif|webp|avif);base64,", re.IGNORECASE)
_FOREIGN_URL = re.compile(r"url\(\s*[\"']?\s*(?!#|data:image/(?:png|jpeg|gif|webp);|[\"')])", re.IGNORECASE)
_ACTIVE_CSS = re.compile(r"@import|expression\s*\(|-moz-binding|behavior\s*:|javascript:|\bsrc\(|image-set\(|\\", re.IGNORECASE)

_ENCODINGS = frozenset({"utf-8", "utf8", "utf-16", "utf-16le", "utf-16be", "us-ascii", "ascii", "iso-8859-1"})
"""Those that every browser reads as we do. In one that it does not know (UTF-7, HZ), a browser would find other elements than we."""

_NUMBER = re.compile(r"\s*([+-]?(?:[0-9]{1,9}\.?[0-9]{0,9}|\.[0-9]{1,9})(?:[eE][+-]?[0-9]{1,2})?)([a-zA-Z%]*)\s*")
_BOX = re.compile(r"[+-]?(?:[0-9]{1,12}\.?[0-9]{0,12}|\.[0-9]{1,12})(?:[eE][+-]?[0-9]{1,2})?")

_PIXELS = {
    "": 1,
    "px": 1,
    "in": 96,
    "cm": 96 / 2.54,
    "mm": 9.6 / 2.54,
    "q": 2.4 / 2.54,
    "pc": 16,
    "pt": 96 / 72,
    "em": 16,
    "rem": 16,
    "ex": 8,
    "ch": 8,
}
"""CSS pixels of a unit (CSS Values 4, 6). Of a unit that depends on a font we take its usual size of 16 pixels. Percent and vw depend on the page."""


class UnsafeVector(Exception):
    """The file is no SVG, or more than a picture. The message says in Japanese and English what it holds."""


def read_vector(data: bytes) -> Any:
    """Return the root element of the bytes of an SVG file that holds nothing active. Raises `UnsafeVector`."""
    if len(data) > LARGEST:
        raise UnsafeVector("5MBを超えています / larger than 5 MB")
    # No entities, no network: an SVG can name files of this machine (XXE).
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    try:
        tree = etree.fromstring(data, parser).getroottree()
    except (etree.XMLSyntaxError, ValueError) as error:
        raise UnsafeVector(str(error)) from error
    if (tree.docinfo.encoding or "utf-8").lower() not in _ENCODINGS:
        raise UnsafeVector("UTF-8で保存し直してください / save it as UTF-8")
    if active := next(_active(data, tree), ""):
        raise UnsafeVector(f"{active} があります。図だけを「プレーンSVG」で保存し直してください / it holds {active}: save it as plain SVG")
    return tree.getroot()


def vector_size(root: Any) -> tuple[int, int]:
    """Return the size that ``width`` and ``height`` state, or else the ``viewBox``, in CSS pixels (SVG 2, chapter 8). Raises `UnsafeVector`."""
    width, height = _length(root.get("width", "")), _length(root.get("height", ""))
    box = [float(number) for number in _BOX.findall(root.get("viewBox", ""))]
    has_box = len(box) == 4 and box[2] > 0 and box[3] > 0
    if has_box:  # of one length alone, the box gives the other
        width, height = width or (height * box[2] / box[3] or box[2]), height or (width * box[3] / box[2] or box[3])
    if not width or not height:
        raise UnsafeVector("width と height も viewBox もありません / no width and height, no viewBox")
    if not (0.5 <= width <= LARGEST_SIDE and 0.5 <= height <= LARGEST_SIDE):
        raise UnsafeVector(f"大きさが{LARGEST_SIDE:,}ピクセルを超えるか、0です / its size is 0 or above {LARGEST_SIDE:,} pixels")
    return round(width), round(height)


def _length(text: str) -> float:
    """Return a length in pixels; 0 for one that depends on the page, or is none."""
    match = _NUMBER.fullmatch(text)
    pixels = float(match[1]) * _PIXELS.get(match[2].lower(), 0) if match else 0.0
    return pixels if math.isfinite(pixels) and pixels > 0 else 0.0


def _active(data: bytes, tree: Any) -> Iterator[str]:
    """Yield what in the file could run or load something, as it stands there."""
    if tree.docinfo.internalDTD is not None and _has_declarations(data):
        yield "<!DOCTYPE … ["
    for sibling in (*tree.getroot().itersiblings(preceding=True), *tree.getroot().itersiblings()):
        if sibling.tag is etree.ProcessingInstruction:
            yield f"<?{sibling.target}"
    if tree.getroot().tag != f"{SVG}svg":
        yield f"<{etree.QName(tree.getroot()).localname}"
    for element in tree.iter():
        if element.tag is etree.ProcessingInstruction or element.tag is etree.Entity:
            yield "<?" if element.tag is etree.ProcessingInstruction else element.text
        elif isinstance(element.tag, str):
            yield from _active_element(element)


def _has_declarations(data: bytes) -> bool:
    """Tell whether the DOCTYPE declares something itself: entities, or attributes with values (``<!ATTLIST svg onload …>``), which browsers obey.

    lxml shows neither such attributes nor their declarations, so Expat is asked; it reads to the root element and no further.
    """
    subsets: list[bool] = []
    parser = expat.ParserCreate()
    parser.StartDoctypeDeclHandler = lambda _name, _system, _public, has_subset: subsets.append(bool(has_subset))
    parser.StartElementHandler = _stop_reading
    with suppress(_RootReached, expat.ExpatError, ValueError):
        parser.Parse(data, True)
    return subsets != [False]


class _RootReached(Exception):
    """The prolog of the file is over."""


def _stop_reading(_name: str, _attributes: dict[str, str]) -> None:
    raise _RootReached


def _active_element(element: Any) -> Iterator[str]:
    name = etree.QName(element)
    is_foreign = name.namespace in _ACTIVE_NAMESPACES or name.localname.lower() == "script"
    if is_foreign or (element.tag.startswith(SVG) and name.localname not in _ELEMENTS):
        yield f"<{name.localname}"
    if name.localname == "style" and _is_active_css("".join(element.itertext())):
        yield "<style"
    for attribute, value in element.attrib.items():
        if _is_active(name.localname, etree.QName(attribute).localname.lower(), value):
            yield f"{etree.QName(attribute).localname}="


def _is_active(element: str, attribute: str, value: str) -> bool:
    if attribute.startswith("on") or attribute in ("base", "ping"):
        return True
    if attribute in ("href", "src"):
        if element == "a":
            return not is_allowed(value)
        return not (value.strip().startswith("#") or (element in ("image", "feImage") and _PICTURE_DATA.match(value)))
    if attribute == "attributename":  # an animation could set the target of a link
        return value.rpartition(":")[2].strip().lower().startswith(("href", "on"))
    return _FOREIGN_URL.search(value) is not None or (attribute == "style" and _is_active_css(value))


def _is_active_css(css: str) -> bool:
    return _ACTIVE_CSS.search(css) is not None or _FOREIGN_URL.search(css) is not None
