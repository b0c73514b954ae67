"""Elements, attributes and CSS against the table of what mail clients understand (``support.csv``), and what may never be in a mail.

What is not in the table is refused: nobody knows what a client makes of it. To permit something, add a line with what caniemail.com says.
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
from plugins.magazine.gate.styles import Used, used_in_attribute, used_in_sheet

TABLE = Path(__file__).parent / "support.csv"
_SAFE_SCHEMES = re.compile(r"(https?|mailto|tel):", re.IGNORECASE)

# Attributes whose addresses a client would fetch, or to which it would send what the reader writes.
_LOADING_ATTRIBUTES = ("background", "srcset", "action", "formaction")

_KIND_WORDS = {"element": "要素", "attribute": "属性", "property": "CSS", "at-rule": "CSS", "function": "CSSの関数"}


@cache
def verdicts() -> dict[tuple[str, str], str]:
    """Return the verdict, ``use``, ``harmless`` or ``refuse``, for each (kind, name)."""
    with TABLE.open(encoding="utf-8", newline="") as file:
        return {(row["kind"], row["name"]): row["verdict"] for row in csv.DictReader(line for line in file if not line.startswith("#"))}


def check_client_support(root: Any, report: Report) -> Iterator[Diagnostic]:
    """Yield what the parsed HTML part uses and should not, each name once."""
    seen: set[tuple[str, str]] = set()
    for used in _used(root):
        key = (used.kind, used.name)
        if key not in seen and verdicts().get(key, "unknown") in ("refuse", "unknown"):
            seen.add(key)
            yield report(
                used.words,
                f"{_KIND_WORDS[used.kind]}「{used.name}」はメールで使えません。Markdownの書き方か、support.csv にあるものに直してください",
                f"{used.kind} {used.name!r} does not work in mail: use Markdown, or what support.csv lists",
                "M301",
            )


def check_forbidden(root: Any, report: Report) -> Iterator[Diagnostic]:
    """Yield what would run or load, and addresses that a mail cannot open."""
    for element in root.iter():
        if not isinstance(element.tag, str):  # a comment or a processing instruction
            continue
        for name, value in element.attrib.items():
            if name.startswith("on") or name in _LOADING_ATTRIBUTES:
                yield report(name, f"「{name}」は書けません。消してください", f"{name!r} may not be in a mail: delete it", "M302")
            if name in ("href", "src") and not value.startswith("#") and not _SAFE_SCHEMES.match(value):
                yield report(
                    value,
                    f"「{value}」はメールから開けません。https:// から書いてください",
                    f"{value!r} cannot be opened from a mail: begin with https://",
                    "M303",
                )


def _used(root: Any) -> Iterator[Used]:
    for element in root.iter():
        if not isinstance(element.tag, str):
            continue
        yield Used("element", element.tag, f"<{element.tag}")
        if element.get("href", "").startswith("#"):
            yield Used("attribute", "anchor", element.get("href"))
        yield from used_in_attribute(element.get("style", ""))
        if element.tag == "style":
            yield from used_in_sheet(element.text or "")
