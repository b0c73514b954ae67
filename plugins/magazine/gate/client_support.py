"""Elements, attributes and CSS against the table of what mail clients understand (``support.csv``), and what may never be in a mail.

What is not in the table is refused: nobody knows what a client makes of it. Add a line, with what caniemail.com says.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

from plugins.diagnostics import Diagnostic
from plugins.magazine.gate.diagnostic import Report

TABLE = Path(__file__).parent / "support.csv"
_SAFE_SCHEMES = re.compile(r"(https?|mailto|tel):", re.IGNORECASE)
_RULE = re.compile(r"\{([^{}]*)\}")


@cache
def verdicts() -> dict[tuple[str, str], str]:
    """Return the verdict, ``use``, ``harmless`` or ``refuse``, for each (kind, name)."""
    with TABLE.open(encoding="utf-8", newline="") as file:
        return {(row["kind"], row["name"]): row["verdict"] for row in csv.DictReader(line for line in file if not line.startswith("#"))}


def support(root: Any, report: Report) -> Iterator[Diagnostic]:
    """Yield what the parsed HTML part uses and should not, each once."""
    seen: set[tuple[str, str]] = set()
    for kind, name, words in _used(root):
        if (kind, name) not in seen and verdicts().get((kind, name), "unknown") in ("refuse", "unknown"):
            seen.add((kind, name))
            yield _refusal(report, kind, name, words)


def forbidden(root: Any, report: Report) -> Iterator[Diagnostic]:
    """Yield what would run, load or carry meaning that is lost: handlers, odd schemes, ``url()``."""
    for element in root.iter():
        if not isinstance(element.tag, str):
            continue
        for name, value in element.attrib.items():
            if name.startswith("on") or name in ("background", "srcset", "action", "formaction"):
                yield report(name, f"「{name}」は書けません。消してください", f"{name!r} may not be in a mail: delete it", "M302")
            if name in ("href", "src") and not value.startswith("#") and not _SAFE_SCHEMES.match(value):
                yield report(
                    value,
                    f"「{value}」はメールから開けません。https:// から書いてください",
                    f"{value!r} cannot be opened from a mail: begin with https://",
                    "M303",
                )


def _used(root: Any) -> Iterator[tuple[str, str, str]]:
    for element in root.iter():
        if not isinstance(element.tag, str):
            continue
        yield "element", element.tag, f"<{element.tag}"
        if element.get("href", "").startswith("#"):
            yield "attribute", "anchor", element.get("href")
        yield from _declared(element.get("style", ""))
        if element.tag == "style":
            yield from _sheet(element.text or "")


def _sheet(css: str) -> Iterator[tuple[str, str, str]]:
    for name in re.findall(r"@([a-z-]+)", css):
        yield "at-rule", name, f"@{name}"
    for feature in re.findall(r"\(\s*([a-z-]+)\s*:", css.split("{", 1)[0]):
        yield "at-rule", feature, feature
    for block in _RULE.findall(css):
        yield from _declared(block)


def _declared(style: str) -> Iterator[tuple[str, str, str]]:
    for declaration in style.split(";"):
        name, colon, value = declaration.partition(":")
        if colon:
            yield "property", name.strip().lower(), name.strip()
            yield from (("function", function, function) for function in re.findall(r"([a-z-]+)\(", value))


def _refusal(report: Report, kind: str, name: str, words: str) -> Diagnostic:
    ja = {"element": "要素", "attribute": "属性", "property": "CSS", "at-rule": "CSS", "function": "CSSの関数"}[kind]
    return report(
        words,
        f"{ja}「{name}」はメールで使えません。Markdownの書き方か、support.csv にあるものに直してください",
        f"{kind} {name!r} does not work in mail: use Markdown, or what support.csv lists",
        "M301",
    )
