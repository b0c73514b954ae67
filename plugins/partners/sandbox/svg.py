"""A stranger's SVG file → one of ours: shapes and words, no scripts, no movement, nothing from elsewhere. Runs in the child process.

An SVG file is a document: opened by its address it could run scripts on our site, load from other sites, or ask for endless computing. So it is made
anew of what is known to be harmless (SVG 2; SVG Integration, "secure static mode"). A raster picture stays a raster picture: words in a drawing stay sharp
and are drawn with the reader's own fonts, which the machine that imports may not have.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator
from typing import Any, Final

import tinycss2
from lxml import etree

from plugins.partners.sandbox.reencode import ImageRejected, reencode

SVG = "http://www.w3.org/2000/svg"
XLINK_HREF = "{http://www.w3.org/1999/xlink}href"

MOST_ELEMENTS = 20_000
LARGEST_DRAWING = 1_000_000
"""Bytes of a drawing that is kept: more is a map of a country, which a phone cannot draw."""

DEFAULT_SIZE = ("300", "150")
"""Pixels of a drawing that states no size (CSS 2.1, section 10.3.2)."""

_SHAPES = frozenset("svg g path rect circle ellipse line polyline polygon text tspan textPath image use title desc switch style".split())
_GRADIENTS = frozenset({"linearGradient", "radialGradient"})
_REUSED = frozenset("symbol pattern mask clipPath marker".split())
"""Elements that are drawn wherever they are referred to. What refers to one from inside another could multiply without bounds."""

_ELEMENTS = _SHAPES | _GRADIENTS | _REUSED | {"defs", "stop"}

_GEOMETRY = frozenset(
    "id class x y x1 y1 x2 y2 cx cy r rx ry fx fy fr d points dx dy rotate width height viewBox preserveAspectRatio transform pathLength offset"
    " gradientUnits gradientTransform spreadMethod patternUnits patternContentUnits patternTransform clipPathUnits maskUnits maskContentUnits"
    " markerUnits markerWidth markerHeight orient refX refY startOffset textLength lengthAdjust style lang".split()
)
_PRESENTATION = frozenset(
    "fill fill-opacity fill-rule stroke stroke-width stroke-opacity stroke-linecap stroke-linejoin stroke-miterlimit stroke-dasharray stroke-dashoffset"
    " opacity color stop-color stop-opacity clip-path clip-rule mask marker-start marker-mid marker-end paint-order vector-effect shape-rendering"
    " text-rendering font font-family font-size font-style font-variant font-weight font-stretch letter-spacing word-spacing text-anchor text-decoration"
    " dominant-baseline alignment-baseline baseline-shift writing-mode text-orientation direction display visibility overflow mix-blend-mode isolation".split()
)
"""SVG 2, appendix "presentation attributes". Not ``filter``, which can keep a phone busy, and not ``cursor``, which loads a picture."""

_REFERENCE = re.compile(r"url\(\s*['\"]?#([^'\")\s]+)['\"]?\s*\)")
_LOADS: Final = re.compile(r"url\(\s*(?!['\"]?#)|image(?:-set)?\(|expression\(|[\\@<]", re.IGNORECASE)
_PICTURE_DATA = re.compile(r"data:image/(?:png|jpe?g|gif|webp|avif);base64,(.*)", re.DOTALL | re.IGNORECASE)
_PIXELS = re.compile(r"\s*(\d{1,5}(?:\.\d+)?)\s*(?:px)?\s*")
_BEGIN = re.compile(
    rb"(?:\xef\xbb\xbf)?\s*(?:<\?xml[^>]*\?>|<!--.*?-->|<!DOCTYPE[^>\[]*(?:\[[^\]]*\])?\s*>|\s)*<(?:[\w-]+:)?svg[\s>/]", re.DOTALL
)


def is_svg(data: bytes) -> bool:
    """Tell whether a file begins as an SVG document does."""
    return _BEGIN.match(data[:5000]) is not None


def clean_svg(data: bytes) -> bytes:
    """Return an SVG document with the harmless parts of ``data``. Raises ImageRejected for a counter, ValueError for what is no drawing for a page, and what lxml raises."""
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False, remove_comments=True, remove_pis=True
    )
    source = etree.fromstring(data, parser)
    if sum(1 for _ in source.iter()) > MOST_ELEMENTS:
        raise ValueError("too many shapes")
    namespaces: Any = {None: SVG}  # no prefix; the stubs know only named ones
    svg = etree.Element(f"{{{SVG}}}svg", nsmap=namespaces)
    _copy(source, svg)
    _drop_multiplying_references(svg)
    _state_size(svg)
    cleaned: bytes = etree.tostring(svg, encoding="utf-8", xml_declaration=True)
    if len(cleaned) > LARGEST_DRAWING:
        raise ValueError("too large a drawing")
    if not any(True for _ in svg.iter(*(f"{{{SVG}}}{name}" for name in _SHAPES - {"svg", "g", "title", "desc", "style", "switch"}))):
        raise ValueError("nothing to see")
    return cleaned


def _copy(source: Any, target: Any) -> None:
    """Copy attributes, words and children that are known. A link (``a``) becomes a group: nobody can follow it in a picture."""
    for name, value in source.attrib.items():
        if kept := _attribute(target, "href" if name == XLINK_HREF else name, value):
            target.set("href" if name == XLINK_HREF else name, kept)
    target.text, target.tail = source.text, source.tail
    if target.tag == f"{{{SVG}}}style":
        target.text = _stylesheet(source.text or "")
    for child in source:
        name = etree.QName(child).localname if isinstance(child.tag, str) and etree.QName(child).namespace in (SVG, None) else ""
        if name in _ELEMENTS or name == "a":
            _copy(child, etree.SubElement(target, f"{{{SVG}}}{'g' if name == 'a' else name}"))
        elif len(target):
            target[-1].tail = (target[-1].tail or "") + (child.tail or "")
        else:
            target.text = (target.text or "") + (child.tail or "")


def _attribute(element: Any, name: str, value: str) -> str | None:
    """Return the value of an attribute as it may be kept, or None."""
    if name == "href":
        return _href(etree.QName(element).localname, value.strip())
    if name == "style":
        return _declarations(value)
    if name in _GEOMETRY:
        return value
    return value if name in _PRESENTATION and not _LOADS.search(value) else None


def _href(tag: str, value: str) -> str | None:
    """Return a reference inside the document, or a raster picture in it, encoded anew without what a camera wrote into it."""
    if value.startswith("#"):
        return value if tag in {"use", "textPath", "pattern"} | _GRADIENTS else None
    match = _PICTURE_DATA.fullmatch(value) if tag == "image" else None
    if match is None:
        return None
    try:
        suffix, data = reencode(base64.b64decode(match[1]))
    except (binascii.Error, ImageRejected, OSError, ValueError):
        return None
    return f"data:image/{'jpeg' if suffix == 'jpg' else suffix};base64,{base64.b64encode(data).decode()}"


def _declarations(text: str) -> str:
    """Return CSS declarations without unknown properties and without anything that loads."""
    declarations = tinycss2.parse_declaration_list(text, skip_comments=True, skip_whitespace=True)
    pairs = [(item.lower_name, tinycss2.serialize(item.value).strip()) for item in declarations if item.type == "declaration"]
    return ";".join(f"{name}:{value}" for name, value in pairs if name in _PRESENTATION and not _LOADS.search(value))


def _stylesheet(text: str) -> str:
    """Return the rules of a style sheet without at-rules (``@import``, ``@font-face``, ``@keyframes``)."""
    rules = [rule for rule in tinycss2.parse_stylesheet(text, skip_comments=True, skip_whitespace=True) if rule.type == "qualified-rule"]
    kept = [(tinycss2.serialize(rule.prelude).strip(), _declarations(tinycss2.serialize(rule.content))) for rule in rules]
    return "".join(f"{selector}{{{declarations}}}" for selector, declarations in kept if declarations and not _LOADS.search(selector))


def _drop_multiplying_references(svg: Any) -> None:
    """Remove references from what is itself referred to, except to gradients: ten levels of ten are 10,000,000,000 shapes.

    ``style`` elements cannot be followed to the shapes, so they lose such references as soon as anything is reused.
    """
    by_id = {element.get("id"): element for element in svg.iter() if element.get("id")}
    targets = [by_id[name] for element in svg.iter(f"{{{SVG}}}use") if (name := (element.get("href") or "#")[1:]) in by_id]
    reused = [*targets, *(element for element in svg.iter() if etree.QName(element).localname in _REUSED)]
    for root in reused:
        for element in list(root.iter()):
            if etree.QName(element).localname == "use":
                element.attrib.pop("href", None)
            for name in [name for name, value in element.attrib.items() if _refers_to_shapes(value, by_id)]:
                del element.attrib[name]
    for style in svg.iter(f"{{{SVG}}}style"):
        if reused and _refers_to_shapes(style.text or "", by_id):
            style.text = _REFERENCE.sub("none", style.text)


def _refers_to_shapes(value: str, by_id: dict[str, Any]) -> bool:
    return any(name in by_id and etree.QName(by_id[name]).localname not in _GRADIENTS for name in _references(value))


def _references(value: str) -> Iterator[str]:
    return (match[1] for match in _REFERENCE.finditer(value))


def _state_size(svg: Any) -> None:
    """Write width and height in pixels, so that the page can reserve the space: as stated, or else as the view box says."""
    stated = [match[1] if (match := _PIXELS.fullmatch(svg.get(name, ""))) else None for name in ("width", "height")]
    box = re.findall(r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?", svg.get("viewBox", ""))
    sizes = stated if all(stated) else box[2:] if len(box) == 4 and min(map(float, box[2:])) > 0 else list(DEFAULT_SIZE)
    for name, size in zip(("width", "height"), sizes, strict=True):
        svg.set(name, f"{float(size or 0):g}")
    if min(float(size or 0) for size in sizes) < 3:  # as small as a counter (``reencode.SMALLEST_EDGE``)
        raise ImageRejected("a counter")
