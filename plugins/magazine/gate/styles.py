"""CSS of a mail, read as browsers read it (CSS Syntax Level 3, by tinycss2): declarations, rules, and the names that are used."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType
from typing import Any, Literal

import tinycss2

Style = Mapping[str, str]
"""Property in lower case → value in lower case, without ``!important``."""


@dataclass(frozen=True)
class Used:
    """Something that a mail client must support: ``kind`` and ``name`` as in ``support.csv``, ``words`` as they stand in the source."""

    kind: Literal["element", "attribute", "property", "at-rule", "function"]
    name: str
    words: str


@dataclass(frozen=True)
class StyleRule:
    """A rule of a style sheet: its selectors as written, and its declarations."""

    selectors: str
    style: Style


@lru_cache(maxsize=4096)  # premailer repeats the same few styles on all elements, and each element asks for those of its ancestors too
def declarations(style: str) -> Style:
    """Return the declarations of a ``style`` attribute; the last of a name wins. What a browser would drop is left out."""
    return _style(_blocks(style))


def is_hidden(element: Any) -> bool:
    """Tell whether the element or one around it is not displayed by its inline style."""
    return any(declarations(each.get("style", "")).get("display") == "none" for each in (element, *element.iterancestors()))


def dark_rules(css: str) -> Iterator[StyleRule]:
    """Yield the rules of every ``@media (prefers-color-scheme: dark)`` in their order."""
    for node in _sheet(css):
        if node.type == "at-rule" and node.lower_at_keyword == "media" and _compact(node.prelude) == "(prefers-color-scheme:dark)":
            for rule in _blocks(node.content or []):
                if rule.type == "qualified-rule":
                    yield StyleRule(tinycss2.serialize(rule.prelude).strip(), _style(_blocks(rule.content)))


@lru_cache(maxsize=4096)
def used_in_attribute(style: str) -> tuple[Used, ...]:
    """Return the properties and functions of a ``style`` attribute."""
    return tuple(_used(_blocks(style)))


def used_in_sheet(css: str) -> Iterator[Used]:
    """Yield the at-rules, media features, properties and functions of a style sheet."""
    return _used(_sheet(css))


def _sheet(css: str) -> list[Any]:
    return tinycss2.parse_stylesheet(css, skip_comments=True, skip_whitespace=True)


def _blocks(content: Any) -> list[Any]:
    """Parse declarations and nested rules, as they stand in an attribute or between braces."""
    return tinycss2.parse_blocks_contents(content, skip_comments=True, skip_whitespace=True)


def _style(nodes: Iterable[Any]) -> Style:
    pairs = ((node.lower_name, tinycss2.serialize(node.value).strip().lower()) for node in nodes if node.type == "declaration")
    return MappingProxyType(dict(pairs))


def _used(nodes: Iterable[Any]) -> Iterator[Used]:
    for node in nodes:
        if node.type == "declaration":
            yield Used("property", node.lower_name, node.name)
            yield from _functions(node.value)
        elif node.type == "at-rule":
            yield Used("at-rule", node.lower_at_keyword, f"@{node.at_keyword}")
            yield from _features(node.prelude)
            yield from _used(_blocks(node.content or []))
        elif node.type == "qualified-rule":
            yield from _used(_blocks(node.content))


def _functions(tokens: Iterable[Any]) -> Iterator[Used]:
    """Yield each function, also inside another; an unquoted ``url(x)`` is a token of its own (CSS Syntax Level 3, §4.3.6)."""
    for token in tokens:
        if token.type == "url":
            yield Used("function", "url", "url")
        elif token.type == "function":
            yield Used("function", token.lower_name, token.name)
        yield from _functions(getattr(token, "arguments", None) or getattr(token, "content", None) or ())


def _features(prelude: Iterable[Any]) -> Iterator[Used]:
    """Yield the media features: the first name in each pair of parentheses."""
    for token in prelude:
        if token.type == "() block":
            name = next((inner for inner in token.content if inner.type == "ident"), None)
            if name is not None:
                yield Used("at-rule", name.lower_value, name.value)
            yield from _features(token.content)


def _compact(tokens: Iterable[Any]) -> str:
    return "".join(tinycss2.serialize(tokens).lower().split())
