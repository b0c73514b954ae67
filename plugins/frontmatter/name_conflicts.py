"""Names that two documents claim: the same name in one publication, or the same address. Their headers say what they claim. Pure but for line numbers."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import replace
from pathlib import Path, PurePosixPath

from plugins.diagnostics import Diagnostic
from plugins.frontmatter.model.document import Header, HeaderSummary
from plugins.frontmatter.parse.source import read_source


def name_conflicts(headers: Iterable[tuple[str, Header | HeaderSummary]], content: Path) -> list[Diagnostic]:
    """Find names that two documents claim: the same name in one publication, or the same address, former addresses included.

    Nor may a document have its own address among its former ones: its page would be a redirect to itself.
    """
    headers = list(headers)
    has_aliases = any(len(header.claims) > 1 for _, header in headers)  # every document claims one name of its own
    names = (name for _, header in headers for name, _ in header.claims) if has_aliases else ()
    files = {name for name in names if isinstance(name, str) and not name.endswith("/")}
    first_claim: dict[object, str] = {}
    path_of = {header.url: path for path, header in headers}
    diagnostics = []
    for path, header in headers:
        for name, key in header.claims:
            other = first_claim.setdefault(name, path)
            if other == path and key == "aliases":
                other = path_of.get(str(name), path)
                if name == header.url:
                    diagnostics.append(
                        _conflict(content, path, key, f"この記事のいまのアドレス {name}", f"the address that it has now, {name}")
                    )
            if key == "aliases" and files and (above := _file_above(str(name), files)):  # /old.php and /old.php/1/: a file is no folder
                diagnostics.append(_conflict(content, path, key, f"ファイル {above}", f"the file {above}"))
            if other != path:
                diagnostics.append(replace(_conflict(content, path, key, other, other), cause=PurePosixPath(other)))
    return diagnostics


def _file_above(address: str, files: Collection[str]) -> str:
    """Return which of ``files`` would have to be a folder for ``address``."""
    parts = address.strip("/").split("/")
    return next((file for end in range(1, len(parts)) if (file := "/" + "/".join(parts[:end])) in files), "")


def _conflict(content: Path, path: str, key: str, other_ja: str, other_en: str) -> Diagnostic:
    where_ja, where_en = (" aliases", "the aliases") if key == "aliases" else ("ファイル名か slug", "the file name or slug")
    return Diagnostic(
        PurePosixPath(path),
        _line(content, PurePosixPath(path), (key,)),
        f"アドレスの名前が {other_ja} と同じです。どちらかの{where_ja} を変えてください",
        f"the same name as {other_en}: change {where_en} of one of them",
        "F305",
    )


def _line(content: Path, path: PurePosixPath, place: tuple[str, ...]) -> int:
    source = read_source(content, path)
    return 1 if isinstance(source, Diagnostic) else source.line_of(place)
