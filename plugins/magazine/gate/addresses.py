"""Every address of the alternatives: whole, and if it is one of ours, a page or file of the site that was just built."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import unquote

from plugins.diagnostics import Diagnostic
from plugins.frontmatter.model.link_targets import path_of
from plugins.magazine.gate.diagnostic import Report

# Japanese text closes an address with a bracket and no space: 「https://example.jp/」を
_ADDRESS = re.compile(r"https?://[^\s<>\"「」（）]+")


def check_addresses(root: Any, texts: tuple[str, ...], base: str, find: Callable[[str], object], report: Report) -> Iterator[Diagnostic]:
    """Yield each address of the parsed HTML part and of ``texts`` that leads nowhere. ``find`` finds a file behind ``base`` by its name."""
    addresses = [element.get(name, "") for element in root.iter("a", "img") for name in ("href", "src") if element.get(name)]
    addresses += [address for text in texts for address in _ADDRESS.findall(text)]
    for address in dict.fromkeys(addresses):
        if address.startswith(("mailto:", "tel:", "geo:", "#")):
            continue
        if not re.match(r"https?://[^/]", address):
            yield report(address, f"「{address}」が https:// から始まっていません", f"{address!r} is not a whole address", "M501")
        elif address.startswith(f"{base}/") and not _exists(find, address.removeprefix(base)):
            yield report(
                _last_part(address),
                f"「{address}」のページが、できたサイトにありません。リンク先を確かめてください",
                f"{address!r} is not in the built site: check the link",
                "M502",
            )


def _exists(find: Callable[[str], object], address: str) -> bool:
    path = unquote(path_of(address)).lstrip("/")
    return bool(find(path) or find(f"{path}/index.html".replace("//", "/").lstrip("/")))


def _last_part(address: str) -> str:
    """Return what an editor's relative link has in common with the address: ``station`` of ``…/2020/05/station/``."""
    return address.rstrip("/").rsplit("/", 1)[-1]
