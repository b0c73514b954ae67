"""Every address of the parts: whole, and if it is one of ours, a page or file of the site that was just built."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import unquote, urlsplit

from plugins.diagnostics import Diagnostic
from plugins.magazine.gate.diagnostic import Report

PERSONAL = "https://personal.invalid/"
_ADDRESS = re.compile(r"https?://[^\s<>\"「」（）]+")


def check_addresses(root: Any, texts: tuple[str, ...], base: str, find: Callable[[str], object], report: Report) -> Iterator[Diagnostic]:
    """Yield each address of the parsed HTML part and of ``texts`` that leads nowhere. ``find`` finds a file behind ``base`` by its name."""
    found = [element.get(name, "") for element in root.iter("a", "img") for name in ("href", "src") if element.get(name)]
    found += [address for text in texts for address in _ADDRESS.findall(text)]
    for address in dict.fromkeys(found):
        if address.startswith(("mailto:", "tel:", "#")):
            continue
        if not re.match(r"https?://[^/]", address):
            yield report(address, f"「{address}」が https:// から始まっていません", f"{address!r} is not a whole address", "M501")
        elif address.startswith(f"{base}/") and not _exists(find, address.removeprefix(base)):
            yield report(
                _last(address),
                f"「{address}」のページが、できたサイトにありません。リンク先を確かめてください",
                f"{address!r} is not in the built site: check the link",
                "M502",
            )


def _exists(find: Callable[[str], object], address: str) -> bool:
    path = unquote(urlsplit(address).path).lstrip("/")
    return bool(find(path) or find(f"{path}/index.html".replace("//", "/").lstrip("/")))


def _last(address: str) -> str:
    return address.rstrip("/").rsplit("/", 1)[-1]
