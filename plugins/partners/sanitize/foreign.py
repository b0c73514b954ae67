"""Markup that the HTML sanitizer would remove with its words: drawings, formulas, AMP and other components, frames of framesets, image maps.

Before the sanitizer reads the text, each becomes an element that it knows and that ``media`` turns into a link with a name. The result is a stranger's
HTML as before: nothing here has to be safe.
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from typing import Final

from plugins.partners.model.text import fold

LONGEST_MARKUP = 20_000
"""Characters of one drawing or formula in which words are looked for."""

NOSCRIPT = "data-noscript"
DRAWING_LABEL = "図（元の記事で見る）"
FORMULA_LABEL = "数式（元の記事で見る）"

_FOREIGN: Final = re.compile(r"<(?:svg|math|frame|area|script|noscript|[a-z][a-z0-9]*-[a-z0-9-]+)\b", re.IGNORECASE)
"""Most entries have none."""

_ATTRIBUTE = re.compile(r"""([^\s"'<>/=]+)\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'<>`]+))""")
_HIDDEN_WORDS = re.compile(r"<(annotation(?:-xml)?|style|script|metadata|defs)\b.*?</\1\s*>|<!--.*?-->", re.DOTALL | re.IGNORECASE)
_TAG = re.compile(r"<[^<>]*>")
_SMALL = re.compile(r"(?:[0-9]|[1-3][0-9]|4[0-8])(?:\.\d+)?(?:px)?|1(?:\.\d+)?em")
"""A drawing of at most 48 pixels is a sign beside words."""

_GIST = re.compile(r"(https?:)?//gist\.github\.com/[\w./-]+?\.js(?:\?[^\"']*)?", re.IGNORECASE)
"""The one kind of script that writes the text of an entry where it stands: a snippet of code."""


def without_foreign(source: str) -> str:
    """Return ``source`` with foreign markup replaced."""
    if not _FOREIGN.search(source):
        return source
    source = _replace_elements(_replace_elements(source, "svg", _inline_svg), "math", _formula)
    for pattern, replacement in _REPLACEMENTS:
        source = pattern.sub(replacement, source)
    return source


def _replace_elements(source: str, name: str, replacement: Callable[[re.Match[str]], str]) -> str:
    """Replace each element ``name`` with its content; a tag without its other half only goes away.

    Only text before the last end tag is searched, so that no start tag is followed to the end in vain: that would take quadratic time.
    """
    end = source.lower().rfind(f"</{name}")
    closed, rest = (source[: end + len(name) + 2] + ">", source[end + len(name) + 2 :].lstrip()[1:]) if end >= 0 else ("", source)
    closed = re.sub(rf"<{name}\b([^<>]*)(?<!/)>(.*?)</{name}\s*>", replacement, closed, flags=re.DOTALL | re.IGNORECASE)
    return re.sub(rf"</?{name}\b[^<>]*>", "", closed + rest, flags=re.IGNORECASE)


def _attributes(tag: str) -> dict[str, str]:
    return {match[1].lower(): html.unescape(match[2] or match[3] or match[4] or "") for match in _ATTRIBUTE.finditer(tag)}


def _visible_markup(markup: str) -> str:
    """Return the markup of a drawing or formula that readers see."""
    return _HIDDEN_WORDS.sub(" ", markup[:LONGEST_MARKUP])


def _words(markup: str) -> str:
    return fold(html.unescape(_TAG.sub(" ", markup)))


def _inline_svg(match: re.Match[str]) -> str:
    """An inline SVG → a link to the original, and its words, links and pictures; nothing for a sign without words (SVG 2, section 5.8; WAI-ARIA)."""
    attributes, shown = _attributes(match[1]), _visible_markup(match[2])
    content = _TAG.sub(_link_or_picture, shown)
    if not _words(shown) and "<" not in content:
        is_sign = attributes.get("aria-hidden") == "true" or bool(_SMALL.fullmatch(attributes.get("width", "")))
        content = html.escape(attributes.get("aria-label", ""))
        if not content and (is_sign or not _TAG.search(shown)):
            return ""
    return f"<object data-label='{DRAWING_LABEL}'></object> {content} "


def _link_or_picture(match: re.Match[str]) -> str:
    """Keep the tags of links and pictures of a drawing, as HTML writes them; of the others a space is left."""
    name, attributes = match[0].strip("<>/").split()[:1], _attributes(match[0])
    address = html.escape(attributes.get("href") or attributes.get("xlink:href") or "")
    if match[0].startswith("</"):
        return "</a>" if name == ["a"] else " "
    if name == ["a"] and address:
        return f"<a href='{address}'>"
    return f"<img src='{address}'>" if name == ["image"] and address else " "


def _formula(match: re.Match[str]) -> str:
    """A formula → its text, and a link to the original, since a row of signs may say something else than the formula (MathML Core, section 2)."""
    words = _attributes(match[1]).get("alttext") or _words(_visible_markup(match[2]))
    return f"{html.escape(words)} <object data-label='{FORMULA_LABEL}'></object>" if words else ""


def _script(match: re.Match[str]) -> str:
    address = _attributes(match[1]).get("src", "")
    return f"<iframe src='{html.escape(re.split(r'[.]js', address)[0])}'></iframe>" if _GIST.fullmatch(address) else match[0]


def _noscript(match: re.Match[str]) -> str:
    """What readers without scripts see → an element whose content is read as HTML; in ``noscript`` it would be text (WHATWG HTML, section 13.2.6.4.7)."""
    return "</object>" if match[1] else f"<object {NOSCRIPT}='1'>"


def _frame(match: re.Match[str]) -> str:
    return f"<iframe{match[1]}></iframe>"


def _area(match: re.Match[str]) -> str:
    """A part of an image map → a link with its words (WHATWG HTML, section 4.8.14)."""
    attributes = _attributes(match[1])
    address, words = attributes.get("href", ""), attributes.get("alt") or attributes.get("title") or ""
    return f"<a href='{html.escape(address)}'>{html.escape(words or address)}</a> " if address else html.escape(words)


def _component(match: re.Match[str]) -> str:
    """A custom element (``amp-img``, ``x-player``) with an address → a picture or a frame; its words are no concern: they stay anyway."""
    name, attributes = match[1].lower(), _attributes(match[2])
    if name == "amp-youtube" and attributes.get("data-videoid"):
        return f"<iframe src='https://www.youtube.com/embed/{html.escape(attributes['data-videoid'])}'></iframe>"
    address = next((attributes[key] for key in ("src", "data-src", "href", "data-href") if attributes.get(key)), "")
    if name in ("amp-img", "amp-anim") or (not address and attributes.get("srcset")):
        return f"<img{match[2].rstrip('/')}>"
    title = attributes.get("title") or attributes.get("aria-label") or ""
    return f"<iframe src='{html.escape(address)}' title='{html.escape(title)}'></iframe>{match[0]}" if address else match[0]


_REPLACEMENTS: tuple[tuple[re.Pattern[str], Callable[[re.Match[str]], str]], ...] = (
    (re.compile(r"<script\b([^<>]*)>\s*</script\s*>", re.IGNORECASE), _script),
    (re.compile(r"<(/?)noscript\b[^<>]*>", re.IGNORECASE), _noscript),
    (re.compile(r"<frame\b([^<>]*)>", re.IGNORECASE), _frame),
    (re.compile(r"<area\b([^<>]*)>", re.IGNORECASE), _area),
    (re.compile(r"<([a-z][a-z0-9]*-[a-z0-9-]+)\b([^<>]*)>", re.IGNORECASE), _component),
)
